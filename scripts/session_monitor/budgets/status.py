"""How much of each budget is spent and left, and where will its period end if it goes on so?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from session_monitor.base import timestamps
from session_monitor.index.database import Index
from session_monitor.prices import money
from session_monitor.reports.sums import breakdown
from session_monitor.totals.usage_totals import Sums

from .budget import UNIT_OF, Budget
from .spent import BudgetSpending, Spent

OK, WARNING, BREACHED = "ok", "warning", "breached"
LEVELS = (OK, WARNING, BREACHED)
"""From the best to the worst."""
PACES = {"hour": 3_600_000, "day": 86_400_000, "week": 7 * 86_400_000}
"""The last so many milliseconds, by whose pace a period may go on."""


class Projection(NamedTuple):
    """What a period's calls come to by its end at the pace of the last ``hour``, ``day`` or ``week``: pico-dollars, tokens."""

    pace: str
    pico: int
    tokens: int


class BudgetStatus(NamedTuple):
    """What is spent of a budget; ``projections`` are of those paces alone that the log reaches back to."""

    spent: Spent
    projections: tuple[Projection, ...] = ()

    @property
    def budget(self) -> Budget:
        """Which one."""
        return self.spent.budget

    @property
    def used_percent(self) -> float:
        """The larger share of its limits that is used up."""
        return max(100 * used / limit for used, limit in self._limits())

    @property
    def level(self) -> str:
        """How it stands: one of ``LEVELS``."""
        limits = list(self._limits())
        if any(used >= limit for used, limit in limits):
            return BREACHED
        return WARNING if any(100 * used >= limit * self.budget.warn for used, limit in limits) else OK

    def _limits(self) -> Iterator[tuple[int, int]]:
        sums = self.spent.sums
        if self.budget.cost is not None:
            yield sums.spending.pico, self.budget.cost
        if self.budget.tokens is not None:
            yield sums.total_tokens, self.budget.tokens

    @property
    def unseen_calls(self) -> int:
        """Calls that it cannot count, for want of a price or of tokens."""
        return self.spent.sums.spending.unpriced_rounds

    @property
    def is_lower_bound(self) -> bool:
        """Whether more may be spent than is known."""
        return bool(self.unseen_calls or self.spent.sums.spending.at_least)

    def to_json(self) -> dict[str, Any]:
        """For JSON, with what follows from it; None for what there is none of."""
        sums, budget, span = self.spent.sums, self.budget, self.spent.span
        spent = sums.spending
        left = None if budget.cost is None else money.plain(max(0, budget.cost - spent.pico))
        return {
            "budget": budget.to_json(),
            "level": self.level,
            "used_percent": round(self.used_percent, 2),
            "period": span and {"name": span.name, "start": _moment(span.start), "end": _moment(span.end)},
            "session_id": self.spent.session,
            "calls": sums.calls,
            "cost_usd": spent.to_json()["cost_usd"],
            "left_usd": left,
            "total_tokens": sums.total_tokens,
            "left_tokens": None if budget.tokens is None else max(0, budget.tokens - sums.total_tokens),
            "unseen_calls": self.unseen_calls,
            "without_tokens": spent.without_tokens,
            "unpriced_models": spent.unpriced_models,
            "at_least": spent.at_least,
            "assumed_rounds": spent.assumed.rounds,
            "projected": {
                each.pace: {"cost_usd": money.plain(each.pico), "total_tokens": each.tokens}
                for each in self.projections
            },
        }


def _moment(at: int) -> str | None:
    return timestamps.rfc3339(at)


def statuses(index: Index, budgets: Iterable[Budget], now: int, *, is_projected: bool = True) -> list[BudgetStatus]:
    """How each budget stands; of one of each session there are as many as sessions near its limit, or none.

    Raises ``periods.UnknownZoneError``.
    """
    spending = BudgetSpending(index, now)
    oldest = breakdown.ends(index)[0] if is_projected else None
    return [
        BudgetStatus(spent, tuple(_projected(spending, spent, oldest, now)) if is_projected else ())
        for budget in budgets
        for spent in spending.of(budget)
    ]


def _projected(spending: BudgetSpending, spent: Spent, oldest: int | None, now: int) -> Iterator[Projection]:
    """Of a calendar's period what is to come at the pace of the last hour, day and week, beside what is spent."""
    if spent.budget.period not in UNIT_OF or spent.span is None or oldest is None:
        return
    to_come = max(0, spent.span.end - now)
    for pace, length in PACES.items():
        if oldest <= now - length:
            recent: Sums = spending.between(spent.budget, now - length, now + 1)
            yield Projection(
                pace,
                spent.sums.spending.pico + recent.spending.pico * to_come // length,
                spent.sums.total_tokens + recent.total_tokens * to_come // length,
            )
