"""Which files are the index, and how are they opened and removed?

SQLite keeps it in three that belong together: the database, its write-ahead log, and the memory that all share who have
it open.  Strangers may take one away or put another in its place.  Whoever opened what is left would get a new one
beside the others: two would write by different logs; and a process that has the memory mapped, and opens another
database beside it, empties it without knowing, and dies of the next look into it (SIGBUS).

So a fourth file says which three were made together.  Others are no index: they are removed, all of them, and made
anew.  Those who have the removed ones open may go on, and notice at the next question.  Whoever opens the files or
makes them holds a lock on the folder meanwhile, so that nobody opens some of the old and some of the new.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Iterator

from session_monitor.base import files

DAMAGE = (sqlite3.DatabaseError, ValueError)
"""What an index says whose pages are none, or whose text is none."""

OPENING, MAKING = fcntl.LOCK_SH, fcntl.LOCK_EX
"""What the lock on the folder is held for: many may open the index at a time, while nobody makes one."""
PATIENCE = 5.0
"""Seconds that a reader waits for that lock, which is held for milliseconds, and for SQLite's own."""

_PARTS = ("", "-wal", "-shm")
_MADE = "-made"
_ENDS = (*_PARTS, "-journal", _MADE)
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL


_CUT = "disk I/O error"
"""What SQLite says, too, where a file ends before a page that must be in it."""


class NoIndexError(sqlite3.OperationalError):
    """There is no index, or its files are not those that were made together."""


def is_damage(error: Exception) -> bool:
    """Whether an error says that an index is damaged, and not that it cannot be had just now."""
    if isinstance(error, sqlite3.OperationalError):
        return _CUT in str(error)
    return isinstance(error, DAMAGE)


# -- which files -------------------------------------------------------------------------------------------------------


def parts(path: str) -> str:
    """Which files stand now where those of an index stand; others than before say so."""
    return " ".join(map(_number, (path + end for end in _PARTS)))


def _number(path: str) -> str:
    try:
        return str(os.lstat(path).st_ino)
    except FileNotFoundError:
        return "none"


def create(path: str) -> str:
    """Put an empty file in the place of what stands there; returns its number.  To be called with the lock held."""
    remove(path)
    descriptor = files.opened(path, _NEW)
    try:
        return str(os.fstat(descriptor).st_ino)
    finally:
        os.close(descriptor)


def remember(path: str, main: str) -> None:
    """The files that stand there now were made together, beside the one with that number."""
    files.remove(path + _MADE)
    descriptor = files.opened(path + _MADE, _NEW)
    try:
        files.write_all(descriptor, " ".join([main, *parts(path).split()[1:]]).encode(), 0)
    finally:
        os.close(descriptor)


def is_whole(path: str) -> bool:
    """Whether the files that stand there were made together."""
    try:
        with files.reading(path + _MADE) as file:
            return file.read(200) == parts(path).encode()
    except OSError:
        return False


def _must_be_whole(path: str) -> None:
    if not is_whole(path):
        raise NoIndexError("there is no index, or a part of it is another")


def is_gone(path: str) -> bool:
    """Whether nothing is left of it."""
    return not any(os.path.lexists(path + end) for end in _ENDS)


def check(path: str) -> None:
    """Raises ``sqlite3.OperationalError`` where a database or a side file is something that must not be opened."""
    try:
        for end in _ENDS:
            files.check(path + end)
    except files.OddFileError as odd:
        raise sqlite3.OperationalError(str(odd)) from None


def remove(path: str) -> None:
    """Remove a database with the files beside it."""
    for end in _ENDS:
        files.remove(path + end)


# -- opening them ------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def held(path: str, purpose: int, patience: float = PATIENCE) -> Iterator[None]:
    """Hold the lock for the files in the block.  Raises ``sqlite3.OperationalError`` where that cannot be had."""
    try:
        descriptor = os.open(os.path.dirname(path) or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise sqlite3.OperationalError(str(error)) from error
    try:
        is_held = True
        with contextlib.suppress(OSError):  # a file system without such locks
            is_held = files.take(descriptor, patience, purpose)
        if not is_held:
            raise sqlite3.OperationalError("somebody is just making or opening it")
        yield
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_UN)  # closing is not enough where a process was forked meanwhile
    finally:
        os.close(descriptor)


def read_only(path: str) -> sqlite3.Connection:
    """A connection that never writes, and makes no file.  Raises ``NoIndexError``."""
    with held(path, OPENING):
        return connected(path, "ro", PATIENCE)


def connected(path: str, mode: str, patience: float) -> sqlite3.Connection:
    """A connection with its files open; to be called with the lock held.  Raises ``NoIndexError``."""
    _must_be_whole(path)
    with contextlib.ExitStack() as undo:
        db = undo.enter_context(contextlib.closing(database(path, mode, patience)))
        _must_be_whole(path)  # the lock does not hold off strangers: it may have opened another
        db.execute("SELECT 1 FROM sqlite_master").fetchone()  # only now SQLite opens what is beside it
        _must_be_whole(path)
        undo.pop_all()
    return db


def database(path: str, mode: str = "ro", patience: float = PATIENCE) -> sqlite3.Connection:
    """A connection to a file that is there; ``mode`` is ``ro`` or ``rw``."""
    check(path)
    quoted = os.path.abspath(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return sqlite3.connect(f"file:{quoted}?mode={mode}", uri=True, timeout=patience)
