"""A session is told the budgets that count its calls, and no others; of those of each session what it spent itself."""

from __future__ import annotations

import pytest

from session_monitor.base import timestamps
from session_monitor.budgets import budget, of_session
from session_monitor.reports.report import Report
from tests.support.calls import BOOK
from tests.support.command_line import line, sessions

NOW = timestamps.milliseconds("2026-02-01T12:00:00Z")
PRICED = {"model": "gpt-4o", "input_token": 100_000, "output_token": 0}


@pytest.fixture
def report(tmp_path):
    """Sessions that cost a quarter of a dollar, and half of one."""
    lines = [
        line("a[1]", 1, consumer="team-1", **PRICED),
        line("a1", 2, consumer="team-2", **PRICED),
        line("a1", 3, consumer="team-2", **PRICED),
    ]
    return Report(str(sessions(tmp_path / "sessions", *lines)), BOOK, now=NOW)


def names(report, session_id, *budgets):
    """Of those that count it, with what is used of each in per cent."""
    found = report.ask(lambda index: of_session.statuses(index, budgets, session_id, NOW))
    return [(each.budget.name, each.used_percent) for each in found]


def test_those_whose_patterns_fit(report):
    """By consumer, model and id; the one that is used up most comes first."""
    budgets = [
        budget.made("total", "3", None, "80%", name="all"),
        budget.made("total", "1", None, "80%", name="team", consumer="TEAM-1"),
        budget.made("total", "1", None, "80%", name="others", consumer="team-2"),
        budget.made("total", "1", None, "80%", name="model", model="claude*"),
        budget.made("total", "2", None, "80%", name="ids", session_id="a*"),
    ]

    assert names(report, "a[1]", *budgets) == [("ids", 37.5), ("all", 25.0), ("team", 25.0)]
    assert names(report, "a1", *budgets) == [("others", 50.0), ("ids", 37.5), ("all", 25.0)]
    assert names(report, "nobody", *budgets) == []


def test_one_of_each_session_is_its_own(report):
    """However its id is written, and however far it is from the limit."""
    each = budget.made("session", "5", None, "80%", name="each")

    assert names(report, "a[1]", each) == [("each", 5.0)]
    assert names(report, "a1", each) == [("each", 10.0)]
    assert names(report, "a1", budget.made("session", "5", None, "80%", name="each", consumer="team-1")) == []
