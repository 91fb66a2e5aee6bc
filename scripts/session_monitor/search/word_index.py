"""How is there an index of all words that were said?

``.search.sqlite3`` beside the session files is a full-text index (SQLite's FTS5): each word with where it stands, and no
copy of the texts.  It follows from the session files, may be deleted at any time, and is made by who searches first;
each search puts in what is new since the last one.

    text      the words of each round, by column; rows are numbered as they came, the oldest first
    round     which round of which session has a number there
    session   up to which round a session is in
    meta      of which making of the main index the sessions' numbers are, and up to which of its changes all is in

A session that is no longer there stays in, and is not found, since the main index does not know its number any more.
Nothing here uses a write-ahead log: its files would come and go, and the main index would take that for session files.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, TypeVar

from session_monitor.base import data_folder, files
from session_monitor.index import opening, schema
from session_monitor.index.database import Index, Progress
from session_monitor.sessions.rounds import Place, open_session, with_the_one_before

from . import words as full_text
from .texts import COLUMNS, said
from .words import Word

SCHEMA = 1
PIECE = 32_000_000
"""Bytes of session files that are put in at once."""
BULK = 2 * PIECE
"""With more than that FTS5 leaves the merging of its parts for later."""
PATIENCE = 60.0
"""Seconds for which a search waits for another one that is just putting a piece in."""

_OPTIONS = f"content = '', columnsize = 0, tokenize = '{full_text.TOKENIZER}'"
_TABLES = (
    f"CREATE VIRTUAL TABLE text USING fts5({', '.join(COLUMNS)}, {_OPTIONS})",
    # Memory for rows that are not written yet: more of it is no faster, less leaves more to merge.
    "INSERT INTO text(text, rank) VALUES ('hashsize', 16000000)",
    "CREATE TABLE round(id INTEGER PRIMARY KEY, session INTEGER, number INTEGER)",
    "CREATE TABLE session(id INTEGER PRIMARY KEY, number INTEGER)",
    "CREATE TABLE meta(made TEXT, change INTEGER)",
    "INSERT INTO meta VALUES ('', -1)",
    f"PRAGMA user_version = {SCHEMA}",
)
_PUT_TEXT = f"INSERT INTO text(rowid, {', '.join(COLUMNS)}) VALUES (?, ?, ?, ?, ?)"
_MATCHING = (
    "SELECT round.session, round.number FROM text CROSS JOIN round ON round.id = text.rowid "
    "WHERE text MATCH ? ORDER BY text.rowid DESC"
)

# The round before it in its conversation, or in the session for one that begins one.
_PLACE = (
    "SELECT round.session, session.file, round.number, round.start, round.length, before.number, before.start, before.length "
    "FROM session CROSS JOIN round ON round.session = session.id LEFT JOIN round AS before ON before.session = session.id "
    "AND before.number = coalesce(nullif(round.base, 0), round.number - 1) "
)
_ONE = _PLACE + "WHERE session.id = ? AND round.number = ?"
# By the half hour, so that files are read in some longer pieces; never before an earlier round of the same session.
_CHANGED = (
    _PLACE + "WHERE session.change > ? "
    "ORDER BY max(round.at) OVER (PARTITION BY round.session ORDER BY round.number) / ? {0}, session.id {0}, round.number {0}"
)
_SIZE = "SELECT coalesce(sum(length), 0) FROM session CROSS JOIN round ON session = id WHERE change > ?"


class NoFullTextError(Exception):
    """This Python's SQLite has no FTS5."""


class SearchIndexDamagedError(Exception):
    """The search index is none any more."""


# -- where rounds stand, and what was said in them ---------------------------------------------------------------------


class IndexedRound(NamedTuple):
    """A round in the main index: its session's number there, where it stands, and the one before it, as ``said`` takes it."""

    session: int
    place: Place
    before: Place | None

    @property
    def number(self) -> int:
        """Which of its session's rounds it is."""
        return self.place.number


def indexed_round(index: Index, session: int, number: int) -> IndexedRound | None:
    """A round by the main index's number of its session; None where it is not there any more."""
    row = index.db.execute(_ONE, (session, number)).fetchone()
    return row and _indexed(*row)


def _indexed(session: int, file: str, number: int, start: int, length: int, *before: Any) -> IndexedRound:
    place_before = None if before[0] is None else Place(file, *before)
    return IndexedRound(session, Place(file, number, start, length), place_before)


def size_changed(index: Index, seen: int) -> int:
    """The bytes of all rounds in sessions that changed after the main index's change of this number."""
    return int(index.db.execute(_SIZE, (seen,)).fetchone()[0])


def changed(index: Index, seen: int, *, latest_first: bool = False) -> Iterator[list[IndexedRound]]:
    """These rounds, some at a time."""
    piece: list[IndexedRound] = []
    size = 0
    for row in index.db.execute(_CHANGED.format("DESC" if latest_first else ""), (seen, schema.SLOT)):
        piece.append(_indexed(*row))
        size += piece[-1].place.length
        if size >= PIECE:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


class Text(NamedTuple):
    """A round and its texts, by column, as they are indexed."""

    session: int
    number: int
    columns: list[str]


def texts(folder: str, rounds: Iterable[IndexedRound]) -> Iterator[Text]:
    """What was said in some rounds; those of a file that is not there any more are left out."""
    for name, of_file in itertools.groupby(rounds, key=lambda each: each.place.file):
        in_file = list(of_file)
        with contextlib.suppress(OSError), open_session(folder, name) as file:
            read = with_the_one_before(file, ((each.place, each.before) for each in in_file))
            for each, (stored, before) in zip(in_file, read):
                if stored:
                    yield Text(each.session, each.number, list(map(full_text.spaced, said(stored, before))))


