"""How does one get an index that may be changed: the folder's, a new one in its place, or one in memory?"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Mapping

from session_monitor.base import data_folder, mounts
from session_monitor.prices.book import Book

from . import opening
from .database import Progress
from .writer import IndexWriter

READERS_PATIENCE = 60.0
"""Seconds that a reader waits for another who is making the index."""
_REMOVERS_PATIENCE = 5.0


def in_memory(folder: str, book: Book, progress: Progress) -> IndexWriter:
    """A whole index for where none can be written.  Raises ``PermissionError`` as ``IndexWriter.catch_up`` does."""
    with contextlib.ExitStack() as undo:
        # Whoever lets go of it last closes it, which may be another thread than the one that asked.
        db = undo.enter_context(contextlib.closing(sqlite3.connect(":memory:", check_same_thread=False)))
        index = _writer(db, folder, book)
        index.create()
        index.catch_up(progress, needs_all=True)
        undo.pop_all()
    return index


@contextlib.contextmanager
def opened(folder: str, book: Book, patience: float, *, anew: bool = False) -> Iterator[IndexWriter]:
    """The folder's index; an unsound one, or any one with ``anew``, is replaced by an empty one."""
    path = os.path.join(folder, data_folder.INDEX)
    index = None
    if not anew:
        with opening.held(path, opening.OPENING, patience):
            index = _sound(path, folder, book, patience)
    if index is None:
        with opening.held(path, opening.MAKING, patience):
            # Somebody may have made it while this waited.
            index = (None if anew else _sound(path, folder, book, patience)) or _made(path, folder, book, patience)
    try:
        yield index
    finally:
        _close(index, path)


def _writer(db: sqlite3.Connection, folder: str, book: Book, parts: str | None = None) -> IndexWriter:
    """The index of a folder, or of what that stands for, for changes."""
    behind = mounts.of(folder)
    made: IndexWriter = behind.writer(db, folder, book, parts) if behind else IndexWriter(db, folder, book, parts=parts)
    return made


def _sound(path: str, folder: str, book: Book, patience: float) -> IndexWriter | None:
    """The index as it is; None where it is none, or another version's."""
    parts = opening.parts(path)
    with contextlib.ExitStack() as undo:
        try:
            db = undo.enter_context(contextlib.closing(opening.connected(path, "rw", patience)))
            index = _writer(db, folder, book, parts)
            if not index.is_known():
                return None
            db.execute("PRAGMA synchronous = NORMAL")
        except opening.NoIndexError:
            return None
        except sqlite3.DatabaseError as error:
            if opening.is_damage(error):
                return None
            raise  # locked, or no room: nothing is wrong with it
        undo.pop_all()
    return index


def _made(path: str, folder: str, book: Book, patience: float) -> IndexWriter:
    """An empty one in the place of what stands there."""
    main = opening.create(path)
    with contextlib.closing(opening.database(path, "rw", patience)) as db:
        if opening.parts(path) == f"{main} none none":  # else a stranger has put something there
            db.execute("PRAGMA journal_mode = WAL")
            _writer(db, folder, book).create()  # only now the files beside it are there
            opening.remember(path, main)
        index = _sound(path, folder, book, patience)
    if index is None:
        raise opening.NoIndexError("it was taken away while it was made")
    return index


def _close(index: IndexWriter, path: str) -> None:
    """Close it, and leave the files of the write-ahead log there.

    The last one to close takes them away, unless it only reads; then it would not be whole.
    """
    if index.is_in(path):
        with contextlib.suppress(sqlite3.Error), contextlib.closing(opening.read_only(path)):
            index.db.close()
    index.db.close()


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
    if opening.is_gone(os.path.join(folder, data_folder.INDEX)):
        yield None
        return
    with opened(folder, Book([]), _REMOVERS_PATIENCE) as index:
        yield index
