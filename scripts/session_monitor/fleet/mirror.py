"""How does an index follow a database of many gateways' calls?

Most looks ask which sessions have rows that came in since the look before, and find none.  Those that have are read whole
and take the place of what is there.  The first time, and once a day, all digests are held against each other: what a
database drops by itself (a TTL) leaves no row that says so.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Callable, Optional

from session_monitor.base import timestamps, utf8
from session_monitor.index import aggregates
from session_monitor.index.database import Index, Progress
from session_monitor.index.tables import latencies
from session_monitor.index.writer import MIXED, IndexWriter
from session_monitor.prices.book import Book

from . import mirrored
from .questions import FleetQuestions, SessionDigest

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

HOLDS = 5_000
"""Milliseconds for which a look at the database holds."""
COMPARED = timestamps.DAY
"""Milliseconds after which all sessions are compared again."""
_ROUNDS_AT_ONCE = 50_000
"""About so many rounds are read by one question."""
_ROUNDS_A_TRANSACTION = 250_000
"""About so many are taken in before that holds."""
_LONGEST_LIST = 40_000
"""Letters of ids in one question, about: each may become twelve bytes, and servers take a quarter of a million."""

Asking = Callable[[], "AbstractContextManager[FleetQuestions]"]
"""Opens a way to the database."""


class MirrorIndex(Index):
    """An index of a database's calls, to read.  ``scope`` says which calls; of another scope it is not current."""

    def __init__(self, db: sqlite3.Connection, folder: str, book: Book, scope: str) -> None:
        super().__init__(db, folder, book)
        self._scope = scope

    def is_complete(self) -> bool:
        """Whether the database was looked at just now."""
        return is_fresh(self, self._scope)

    def is_current(self) -> bool:
        """The same."""
        return is_fresh(self, self._scope)


def is_fresh(index: Index, scope: str) -> bool:
    """Whether an index holds all of the scope as of a moment ago."""
    looked = index.meta("looked") or 0
    return bool(index.meta("scope") == scope and 0 <= timestamps.now() - looked < HOLDS)


