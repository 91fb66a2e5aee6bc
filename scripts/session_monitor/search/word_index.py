"""How is there an index of all words that were said?

``.search.sqlite3`` beside the session files is a full-text index (SQLite's FTS5): each word with where it stands, and no
copy of the texts.  It follows from the session files, may be deleted at any time, and is made by who searches first,
in pieces, the latest rounds first, so that there is an answer long before all is in; each search goes on with that, and
puts in what is new since the last one.

    text      the words of each round, by column: what is new has higher numbers, from 1 on, what is older lower ones
    round     which round of which session has a number there, and when it was (``UNDATED`` where nothing tells)
    run       from which number on, up to the next run, rounds stand in the order of their time, and when the last of them was
    session   from which to which round a session is in
    meta      of which making of the main index the sessions' numbers are, up to which of its changes all is in that is
              from a half hour on (``slot``), and which one that is: NULL once all is in

A session that is no longer there stays in, and is not found, since the main index does not know its number any more.
Nothing here uses a write-ahead log: its files would come and go, and the main index would take that for session files.
"""

from __future__ import annotations

import contextlib
import itertools
import operator
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, TypeVar

from session_monitor.base import data_folder, files
from session_monitor.index import opening, schema
from session_monitor.index.database import Index
from session_monitor.sessions.rounds import Place, open_session, with_the_one_before

from . import words as full_text
from .texts import COLUMNS, said
from .words import Word

SCHEMA = 3
PIECE = 8_000_000
"""About so many bytes of session files are put in at once."""
PATIENCE = 60.0
"""Seconds for which a search waits for another one that is just putting a piece in."""

UNDATED = -(2**62)
"""When a round was of which nothing tells it: before all others."""

_OPTIONS = f"content = '', columnsize = 0, tokenize = '{full_text.TOKENIZER}'"
_TABLES = (
    f"CREATE VIRTUAL TABLE text USING fts5({', '.join(COLUMNS)}, {_OPTIONS})",
    # Memory for rows that are not written yet: more of it is no faster, less leaves more to merge.
    "INSERT INTO text(text, rank) VALUES ('hashsize', 16000000)",
    "CREATE TABLE round(id INTEGER PRIMARY KEY, session INTEGER, number INTEGER, at INTEGER)",
    "CREATE TABLE run(first INTEGER PRIMARY KEY, latest INTEGER)",
    "CREATE TABLE session(id INTEGER PRIMARY KEY, first INTEGER, last INTEGER)",
    "CREATE TABLE meta(made TEXT, change INTEGER, slot INTEGER)",
    "INSERT INTO meta VALUES ('', -1, NULL)",
    f"PRAGMA user_version = {SCHEMA}",
)
_PUT_TEXT = f"INSERT INTO text(rowid, {', '.join(COLUMNS)}) VALUES (?, ?, ?, ?, ?)"
_PUT_SESSION = (
    "INSERT INTO session VALUES (?, ?, ?) "
    "ON CONFLICT(id) DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last)"
)
_MATCHING = (
    "SELECT round.session, round.number, round.at, round.id FROM text CROSS JOIN round ON round.id = text.rowid "
    "WHERE text MATCH ? ORDER BY text.rowid DESC"
)

# The round before it in its conversation, or in the session for one that begins one.
_PLACE = (
    "SELECT round.session, session.file, round.flags, round.number, round.start, round.length, "
    f"before.number, before.start, before.length, coalesce(round.at, {UNDATED}) "
    "FROM session CROSS JOIN round ON round.session = session.id LEFT JOIN round AS before ON before.session = session.id "
    "AND before.number = coalesce(nullif(round.base, 0), round.number - 1) "
)
_ONE = _PLACE + "WHERE session.id = ? AND round.number = ?"
_LATEST = "max(round.at) OVER (PARTITION BY round.session ORDER BY round.number)"
# By the half hour, so that files are read in some longer pieces; never before an earlier round of the same session.
_CHANGED = _PLACE + f"WHERE session.change > ? ORDER BY {_LATEST} / ?, session.id, round.number"
_OLDER = (
    f"SELECT * FROM ({_PLACE.replace(' FROM', f', {_LATEST} AS latest FROM', 1)} WHERE session.id IN ({{0}})) "
    "WHERE {1} ORDER BY latest / ? DESC, 1 DESC, 4 DESC"
)
_IN_TIME = _OLDER.format(
    "SELECT session FROM active WHERE slot >= ? AND slot < ?",
    f"latest >= ? * {schema.SLOT} AND latest < ? * {schema.SLOT}",
)
_UNDATED = _OLDER.format("SELECT session FROM round WHERE at IS NULL", "latest IS NULL")
_SLOTS = "SELECT slot, sum(calls) FROM slot WHERE slot < ? GROUP BY slot ORDER BY slot DESC"
_SIZES = "SELECT coalesce(sum(size), 0), coalesce(sum(calls), 0) FROM session"
_ALL_DATED = "SELECT (SELECT total(calls) FROM total) = (SELECT total(calls) FROM slot)"
NEVER = 2**60
"""A half hour that never comes."""


