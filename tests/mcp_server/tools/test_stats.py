"""Sums are those of the command line, whatever a row is."""

from __future__ import annotations

import pytest

from tests.support.command_line import data, line, sessions
from tests.support.mcp_client import answered

ROWS = {
    "model": ("stats-model", "models", "model"),
    "consumer": ("stats-consumer", "consumers", "consumer"),
    "vendor": ("stats-vendor", "vendors", "vendor"),
    "seller": ("stats-seller", "sellers", "seller"),
    "route": ("stats-route", "routes", "route"),
    "gateway": ("stats-gateway", "gateways", "gateway"),
    "agent": ("stats-agent", "agents", "agent"),
}


def same(row, other):
    """Whether what both tell is the same."""
    names = (row.keys() & other.keys()) - {"name"}
    return {name: row[name] for name in names} == {name: other[name] for name in names}


@pytest.mark.parametrize("by", ROWS)
def test_by_name(sample, by):
    """A row for each name, in the same order, with the same figures; the sums are of all."""
    command, rows, name = ROWS[by]
    known = data(command, "--data-dir", sample)
    told = answered(sample, "get_stats", by=by, limit=50, max_bytes=50_000)
    assert [row["name"] for row in told["rows"]] == [row[name] for row in known[rows]]
    assert all(same(*pair) for pair in zip(told["rows"], known[rows]))
    assert same(told["sums"], known["total"])
    assert (told["total"], told["next_offset"]) == (len(known[rows]), None)


def test_in_all(sample):
    """Without rows it is the summary."""
    told, known = answered(sample, "get_stats"), data("summary", "--data-dir", sample)
    assert same(told["sums"], known)
    assert told["sums"]["sessions"] == 7
    assert told["rows"] == []
    assert told["coverage"] == {"lines": 41, "calls": 35}
    assert told["remarks"][0] == "not in the cost: 1 round unpriced (1 without tokens)"


@pytest.mark.parametrize("by", ["hour", "day", "week", "month"])
def test_by_time(sample, by):
    """A row for each span, the newest first."""
    asked = ("stats-date", "--by", by, "--since", "2026-01-01", "--timezone", "UTC")
    known = data(*asked, "--data-dir", sample)
    told = answered(sample, "get_stats", by=by, limit=50, max_bytes=50_000, timezone="UTC")
    assert [row["name"] for row in told["rows"]] == [row["date"] for row in reversed(known["dates"])]
    assert all(same(*pair) for pair in zip(told["rows"], reversed(known["dates"])))


def test_tools_and_errors(sample):
    """What was asked of each tool, and with which codes which models failed."""
    tools = data("stats-tool", "--data-dir", sample)["tools"]
    errors = data("stats-errors", "--data-dir", sample)["errors"]
    told = answered(sample, "get_stats", by="tool", max_bytes=50_000)["rows"]
    assert [(row["name"], row["calls"], row["tokens"]) for row in told] == [
        (row["tool"], row["calls"], row["tokens"]) for row in tools
    ]
    told = answered(sample, "get_stats", by="error", max_bytes=50_000)["rows"]
    assert [(row["name"], row["code"], row["failed"]) for row in told] == [
        (row["model"], row["code"], row["failed"]) for row in errors
    ]


def test_pages_and_filters(sample):
    """Sums are of all that is meant, on each page; what is not known is null."""
    first = answered(sample, "get_stats", by="model", limit=2)
    second = answered(sample, "get_stats", by="model", limit=2, offset=first["next_offset"])
    assert first["sums"] == second["sums"]
    assert {row["name"] for row in first["rows"]} & {row["name"] for row in second["rows"]} == set()
    own = answered(sample, "get_stats", session="last", by="model")
    assert [row["name"] for row in own["rows"]] == ["gemini-2.5-pro"]
    assert own["sums"]["sessions"] == 1


def test_unknown_is_null(tmp_path):
    """Where no call told its tokens, there are no numbers of them."""
    folder = sessions(tmp_path / "s", line("a", input_token=None, output_token=None))
    told = answered(folder, "get_stats")["sums"]
    assert (told["calls"], told["total_tokens"], told["cost_usd"], told["unpriced_rounds"]) == (1, None, None, 1)
