"""What else is there to know of sessions in a list: what they began with, who called, how their prompts grew?"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple

from session_monitor.base import utf8
from session_monitor.index.database import Index
from session_monitor.index.tables.schema import NO_CONTENT, NO_TOKENS
from session_monitor.sessions import title
from session_monitor.sessions.rounds import Place

MOST_POINTS = 24
"""Prompts of a session whose sizes are told."""
MOST_CONSUMERS = 8


class SessionPreview(NamedTuple):
    """What is known of a session beside its sums; ``key`` stands for it, and never for another one.

    ``context`` are the sizes of some of its prompts, in tokens, None where they are not told.  ``first`` is where its first round stands; None where
    the log has no content of it.
    """

    key: Hashable
    consumers: list[str]
    tool_calls: int
    context: list[int | None]
    first: Place | None


def previews(index: Index, session_ids: Iterable[str]) -> list[SessionPreview | None]:
    """Of each of these sessions; None for one that is not there (any more)."""
    numbers = map(index.session_number, session_ids)
    return [None if number is None else _preview(index, number) for number in numbers]


def _preview(index: Index, session: int) -> SessionPreview:
    db = index.db
    (file, calls) = db.execute("SELECT file, calls FROM session WHERE id = ?", (session,)).fetchone()
    consumers = [name for (name,) in db.execute(_CONSUMERS, (session, MOST_CONSUMERS))]
    (tool_calls,) = db.execute("SELECT coalesce(sum(calls), 0) FROM tool WHERE session = ?", (session,)).fetchone()
    round_ = db.execute(
        "SELECT start, length, flags FROM round WHERE session = ? AND number = 1", (session,)
    ).fetchone()
    first = Place(file, 1, *round_[:2]) if round_ and not round_[2] & NO_CONTENT else None
    key = index.meta("made"), session
    return SessionPreview(key, consumers, tool_calls, _context(index, session, calls), first)


_CONSUMERS = (
    "SELECT name FROM consumer WHERE id IN (SELECT DISTINCT consumer FROM active WHERE session = ?) "
    "ORDER BY name LIMIT ?"
)


def _context(index: Index, session: int, calls: int) -> list[int | None]:
    """The sizes of some prompts in tokens, as far as they are told, evenly from the first round to the last."""
    points = min(calls, MOST_POINTS)
    wanted = {1 + at * (calls - 1) // max(points - 1, 1) for at in range(points)}
    size = f"CASE WHEN NOT flags & {NO_TOKENS} THEN fresh + read + written END"
    sql = f"SELECT {size} FROM round WHERE session = ? AND number IN ({', '.join('?' * len(wanted))})"
    return [size for (size,) in index.db.execute(sql, (session, *sorted(wanted)))]


class ListedFacts(NamedTuple):
    """What is known of a session in a list beside its sums, without its prompts; ``first`` is as in a preview."""

    consumers: list[str]
    tool_calls: int
    first: Place | None


_AT_ONCE = 500
_LISTED = (
    "SELECT id, session_id, file, start, length, flags FROM session LEFT JOIN round ON session = id AND number = 1 "
    "WHERE session_id IN ({})"
)
_TOOL_CALLS = "SELECT session, sum(calls) FROM tool WHERE session IN ({}) GROUP BY session"
_CALLERS = (
    "SELECT DISTINCT session, name FROM active JOIN consumer ON consumer.id = active.consumer "
    "WHERE session IN ({}) ORDER BY session, name"
)


def listed(index: Index, session_ids: Sequence[str]) -> dict[str, ListedFacts]:
    """Of each of these sessions that is there, many at a time."""
    found: dict[str, ListedFacts] = {}
    for first in range(0, len(session_ids), _AT_ONCE):
        some = session_ids[first : first + _AT_ONCE]
        ids = ", ".join(["CAST(? AS TEXT)"] * len(some))
        rows = index.db.execute(_LISTED.format(ids), list(map(utf8.encoded, some))).fetchall()
        numbers = ", ".join(str(number) for number, *_ in rows)
        tool_calls = dict(index.db.execute(_TOOL_CALLS.format(numbers)))
        consumers: dict[int, list[str]] = {}
        for number, name in index.db.execute(_CALLERS.format(numbers)):
            consumers.setdefault(number, []).append(name)
        for number, session_id, file, start, length, flags in rows:
            place = None if flags is None or flags & NO_CONTENT else Place(file, 1, start, length)
            callers = consumers.get(number, [])[:MOST_CONSUMERS]
            found[session_id] = ListedFacts(callers, tool_calls.get(number, 0), place)
    return found


def title_at(folder: str, place: Place) -> str | None:
    """What a session began with, on one line, whose first round stands there; None where nothing was asked."""
    return title.of_file(folder, place.file)
