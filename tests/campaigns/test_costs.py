"""Costs from a log's lines to the report."""

from __future__ import annotations

from tests.campaigns import costs


def test_what_models_cost_is_what_fractions_say(tmp_path):
    """For each model the report's cost is that of another reading of the log, exactly (more: python3 -m tests.campaigns.costs)."""
    rows = costs.compared(4000, 7, tmp_path)

    assert [(name, got) for name, _, got, _ in rows] == [(name, expected) for name, *_, expected in rows]
    assert len(rows) > 10
