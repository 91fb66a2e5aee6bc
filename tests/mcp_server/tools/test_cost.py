"""A session's cost is that of the command line."""

from __future__ import annotations

import pytest

from tests.support.command_line import data, line, sessions
from tests.support.mcp_client import MAIN, answered


@pytest.mark.parametrize("session", [MAIN, "last", "nightly-digest-2026-02-02"])
def test_it_is_the_command_line_s(sample, session):
    """All that `cost --json` has, with what has to be known of it in words and how much of the log was read."""
    told, known = answered(sample, "get_cost", session=session), data("cost", session, "--data-dir", sample)
    assert {name: told[name] for name in known} == known
    assert told.keys() - known.keys() == {"more_models", "remarks", "coverage"}
    assert told["coverage"] == {"lines": 41, "calls": 35}


def test_many_models(tmp_path):
    """Of many models the dearest are told, and how many more there are."""
    folder = sessions(tmp_path / "s", *(line("a", number, model=f"model-{number}") for number in range(20)))
    told = answered(folder, "get_cost", session="a")
    assert (len(told["models"]), told["more_models"], len(told["unpriced_models"])) == (6, 14, 6)
    assert told["unpriced_rounds"] == 20
    assert told["cost_usd"] is None