class NoFullTextError(Exception):
    """This Python's SQLite has no FTS5."""


class SearchIndexDamagedError(Exception):
    """The search index is none any more."""


# -- where rounds stand, and what was said in them ---------------------------------------------------------------------


class IndexedRound(NamedTuple):
    """A round in the main index: its session's number there, where it stands, and the one before it, as ``said`` takes it.

    ``has_content`` says whether the log holds anything that was said in it, ``at`` when it was.
    """

    session: int
    has_content: bool
    place: Place
    before: Place | None
    at: int

    @property
    def number(self) -> int:
        """Which of its session's rounds it is."""
        return self.place.number


def indexed_round(index: Index, session: int, number: int) -> IndexedRound | None:
    """A round by the main index's number of its session; None where it is not there any more."""
    row = index.db.execute(_ONE, (session, number)).fetchone()
    return row and _indexed(*row)


def _indexed(session: int, file: str, flags: int, number: int, start: int, length: int, *rest: Any) -> IndexedRound:
    *before, at = rest
    place_before = None if before[0] is None else Place(file, *before)
    return IndexedRound(session, not flags & schema.NO_CONTENT, Place(file, number, start, length), place_before, at)


def changed(index: Index, seen: int) -> Iterator[list[IndexedRound]]:
    """The rounds of sessions that changed after the main index's change of this number, some at a time."""
    return _pieces(index.db.execute(_CHANGED, (seen, schema.SLOT)), PIECE)


