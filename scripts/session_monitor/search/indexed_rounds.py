"""Which rounds does the main index know: one of them, those of sessions that changed, those from before a time?

Many come some at a time, in an order in which they are soon read from their files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from session_monitor.index.database import Index
from session_monitor.index.tables import schema
from session_monitor.sessions.rounds import Place

PIECE = 8_000_000
"""About so many bytes of session files come at once."""
UNDATED = -(2**62)
"""When a round was of which nothing tells it: before all others."""
NEVER = 2**60
"""A half hour that never comes."""

# The round before it in its conversation, or in the session for one that begins one.
_PLACE = (
    "SELECT round.session, session.file, round.flags, round.number, round.start, round.length, "
    f"before.number, before.start, before.length, coalesce(round.at, {UNDATED}) "
    "FROM session CROSS JOIN round ON round.session = session.id LEFT JOIN round AS before ON before.session = session.id "
    "AND before.number = coalesce(nullif(round.base, 0), round.number - 1) "
)
_ONE = _PLACE + "WHERE session.id = ? AND round.number = ?"
_LATEST = "max(round.at) OVER (PARTITION BY round.session ORDER BY round.number)"
# By the half hour, so that files are read in some longer pieces; never before an earlier round of the same session.
_CHANGED = _PLACE + f"WHERE session.change > ? ORDER BY {_LATEST} / ?, session.id, round.number"
_OLDER = (
    f"SELECT * FROM ({_PLACE.replace(' FROM', f', {_LATEST} AS latest FROM', 1)} WHERE session.id IN ({{0}})) "
    "WHERE {1} ORDER BY latest / ? DESC, 1 DESC, 4 DESC"
)
_IN_TIME = _OLDER.format(
    "SELECT session FROM active WHERE slot >= ? AND slot < ?",
    f"latest >= ? * {schema.SLOT} AND latest < ? * {schema.SLOT}",
)
_UNDATED = _OLDER.format("SELECT session FROM round WHERE at IS NULL", "latest IS NULL")
_SLOTS = "SELECT slot, sum(calls) FROM slot WHERE slot < ? GROUP BY slot ORDER BY slot DESC"
_SIZES = "SELECT coalesce(sum(size), 0), coalesce(sum(calls), 0) FROM session"
_ALL_DATED = "SELECT (SELECT total(calls) FROM total) = (SELECT total(calls) FROM slot)"


class IndexedRound(NamedTuple):
    """A round in the main index: its session's number there, where it stands, and the one before it, as ``said`` takes it.

    ``has_content`` says whether the log holds anything that was said in it, ``at`` when it was.
    """

    session: int
    has_content: bool
    place: Place
    before: Place | None
    at: int

    @property
    def number(self) -> int:
        """Which of its session's rounds it is."""
        return self.place.number


def indexed_round(index: Index, session: int, number: int) -> IndexedRound | None:
    """A round by the main index's number of its session; None where it is not there any more."""
    row = index.db.execute(_ONE, (session, number)).fetchone()
    return row and _indexed(*row)


def _indexed(session: int, file: str, flags: int, number: int, start: int, length: int, *rest: Any) -> IndexedRound:
    *before, at = rest
    place_before = None if before[0] is None else Place(file, *before)
    return IndexedRound(session, not flags & schema.NO_CONTENT, Place(file, number, start, length), place_before, at)


def changed(index: Index, seen: int) -> Iterator[list[IndexedRound]]:
    """The rounds of sessions that changed after the main index's change of this number, some at a time."""
    return _pieces(index.db.execute(_CHANGED, (seen, schema.SLOT)), PIECE)


def older(index: Index, slot: int) -> Iterator[tuple[list[IndexedRound], int | None]]:
    """The rounds from before a half hour, some at a time, the latest first.

    With them the half hour from which on all were told then; None once that is all there are.
    """
    size, calls = index.db.execute(_SIZES).fetchone()
    most = max(1, PIECE * calls // max(1, size))
    behind: int | None = slot
    while behind is not None:
        start = _slot_of(index, behind, most)
        rows = _undated(index) if start is None else index.db.execute(_IN_TIME, (*(start, behind) * 2, schema.SLOT))
        # Twice as much, so that of what is a little more than it was taken for nothing is left for a piece of its own.
        *pieces, last = [*_pieces(rows, 2 * PIECE)] or [[]]
        for piece in pieces:
            yield piece, behind
        behind = start if start is not None and _are_any_before(index, start) else None
        yield last, behind


def latest_before(slot: int | None) -> int:
    """The last moment before a half hour from which on all were told; None where that is all there are."""
    return UNDATED if slot is None else slot * schema.SLOT - 1


def _slot_of(index: Index, behind: int, most: int) -> int | None:
    """The half hour from which to the one ``behind`` there are so many calls; None where there are none before that."""
    slot, there = None, 0
    for slot, calls in index.db.execute(_SLOTS, (behind,)):  # noqa: B007 -- the last one is the answer
        there += calls
        if there >= most:
            break
    return slot


def _are_any_before(index: Index, slot: int) -> bool:
    """Whether there are rounds from before a half hour, or without a time."""
    return _slot_of(index, slot, 1) is not None or not _are_all_dated(index)


def _undated(index: Index) -> Iterable[Any]:
    """The rounds before which, in their session, none has a time, and which have none."""
    return () if _are_all_dated(index) else index.db.execute(_UNDATED, (schema.SLOT,))


def _are_all_dated(index: Index) -> bool:
    return bool(index.db.execute(_ALL_DATED).fetchone()[0])


def _pieces(rows: Iterable[Any], most: int) -> Iterator[list[IndexedRound]]:
    piece: list[IndexedRound] = []
    size = 0
    for row in rows:
        piece.append(_indexed(*row[:10]))
        size += piece[-1].place.length
        if size >= most:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece
