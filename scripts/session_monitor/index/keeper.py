"""Who keeps the index up to date, and when?

The monitor does as it writes, and never waits for a reader: SQLite's write-ahead log lets both work, and a reader that
is just making the index anew leaves the monitor to carry on without, and to catch up later.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence

from session_monitor.base import files
from session_monitor.prices.book import Book
from session_monitor.sessions.session_file import Written

from . import opening
from .database import Progress
from .opening import read_only
from .rows import Rows
from .writer import PATIENCE, IndexWriter

_SIDE_FILES = ("-wal", "-shm", "-journal")
READERS_PATIENCE = 60.0
"""Seconds that a reader waits for another who is making the index."""
_REMOVERS_PATIENCE = 5.0


def bring_up_to_date(found: IndexWriter, progress: Progress) -> None:
    """Catch up with the session files and the prices."""
    if not found.is_current():
        found.catch_up(progress)
    if not found.is_priced():
        found.reprice(progress)


def in_memory(folder: str, book: Book, progress: Progress) -> IndexWriter:
    """A whole index for where none can be written."""
    with contextlib.ExitStack() as undo:
        fresh = IndexWriter(undo.enter_context(contextlib.closing(sqlite3.connect(":memory:"))), folder, book)
        fresh.create()
        fresh.catch_up(progress)
        undo.pop_all()
    return fresh


@contextlib.contextmanager
def writing(folder: str, book: Book, patience: float, *, anew: bool = False) -> Iterator[IndexWriter]:
    """The index, open for writing; an unsound one, or any one with ``anew``, is replaced by an empty one."""
    path = os.path.join(folder, opening.FILE)
    found = None if anew else _sound(path, folder, book, patience)
    if found is None:
        remove(path)
        found = _opened(path, folder, book, patience)
    try:
        if not found.is_known():
            found.create()
        yield found
    finally:
        _close(found.db, path)


@contextlib.contextmanager
def taking_out(folder: str, sessions: Mapping[str, str]) -> Iterator[None]:
    """While the block removes the files of sessions (by their ids), take these out of the index, if there is one.

    Where that fails, whoever asks next brings it up to date.
    """
    with contextlib.ExitStack() as stack:
        found = None
        is_complete = False
        with contextlib.suppress(sqlite3.Error, OSError):
            found = stack.enter_context(_if_there(folder))
            is_complete = bool(found and found.is_complete())
            if found:
                found.mark()
        yield
        with contextlib.suppress(sqlite3.Error, OSError):
            if found:
                found.take_out(sessions, is_complete=is_complete)


def rewrite(folder: str) -> None:
    """Leave nothing in the index file of what was taken out; a monitor may be at work meanwhile."""
    with contextlib.suppress(sqlite3.Error, OSError), _if_there(folder) as found:
        if found:
            found.rewrite()


@contextlib.contextmanager
def _if_there(folder: str) -> Iterator[IndexWriter | None]:
    """The index for who only takes out; None where there is none."""
    if not os.path.exists(os.path.join(folder, opening.FILE)):
        yield None
        return
    with writing(folder, Book([]), _REMOVERS_PATIENCE) as found:
        yield found


def remove(path: str) -> None:
    """Remove a database with its side files."""
    for end in ("", *_SIDE_FILES):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path + end)


def _close(db: sqlite3.Connection, path: str) -> None:
    """Close it, and leave the files of the write-ahead log there.

    The last one to close takes them away, unless it only reads.  Then the next to read would make them anew, and the
    folder would look as if session files had come or gone.
    """
    with contextlib.suppress(sqlite3.Error), contextlib.closing(read_only(path)) as reader:
        reader.execute("SELECT 1 FROM meta").fetchone()
        db.close()
    db.close()


def _sound(path: str, folder: str, book: Book, patience: float) -> IndexWriter | None:
    """The index as it is; None where it is none, or another version's."""
    found = _opened(path, folder, book, patience)
    try:
        if found.is_known() or found.is_blank():  # a blank one is just being made by somebody, who has it open
            return found
    except sqlite3.OperationalError:  # locked, or no room: nothing is wrong with it
        found.db.close()
        raise
    except sqlite3.DatabaseError:
        pass
    found.db.close()
    return None


def _opened(path: str, folder: str, book: Book, patience: float) -> IndexWriter:
    with contextlib.suppress(FileExistsError):  # one that is there is not opened here: closing it would end locks on it
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, files.PRIVATE_FILE))
    state = os.stat(path)
    if not state.st_size:  # an empty one that somebody put there may be open to others
        os.chmod(path, files.PRIVATE_FILE)
    db = sqlite3.connect(path, timeout=patience)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
    except sqlite3.DatabaseError:
        pass  # told when it is looked into
    return IndexWriter(db, folder, book, file=(state.st_dev, state.st_ino))


class Keeper:
    """The monitor's hand on the index: what fails there is never a failure of the monitor."""

    def __init__(self, folder: str, book: Book, progress: Progress) -> None:
        """Open it and bring it up to date.  ``problem`` says what fails, if anything does."""
        self.problem: str | None = None
        self._folder = folder
        self._book = book
        self._progress = progress
        self._stack = contextlib.ExitStack()
        self._index: IndexWriter | None = None
        self._is_behind = True
        with self._guarded():
            # For readers the mark means that the monitor is at work; here it means that the one before was killed.
            self._is_behind = not self._open().is_complete()
            self._follow()

    def _open(self) -> IndexWriter:
        """The index that readers ask now; it has to be caught up with."""
        self._is_behind = True
        with contextlib.ExitStack() as stack:
            self._index = stack.enter_context(writing(self._folder, self._book, PATIENCE))
            self._stack.close()
            self._stack = stack.pop_all()
        return self._index

    def _in_place(self) -> IndexWriter:
        """The index; where it could not be opened, or somebody has replaced a damaged one, it is opened now."""
        if self._index and self._index.is_in(os.path.join(self._folder, opening.FILE)):
            return self._index
        return self._open()

    def price_with(self, book: Book) -> None:
        """The prices have changed."""
        self._book = book
        if self._index:
            self._index.book = book

    def before(self) -> None:
        """Session files are about to change."""
        with self._guarded():
            self._in_place().mark()

    def after(self, written: Sequence[Written], rows: Rows | None = None) -> None:
        """Session files have changed; ``rows`` say the same with the prices that this was told, where they are known."""
        with self._guarded():
            found = self._in_place()
            if not self._is_behind:
                self._is_behind = True
                found.add(written, rows)
                self._is_behind = False

    def outdated(self) -> None:
        """Others have changed session files, and perhaps put another index in this one's place."""
        with self._guarded():
            self._open()

    def settle(self) -> None:
        """A pass is over: catch up with what could not be done in it."""
        with self._guarded():
            if self._index and not self._is_behind:
                self._index.settle()
            self._follow()

    def _follow(self) -> None:
        if self._index and self._is_behind:
            self._index.catch_up(self._progress)
            self._is_behind = False
        if self._index and not self._index.is_priced():
            self._index.reprice(self._progress)

    def close(self) -> None:
        """Let it go."""
        with self._guarded():
            self._stack.close()

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
            if self._index:  # one that could not be opened stays a problem
                self.problem = None
        except (sqlite3.Error, OSError) as error:
            self.problem = str(error)
