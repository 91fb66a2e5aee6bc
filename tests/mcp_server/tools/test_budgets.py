"""Budgets stand as on the command line, the worst first."""

from __future__ import annotations

import pytest

from tests.support.command_line import data, line, run, sessions
from tests.support.mcp_client import answered, refused


@pytest.fixture
def folder(tmp_path):
    """Calls of two sessions, and budgets of which one is used up."""
    made = sessions(tmp_path / "s", line("a", model="gpt-4o"), line("b", 2, model="gpt-4o"))
    for name, *words in (
        ("wide", "--total", "1000"),
        ("tight", "--total", "0.000001"),
        ("each", "--session", "0.00001"),
    ):
        assert run("budget", "set", name, *words, "--data-dir", made).returncode == 0
    return made


def test_they_are_the_command_line_s(folder):
    """The same figures as `budget status`, with the worst level of all."""
    known = {each["budget"]["name"]: each for each in data("budget", "status", "--data-dir", folder)["budgets"]}
    told = answered(folder, "check_budget")
    assert told["level"] == "breached"
    assert told["budgets"][0]["level"] == "breached"
    assert told["budgets"][-1]["name"] == "wide"
    for each in told["budgets"]:
        if each["session_id"] is None:
            other = known[each["name"]]
            names = each.keys() & other.keys()
            assert {name: each[name] for name in names} == {name: other[name] for name in names}


def test_one_budget_and_one_session(folder):
    """One is asked for by its name, or those that count a session."""
    told = answered(folder, "check_budget", name="wide")
    assert (told["level"], [each["limit"] for each in told["budgets"]]) == ("ok", ["$1,000.00 total"])
    own = answered(folder, "check_budget", session="a")["budgets"]
    assert {each["name"] for each in own} == {"wide", "tight", "each"}
    assert refused(folder, "check_budget", name="none").startswith(
        "no_such_budget: there is no budget none; there are "
    )


def test_there_are_none(sample):
    """Then it is said, and how one is set."""
    told = answered(sample, "check_budget")
    assert (told["level"], told["budgets"], told["budgets_set"]) == (None, [], 0)
    assert "budget set" in told["hint"]


def test_what_cannot_be_counted_is_told(tmp_path):
    """Calls without a price are in no budget, and are counted beside it."""
    made = sessions(tmp_path / "s", line("a", model="nobody-s"))
    run("budget", "set", "all", "--total", "5", "--data-dir", made)
    assert answered(made, "check_budget")["budgets"][0]["unseen_calls"] == 1
