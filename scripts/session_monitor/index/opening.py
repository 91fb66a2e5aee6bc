"""How is the index's file opened so that nobody notices?"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Mapping

from session_monitor.base import data_folder, files
from session_monitor.prices.book import Book

from .database import Progress
from .writer import IndexWriter

DAMAGE = (sqlite3.DatabaseError, ValueError)
"""What an index says whose pages are none, or whose text is none."""


def read_only(path: str) -> sqlite3.Connection:
    """A connection that never writes."""
    return _connected(path, "mode=ro")


def without_trace(path: str) -> sqlite3.Connection:
    """A connection that does not even make the side files that readers share, which would show in the folder's time.

    Raises ``sqlite3.OperationalError`` where that cannot be had.  Where there are no side files, ``has_side_files``
    tells afterwards whether somebody has come to write: then what was read may be of two states.
    """
    if has_side_files(path):
        return read_only(path)
    if os.path.exists(path + "-wal") and os.path.getsize(path + "-wal"):
        raise sqlite3.OperationalError("a part of it stands in a write-ahead log that nobody has open")
    return _connected(path, "mode=ro&immutable=1")


def has_side_files(path: str) -> bool:
    """Whether the files are there that those who read and write share."""
    return os.path.exists(path + "-wal") and os.path.exists(path + "-shm")


def _connected(path: str, how: str) -> sqlite3.Connection:
    quoted = os.path.abspath(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return sqlite3.connect(f"file:{quoted}?{how}", uri=True)


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
    path = os.path.join(folder, data_folder.INDEX)
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
    if not os.path.exists(os.path.join(folder, data_folder.INDEX)):
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
