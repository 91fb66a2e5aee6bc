"""How a budget stands follows from what is spent, exactly at its edges; what it cannot see is told; a projection says by which pace."""

from __future__ import annotations

import pytest

from session_monitor.budgets import budget, status
from session_monitor.budgets.budget import Budget
from session_monitor.budgets.spent import Spent
from session_monitor.budgets.status import BREACHED, OK, WARNING, BudgetStatus
from session_monitor.prices.money import PICO
from session_monitor.reports.report import Report
from session_monitor.reports.selected.filters import Selection
from session_monitor.totals.spending import Spending
from session_monitor.totals.usage_totals import NOTHING
from tests.support.calls import BOOK
from tests.support.indexes import Agent, Step

DAY = 86_400_000
NOW = 20_000 * DAY + DAY // 2
"""Noon, in UTC."""


def standing(pico=0, tokens=0, *, limit=PICO, of_tokens=None, **spent):
    """How a budget stands of which that much is spent."""
    sums = NOTHING._replace(input_tokens=tokens, spending=Spending(pico=pico, **spent))
    return BudgetStatus(Spent(Budget("n", "total", limit, of_tokens), None, sums))


@pytest.mark.parametrize(
    ("pico", "level"),
    [
        (0, OK),
        (PICO * 80 // 100 - 1, OK),
        (PICO * 80 // 100, WARNING),
        (PICO - 1, WARNING),
        (PICO, BREACHED),
        (2 * PICO, BREACHED),
    ],
)
def test_levels(pico, level):
    """A pico-dollar makes the difference."""
    assert standing(pico).level == level


@pytest.mark.parametrize(
    ("tokens", "level", "percent"), [(79, OK, 79), (80, WARNING, 80), (100, BREACHED, 100), (250, BREACHED, 250)]
)
def test_a_limit_of_tokens_counts_beside_that_of_dollars(tokens, level, percent):
    """The larger share is the one that is told."""
    found = standing(PICO // 10, tokens, of_tokens=100)

    assert (found.level, found.used_percent) == (level, percent)


def test_what_it_cannot_see_is_told():
    """Calls without a price or without tokens make of what is spent a lower bound."""
    found = standing(5, rounds=9, unpriced_rounds=4, without_tokens=1, unpriced_models={"x": 3})
    told = found.to_json()

    assert found.is_lower_bound
    assert (told["unseen_calls"], told["without_tokens"], told["unpriced_models"]) == (4, 1, {"x": 3})
    assert not standing(5, rounds=9).is_lower_bound
    assert standing(5, rounds=9, at_least=1).is_lower_bound


def test_where_nothing_has_a_price_the_cost_is_not_known():
    """It is not 0."""
    assert standing(0, rounds=4, unpriced_rounds=4).to_json()["cost_usd"] is None
    assert standing(0, rounds=4, unpriced_rounds=3).to_json()["cost_usd"] == "0"
    assert standing(0, rounds=0).to_json()["cost_usd"] == "0"


def test_as_json():
    """What is left is never below 0; what there is none of is null."""
    told = standing(3 * PICO // 2).to_json()

    assert (told["level"], told["cost_usd"], told["left_usd"], told["used_percent"]) == ("breached", "1.5", "0", 150.0)
    assert (told["left_tokens"], told["period"], told["session_id"], told["projected"]) == (None, None, None, {})


def stands(folder, *budgets, is_projected=True):
    """How budgets stand at noon."""
    report = Report(str(folder), BOOK, now=NOW)
    return report.ask(lambda index: status.statuses(index, budgets, NOW, is_projected=is_projected))


def test_where_a_period_ends(tmp_path):
    """By the pace of the last hour and day, and not of the week, of which the log holds a part alone."""
    steps = [Step("a", NOW - 3 * DAY // 2, tokens=1000), Step("a", NOW - DAY // 3, tokens=1000)]
    Agent(tmp_path).store([*steps, Step("a", NOW - 600_000, tokens=1000)])
    one = budget.made("daily", "5", None, "80%", name="n", timezone="UTC")

    (found,) = stands(tmp_path, one)

    spent = found.spent.sums.spending.pico
    report = Report(str(tmp_path), BOOK, now=NOW)
    hour = report.overview(Selection(since=NOW - DAY // 24)).sums.spending.pico
    assert found.spent.sums.calls == 2
    assert 0 < hour < spent
    assert {each.pace: each.pico for each in found.projections} == {
        "hour": spent + 12 * hour,
        "day": spent + spent // 2,
    }


@pytest.mark.parametrize("period", ["total", "rate", "session"])
def test_what_has_no_end_is_not_projected(tmp_path, period):
    """Only a calendar's period comes to an end."""
    Agent(tmp_path).store([Step("a", NOW - 9 * DAY), Step("a", NOW - 1000, tokens=5000)])
    one = budget.made(period, "0.0001/h" if period == "rate" else "0.0001", None, "80%", name="n")

    (found,) = stands(tmp_path, one)

    assert found.projections == ()
    assert found.level == BREACHED
