"""Which sessions have calls that are meant, in which order, and what do these calls add up to in each?

Rows are of the calls that are meant alone, so that they add up to what the same selection does as a whole.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Any, NamedTuple

from session_monitor.base import timestamps
from session_monitor.index import schema
from session_monitor.index.database import Index
from session_monitor.prices.money import MICRO

from . import session_rows
from .selected.filter_sql import SelectionSql
from .selected.filters import Selection
from .session_rows import SessionRow

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


class SessionList(NamedTuple):
    """Rows, of how many that are meant, of how many in all; ``damaged`` names files that are no session files any more."""

    rows: list[SessionRow]
    meant: int
    total: int
    damaged: list[str]


class ListPage(NamedTuple):
    """Which part of a list, in which order: the largest first, or last with ``reverse``; without the first ``offset``."""

    sort_by: str = "updated"
    reverse: bool = False
    limit: int | None = None
    offset: int = 0

    def sql(self, *columns: str) -> str:
        """What stands at the end of a query that is sorted by these, the largest first, or last."""
        direction = "" if self.reverse else " DESC"
        order = ", ".join(column + direction for column in columns)
        return f"ORDER BY {order} LIMIT {-1 if self.limit is None else self.limit} OFFSET {self.offset}"


def session_list(index: Index, selection: Selection, page: ListPage, now: int) -> SessionList:
    """The sessions that have a call that is meant, each with what such calls of it add up to."""
    selected = SelectionSql(index, selection)
    (total,) = index.db.execute("SELECT count(*) FROM session").fetchone()
    meant = total if selected.is_everything() else _meant(selected)
    damaged = [file for (file,) in index.db.execute("SELECT file FROM damaged ORDER BY file")]
    numbers = _numbers(selected, page, meant, total) if page.limit != 0 else []
    rows = zip(numbers, session_rows.numbered(index, numbers, now))
    return SessionList([_row(selected, number, whole) for number, whole in rows], meant, total, damaged)


def _meant(selected: SelectionSql) -> int:
    """How many sessions are meant."""
    if not selected.selection.is_of_calls:
        sql = f"SELECT count(*) FROM session WHERE {selected.sessions()}"
        return int(selected.index.db.execute(sql).fetchone()[0])
    if selected.selection._replace(since=None, until=None).is_of_calls:
        from . import breakdown  # noqa: PLC0415 -- most lists are of all calls

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


def _numbers(selected: SelectionSql, page: ListPage, meant: int, total: int) -> list[int]:
    """The numbers of the sessions of a page, in their order."""
    selection = selected.selection
    if not selection.is_of_calls:
        sql = f"SELECT id FROM session WHERE {selected.sessions()} {page.sql(*_OF_SESSION[page.sort_by], 'id')}"
    elif page.sort_by == "updated" and not selection._replace(since=None).is_of_calls:
        # A session's last call is its last one in any time that has no end.
        sessions = f"updated >= {selection.since} AND {selected.sessions()}"
        sql = f"SELECT id FROM session WHERE {sessions} {page.sql('updated', 'id')}"
    elif not selection._replace(since=None, until=None).is_of_calls and not selected.has_undated():
        sql = _in_time(selected, page, are_few=meant * _FEW < total)
    elif (walked := _walked(selected, page, meant, total)) is not None:
        return walked
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
    # Who is meant is not spread evenly over what sessions cost: a cheap model is not among the dearest.
    if page.sort_by != "updated" and meant * _FEW < total:
        return None
    whole, of_calls = ", ".join(_OF_SESSION[page.sort_by]), ", ".join(_OF_CALLS[page.sort_by])
    # A plus, since the order is what has to be gone along.
    limit = limit if page.sort_by == "updated" else f"+{limit}"
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


def _sorting(key: list[Any], number: int) -> tuple[Any, ...]:
    """What sorts as SQL does: nothing comes before all else."""
    return (*((value is not None, value) for value in key), number)


def _in_time(selected: SelectionSql, page: ListPage, *, are_few: bool) -> str:
    """SQL for the sessions of a page where all calls of a time are meant, and each call has one.

    Most sessions lie in a time as a whole: their sums are at hand, and sorted.  Calls are added up only of those that the
    edges of the time cut.
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
    ahead = page._replace(offset=0, limit=None if page.limit is None else page.offset + page.limit)
    meant = f"{' AND '.join(limits)} AND {selected.sessions()} AND id NOT IN (SELECT id FROM cut)"
    rounds = f"session IN (SELECT id FROM cut) AND {selected.rounds(since, until)}"
    return (
        f"WITH cut(id) AS ({selected.cut_sessions()}) SELECT id FROM ("
        f"SELECT * FROM (SELECT id, {named(whole)} FROM session WHERE {meant} {ahead.sql(*whole, 'id')}) "
        f"UNION ALL SELECT session, {named(cut)} FROM round WHERE {rounds} GROUP BY session"
        f") {page.sql(*names, 'id')}"
    )


def _row(selected: SelectionSql, number: int, whole: SessionRow) -> SessionRow:
    """The row of a session's calls that are meant, from that of all its calls."""
    row = whole._replace(whole=whole)
    if selected.selection.is_of_calls:
        source = selected.of_session(number)
        calls, last = selected.index.db.execute(f"SELECT count(*), max(at) FROM {source.rows}").fetchone()
        if calls != whole.fields["messages_count"]:
            from . import breakdown  # noqa: PLC0415 -- as above

            sums = breakdown.sums_of(selected, [source])
            row = whole.of_calls(sums, _time(last, whole.fields["updated_at"]))
    first = None
    if row.fields["failed_count"]:
        sql = f"SELECT min(number) FROM {selected.of_session(number).rows} AND flags & {schema.FAILED}"
        (first,) = selected.index.db.execute(sql).fetchone()
    return row._replace(fields={**row.fields, "first_failed": first})


def _time(moment: int | None, of_session: str | None) -> str | None:
    """The moment as text, which is the session's own where that is the same one."""
    if moment is None or moment == timestamps.milliseconds(of_session):
        return None if moment is None else of_session
    try:
        return timestamps.rfc3339(moment)
    except OverflowError:
        return None