def older(index: Index, slot: int) -> Iterator[tuple[list[IndexedRound], int | None]]:
    """The rounds from before a half hour, some at a time, the latest first.

    With them the half hour from which on all were told then; None once that is all there are.
    """
    size, calls = index.db.execute(_SIZES).fetchone()
    most = max(1, PIECE * calls // max(1, size))
    behind: int | None = slot
    while behind is not None:
        start = _slot_of(index, behind, most)
        rows = _undated(index) if start is None else index.db.execute(_IN_TIME, (*(start, behind) * 2, schema.SLOT))
        # Twice as much, so that of what is a little more than it was taken for nothing is left for a piece of its own.
        *pieces, last = [*_pieces(rows, 2 * PIECE)] or [[]]
        for piece in pieces:
            yield piece, behind
        behind = start if start is not None and _are_any_before(index, start) else None
        yield last, behind


def _slot_of(index: Index, behind: int, most: int) -> int | None:
    """The half hour from which to the one ``behind`` there are so many calls; None where there are none before that."""
    slot, there = None, 0
    for slot, calls in index.db.execute(_SLOTS, (behind,)):  # noqa: B007 -- the last one is the answer
        there += calls
        if there >= most:
            break
    return slot


def _are_any_before(index: Index, slot: int) -> bool:
    """Whether there are rounds from before a half hour, or without a time."""
    return _slot_of(index, slot, 1) is not None or not _are_all_dated(index)


def _undated(index: Index) -> Iterable[Any]:
    """The rounds before which, in their session, none has a time, and which have none."""
    return () if _are_all_dated(index) else index.db.execute(_UNDATED, (schema.SLOT,))


def _are_all_dated(index: Index) -> bool:
    return bool(index.db.execute(_ALL_DATED).fetchone()[0])


def _pieces(rows: Iterable[Any], most: int) -> Iterator[list[IndexedRound]]:
    piece: list[IndexedRound] = []
    size = 0
    for row in rows:
        piece.append(_indexed(*row[:10]))
        size += piece[-1].place.length
        if size >= most:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


class Text(NamedTuple):
    """A round and its texts, by column, as they are indexed; none where nothing was said in it."""

    session: int
    number: int
    at: int
    columns: list[str]


def texts(folder: str, rounds: Iterable[IndexedRound]) -> Iterator[Text]:
    """What was said in some rounds; those of a file that is not there any more are left out."""
    for (name, has_content), of_file in itertools.groupby(rounds, key=lambda each: (each.place.file, each.has_content)):
        in_file = list(of_file)
        if not has_content:  # which need not be read to be known
            yield from (Text(each.session, each.number, each.at, []) for each in in_file)
            continue
        with contextlib.suppress(OSError), open_session(folder, name) as file:
            read = with_the_one_before(file, ((each.place, each.before) for each in in_file))
            for each, (stored, before) in zip(in_file, read):
                if stored:
                    yield Text(each.session, each.number, each.at, list(map(full_text.spaced, said(stored, before))))


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


class RoundMatch(NamedTuple):
    """A round that has the words that are looked for, by its session's number in the main index, and when it was."""

    session: int
    number: int
    at: int


def matching(
    db: sqlite3.Connection, words: Iterable[Word], column: str | None
) -> Iterator[tuple[list[RoundMatch], int]]:
    """The rounds that have these words, nearly the latest first: with each, when one that follows is at the latest."""
    runs = db.execute("SELECT first, latest FROM run ORDER BY first").fetchall()
    below = [UNDATED, *itertools.accumulate((latest for _, latest in runs), max)]
    run = len(runs) - 1
    for session, number, at, place in db.execute(_MATCHING, (full_text.match(words, column),)):
        while place < runs[run][0]:
            run -= 1
        yield [RoundMatch(session, number, at)], max(at, below[run])


def is_of(db: sqlite3.Connection, index: Index) -> bool:
    """Whether the sessions' numbers are those of the main index, as it was made."""
    return bool(_made(db) == index.meta("made"))


def has_latest(db: sqlite3.Connection, index: Index) -> bool:
    """Whether of what the main index knows nothing is missing that is later than what is in."""
    return is_of(db, index) and bool(db.execute("SELECT change FROM meta").fetchone()[0] >= index.meta("change"))


def is_current(db: sqlite3.Connection, index: Index) -> bool:
    """Whether all is in that the main index knows."""
    return has_latest(db, index) and _slot(db) is None


def one_state(db: sqlite3.Connection) -> AbstractContextManager[None]:
    """For as long as the block runs, nobody else changes it."""
    return _transaction(db, "DEFERRED")


def share(db: sqlite3.Connection, index: Index) -> float:
    """Which part of all rounds is in."""
    (total,) = index.db.execute("SELECT total(calls) FROM total").fetchone()
    return min(1.0, rounds(db) / total) if total else 1.0


def latest_missing(db: sqlite3.Connection) -> int:
    """When a round that is older than all that is in may have been at the latest."""
    return latest_before(_slot(db))


def latest_before(slot: int | None) -> int:
    """The last moment before a half hour from which on all were told; None where that is all there are."""
    return UNDATED if slot is None else slot * schema.SLOT - 1


def rounds(db: sqlite3.Connection) -> int:
    """How many rounds are in."""
    first, last = db.execute("SELECT (SELECT min(id) FROM round), (SELECT max(id) FROM round)").fetchone()
    return 0 if first is None else int(last - first + 1)


def bring_up_to_date(db: sqlite3.Connection, index: Index) -> Iterator[None]:
    """Put in what is new, then what is older than all that is in: a piece each time that somebody asks for the next.

    Whoever searches meanwhile gets a turn after each piece, and what is in by then stays in.  Ends when all is in, or where
    another search begins it anew meanwhile, for a main index that is not this one: then it is not current.
    """
    made, change = index.meta("made"), index.meta("change")
    if _made(db) != made:
        with _transaction(db):
            if _made(db) != made:  # another search may have been first
                clear(db)
                db.execute("UPDATE meta SET made = ?, change = ?, slot = ?", (made, change, NEVER))
    for piece in changed(index, db.execute("SELECT change FROM meta").fetchone()[0]):
        if (new := _put_piece(db, index, piece, made)) is None:
            return
        if new:
            yield
    with _transaction(db):
        db.execute("UPDATE meta SET change = max(change, ?) WHERE made = ?", (change, made))
    slot = _slot(db)
    for piece, behind in () if slot is None else older(index, slot):
        if (new := _put_piece(db, index, piece, made, down_to=(behind,))) is None:
            return
        # Pieces of one half hour are gone through once more where that ended between them.
        if new:
            yield


def _put_piece(
    db: sqlite3.Connection,
    index: Index,
    piece: list[IndexedRound],
    made: str,
    down_to: tuple[int | None] | None = None,
) -> int | None:
    """Put a piece in, behind all others or before them: how much of it was new; None where another has begun it anew."""
    is_older = down_to is not None
    new = list(texts(index.folder, _unknown(db, reversed(piece) if is_older else piece, is_older=is_older)))
    with _transaction(db):
        if _made(db) != made:
            return None
        # While more is to come, FTS5 leaves the merging of its parts for later.
        db.execute("INSERT INTO text(text, rank) VALUES ('automerge', ?)", (0 if down_to and down_to[0] else 4,))
        put(db, _unknown(db, new, is_older=is_older), is_older=is_older)
        if down_to:
            # Another search may be further.
            db.execute("UPDATE meta SET slot = min(slot, ?)", down_to)
    return len(new)


def _made(db: sqlite3.Connection) -> Any:
    """Of which making of the main index the sessions' numbers are."""
    return db.execute("SELECT made FROM meta").fetchone()[0]


def _slot(db: sqlite3.Connection) -> int | None:
    """The half hour from which on all is in; None where all is in."""
    slot: int | None = db.execute("SELECT slot FROM meta").fetchone()[0]
    return slot


def put(db: sqlite3.Connection, new: Iterable[Text], *, is_older: bool = False) -> None:
    """Put in what was said in rounds that are not in yet: behind all others, or before them."""
    in_order = sorted(new, key=operator.attrgetter("at"))
    if not in_order:
        return
    first, last = db.execute("SELECT coalesce(min(id), 1), coalesce(max(id), 0) FROM round").fetchone()
    begin = first - len(in_order) if is_older else last + 1
    numbered = list(enumerate(in_order, begin))
    _put_run(db, begin, in_order[0].at, in_order[-1].at, is_older=is_older)
    db.executemany(_PUT_TEXT, ((number, *text.columns) for number, text in numbered if text.columns))
    rounds = ((number, text.session, text.number, text.at) for number, text in numbered)
    db.executemany("INSERT INTO round VALUES (?, ?, ?, ?)", rounds)
    spans: dict[int, tuple[int, int]] = {}
    for text in in_order:
        lowest, highest = spans.get(text.session, (text.number, text.number))
        spans[text.session] = min(lowest, text.number), max(highest, text.number)
    db.executemany(_PUT_SESSION, ((session, *span) for session, span in spans.items()))


def _put_run(db: sqlite3.Connection, begin: int, earliest: int, latest: int, *, is_older: bool) -> None:
    """Rounds from a number on stand in the order of their time, with the run beside them where that goes on so."""
    sql = "SELECT first, at, latest FROM run JOIN round ON round.id = first ORDER BY first"
    beside = db.execute(f"{sql} {'ASC' if is_older else 'DESC'} LIMIT 1").fetchone()
    if beside and is_older and latest <= beside[1]:
        db.execute("UPDATE run SET first = ? WHERE first = ?", (begin, beside[0]))
    elif beside and not is_older and beside[2] <= earliest:
        db.execute("UPDATE run SET latest = ? WHERE first = ?", (latest, beside[0]))
    else:
        db.execute("INSERT INTO run VALUES (?, ?)", (begin, latest))


def clear(db: sqlite3.Connection) -> None:
    """Take everything out."""
    db.execute("INSERT INTO text(text) VALUES ('delete-all')")
    db.execute("DELETE FROM round")
    db.execute("DELETE FROM run")
    db.execute("DELETE FROM session")


Row = TypeVar("Row", IndexedRound, Text)


def _unknown(db: sqlite3.Connection, rows: Iterable[Row], *, is_older: bool) -> Iterator[Row]:
    """Those of the rounds that are not in yet: another search may have put them in.

    Of a session of which some are in, only those that come before them, or behind them: no gap is left between.
    """
    known: dict[int, tuple[int, int]] = {}
    for row in rows:
        if row.session not in known:
            span = db.execute("SELECT first, last FROM session WHERE id = ?", (row.session,)).fetchone()
            known[row.session] = span or _NONE
        first, last = known[row.session]
        if known[row.session] is _NONE or (row.number < first if is_older else row.number > last):
            yield row


_NONE = (0, 0)


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
