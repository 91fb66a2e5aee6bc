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
"""

from __future__ import annotations

import contextlib
import itertools
import operator
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, TypeVar

from session_monitor.base import data_folder
from session_monitor.index import side_database
from session_monitor.index.database import Index
from session_monitor.index.side_database import SideDatabase
from session_monitor.sessions.rounds import open_session, with_the_one_before

from . import indexed_rounds
from . import words as full_text
from .indexed_rounds import UNDATED, IndexedRound
from .texts import COLUMNS, said
from .words import Word

SCHEMA = 3
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
)
_WORD_INDEX = SideDatabase(data_folder.WORD_INDEX, SCHEMA, _TABLES)
_PUT_TEXT = f"INSERT INTO text(rowid, {', '.join(COLUMNS)}) VALUES (?, ?, ?, ?, ?)"
_PUT_SESSION = (
    "INSERT INTO session VALUES (?, ?, ?) "
    "ON CONFLICT(id) DO UPDATE SET first = min(first, excluded.first), last = max(last, excluded.last)"
)
_MATCHING = (
    "SELECT round.session, round.number, round.at, round.id FROM text CROSS JOIN round ON round.id = text.rowid "
    "WHERE text MATCH ? ORDER BY text.rowid DESC"
)


class NoFullTextError(Exception):
    """This Python's SQLite has no FTS5."""


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


def opened(folder: str, *, anew: bool) -> AbstractContextManager[sqlite3.Connection | None]:
    """The folder's search index, as ``side_database.opened`` opens it."""
    return side_database.opened(_WORD_INDEX, folder, anew=anew)


@contextlib.contextmanager
def in_memory() -> Iterator[sqlite3.Connection]:
    """An empty one that nobody else has.  Raises ``NoFullTextError``."""
    with contextlib.ExitStack() as stack:
        try:
            db = stack.enter_context(side_database.in_memory(_WORD_INDEX))
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


def share(db: sqlite3.Connection, index: Index) -> float:
    """Which part of all rounds is in."""
    (total,) = index.db.execute("SELECT total(calls) FROM total").fetchone()
    return min(1.0, rounds(db) / total) if total else 1.0


def latest_missing(db: sqlite3.Connection) -> int:
    """When a round that is older than all that is in may have been at the latest."""
    return indexed_rounds.latest_before(_slot(db))


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
        with side_database.transaction(db):
            if _made(db) != made:  # another search may have been first
                clear(db)
                db.execute("UPDATE meta SET made = ?, change = ?, slot = ?", (made, change, indexed_rounds.NEVER))
    for piece in indexed_rounds.changed(index, db.execute("SELECT change FROM meta").fetchone()[0]):
        if (new := _put_piece(db, index, piece, made)) is None:
            return
        if new:
            yield
    with side_database.transaction(db):
        db.execute("UPDATE meta SET change = max(change, ?) WHERE made = ?", (change, made))
    slot = _slot(db)
    for piece, behind in () if slot is None else indexed_rounds.older(index, slot):
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
    with side_database.transaction(db):
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
