"""What does a list say of a session, which sessions does a text name, and where in its file do a session's rounds stand?

Functions take an index that is sound and current.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from session_monitor.base import utf8
from session_monitor.index.database import Index
from session_monitor.index.tables import schema
from session_monitor.prices import cost, money
from session_monitor.reports.selected.filter_sql import SelectionSql
from session_monitor.reports.selected.filters import ACTIVE, ACTIVE_FOR, ERROR, IDLE
from session_monitor.totals import usage_totals
from session_monitor.totals.spending import Noted, Spending

if TYPE_CHECKING:
    from session_monitor.sessions.rounds import Place
    from session_monitor.totals.usage_totals import Sums

_COLUMNS = ", ".join(
    (
        *("id", "session_id", "file", "created_at", "updated_at", "updated", "total_tokens", "model", "models"),
        *("last_flags", *schema.ADDITIVE),
    )
)


class SessionRow(NamedTuple):
    """One session without its rounds: ``fields`` (id, times, status, counts, tokens, models), and what it cost.

    ``file`` is the name of its session file.  Where a list tells of some calls alone, counts, tokens, cost and the time of
    the last call are of these; ``whole`` is the row of all calls, in any list.
    """

    fields: dict[str, Any]
    spending: Spending
    file: str
    whole: SessionRow | None = None

    def to_json(self) -> dict[str, Any]:
        """All of it, for JSON."""
        own = {**self.fields, **self.spending.to_json()}
        if self.whole is None:
            return own
        whole = {**self.whole.fields, **self.whole.spending.to_json()}
        return {**own, "whole": {name: whole[name] for name in OF_WHOLE}}

    def of_calls(self, sums: Sums, updated_at: str | None) -> SessionRow:
        """The row of some calls of the session, of which the last one was then."""
        fields = {**self.fields, "updated_at": updated_at, **_counted(sums)}
        return SessionRow(fields, sums.spending, self.file, self)


OF_WHOLE = (
    *("updated_at", "messages_count", "failed_count", "left_count", "total_tokens"),
    *("cost_usd", "at_least", "unpriced_rounds"),
)
"""What a row of a list tells of its session, whichever calls are meant."""


def latest(index: Index, selected: SelectionSql, number: int, now: int) -> list[SessionRow]:
    """The so many sessions that talked last, of those that are meant."""
    return _rows(index, now, f"WHERE {selected.sessions()} ORDER BY updated DESC, id DESC LIMIT ?", number)


def session(index: Index, session_id: str, now: int) -> SessionRow | None:
    """One session; None where there is none with this id."""
    number = index.session_number(session_id)
    return None if number is None else _rows(index, now, "WHERE id = ?", number)[0]


_LAST_PROMPT = "SELECT fresh + read + written, flags FROM round WHERE session = ? ORDER BY number DESC LIMIT 1"


def last_prompt(index: Index, session_id: str) -> int | None:
    """How many tokens the prompt of a session's last round had; None where that is not told."""
    row = index.db.execute(_LAST_PROMPT, (index.session_number(session_id),)).fetchone()
    return None if row is None or row[1] & schema.NO_TOKENS else row[0]


def numbered(index: Index, numbers: Sequence[int], now: int) -> Iterator[SessionRow]:
    """The sessions with these numbers in the index, which are there, in this order."""
    for first in range(0, len(numbers), _AT_ONCE):
        some = numbers[first : first + _AT_ONCE]
        sql = f"SELECT {_COLUMNS} FROM session WHERE id IN ({', '.join(map(str, some))})"
        rows = {row[0]: row for row in _all(index, now, sql)}
        yield from (rows[number][1] for number in some)


_AT_ONCE = 500
"""Sessions that are asked for together."""


def _rows(index: Index, now: int, behind: str, *values: object) -> list[SessionRow]:
    """The rows of the sessions that the SQL behind the name of the table takes."""
    return [row for _, row in _all(index, now, f"SELECT {_COLUMNS} FROM session {behind}", *values)]


def _all(index: Index, now: int, sql: str, *values: object) -> Iterator[tuple[int, SessionRow]]:
    """The rows of the sessions that the SQL takes, each with its number."""
    found = index.db.execute(sql, values).fetchall()
    noted: dict[int, list[tuple[int, Noted]]] = {}
    for first in range(0, len(found), _AT_ONCE):
        numbers = ", ".join(str(row[0]) for row in found[first : first + _AT_ONCE])
        for number, notes, calls, usd, pico, stake_usd, stake in index.db.execute(_NOTED.format(numbers)):
            sums = Noted(calls, usd * money.MICRO + pico, stake_usd * money.MICRO + stake)
            noted.setdefault(number, []).append((notes, sums))
    return ((row[0], _row(index, now, noted.get(row[0], ()), *row)) for row in found)


def _row(
    index: Index, now: int, noted: Iterable[tuple[int, Noted]], number: int, session_id: str, file: str, *rest: Any
) -> SessionRow:
    created_at, updated_at, updated, _, model, models, last_flags, *columns = rest
    unpriced = _unpriced(index, number) if columns[_UNPRICED_TOKENS] else {}
    sums = usage_totals.of_columns(columns, unpriced)
    for notes, calls in noted:
        sums.spending.note(cost.notes_of(notes), calls)
    fields = {
        "session_id": session_id,
        "created_at": created_at,
        "updated_at": updated_at,
        "status": _status(last_flags, updated, now),
        **_counted(sums),
        "model": model,
        "models": json.loads(models),
    }
    return SessionRow(fields, sums.spending, file)


def _unpriced(index: Index, number: int) -> dict[str | None, int]:
    from session_monitor.reports.sums import breakdown  # noqa: PLC0415 -- of most sessions all has a price

    return breakdown.unpriced(index, number)


