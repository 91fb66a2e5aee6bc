"""Which rows leave?

What stands in them is told in test_formats.py, as it is written.
"""

from __future__ import annotations

from session_monitor.exports import tables
from session_monitor.index import access
from session_monitor.reports.selected.filters import ALL, Selection
from tests.support.calls import BOOK
from tests.support.indexes import silent
from tests.support.stored_rounds import keep, round_of


def rows_of(folder, meant=ALL):
    """The number of calls that is told, and their rows."""

    def question(index):
        """All at once, while the index is open."""
        number, table = tables.rounds(index, meant)
        return number, list(table.rows)

    return access.ask(str(folder), BOOK, question, silent)


def test_the_tokens_of_a_call(tmp_path):
    """By kind; what was cached and written is part of the input, reasoning of the output."""
    tokens = {"input_tokens": 1000, "cached_tokens": 300, "cache_write_tokens": 200}
    more = {"output_tokens": 50, "reasoning_tokens": 20, "total_tokens": 1050}
    _, (row,) = rows_of(keep(tmp_path, "s", round_of(1, **tokens, **more)))

    assert {name: row[name] for name in (*tokens, *more)} == {**tokens, **more}


def test_what_did_not_go_well(tmp_path):
    """How a call ended, that its tokens are a lower bound, or are not told, and why it has no price."""
    rounds = [
        round_of(1),
        round_of(2, outcome="failed", response_type="error", response_code=503, no_tokens=True),
        round_of(3, outcome="left", at_least=True),
        round_of(4, model="nobody-knows-it"),
        round_of(5, model=None, timestamp=None),
    ]
    number, rows = rows_of(keep(tmp_path, "s", *rounds))

    assert number == len(rows) == 5
    names = ("round", "outcome", "failed", "at_least", "response_code", "unpriced")
    assert [tuple(row[name] for name in names) for row in rows] == [
        (1, "ok", False, False, None, None),
        (2, "failed", True, False, 503, None),
        (3, "left", False, True, None, None),
        (4, "ok", False, False, None, "unknown_model"),
        (5, "ok", False, False, None, "no_model"),
    ]
    assert [row["input_tokens"] for row in rows] == [100, None, 300, 400, 500]
    assert [row["timestamp"] for row in rows][-2:] == ["2026-02-01T09:30:04.000Z", None]
    assert [row["cost_usd"] for row in rows][1:] == ["0", rows[2]["cost_usd"], None, None]


def test_only_what_is_meant(tmp_path):
    """In all that is told."""
    folder = keep(tmp_path, "s", round_of(1), round_of(2, model="other"))
    number, rows = rows_of(folder, Selection(models=("other",)))
    assert (number, [row["round"] for row in rows]) == (1, [2])
