"""Which budgets are near their limits, or beyond?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from session_monitor.budgets import status, wording
from session_monitor.budgets.budget import RATE
from session_monitor.budgets.status import BudgetStatus
from session_monitor.delivery.event import CRITICAL, WARNING
from session_monitor.prices import money
from session_monitor.text import humanize, safe
from session_monitor.totals import wording as costs

from .condition import Condition

RULE = "budget:"
"""Before a budget's name."""
OF_TOKENS = ":tokens"
"""Behind the name of a budget of both: its limit of tokens."""
EVER = "ever"
_SEVERITIES = {status.WARNING: WARNING, status.BREACHED: CRITICAL}
_HOLDS = 5
"""Per cent of its limit by which a rate has to fall below what was told until that is over."""


def conditions(found: Iterable[BudgetStatus]) -> Iterator[Condition]:
    """One for each limit of a budget that is near; of a rate also just below, where what was told still holds."""
    for each in limits(found):
        severity = _SEVERITIES.get(each.level)
        holds = each.budget.period == RATE and each.used_percent >= each.budget.warn - _HOLDS
        if severity or holds:
            yield _condition(each, severity)


def limits(found: Iterable[BudgetStatus]) -> Iterator[BudgetStatus]:
    """How each limit stands by itself: a budget of dollars and tokens has two, and each is told of."""
    for each in found:
        budget = each.budget
        if budget.cost is None or budget.tokens is None:
            yield each
            continue
        for one in (budget._replace(tokens=None), budget._replace(cost=None, name=f"{budget.name}{OF_TOKENS}")):
            yield each._replace(spent=each.spent._replace(budget=one))


def _condition(each: BudgetStatus, severity: str | None) -> Condition:
    budget, sums, span = each.budget, each.spent.sums, each.spent.span
    spent = [costs.short(sums.spending)] if budget.cost is not None else []
    spent += [humanize.counted(sums.total_tokens, "token")] if budget.tokens is not None else []
    session = each.spent.session
    over = f" in {span.name}" if span else ""
    of_session = f" by session {safe.cell(session)}" if session else ""
    used = "is used up" if severity == CRITICAL else f"is used to {each.used_percent:.0f} %"
    unseen = f" It does not see {costs.not_in_it(sums.spending)}." if each.unseen_calls else ""
    in_dollars = budget.cost is not None
    return Condition(
        rule=f"{RULE}{budget.name}",
        period=session or (EVER if span is None or budget.period == RATE else span.name),
        severity=severity,
        kind="budget",
        title=f"Budget {budget.name.replace(OF_TOKENS, '')} {used}{of_session}",
        text=f"{' and '.join(spent)} spent{over}{of_session} of {wording.limits(budget)} ({wording.whose(budget)}).{unseen}",
        value=money.plain(sums.spending.pico) if in_dollars else str(sums.total_tokens),
        limit=money.plain(budget.cost) if budget.cost is not None else str(budget.tokens),
        unit="USD" if in_dollars else "tokens",
        consumer=budget.consumer,
        model=budget.model,
        session=session,
    )
