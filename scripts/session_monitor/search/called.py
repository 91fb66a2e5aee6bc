"""Which sessions, models and consumers are called like this?"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import NamedTuple

from session_monitor.base import utf8
from session_monitor.index.database import Index
from session_monitor.index.tables.schema import NO_CONTENT
from session_monitor.reports.sums import breakdown
from session_monitor.sessions.rounds import Place

LATEST = 1000
"""So many sessions, those that talked last, are gone through by what they began with; by their ids all are."""


class Called(NamedTuple):
    """A session: ``key`` stands for it, and never for another one; ``first`` is where its first round stands, if it does."""

    session_id: str
    updated_at: str | None
    key: Hashable
    first: Place | None


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text, in letters of one case: a name is meant that has all of them, wherever."""
    return tuple(text.casefold().split())


def has_all(name: str, words: tuple[str, ...]) -> bool:
    """Whether a name has all of these words."""
    folded = name.casefold()
    return all(word in folded for word in words)


def by_id(index: Index, words: tuple[str, ...], limit: int) -> list[Called]:
    """The sessions whose id has all of these words, the latest first."""
    # SQL knows the case of ASCII letters alone; in an id others are rare.
    where = " AND ".join("instr(lower(session_id), lower(CAST(? AS TEXT)))" for _ in words)
    return list(_sessions(index, f"WHERE {where}" if where else "", [*map(utf8.encoded, words), limit]))


def latest(index: Index) -> tuple[list[Called], int]:
    """The ``LATEST`` sessions, the latest first, and how many older ones there are."""
    found = list(_sessions(index, "", [LATEST]))
    (total,) = index.db.execute("SELECT count(*) FROM session").fetchone()
    return found, total - len(found)


def names(index: Index, column: str, words: tuple[str, ...], limit: int) -> list[str]:
    """The models or consumers (``column``) with calls whose names have all of these words."""
    found = (name for name in breakdown.known(index, column, -1) if name and has_all(name, words))
    return [name for name, _ in zip(found, range(limit))]


def _sessions(index: Index, where: str, values: list[object]) -> Iterator[Called]:
    made = index.meta("made")
    meant = (
        f"SELECT id, session_id, updated_at, updated, file FROM session {where} ORDER BY updated DESC, id DESC LIMIT ?"
    )
    sql = (
        "SELECT meant.id, session_id, updated_at, file, round.start, round.length, round.flags "
        f"FROM ({meant}) AS meant LEFT JOIN round ON round.session = meant.id AND round.number = 1 "
        "ORDER BY updated DESC, meant.id DESC"
    )
    for number, session_id, updated_at, file, start, length, flags in index.db.execute(sql, values).fetchall():
        has_content = flags is not None and not flags & NO_CONTENT
        yield Called(session_id, updated_at, (made, number), Place(file, 1, start, length) if has_content else None)