# -- the index ---------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def opened(folder: str, *, anew: bool) -> Iterator[sqlite3.Connection | None]:
    """The folder's search index; None where it can neither be read nor made.  Raises ``SearchIndexDamagedError``."""
    path = os.path.join(folder, data_folder.WORD_INDEX)
    if anew:
        with contextlib.suppress(OSError):
            opening.remove(path)
    with contextlib.ExitStack() as stack:
        db = _connect(path)
        if db:
            stack.enter_context(contextlib.closing(db))
        yield db if db and _is_sound(db) else None


@contextlib.contextmanager
def in_memory() -> Iterator[sqlite3.Connection]:
    """An empty one that nobody else has.  Raises ``NoFullTextError``."""
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        try:
            _create(db)
        except sqlite3.OperationalError as error:
            raise NoFullTextError from error
        yield db


def matching(db: sqlite3.Connection, words: Iterable[Word], column: str | None) -> Iterator[tuple[int, int]]:
    """Session and number of the rounds that have these words, the latest first."""
    return db.execute(_MATCHING, (full_text.match(words, column),))


def is_current(db: sqlite3.Connection, index: Index) -> bool:
    """Whether all is in that the main index knows."""
    made, change = db.execute("SELECT made, change FROM meta").fetchone()
    return bool(made == index.meta("made") and change >= index.meta("change"))


def one_state(db: sqlite3.Connection) -> AbstractContextManager[None]:
    """For as long as the block runs, nobody else changes it."""
    return _transaction(db, "DEFERRED")


def bring_up_to_date(db: sqlite3.Connection, index: Index, progress: Progress) -> None:
    """Put in what is new.  Whoever searches meanwhile gets a turn after each piece, and what is in by then stays in.

    Ends where another search begins it anew meanwhile, for a main index that is not this one: then it is not current.
    """
    made, change = index.meta("made"), index.meta("change")
    if _made(db) != made:
        with _transaction(db):
            if _made(db) != made:  # another search may have been first
                clear(db)
                db.execute("UPDATE meta SET made = ?, change = -1", (made,))
    (seen,) = db.execute("SELECT change FROM meta").fetchone()
    done, total = 0, size_changed(index, seen)
    for piece in changed(index, seen):
        new = list(texts(index.folder, _unknown(db, piece)))
        with _transaction(db):
            if _made(db) != made:
                return
            db.execute("INSERT INTO text(text, rank) VALUES ('automerge', ?)", (0 if total > BULK else 4,))
            put(db, _unknown(db, new))
        done += sum(each.place.length for each in piece)
        progress(done, total)
    with _transaction(db):
        db.execute("UPDATE meta SET change = max(change, ?) WHERE made = ?", (change, made))


def _made(db: sqlite3.Connection) -> Any:
    """Of which making of the main index the sessions' numbers are."""
    return db.execute("SELECT made FROM meta").fetchone()[0]


def put(db: sqlite3.Connection, new: Iterable[Text]) -> None:
    """Put in what was said in rounds that are not in yet, behind all others."""
    (last,) = db.execute("SELECT coalesce(max(id), 0) FROM round").fetchone()
    rounds: list[tuple[int, int, int]] = []

    def rows() -> Iterator[tuple[Any, ...]]:
        for number, text in enumerate(new, last + 1):
            rounds.append((number, text.session, text.number))
            yield (number, *text.columns)

    db.executemany(_PUT_TEXT, rows())
    db.executemany("INSERT INTO round VALUES (?, ?, ?)", rounds)
    upto = {session: number for _, session, number in rounds}
    db.executemany("INSERT OR REPLACE INTO session VALUES (?, ?)", upto.items())


def clear(db: sqlite3.Connection) -> None:
    """Take everything out."""
    db.execute("INSERT INTO text(text) VALUES ('delete-all')")
    db.execute("DELETE FROM round")
    db.execute("DELETE FROM session")


Row = TypeVar("Row", IndexedRound, Text)


def _unknown(db: sqlite3.Connection, rows: Iterable[Row]) -> Iterator[Row]:
    """Those of the rounds that are not in yet: another search may have put them in."""
    known: dict[int, int] = {}
    for row in rows:
        if row.session not in known:
            last = db.execute("SELECT number FROM session WHERE id = ?", (row.session,)).fetchone()
            known[row.session] = last[0] if last else 0
        if row.number > known[row.session]:
            yield row


def _connect(path: str) -> sqlite3.Connection | None:
    with contextlib.suppress(OSError):
        os.close(files.kept(path))
    try:
        opening.check(path)
        return sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
    except sqlite3.OperationalError:  # there is no such file, or not for this user, or it is none
        return None


def _is_sound(db: sqlite3.Connection) -> bool:
    try:
        db.execute("PRAGMA journal_mode = TRUNCATE")
        db.execute("PRAGMA synchronous = NORMAL")
        if not _is_known(db):
            with _transaction(db):
                if db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
                    _create(db)
        if not _is_known(db):
            raise SearchIndexDamagedError
    except sqlite3.OperationalError:  # no room, not for this user to write, or there is no FTS5
        return False
    except sqlite3.DatabaseError as error:
        raise SearchIndexDamagedError from error
    return True


def _is_known(db: sqlite3.Connection) -> bool:
    return bool(db.execute("PRAGMA user_version").fetchone()[0] == SCHEMA)


def _create(db: sqlite3.Connection) -> None:
    for sql in _TABLES:
        db.execute(sql)


@contextlib.contextmanager
def _transaction(db: sqlite3.Connection, kind: str = "IMMEDIATE") -> Iterator[None]:
    db.execute(f"BEGIN {kind}")
    try:
        yield
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
