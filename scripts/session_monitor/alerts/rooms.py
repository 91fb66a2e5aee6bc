"""How much may be spent until something new has to be told?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from session_monitor.budgets.budget import SESSION, Budget
from session_monitor.budgets.status import BudgetStatus
from session_monitor.delivery.event import CRITICAL, WARNING
from session_monitor.index.database import Index
from session_monitor.index.tables import schema
from session_monitor.prices.money import MICRO
from session_monitor.reports.sums import breakdown

from . import of_budgets, of_calls
from .gate import Room
from .of_budgets import RULE
from .raised import ToldAlert
from .rules import CACHE_BROKEN, DEAR_SESSION, LONG_SESSION, STUCK_AGENT, Rules

AGAIN = 300_000
"""Milliseconds after which it is looked again where something is told that may be over, or begin, by time alone."""
_OF_SESSIONS = (DEAR_SESSION, LONG_SESSION, STUCK_AGENT, CACHE_BROKEN)
"""Rules of which any call may bring what is to be told."""

Firing = Mapping[tuple[str, str], ToldAlert]


def room(
    index: Index, budgets: Iterable[Budget], found: Iterable[BudgetStatus], firing: Firing, rules: Rules, now: int
) -> Room:
    """The least room that any budget leaves, by what it has spent and what was told of it.

    Of budgets of each session, and of rules of sessions, the dearest session of all counts, as any may go on.
    """
    pico: list[int] = []
    tokens: list[int] = []
    ends: list[int] = []
    for each in of_budgets.limits(found):
        told = _told(each, firing)
        if each.budget.period != SESSION:
            sums = each.spent.sums
            pico += _left(each.budget.cost, each.budget.warn, told, sums.spending.pico)
            tokens += _left(each.budget.tokens, each.budget.warn, told, sums.total_tokens)
        if told and each.spent.span is not None and each.spent.span.end > now + AGAIN:
            ends.append(each.spent.span.end)
        elif told:
            ends.append(now + AGAIN)
    of_sessions = [budget for budget in budgets if budget.period == SESSION]
    if of_sessions:
        dearest, longest = _most(index)
        for budget in of_sessions:
            pico += _left(budget.cost, budget.warn, None, dearest)
            tokens += _left(budget.tokens, budget.warn, None, longest)
    if any(rules.get(each) for each in _OF_SESSIONS):
        pico, tokens = [0], [0]
    if any(not rule.startswith(RULE) for rule, _ in firing) or _may_begin(index, rules, now):
        ends.append(now + AGAIN)
    return Room(min(pico, default=None), min(tokens, default=None), min(ends, default=None))


def _may_begin(index: Index, rules: Rules, now: int) -> bool:
    """Whether time alone may bring what is to be told.

    As calls that went well grow old, the share of those that failed grows; and calls of a gateway whose clock is ahead come into
    a day or an hour later than they are read.
    """
    _, newest = breakdown.ends(index)
    return (newest is not None and newest > now) or of_calls.has_failed(index, rules, now)


def _told(each: BudgetStatus, firing: Firing) -> str | None:
    """The gravest that was told of a budget."""
    return next((told.severity for (rule, _), told in firing.items() if rule == f"{RULE}{each.budget.name}"), None)


def _left(limit: int | None, warn: int, told: str | None, spent: int) -> Iterator[int]:
    """What is left until the next thing to be told of a limit, if there is any."""
    if limit is not None and told != CRITICAL:
        yield max(0, (limit if told == WARNING else -(-limit * warn // 100)) - spent)


def _most(index: Index) -> tuple[int, int]:
    """Pico-dollars of the dearest session, and tokens of the longest."""
    usd, rest = schema.SESSION_COST
    dear = index.db.execute(f"SELECT usd, pico FROM session ORDER BY {usd} DESC, {rest} DESC LIMIT 1").fetchone()
    tokens = schema.SESSION_TOKENS
    long = index.db.execute(f"SELECT {tokens} FROM session ORDER BY {tokens} DESC LIMIT 1").fetchone()
    return (dear[0] * MICRO + dear[1] if dear else 0), (long[0] if long else 0)
