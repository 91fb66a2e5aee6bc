"""Calls that fail, sessions that grow dear or long, models that cost unseen: told by their limits, of the time that counts."""

from __future__ import annotations

import pytest

from session_monitor.alerts import of_calls, rules
from session_monitor.reports.report import Report
from tests.support.calls import BOOK
from tests.support.indexes import Agent, Step

NOW = 20_000 * 86_400_000
MINUTE, DAY = 60_000, 86_400_000


def told(folder, now=NOW, **own):
    """What is so by these rules alone."""
    off = dict.fromkeys(rules.usual(), False)
    watched = rules.of_document({"rules": {**off, **own}})
    assert watched.mistakes == []
    return Report(str(folder), BOOK, now=now).ask(lambda index: list(of_calls.conditions(index, watched.rules, now)))


def calls(number, failed, at=NOW - MINUTE, **more):
    """So many calls, of which so many failed."""
    return [Step("a", at + each, failed=each < failed, **more) for each in range(number)]


@pytest.mark.parametrize(
    ("number", "failed", "severities"),
    [(20, 5, ["warning"]), (20, 4, []), (19, 19, []), (100, 24, [None]), (100, 23, []), (100, 100, ["warning"])],
)
def test_calls_that_fail(tmp_path, number, failed, severities):
    """A share of enough calls; what was told holds until it falls by a twentieth."""
    Agent(tmp_path).store(calls(number, failed))
    found = told(tmp_path, failed_share={"share": "25%"})

    assert [each.severity for each in found] == severities
    if severities == ["warning"]:
        assert f"{failed} of {number} calls in the last 60 minutes failed; the limit is 25 %." == found[0].text


def test_calls_that_failed_long_before(tmp_path):
    """Are no more than history."""
    Agent(tmp_path).store(calls(30, 30, NOW - 2 * 60 * MINUTE))

    assert told(tmp_path, failed_share={}) == []


def test_sessions_that_grow_dear(tmp_path):
    """The dearest first; of those that talked within a day."""
    steps = [
        Step("a", NOW - MINUTE, tokens=4000),
        Step("b/c", NOW - MINUTE, tokens=100),
        Step("会话", NOW - 2 * DAY, tokens=5000),
    ]
    Agent(tmp_path).store(steps)
    (found,) = told(tmp_path, dear_session={"usd": "0.01"})

    assert (found.rule, found.period, found.session, found.unit) == ("dear_session", "a", "a", "USD")
    assert found.text.startswith("Session a cost $0.0")
    assert found.text.endswith("the limit is $0.01.")


def test_sessions_that_grow_long(tmp_path):
    """By their rounds."""
    Agent(tmp_path).store([*calls(5, 0), Step("b/c", NOW - MINUTE)])
    (found,) = told(tmp_path, long_session={"rounds": 5})

    assert found.text == "Session a has 5 rounds; the limit is 5 rounds."
    assert told(tmp_path, long_session={"rounds": 6}) == []


def test_models_that_cost_unseen(tmp_path):
    """A model without a price is told once its calls used enough; its name is a stranger's text."""
    Agent(tmp_path).store(calls(3, 0, model="no-such-model", tokens=500))
    (found,) = told(tmp_path, unpriced_model={"tokens": 1000})

    assert (found.rule, found.period, found.model) == ("unpriced_model", "no-such-model", "no-such-model")
    assert found.title == "no-such-model has no price"
    assert told(tmp_path, unpriced_model={"tokens": 10_000_000}) == []
