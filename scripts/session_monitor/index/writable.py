"""How does one get an index that may be changed: the folder's, a new one in its place, or one in memory?"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Mapping

from session_monitor.base import data_folder, files
from session_monitor.prices.book import Book

from . import opening
from .database import Progress
from .writer import IndexWriter

READERS_PATIENCE = 60.0
"""Seconds that a reader waits for another who is making the index."""
_REMOVERS_PATIENCE = 5.0


def in_memory(folder: str, book: Book, progress: Progress) -> IndexWriter:
    """A whole index for where none can be written."""
    with contextlib.ExitStack() as undo:
        index = IndexWriter(undo.enter_context(contextlib.closing(sqlite3.connect(":memory:"))), folder, book)
        index.create()
        index.catch_up(progress)
        undo.pop_all()
    return index


@contextlib.contextmanager
def opened(folder: str, book: Book, patience: float, *, anew: bool = False) -> Iterator[IndexWriter]:
    """The folder's index; an unsound one, or any one with ``anew``, is replaced by an empty one."""
    path = os.path.join(folder, data_folder.INDEX)
    index = None if anew else _sound(path, folder, book, patience)
    if index is None:
        opening.remove(path)
        index = _connected(path, folder, book, patience)
    try:
        if not index.is_known():
            index.create()
        yield index
    finally:
        _close(index.db, path)


def _sound(path: str, folder: str, book: Book, patience: float) -> IndexWriter | None:
    """The index as it is; None where it is none, or another version's."""
    index = _connected(path, folder, book, patience)
    try:
        if index.is_known() or index.is_blank():  # a blank one is just being made by somebody, who has it open
            return index
    except sqlite3.OperationalError:  # locked, or no room: nothing is wrong with it
        index.db.close()
        raise
    except sqlite3.DatabaseError:
        pass
    index.db.close()
    return None


def _connected(path: str, folder: str, book: Book, patience: float) -> IndexWriter:
    opening.check(path)
    with contextlib.suppress(FileExistsError):  # one that is there is not opened here: closing it would end locks on it
        os.close(files.opened(path, os.O_RDWR | os.O_CREAT | os.O_EXCL))
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


def _close(db: sqlite3.Connection, path: str) -> None:
    """Close it, and leave the files of the write-ahead log there.

    The last one to close takes them away, unless it only reads.  Then the next to read would make them anew, and the
    folder would look as if session files had come or gone.
    """
    with contextlib.suppress(sqlite3.Error), contextlib.closing(opening.read_only(path)) as reader:
        reader.execute("SELECT 1 FROM meta").fetchone()
        db.close()
    db.close()


# -- for who removes sessions ------------------------------------------------------------------------------------------


@contextlib.contextmanager
def taking_out(folder: str, sessions: Mapping[str, str]) -> Iterator[None]:
    """While the block removes the files of sessions (by their ids), take these out of the index, if there is one.

    Where that fails, whoever asks next brings it up to date.
    """
    with contextlib.ExitStack() as stack:
        index = None
        is_complete = False
        with contextlib.suppress(sqlite3.Error, OSError):
            index = stack.enter_context(_if_there(folder))
            is_complete = bool(index and index.is_complete())
            if index:
                index.mark()
        yield
        with contextlib.suppress(sqlite3.Error, OSError):
            if index:
                index.take_out(sessions, is_complete=is_complete)


def rewrite(folder: str) -> None:
    """Leave nothing in the index file of what was taken out; a monitor may be at work meanwhile."""
    with contextlib.suppress(sqlite3.Error, OSError), _if_there(folder) as index:
        if index:
            index.rewrite()


@contextlib.contextmanager
def _if_there(folder: str) -> Iterator[IndexWriter | None]:
    """The folder's index; None where there is none."""
    if not os.path.exists(os.path.join(folder, data_folder.INDEX)):
        yield None
        return
    with opened(folder, Book([]), _REMOVERS_PATIENCE) as index:
        yield index
