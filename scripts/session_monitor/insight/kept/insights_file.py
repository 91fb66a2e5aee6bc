"""How is kept what of each round matters, and what was found in each session?

``.insights.sqlite3`` beside the session files follows from them, from the prices and from the rules; it may be deleted at
any time, and is made by who asks first.  Each question puts in what is new since the last one.

    session   up to which round its contents are in; up to which of the main index's changes, and by which prices and rules, it is judged; sums;
              ``continued``: which of its conversations go on from another one, as ``Continuation`` has it
    chunk     the contents of ``contents.AT_ONCE`` rounds of a session: marks and sizes, no text
    prompt    under which system prompt so many rounds of a session stood, as ``prompt_versions.PromptRun``
    finding   one finding; ``severity`` is its place in ``SEVERITIES``, money is in millionths of a dollar and the rest in 1e-12
    meta      of which making of the main index the sessions' numbers are, up to which of its changes all are judged, and by what;
              what was usual when that was last looked at, and of how many sessions

What is deleted is overwritten.  Nothing here uses a write-ahead log: its files would come and go, and the main index would
take that for session files.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager

from session_monitor.base import data_folder, files
from session_monitor.index import opening

SCHEMA = 4
"""Another one makes all anew: it is another whenever contents mean something else."""
PATIENCE = 60.0
"""Seconds for which a question waits for another one that is just putting something in."""

_SESSION = (
    "id INTEGER PRIMARY KEY, session_id TEXT, upto INTEGER, names BLOB, change INTEGER, judged_by TEXT, "
    "rounds INTEGER, not_judged INTEGER, sums TEXT, pauses TEXT, continued TEXT"
)
_FINDING = (
    "session INTEGER, kind TEXT, severity INTEGER, first INTEGER, last INTEGER, at INTEGER, tokens INTEGER, "
    "usd INTEGER, pico INTEGER, basis TEXT, rounds TEXT, details TEXT"
)
_TABLES = (
    f"CREATE TABLE session({_SESSION})",
    "CREATE INDEX session_by_id ON session(session_id)",
    "CREATE TABLE chunk(session INTEGER, first INTEGER, data BLOB)",
    "CREATE UNIQUE INDEX chunk_place ON chunk(session, first)",
    "CREATE TABLE prompt(session INTEGER, first INTEGER, last INTEGER, mark INTEGER, stands_in INTEGER)",
    "CREATE INDEX prompt_session ON prompt(session)",
    f"CREATE TABLE finding({_FINDING})",
    "CREATE INDEX finding_session ON finding(session, kind, first)",
    "CREATE INDEX finding_order ON finding(severity DESC, usd DESC, pico DESC, at DESC, session, first, kind)",
    "CREATE INDEX finding_sums ON finding(kind, severity, at, usd, pico, session)",
    "CREATE TABLE meta(made TEXT, removals INTEGER, change INTEGER, judged_by TEXT, usual_of INTEGER, usual TEXT)",
    "INSERT INTO meta VALUES ('', 0, -1, '', 0, '')",
    f"PRAGMA user_version = {SCHEMA}",
)


class InsightsDamagedError(Exception):
    """What is kept is damaged."""


NOT_TO_BE_READ = (ValueError, TypeError, LookupError, zlib.error)
"""What reading raises besides SQLite's own errors where bytes have changed: pages have no checksum."""


# -- opening it --------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def opened(folder: str, *, anew: bool, patience: float = PATIENCE) -> Iterator[sqlite3.Connection | None]:
    """What is kept in a folder; None where it can neither be read nor made.  Raises ``InsightsDamagedError``.

    ``patience`` is for how many seconds each step waits for who is just putting something in.
    """
    path = os.path.join(folder, data_folder.INSIGHTS)
    if anew:
        with contextlib.suppress(OSError):
            opening.remove(path)
    with contextlib.ExitStack() as stack:
        db = _connect(path, patience)
        if db:
            stack.enter_context(contextlib.closing(db))
        yield db if db and _is_sound(db) else None


@contextlib.contextmanager
def in_memory() -> Iterator[sqlite3.Connection]:
    """An empty one that nobody else has."""
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        _create(db)
        yield db


def _connect(path: str, patience: float) -> sqlite3.Connection | None:
    with contextlib.suppress(OSError):
        os.close(files.kept(path))
    try:
        opening.check(path)
        return sqlite3.connect(path, timeout=patience, isolation_level=None)
    except sqlite3.OperationalError:  # there is no such file, or not for this user, or it is none
        return None


def _is_sound(db: sqlite3.Connection) -> bool:
    try:
        db.execute("PRAGMA journal_mode = TRUNCATE")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA secure_delete = ON")
        db.execute("PRAGMA temp_store = MEMORY")
        if not _is_known(db):
            with transaction(db):
                if db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
                    _create(db)
        if not _is_known(db):
            raise InsightsDamagedError
    except sqlite3.OperationalError:  # no room, or not for this user to write
        return False
    except sqlite3.DatabaseError as error:
        raise InsightsDamagedError from error
    return True


def _is_known(db: sqlite3.Connection) -> bool:
    return bool(db.execute("PRAGMA user_version").fetchone()[0] == SCHEMA)


def _create(db: sqlite3.Connection) -> None:
    for sql in _TABLES:
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
