"""Which sessions have calls that are meant, how many are they, and in which order do they stand?"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Callable, NamedTuple

from session_monitor.index.database import Index
from session_monitor.index.tables import schema
from session_monitor.prices.money import MICRO
from session_monitor.reports.selected.filter_sql import SelectionSql
from session_monitor.reports.selected.filters import Selection

SORT_KEYS = ("updated", "created", "cost", "tokens", "rounds")
"""The orders of sessions; the largest comes first."""

_OF_SESSION = {
    "updated": ("updated",),
    "created": (schema.SESSION_CREATED,),
    "cost": schema.SESSION_COST,
    "tokens": (schema.SESSION_TOKENS,),
    "rounds": ("calls",),
}
"""What sessions are sorted by where all their calls are meant; an index has each."""

_CREATED_THEN = f"(SELECT {schema.SESSION_CREATED} FROM session WHERE session.id = round.session)"
_DOLLARS, _REST = "coalesce(sum(round.usd), 0)", "coalesce(sum(round.pico), 0)"
_OF_CALLS = {
    "updated": ("max(round.at)",),
    "created": (_CREATED_THEN,),
    "cost": (f"{_DOLLARS} + {_REST} / {MICRO}", f"{_REST} % {MICRO}"),
    "tokens": ("sum(round.fresh + round.read + round.written + round.visible + round.reasoning)",),
    "rounds": ("count(*)",),
}
"""The same of some of their calls."""
_FEW = 4
"""Where not one in so many sessions is meant, these are looked up; else all rounds are gone through."""
_MOST_WALKED = 10_000
"""Sessions that are looked at along an order, before calls are added up of all that are meant."""


class ListPage(NamedTuple):
    """Which part of a list, in which order: the largest first, or last with ``reverse``; without the first ``offset``."""

    sort_by: str = "updated"
    reverse: bool = False
    limit: int | None = None
    offset: int = 0

    def of(self, order: Sequence[int]) -> Sequence[int]:
        """The part of an order of all sessions, of which the largest comes first."""
        last = len(order) if self.limit is None else self.offset + self.limit
        return (order[::-1] if self.reverse else order)[self.offset : last]

    def sql(self, *columns: str) -> str:
        """What stands at the end of a query that is sorted by these, the largest first, or last."""
        direction = "" if self.reverse else " DESC"
        order = ", ".join(column + direction for column in columns)
        return f"ORDER BY {order} LIMIT {-1 if self.limit is None else self.limit} OFFSET {self.offset}"


def meant(selected: SelectionSql) -> int:
    """How many sessions are meant."""
    if not selected.selection.is_of_calls:
        sql = f"SELECT count(*) FROM session WHERE {selected.sessions()}"
        return int(selected.index.db.execute(sql).fetchone()[0])
    if selected.selection._replace(since=None, until=None).is_of_calls:
        from session_monitor.reports.sums import breakdown  # noqa: PLC0415 -- most lists are of all calls

        return breakdown.session_count(selected, selected.sources())
    return sum(int(selected.index.db.execute(sql).fetchone()[0]) for sql in _counts_in_time(selected))


def _counts_in_time(selected: SelectionSql) -> Iterator[str]:
    """SQL that counts the sessions that talked last in a time, and those that did in it and afterwards as well."""
    since, until = selected.selection.since, selected.selection.until
    limits = [f"updated >= {since}"] if since is not None else []
    limits += [f"updated < {until}"] if until is not None else []
    yield f"SELECT count(*) FROM session WHERE {' AND '.join(limits)} AND {selected.sessions()}"
    if until is not None:
        later = f"session IN ({selected.later_sessions()})"
        yield f"SELECT count(DISTINCT session) FROM round WHERE {later} AND {selected.rounds(since, until)}"


def numbers(selected: SelectionSql, page: ListPage, meant: int, total: int) -> list[int]:
    """The numbers of the sessions of a page, in their order: of so many that are ``meant``, of so many in all."""
    selection = selected.selection
    if not selection.is_of_calls:
        sql = f"SELECT id FROM session WHERE {selected.sessions()} {page.sql(*_OF_SESSION[page.sort_by], 'id')}"
    elif page.sort_by == "updated" and not selection._replace(since=None).is_of_calls:
        # A session's last call is its last one in any time that has no end.
        sessions = f"updated >= {selection.since} AND {selected.sessions()}"
        sql = f"SELECT id FROM session WHERE {sessions} {page.sql('updated', 'id')}"
    elif not selection._replace(since=None, until=None).is_of_calls and not selected.has_undated():
        sql = _by_wholes(selected, page, are_few=meant * _FEW < total)
    elif (walked := _walked(selected, page, meant, total)) is not None:
        return walked
    elif not selection.is_of_time or not selected.has_undated():
        sql = _by_wholes(selected, page, are_few=meant * _FEW < total)
    else:
        where = selected.rounds(selection.since, selection.until)
        if meant * _FEW < total:
            where = f"{selected.candidates()} AND {where}"
        order = page.sql(*_OF_CALLS[page.sort_by], "session")
        sql = f"SELECT session FROM round WHERE {where} GROUP BY session {order}"
    return [number for (number,) in selected.index.db.execute(sql)]


def _walked(selected: SelectionSql, page: ListPage, meant: int, total: int) -> list[int] | None:
    """The same of some calls of each session, along the order of what all its calls add up to; None where that is far to go.

    No calls of a session add up to more than all of them, so the page is whole once the next session has less in all
    than the last one on it.
    """
    if page.reverse or page.limit is None:
        return None
    most, db, selection = page.offset + page.limit, selected.index.db, selected.selection
    limit = "true" if selection.since is None else f"updated >= {selection.since}"
    (there,) = db.execute(f"SELECT count(*) FROM session WHERE {limit}").fetchone()
    if most * there > meant * _MOST_WALKED:
        return None
    whole, of_calls = ", ".join(_OF_SESSION[page.sort_by]), ", ".join(_OF_CALLS[page.sort_by])
    if page.sort_by != "updated":
        # Who is meant is not spread evenly over what sessions cost: few are sorted, since a cheap model is not among the
        # dearest.  For many a plus, since the order is what has to be gone along.
        limit = f"{limit} AND {selected.sessions()}" if meant * _FEW < total else f"+{limit}"
    order = page._replace(limit=None, offset=0).sql(*_OF_SESSION[page.sort_by], "id")
    rounds = f"SELECT count(*), {of_calls} FROM round WHERE session = ? AND {selected.rounds(selection.since, selection.until)}"
    best: list[tuple[Any, ...]] = []
    for walked, (number, *key) in enumerate(db.execute(f"SELECT id, {whole} FROM session WHERE {limit} {order}")):
        if len(best) == most and best[0] > _sorting(key, number):
            break
        if walked == _MOST_WALKED:
            return None
        calls, *own = db.execute(rounds, (number,)).fetchone()
        if calls:
            (heapq.heappush if len(best) < most else heapq.heappushpop)(best, _sorting(own, number))
    return [number for *_, number in sorted(best, reverse=True)][page.offset :]


def _by_wholes(selected: SelectionSql, page: ListPage, *, are_few: bool) -> str:
    """SQL for the sessions of a page where each call has a time, or none is asked for.

    Of most sessions all calls are meant: their sums are at hand, and sorted.  Calls are added up only of those of which
    some are meant and others not.
    """
    since, until = selected.selection.since, selected.selection.until
    whole, cut = _OF_SESSION[page.sort_by], _OF_CALLS[page.sort_by]
    names = [f"key{at}" for at in range(len(whole))]

    def named(expressions: tuple[str, ...]) -> str:
        return ", ".join(f"{each} AS {name}" for each, name in zip(expressions, names))

    # Of few the times are looked up; of many the order of the page is gone along, in which a plus leaves no other choice.
    updated = "updated" if are_few or page.sort_by == "updated" else "+updated"
    limits = [f"{updated} >= {since}"] if since is not None else []
    limits += [f"{updated} < {until}"] if until is not None else []
    # Where all are wanted they are sorted only once.
    ahead = "" if page.limit is None else page._replace(offset=0, limit=page.offset + page.limit).sql(*whole, "id")
    meant = " AND ".join([*limits, selected.sessions(), "id NOT IN (SELECT id FROM cut)"])
    rounds = f"session IN (SELECT id FROM cut) AND {selected.rounds(since, until)}"
    return (
        f"WITH cut(id) AS ({selected.partly_meant()}) SELECT id FROM ("
        f"SELECT * FROM (SELECT id, {named(whole)} FROM session WHERE {meant} {ahead}) "
        f"UNION ALL SELECT session, {named(cut)} FROM round WHERE {rounds} GROUP BY session"
        f") {page.sql(*names, 'id')}"
    )


# -- all of them, and some in their places ---------------------------------------------------------------------------------


SortKey = tuple[Any, ...]
"""What sorts sessions as SQL does, nothing before all else; the number of the session comes last in it."""


def is_at_hand(selection: Selection, sort_by: str) -> bool:
    """Whether the index has the sessions in this order: all with all their calls, or those that talked last since a moment."""
    whole = selection._replace(since=None) if sort_by == "updated" else selection
    return not (whole.is_of_calls or whole.is_of_sessions)


def all_numbers(index: Index, selection: Selection, sort_by: str) -> list[int]:
    """The numbers of all sessions that are meant, the largest first."""
    return numbers(SelectionSql(index, selection), ListPage(sort_by), meant=1, total=1)


def keys(index: Index, selection: Selection, sort_by: str, among: Collection[int]) -> Iterator[SortKey]:
    """By what those of some sessions are sorted that are meant."""
    selected = SelectionSql(index, selection, among)
    if selection.is_of_calls:
        columns, where = _OF_CALLS[sort_by], selected.rounds(selection.since, selection.until)
        sql = f"SELECT session, {', '.join(columns)} FROM round WHERE {where} GROUP BY session"
    else:
        sql = f"SELECT id, {', '.join(_OF_SESSION[sort_by])} FROM session WHERE {selected.sessions()}"
    return (_sorting(key, number) for number, *key in index.db.execute(sql))


def key_of(index: Index, selection: Selection, sort_by: str) -> Callable[[int], SortKey]:
    """By what a session that is meant is sorted, by its number."""
    sql = f"SELECT {', '.join(_OF_SESSION[sort_by])} FROM session WHERE id = ?"
    if selection.is_of_calls:
        where = SelectionSql(index, selection.of_calls_alone()).rounds(selection.since, selection.until)
        sql = f"SELECT {', '.join(_OF_CALLS[sort_by])} FROM round WHERE session = ? AND {where}"
    return lambda number: _sorting(index.db.execute(sql, (number,)).fetchone(), number)


def _sorting(key: Sequence[Any], number: int) -> tuple[Any, ...]:
    """What sorts as SQL does: nothing comes before all else."""
    return (*((value is not None, value) for value in key), number)