def _counted(sums: Sums) -> dict[str, Any]:
    return {
        "messages_count": sums.calls,
        "failed_count": sums.failed,
        "left_count": sums.left,
        "total_input_tokens": sums.input_tokens,
        "total_output_tokens": sums.output_tokens,
        "total_reasoning_tokens": sums.reasoning_tokens,
        "total_cached_tokens": sums.told_cached_tokens,
        "total_cache_write_tokens": sums.cache_write_tokens,
        "cache_untold_tokens": sums.cache_untold_tokens,
        "cached_share": sums.cached_share,
        "total_tokens": sums.total_tokens,  # not the file's own, which counts damaged rounds too
    }


_UNPRICED_TOKENS = schema.ADDITIVE.index("unpriced_tokens")
_NOTED = f"SELECT session, notes, {', '.join(schema.NOTED)} FROM noted WHERE session IN ({{}}) ORDER BY session, notes"


def _status(last_flags: int, updated: int | None, now: int) -> str:
    """As ``filter_sql`` has it: the last call failed; it is not long ago; or else idle."""
    if last_flags & schema.FAILED:
        return ERROR
    return ACTIVE if (updated or 0) >= now - ACTIVE_FOR else IDLE


# -- by their ids ------------------------------------------------------------------------------------------------------


_NAMED = (
    "session_id = CAST(?1 AS TEXT)",
    "?1 = CAST('last' AS BLOB)",
    "instr(lower(session_id), lower(CAST(?1 AS TEXT)))",
)


def named(index: Index, text: str, limit: int) -> list[str]:
    """The ids that a text means: the one that it is, or all for ``last``, or those that it is a part of; latest first."""
    for condition in _NAMED:
        ids = f"SELECT session_id FROM session WHERE {condition} ORDER BY updated DESC, id DESC LIMIT ?2"
        session_ids = [session_id for (session_id,) in index.db.execute(ids, (utf8.encoded(text), limit))]
        if session_ids:
            return session_ids
    return []


def all_ids(index: Index) -> list[str]:
    """The ids of all sessions."""
    return [session_id for (session_id,) in index.db.execute("SELECT session_id FROM session")]


# -- their rounds ------------------------------------------------------------------------------------------------------


def round_count(index: Index, session_id: str) -> int | None:
    """How many rounds a session has; None where there is no such session."""
    number = index.session_number(session_id)
    return None if number is None else _calls(index, number)


def round_places(index: Index, session_id: str, first: int | None, last: int | None, newest: int | None) -> list[Place]:
    """Where rounds stand: from number ``first`` to ``last``, or the ``newest`` so many; None for no limit."""
    from session_monitor.sessions.rounds import Place  # noqa: PLC0415 -- most questions read no round

    session = index.session_number(session_id)
    if session is None:
        return []
    count = _calls(index, session)
    start = max(1, count - newest + 1) if newest is not None else first or 1
    rounds = index.db.execute(
        "SELECT file, number, start, length, history, base FROM session CROSS JOIN round ON round.session = session.id "
        "WHERE session.id = ? AND number >= ? AND number <= ?",
        (session, start, count if last is None else last),
    )
    return list(map(Place._make, rounds))


class Neighbours(NamedTuple):
    """Where a round stands, the one that its list of messages goes on from, and the next one that goes on from it."""

    place: Place
    before: Place | None
    behind: Place | None


# A round whose answer nobody went on from must not be looked for through all of a long session.
_FARTHEST = 2000
_NEIGHBOURS = (
    "SELECT number, (SELECT number FROM round AS behind WHERE behind.session = round.session AND "
    f"behind.number > round.number AND behind.number <= round.number + {_FARTHEST} AND behind.base = round.number "
    "AND behind.thread = round.thread LIMIT 1) FROM round WHERE session = ? AND number >= ? AND number <= ?"
)


def neighbours(index: Index, session_id: str, first: int, last: int) -> list[Neighbours]:
    """Rounds from one number to another, each with those beside it in its conversation."""
    session = index.session_number(session_id)
    if session is None:
        return []
    behind = dict(index.db.execute(_NEIGHBOURS, (session, first, last)))
    places = {place.number: place for place in round_places(index, session_id, first, last, None)}
    others = {number for number in behind.values() if number} | {place.base for place in places.values()}
    for number in others - places.keys():
        places.update((place.number, place) for place in round_places(index, session_id, number, number, None))
    return [
        Neighbours(places[number], places.get(places[number].base), places.get(behind_it))
        for number, behind_it in behind.items()
    ]


class Threads(NamedTuple):
    """How many conversations a session has; what its rounds asked of tools, of those of which later ones tell it.

    That is each tool's name, and how often; nothing for a round that asked for none.
    """

    number: int
    told_tools: dict[int, list[tuple[str, int]]]


def threads(index: Index, session_id: str) -> Threads:
    """What is to be known of a session's conversations, whichever of its rounds are read."""
    session = index.session_number(session_id)
    (number,) = index.db.execute("SELECT coalesce(max(thread), 0) FROM round WHERE session = ?", (session,)).fetchone()
    told: dict[int, list[tuple[str, int]]] = {}
    for at, tool, calls in index.db.execute(_TOLD_TOOLS, (session, schema.TOLD_TOOLS)):
        told.setdefault(at, []).extend([(tool, calls)] if calls else [])
    return Threads(number, told)


_TOLD_TOOLS = (
    "SELECT number, name, calls FROM round LEFT JOIN tool USING (session, number) LEFT JOIN tool_name ON id = tool "
    "WHERE session = ? AND flags & ? ORDER BY number"
)


def _calls(index: Index, number: int) -> int:
    return int(index.db.execute("SELECT calls FROM session WHERE id = ?", (number,)).fetchone()[0])
