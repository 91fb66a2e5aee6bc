"""What each budget spent is what a look at each of its calls in its period gives, to the last pico-dollar."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_monitor.budgets import budget
from session_monitor.budgets import spent as spent_room
from session_monitor.budgets.budget import DAILY, MONTHLY, RATE, SESSION, TOTAL, WEEKLY
from session_monitor.budgets.spent import RECENT, BudgetSpending
from session_monitor.reports.report import Report
from session_monitor.reports.selected.filters import Selection
from tests.support import report_oracle
from tests.support.calls import BOOK
from tests.support.indexes import BATCHES, EDGES, Agent, Step
from tests.support.report_oracle import plain

ZONES = ("UTC", "Asia/Shanghai", "Asia/Kathmandu", "America/New_York")
AMOUNTS = {DAILY: "5", WEEKLY: "5", MONTHLY: "5", TOTAL: "5", RATE: "1/h"}
PATTERNS = {
    "model": (None, "gpt-*", "QWEN3-max", "none-such"),
    "consumer": (None, "team-*", "团队"),
    "session_id": (None, "a", "[bd]*"),
}


def spent(folder, one, now):
    """What a budget has spent by then."""
    return Report(str(folder), BOOK, now=now).ask(lambda index: BudgetSpending(index, now).of(one))


def made(period, **words):
    """A budget of that period."""
    return budget.made(period, AMOUNTS.get(period, "1"), None, "80%", **{"name": "n", **words})


@settings(max_examples=25)
@given(BATCHES, EDGES, st.sampled_from(ZONES))
def test_what_was_spent_is_what_its_calls_cost(tmp_path_factory, batches, now, zone):
    """In every period, of every model, consumer and session, in zones with odd offsets and on days of 23 and 25 hours."""
    folder = tmp_path_factory.mktemp("spent")
    agent = Agent(folder)
    for batch in batches:
        agent.store(batch)
    calls = report_oracle.calls_of(str(folder), BOOK)
    report = Report(str(folder), BOOK, now=now)
    budgets = [
        budget.made(period, amount, None, "80%", name="n", timezone=zone, **dict(zip(PATTERNS, patterns)))
        for period, amount in AMOUNTS.items()
        for patterns in itertools.product(*PATTERNS.values())
    ]

    def ask(index):
        spending = BudgetSpending(index, now)
        return [spending.of(each) for each in budgets]

    for one, (found,) in zip(budgets, report.ask(ask)):
        span = one.span(now)
        meant = Selection(
            sessions=(one.session_id,) if one.session_id else (),
            models=(one.model,) if one.model else (),
            consumers=(one.consumer,) if one.consumer else (),
            since=span and span.start,
            until=span and span.end,
        )
        expected = report_oracle.sums(report_oracle.meant_calls(calls, meant))
        del expected["sessions"]
        shown = plain(0, found.sums)
        del shown["sessions"]
        assert shown == expected, one
        assert found.span == span


@pytest.fixture
def folder(tmp_path):
    """Three sessions: a dear one, a cheap one, and a dear one that talked last long before."""
    now = 10 * RECENT
    steps = [Step("a", now - 5000, tokens=4000), Step("a", now - 4000, "qwen3-max", tokens=1000)]
    steps += [Step("b/c", now - 3000, tokens=10), Step("会话", now - 2 * RECENT, tokens=5000)]
    Agent(tmp_path).store(steps)
    return tmp_path


def test_of_each_session_those_near_the_limit(folder):
    """The cost is that of the whole session; of those that talked last long before nobody is told."""
    now = 10 * RECENT
    (whole,) = spent(folder, made(TOTAL, session_id="a"), now)

    (found,) = spent(folder, budget.made(SESSION, "0.01", None, "80%", name="each"), now)

    assert found.session == "a"
    assert found.sums.spending.pico == whole.sums.spending.pico
    assert spent(folder, budget.made(SESSION, "5", None, "80%", name="each"), now) == []


def test_of_each_session_the_calls_of_a_model_alone(folder):
    """Where a budget is of some models, the others' calls are no part of it."""
    now = 10 * RECENT
    (found,) = spent(folder, budget.made(SESSION, None, "1000", "50%", name="each", model="qwen*"), now)

    assert (found.session, found.sums.calls) == ("a", 1)


def test_of_each_session_the_longest_where_tokens_count(folder, monkeypatch):
    """However many are dearer: those that count are the ones with most of what is limited."""
    monkeypatch.setattr(spent_room, "MOST_SESSIONS", 1)
    now = 10 * RECENT
    (dear,) = spent(folder, budget.made(SESSION, "0.000001", None, "80%", name="each"), now)
    (long,) = spent(folder, budget.made(SESSION, None, "1", "80%", name="each"), now)

    assert dear.session == long.session == "a"
    both = spent(folder, budget.made(SESSION, "0.000001", "1", "80%", name="each"), now)
    assert [each.session for each in both] == ["a"]
