"""How much of each budget is spent, and which alerts fire?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from session_monitor.alerts.raised import AlertState
from session_monitor.budgets.status import BudgetStatus
from session_monitor.text import safe

from .families import MetricSample


def of_budgets(statuses: Iterable[BudgetStatus]) -> Iterator[tuple[str, MetricSample]]:
    """Each budget once: of one of each session the session nearest to its limit, which is not named."""
    nearest: dict[str, BudgetStatus] = {}
    for each in statuses:
        name = each.budget.name
        if name not in nearest or each.used_percent > nearest[name].used_percent:
            nearest[name] = each
    for name, each in nearest.items():
        labels = (("budget", safe.cell(name)),)
        yield "asm_budget_spent_ratio", MetricSample(labels, each.used_percent / 100)
        yield "asm_budget_unseen_rounds", MetricSample(labels, each.unseen_calls)


def of_alerts(state: AlertState) -> Iterator[tuple[str, MetricSample]]:
    """How many fire; none of a rule of which none does."""
    firing = Counter((safe.cell(rule), told.severity) for (rule, _), told in state.firing().items())
    for (rule, severity), number in sorted(firing.items()):
        yield "asm_alerts_firing", MetricSample((("rule", rule), ("severity", severity)), number)
