"""What did the calls of each budget cost in its period?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from session_monitor.base.periods import TimeSpan
from session_monitor.index.database import Index
from session_monitor.index.tables import schema
from session_monitor.prices.money import MICRO
from session_monitor.reports.selected.filter_sql import SelectionSql
from session_monitor.reports.selected.filters import Selection
from session_monitor.reports.sums import breakdown
from session_monitor.totals import usage_totals
from session_monitor.totals.usage_totals import NOTHING, Sums

from .budget import SESSION, Budget

RECENT = 86_400_000
"""Milliseconds since its last call for which a session counts where each has a budget of its own."""
MOST_SESSIONS = 100
"""Sessions that are told of one budget: the dearest."""


class Spent(NamedTuple):
    """What the calls of a budget add up to, in this span of time (None: ever), and of which session where each has its own."""

    budget: Budget
    span: TimeSpan | None
    sums: Sums
    session: str | None = None


class BudgetSpending:
    """What calls cost, at one moment, by an index that is sound and current.

    Most budgets ask about the same few times: the sums of each are asked for once, by model and by consumer.
    """

    def __init__(self, index: Index, now: int) -> None:
        """``now`` is in milliseconds since 1970."""
        self._index = index
        self._now = now
        self._tables: dict[tuple[int | None, int | None], _Table] = {}
        self._names: dict[str, dict[int, str]] = {}

    def of(self, budget: Budget) -> list[Spent]:
        """What it spent: one, but for a budget of each session as many as come near its limit.

        Raises ``periods.UnknownZoneError``.
        """
        if budget.period == SESSION:
            return list(self._of_sessions(budget))
        span = budget.span(self._now)
        return [Spent(budget, span, self.between(budget, span.start if span else None, span.end if span else None))]

    def between(self, budget: Budget, start: int | None, end: int | None) -> Sums:
        """What the budget's calls add up to from one moment to before another; None for no limit."""
        if budget.session_id is not None:
            selected = SelectionSql(self._index, _selection(budget, start, end))
            return breakdown.sums_of(selected, selected.sources())
        if (start, end) not in self._tables:
            self._tables[start, end] = _table(self._index, start, end)
        models, consumers = self._meant("model", budget.model), self._meant("consumer", budget.consumer)
        return _summed(self._tables[start, end], models, consumers, self._of("model"))

    def _of(self, table: str) -> dict[int, str]:
        """The names in a table of the index."""
        if table not in self._names:
            self._names[table] = dict(self._index.db.execute(f"SELECT id, name FROM {table}"))
        return self._names[table]

    def _meant(self, table: str, pattern: str | None) -> set[int] | None:
        """The numbers of the names that a pattern means, whatever their case; None for all, also where there is no name."""
        if pattern is None:
            return None
        wanted = pattern.lower()
        names = self._of(table).items()
        return {number for number, name in names if name.lower() == wanted or fnmatchcase(name.lower(), wanted)}

    def _of_sessions(self, budget: Budget) -> Iterator[Spent]:
        selected = SelectionSql(self._index, _selection(budget, None, None))
        meant = f"updated >= ? AND {selected.sessions()}"
        limits: dict[str, int] = {}
        if budget.cost is not None:
            limits[f"usd + pico / {MICRO}"] = budget.cost * budget.warn // 100 // MICRO
        if budget.tokens is not None:
            limits[schema.SESSION_TOKENS] = budget.tokens * budget.warn // 100
        near: dict[int, str] = {}
        for used, limit in limits.items():
            sql = f"SELECT id, session_id FROM session WHERE {meant} AND {used} >= ? ORDER BY {used} DESC LIMIT ?"
            near.update(self._index.db.execute(sql, (self._now - RECENT, limit, MOST_SESSIONS)))
        for number, session_id in near.items():
            source = selected.of_session(number)
            yield Spent(budget, None, breakdown.sums_of(selected, [source]), session_id)


class _Table(NamedTuple):
    """Sums by model, consumer and notes, and calls without a price by model and consumer, all by their numbers."""

    sums: list[tuple[int | None, int | None, int, Sequence[int]]]
    unpriced: list[tuple[int | None, int | None, int]]


def _table(index: Index, start: int | None, end: int | None) -> _Table:
    sums, unpriced = [], []
    for source in SelectionSql(index, Selection(since=start, until=end)).sources():
        sql = f"SELECT model, consumer, notes, {source.unpriced}, {source.summed} FROM {source.rows} GROUP BY model, consumer, notes"
        for model, consumer, notes, without, *columns in index.db.execute(sql):
            sums.append((model, consumer, notes or 0, columns))
            if without:
                unpriced.append((model, consumer, without))
    return _Table(sums, unpriced)


def _summed(table: _Table, models: set[int] | None, consumers: set[int] | None, names: dict[int, str]) -> Sums:
    by_notes: dict[int, list[int]] = {}
    for model, consumer, notes, columns in table.sums:
        if (models is None or model in models) and (consumers is None or consumer in consumers):
            by_notes[notes] = breakdown.added_columns(by_notes.get(notes), columns)
    if not by_notes:
        return NOTHING
    unpriced: dict[str | None, int] = {}
    for model, consumer, number in table.unpriced:
        if (models is None or model in models) and (consumers is None or consumer in consumers):
            name = None if model is None else names.get(model)
            unpriced[name] = unpriced.get(name, 0) + number
    return usage_totals.of_noted(by_notes, unpriced)


def _selection(budget: Budget, start: int | None, end: int | None) -> Selection:
    return Selection(
        sessions=(budget.session_id,) if budget.session_id else (),
        since=start,
        until=end,
        models=(budget.model,) if budget.model else (),
        consumers=(budget.consumer,) if budget.consumer else (),
    )
