"""How is a database beside the index opened that follows from it, and may be deleted at any time?

It is made by who asks first, and made anew where it is damaged or another version's.  What is deleted in it is
overwritten.  None of them uses a write-ahead log: its files would come and go, and the index would take that for session
files.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple

from session_monitor.base import files

from . import opening

PATIENCE = 60.0
"""Seconds for which each step waits for another question that is just putting something in."""

NOT_TO_BE_READ = (ValueError, TypeError, LookupError)
"""What reading raises besides SQLite's own errors where bytes have changed: pages have no checksum."""


class SideDatabase(NamedTuple):
    """One kind of them: its file's name, and the SQL that makes its tables.  Another ``schema`` makes all anew."""

    name: str
    schema: int
    tables: Sequence[str]


class SideDatabaseDamagedError(Exception):
    """It is no such database any more, or another version's."""


@contextlib.contextmanager
def opened(
    kind: SideDatabase, folder: str, *, anew: bool, patience: float = PATIENCE
) -> Iterator[sqlite3.Connection | None]:
    """A folder's; ``anew``, an empty one in its place.  None where it can neither be read nor made.

    ``patience`` is for how many seconds each step waits for who is just putting something in.  Raises
    ``SideDatabaseDamagedError``.
    """
    path = os.path.join(folder, kind.name)
    if anew:
        with contextlib.suppress(OSError):
            opening.remove(path)
    with contextlib.ExitStack() as stack:
        db = _connect(path, patience)
        if db:
            stack.enter_context(contextlib.closing(db))
        yield db if db and _is_sound(kind, db) else None


@contextlib.contextmanager
def in_memory(kind: SideDatabase) -> Iterator[sqlite3.Connection]:
    """An empty one that nobody else has."""
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        _create(kind, db)
        yield db


def _connect(path: str, patience: float) -> sqlite3.Connection | None:
    with contextlib.suppress(OSError):
        os.close(files.kept(path))
    try:
        opening.check(path)
        return sqlite3.connect(path, timeout=patience, isolation_level=None)
    except sqlite3.OperationalError:  # there is no such file, or not for this user, or it is none
        return None


def _is_sound(kind: SideDatabase, db: sqlite3.Connection) -> bool:
    try:
        db.execute("PRAGMA journal_mode = TRUNCATE")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA secure_delete = ON")
        db.execute("PRAGMA temp_store = MEMORY")  # what was said goes to no other file
        if not _is_known(kind, db):
            with transaction(db):
                if db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
                    _create(kind, db)
        if not _is_known(kind, db):
            raise SideDatabaseDamagedError
    except sqlite3.OperationalError:  # no room, not for this user to write, or this SQLite lacks what a table needs
        return False
    except opening.DAMAGE as error:
        raise SideDatabaseDamagedError from error
    return True


def _is_known(kind: SideDatabase, db: sqlite3.Connection) -> bool:
    if db.execute("PRAGMA user_version").fetchone()[0] != kind.schema:
        return False
    there = {sql for (sql,) in db.execute("SELECT sql FROM sqlite_master")}
    return there.issuperset(sql for sql in kind.tables if sql.startswith("CREATE"))


def _create(kind: SideDatabase, db: sqlite3.Connection) -> None:
    for sql in (*kind.tables, f"PRAGMA user_version = {kind.schema}"):
        db.execute(sql)


@contextlib.contextmanager
def transaction(db: sqlite3.Connection, kind: str = "IMMEDIATE") -> Iterator[None]:
    """All of the block or nothing."""
    db.execute(f"BEGIN {kind}")
    try:
        yield
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def one_state(db: sqlite3.Connection) -> AbstractContextManager[None]:
    """For as long as the block runs, nobody else changes it."""
    return transaction(db, "DEFERRED")
