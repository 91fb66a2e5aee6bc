"""What stands behind a folder that stands for a database of many gateways' calls?"""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import BinaryIO, Optional, cast

from session_monitor.base import data_folder, utf8
from session_monitor.clickhouse.address import Address
from session_monitor.clickhouse.client import DatabaseClient
from session_monitor.index import opening, writable
from session_monitor.index.database import Index
from session_monitor.index.tables import schema
from session_monitor.prices.book import Book

from . import mirrored
from .mirror import MirrorIndex, MirrorWriter
from .mirrored import SessionRounds
from .questions import FleetQuestions
from .texts import SessionText

_MOST_KEPT = 20_000
"""About so many rounds of sessions that were read last are kept: a search and a list of rounds come back to the same ones."""


class FleetMount:
    """One database, of which a folder has an index.  Methods may be called by any thread."""

    def __init__(self, address: Address, environment: Mapping[str, str]) -> None:
        """Nothing is asked yet; ``environment`` has what the address refers to."""
        self.address = address
        self._environment = environment
        self._lock = threading.Lock()
        self._read: OrderedDict[tuple[str, int, int], SessionRounds] = OrderedDict()

    @contextlib.contextmanager
    def asking(self) -> Iterator[FleetQuestions]:
        """A way to the database."""
        with contextlib.closing(DatabaseClient(self.address, self._environment)) as client:
            yield FleetQuestions(client)

    def index(self, db: sqlite3.Connection, folder: str, book: Book) -> Index:
        """The folder's index, to read."""
        return MirrorIndex(db, folder, book, self.address.shown)

    def writer(self, db: sqlite3.Connection, folder: str, book: Book, parts: Optional[str]) -> MirrorWriter:  # noqa: UP045 -- as its interface has it
        """The folder's index, for changes."""
        address = self.address
        return MirrorWriter(db, folder, book, parts=parts, scope=address.shown, since=address.since, asking=self.asking)

    def follow(self, folder: str, book: Book) -> None:
        """Bring the folder's index up to date now.  Raises ``EngineError``."""
        with writable.opened(folder, book, writable.READERS_PATIENCE) as index:
            index.catch_up(_silent)

    def first_round(self, folder: str, file: str) -> bytes:
        """The line of a session's first round; nothing where it was shipped without what was said.  Raises as ``session_file``."""
        *_, flags = self._known(folder, file)
        if flags & schema.NO_CONTENT:
            return b""
        with self.session_file(folder, file) as opened:
            opened.readline()
            return opened.readline()

    def _known(self, folder: str, file: str) -> tuple[str, int, int, int]:
        """The id of the session with this file's name, its digest, and the flags of its first round."""
        with contextlib.closing(opening.read_only(os.path.join(folder, data_folder.INDEX))) as db:
            index = self.index(db, folder, Book([]))
            sql = (
                "SELECT session_id, size, mtime, flags FROM session JOIN round ON session = id AND number = 1 "
                "WHERE file = CAST(? AS TEXT)"
            )
            found: tuple[str, int, int, int] | None = index.db.execute(sql, (utf8.encoded(file),)).fetchone()
        if found is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), file)
        return found

    def session_file(self, folder: str, file: str) -> BinaryIO:
        """What reads like a session file, by its name in the index.  Raises ``FileNotFoundError``, and ``EngineError``."""
        session_id, size, mark, _ = self._known(folder, file)
        session = self._rounds((session_id, size, mark))
        if session is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), file)
        return cast("BinaryIO", SessionText(session, self.asking))

    def _rounds(self, digest: tuple[str, int, int]) -> SessionRounds | None:
        """The rounds of a session, as they were read last where they are still those of its digest; None where it is gone."""
        with self._lock:
            if digest in self._read:
                self._read.move_to_end(digest)
                return self._read[digest]
        with self.asking() as database:
            sessions = mirrored.read(database, digest[:1], are_neighbours=False)
        if not sessions:
            return None
        (session,) = sessions
        if (session.session_id, len(session.rounds), session.mark) == digest:
            with self._lock:
                self._read[digest] = session
                while len(self._read) > 1 and sum(size for _, size, _ in self._read) > _MOST_KEPT:
                    self._read.popitem(last=False)
        return session


def _silent(_done: int, _total: int) -> None:
    """Tell nobody how far it is."""
