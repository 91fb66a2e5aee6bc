"""A budget near its limit is a warning, one that is used up is critical; what it cannot see is said, and no text of strangers steers anything."""

from __future__ import annotations

import pytest

from session_monitor.alerts import of_budgets
from session_monitor.base.periods import TimeSpan
from session_monitor.budgets.budget import Budget
from session_monitor.budgets.spent import Spent
from session_monitor.budgets.status import BudgetStatus
from session_monitor.prices.money import PICO
from session_monitor.totals.spending import Spending
from session_monitor.totals.usage_totals import NOTHING

DAY = TimeSpan("2026-02-01", 0, 86_400_000)


def found(pico, budget, span=DAY, session=None, tokens=0, **spent):
    """What is told of a budget of which that much is spent."""
    sums = NOTHING._replace(input_tokens=tokens, spending=Spending(pico=pico, **spent))
    return list(of_budgets.conditions([BudgetStatus(Spent(budget, span, sums, session))]))


DAILY = Budget("all", "daily", PICO)


def test_a_budget_with_enough_left_is_nothing():
    """Nor is one of each session of which none is near."""
    assert found(PICO * 79 // 100, DAILY) == []


@pytest.mark.parametrize(
    ("spent", "severity", "used"), [(80, "warning", "is used to 80 %"), (120, "critical", "is used up")]
)
def test_near_and_beyond(spent, severity, used):
    """Told with what is spent, of what, in which period."""
    (told,) = found(PICO * spent // 100, DAILY)

    assert (told.rule, told.period, told.severity, told.kind) == ("budget:all", "2026-02-01", severity, "budget")
    assert told.title == f"Budget all {used}"
    assert told.text == f"${spent / 100:.{3 if spent < 100 else 2}f} spent in 2026-02-01 of $1.00 daily (all calls)."
    assert (told.value, told.limit, told.unit) == (f"{spent / 100:g}", "1", "USD")


def test_what_it_cannot_see_is_said():
    """A sum that leaves calls out says so."""
    (told,) = found(PICO, DAILY, rounds=5, unpriced_rounds=2, unpriced_models={"x\x1b[2J": 2})

    assert "It does not see 2 rounds unpriced" in told.text
    assert "\x1b" not in told.text


def test_of_each_session():
    """The session is what it is about: each is told of."""
    (told,) = found(PICO, Budget("each", "session", PICO), None, "agent:main")

    assert (told.period, told.session, told.title) == (
        "agent:main",
        "agent:main",
        "Budget each is used up by session agent:main",
    )


def test_of_tokens_alone():
    """The limit is that of tokens."""
    (told,) = found(0, Budget("t", "total", None, 1000), None, tokens=1500)

    assert (told.period, told.value, told.limit, told.unit) == ("ever", "1500", "1000", "tokens")
    assert told.text == "1,500 tokens spent of 1,000 tokens total (all calls)."


@pytest.mark.parametrize(
    ("percent", "told"), [(74, []), (75, [None]), (79, [None]), (80, ["warning"]), (100, ["critical"])]
)
def test_a_rate_that_falls_a_little_still_holds(percent, told):
    """Down to five per cent below what it warns at: what goes up and down there is told once."""
    hour = TimeSpan("the last hour", 0, 3_600_000)
    conditions = found(PICO * percent // 100, Budget("r", "rate", PICO, per="h"), hour)

    assert [each.severity for each in conditions] == told
    assert {each.period for each in conditions} <= {"ever"}


def test_of_dollars_and_tokens_each_is_told():
    """One limit that is used up does not hide the other."""
    budget = Budget("all", "daily", PICO, 1000)
    told = found(PICO, budget, tokens=1500)

    assert [(each.rule, each.unit, each.severity) for each in told] == [
        ("budget:all", "USD", "critical"),
        ("budget:all:tokens", "tokens", "critical"),
    ]
    assert {each.title for each in told} == {"Budget all is used up"}
    assert [each.rule for each in found(0, budget, tokens=1500)] == ["budget:all:tokens"]