class MirrorWriter(IndexWriter):
    """An index of a database's calls, for changes."""

    def __init__(
        self,
        db: sqlite3.Connection,
        folder: str,
        book: Book,
        *,
        parts: Optional[str],  # noqa: UP045 -- as in the class above
        scope: str,
        since: Optional[int],  # noqa: UP045
        asking: Asking,
    ) -> None:
        """``since`` are milliseconds: sessions that talked within them are kept; None for all."""
        super().__init__(db, folder, book, parts=parts)
        self._scope, self._since, self._asking = scope, since, asking

    def create(self) -> None:
        """Make the tables; sessions are looked up by what would be their files' names."""
        super().create()
        self.db.execute("CREATE INDEX session_file ON session(file)")

    def is_complete(self) -> bool:
        """Whether the database was looked at just now."""
        return is_fresh(self, self._scope)

    def is_current(self) -> bool:
        """The same."""
        return is_fresh(self, self._scope)

    def catch_up(self, progress: Progress, *, is_monitors: bool = False, needs_all: bool = False) -> None:  # noqa: ARG002 -- as its base takes them
        """Look at the database, and take in what changed.  Raises ``EngineError``."""
        with self._asking() as database:
            begun, server_time = timestamps.now(), database.server_time()
            oldest = None if self._since is None else begun - self._since
            is_known = self.meta("scope") == self._scope
            if is_known and begun - (self.meta("compared") or 0) < COMPARED:
                with self._transaction():
                    self._follow(database, oldest)
                    self.set_meta(looked=timestamps.now(), seen=server_time)
                return
            if not is_known:
                self.set_meta(scope=self._scope, looked=0, compared=0)
            self._compare(database, oldest, progress)
            self.set_meta(looked=timestamps.now(), compared=begun, seen=server_time)
        self._empty_log()

    def _follow(self, database: FleetQuestions, oldest: int | None) -> None:
        """Take in the sessions of which rows came in since the last look."""
        for ids in _pieces(database.changed_since(self.meta("seen"))):
            digests = {each.session_id: each for each in database.digests(ids, oldest)}
            known = {session_id: state for session_id in ids if (state := self._known(session_id))}
            changed = [each for each in digests.values() if known.get(each.session_id, _NONE)[1:] != each[1:]]
            gone = [state[0] for session_id, state in known.items() if session_id not in digests]
            old = [known[each.session_id][0] for each in changed if each.session_id in known]
            self._replace(database, changed, [*gone, *old], are_neighbours=False)

    def _known(self, session_id: str) -> tuple[int, int, int] | None:
        """The number of a session, and its digest as it was read."""
        sql = "SELECT id, size, mtime FROM session WHERE session_id = CAST(? AS TEXT)"
        row: tuple[int, int, int] | None = self.db.execute(sql, (utf8.encoded(session_id),)).fetchone()
        return row

    def _compare(self, database: FleetQuestions, oldest: int | None, progress: Progress) -> None:
        """Hold all sessions against those of the database; what is taken in until something fails need not be so again."""
        known = {
            session_id: (number, size, mark)
            for number, session_id, size, mark in self.db.execute("SELECT id, session_id, size, mtime FROM session")
        }
        if not known:
            self.set_meta(prices=self.book.fingerprint)
        changed: list[SessionDigest] = []
        is_new = not known and oldest is None
        for each in database.digests(None, oldest):
            state = known.pop(each.session_id, _NONE)
            if state[1:] != each[1:]:
                changed.append(each)
                if state is not _NONE:
                    known[each.session_id] = state
        replaced = {each.session_id for each in changed}
        gone = [state[0] for session_id, state in known.items() if session_id not in replaced]
        total, done = sum(each.rounds for each in changed), 0
        for first in _bounded(changed, _ROUNDS_A_TRANSACTION):
            old = [known[each.session_id][0] for each in first if each.session_id in known]
            with self._transaction():
                self._replace(database, first, [*gone, *old], are_neighbours=is_new)
            gone = []
            done += sum(each.rounds for each in first)
            progress(done, total)
        if gone:
            with self._transaction():
                self._replace(database, (), gone, are_neighbours=False)

    def _replace(
        self,
        database: FleetQuestions,
        changed: Sequence[SessionDigest],
        outdated: Collection[int],
        *,
        are_neighbours: bool,
    ) -> None:
        """Take sessions out, by their numbers, and put these in as the database has them now."""
        for number in outdated:
            aggregates.take_out(self.db, number)
        if outdated:
            aggregates.drop_empty(self.db)
            self._new_change()
        sums: aggregates.ByKey = {}
        timed: latencies.ByKey = {}
        for piece in _bounded(changed, _ROUNDS_AT_ONCE, None if are_neighbours else _LONGEST_LIST):
            ids = [each.session_id for each in piece]
            sessions = mirrored.read(database, ids, are_neighbours=are_neighbours)
            rows = mirrored.rows_of(sessions, self.book)
            self._put(rows, mirrored.tools_of(sessions), sums, timed, is_first=are_neighbours)
        aggregates.count(self.db, sums)
        latencies.count(self.db, timed)
        if changed and self.meta("prices") not in (None, self.book.fingerprint):
            self.set_meta(prices=MIXED)


_NONE = (0, -1, 0)
"""What is known of a session that is not there."""


def _bounded(
    digests: Iterable[SessionDigest], most_rounds: int, most_letters: int | None = None
) -> Iterator[list[SessionDigest]]:
    """Sessions some at a time, with about so many rounds and letters of their ids."""
    piece: list[SessionDigest] = []
    rounds = letters = 0
    for each in digests:
        piece.append(each)
        rounds, letters = rounds + each.rounds, letters + len(each.session_id)
        if rounds >= most_rounds or (most_letters is not None and letters >= most_letters):
            yield piece
            piece, rounds, letters = [], 0, 0
    if piece:
        yield piece


def _pieces(session_ids: Iterable[str]) -> Iterator[list[str]]:
    """Ids as many as fit into a question."""
    unknown = (SessionDigest(each, 1, 0) for each in session_ids)
    return ([each.session_id for each in piece] for piece in _bounded(unknown, _ROUNDS_AT_ONCE, _LONGEST_LIST))
