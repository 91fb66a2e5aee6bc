"""How does what is kept follow the main index, the prices and the rules?"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from session_monitor.base import side_by_side
from session_monitor.index.database import Index, Progress

from . import judged_calls, own_rules, usual
from .basis.limits import Rules
from .judged_calls import Law, SessionWork
from .kept import kept_sessions
from .kept.kept_sessions import JudgedSession

AT_ONCE = 4 << 20
"""Bytes that are read and judged together."""
MANY = 16 << 20
"""Up to so many are judged by this process alone: others take a moment to start."""
_OF_ROUND = 400
"""To judge a round takes as long as to read about so many bytes."""
_FEW = 100
_TIMES = 3


class _Wanted(NamedTuple):
    """A session that has to be judged: its row in the main index."""

    number: int
    change: int
    session_id: str
    file: str
    size: int
    calls: int

    @property
    def work(self) -> int:
        """Bytes that it is taken for."""
        return self.size + self.calls * _OF_ROUND


_SESSIONS = "SELECT id, change, session_id, file, size, calls FROM session WHERE {} ORDER BY updated DESC, id DESC"


def bring_up_to_date(db: sqlite3.Connection, index: Index, rules: Rules, meant: str, progress: Progress) -> bool:
    """Judge those sessions of an index that are meant (SQL for rows of ``session``; ``kept_sessions.EVERY`` for all) and are not, those that talked last first.

    Whoever asks meanwhile gets a turn after each piece, and what is in by then stays in.  False where others went on to change
    what is kept, and it is not all in.
    """
    return any(_bring(db, index, rules, meant, progress) for _ in range(_TIMES))


def _bring(db: sqlite3.Connection, index: Index, rules: Rules, meant: str, progress: Progress) -> bool:
    """False where another question changed what is kept, so that there is more to do."""
    made, change = str(index.meta("made")), int(index.meta("change"))
    kept_sessions.begin_for(db, made)
    begun = kept_sessions.state(db)
    if begun.made != made:
        return False
    name = own_rules.fingerprint(rules, index.book)
    wanted = _wanted(db, index, name, meant)
    lacking = 0
    if wanted:
        law = Law(name, index.book, rules, usual.seen(db, index))
        done, total = 0, sum(each.work for each in wanted)
        number = side_by_side.workers() if total > MANY else 1

        def judged(piece: Sequence[SessionWork]) -> list[JudgedSession | None]:
            return [judged_calls.judged(index.folder, law, work) for work in piece]

        waiting = iter(wanted)
        for piece in side_by_side.done(_pieces(db, index, wanted), judged, number):
            found = [each for each in piece if each]
            put = kept_sessions.put(db, begun, found)
            if put is None:
                return False
            lacking += len(piece) - put
            done += sum(next(waiting).work for _ in piece)
            progress(done, total)
    if meant == kept_sessions.EVERY and not lacking:
        _take_out_gone(db, index)
        kept_sessions.all_are_in(db, made, change, name)
    return True


def _take_out_gone(db: sqlite3.Connection, index: Index) -> None:
    """Take out the sessions that the index has no more, where all that it has are in: it never gives their numbers to others."""
    count = "SELECT count(*) FROM session"
    if db.execute(count).fetchone() != index.db.execute(count).fetchone():
        there = {number for (number,) in index.db.execute("SELECT id FROM session")}
        kept_sessions.take_out(db, kept_sessions.numbers(db) - there)


def _wanted(db: sqlite3.Connection, index: Index, name: str, meant: str) -> list[_Wanted]:
    seen = kept_sessions.change_of(db, name)
    if seen == index.meta("change"):
        return []
    rows = list(map(_Wanted._make, index.db.execute(_SESSIONS.format(f"change > {seen} AND ({meant})"))))
    known = kept_sessions.judged(db, name, [each.number for each in rows] if len(rows) <= _FEW else None)
    return [each for each in rows if known.get(each.number) != each.change]


def _pieces(db: sqlite3.Connection, index: Index, wanted: Iterable[_Wanted]) -> Iterator[list[SessionWork]]:
    piece: list[SessionWork] = []
    size = 0
    for each in wanted:
        rows = judged_calls.rows_of(index, each.number)
        before = kept_sessions.session(db, each.number)
        chunks = kept_sessions.chunks(db, each.number) if before else []
        piece.append(SessionWork(each.number, each.session_id, each.file, each.change, rows, before, chunks))
        size += each.work
        if size >= AT_ONCE:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece
