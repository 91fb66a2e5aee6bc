"""What do some calls add up to?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.index.tables.schema import ADDITIVE
from session_monitor.prices.money import MICRO
from session_monitor.totals import usage_totals
from session_monitor.totals.spending import NO_NAME

COLUMNS = {name: 10**number for number, name in enumerate(ADDITIVE)}


def test_columns_become_sums():
    """Tokens by kind become input, output and parts of them; dollars in millionths and the rest become one amount."""
    sums = usage_totals.of_columns(tuple(COLUMNS.values()), {"m": 3, None: 2, "free": 0})

    assert (sums.calls, sums.failed, sums.left) == (COLUMNS["calls"], COLUMNS["failed"], COLUMNS["left_calls"])
    assert sums.at_least == sums.spending.at_least == COLUMNS["at_least"]
    assert sums.input_tokens == COLUMNS["fresh"] + COLUMNS["read"] + COLUMNS["written"]
    assert sums.output_tokens == COLUMNS["visible"] + COLUMNS["reasoning"]
    assert sums.total_tokens == sums.input_tokens + sums.output_tokens
    assert (sums.cached_tokens, sums.cache_write_tokens) == (COLUMNS["read"], COLUMNS["written"])
    assert sums.spending.pico == COLUMNS["usd"] * MICRO + COLUMNS["pico"]
    assert sums.spending.saved_pico == COLUMNS["saved_usd"] * MICRO + COLUMNS["saved_pico"]
    assert sums.spending.unpriced_models == {"m": 3, NO_NAME: 2}


def test_sums_as_json():
    """JSON has the counts, the tokens by kind and the cost, each under its own name."""
    document = usage_totals.of_columns(
        (4, 1, 2, 3, 10, 5, 3, 4, 6, 8, 1, 500_000, 0, 0, 0, 0, 0, 0, 0, 0), {}
    ).to_json()

    counts = {
        "calls": 4,
        "failed": 1,
        "left": 2,
        "at_least": 3,
        "input_tokens": 18,
        "output_tokens": 10,
        "total_tokens": 28,
    }
    kinds = {
        "cached_tokens": 5,
        "cache_untold_tokens": 8,
        "cached_share": 0.5,
        "cache_write_tokens": 3,
        "reasoning_tokens": 6,
    }
    assert {key: document[key] for key in (*counts, *kinds)} == {**counts, **kinds}
    assert document["cost_usd"] == "0.0000015"
    assert "spending" not in document


@pytest.mark.parametrize(
    ("fresh", "read", "untold", "tokens", "share"),
    [(10, 5, 0, 5, 0.333333), (10, 5, 10, 5, 1.0), (10, 0, 4, 0, 0.0), (10, 0, 10, None, None), (0, 0, 0, 0, None)],
)
def test_what_came_from_a_cache(fresh, read, untold, tokens, share):
    """The share is of the prompts of which that is told; where it is told of none, there is neither share nor number."""
    columns = {**dict.fromkeys(ADDITIVE, 0), "fresh": fresh, "read": read, "cache_untold": untold}

    sums = usage_totals.of_columns(tuple(columns.values()), {})

    assert (sums.told_cached_tokens, sums.cached_share) == (tokens, share)
    assert (sums.to_json()["cached_tokens"], sums.to_json()["cached_share"]) == (tokens, share)


ROWS = st.lists(st.lists(st.integers(0, 10**6), min_size=len(ADDITIVE), max_size=len(ADDITIVE)), max_size=4)


@given(ROWS)
def test_parts_add_up(rows):
    """The sums of parts, added, are the sums of all that is in them."""
    parts = [usage_totals.of_columns(row, {"m": row[0], f"m-{row[1]}": 1}) for row in rows]
    models = {}
    for row in rows:
        for name, number in {"m": row[0], f"m-{row[1]}": 1}.items():
            models[name] = models.get(name, 0) + number

    whole = usage_totals.of_columns([sum(column) for column in zip(*rows)] if rows else [0] * len(ADDITIVE), models)

    assert usage_totals.added(parts) == whole
