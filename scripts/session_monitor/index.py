"""What do all sessions add up to, answered at once?

``.index.sqlite3`` beside the session files holds a row a session and a row a round, with where in its file the round
stands, and no text of a conversation.  All of it follows from the session files and the price lists, so it may be
deleted at any time: whoever needs it makes it anew, or brings it up to date.

    session   one a session: its file as it was read, its sums
    round     one a call: when, which model, tokens, cost, the bytes of its line
    total     sums by model and consumer; ``slot``: the same for each half hour, in which all days of almost all time
              zones begin (others are summed from the rounds)
    damaged   files that are no session files any more
    part      which session has calls of which model and consumer; ``active``: in which half hour

The monitor marks the index as *writing* before it writes to session files and takes that back together with the new
rows, so a reader sees a whole batch or none, and a monitor that was killed in between is noticed.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Callable

from . import moments, money, names, prices, session_file
from .prices import Book, Cost
from .session_file import NotASessionFile, Written
from .usage import Usage

FILE = ".index.sqlite3"
SCHEMA = 1
SLOT = 1_800_000
"""Milliseconds of a slot."""
CHUNK = 50_000
"""Rounds that are put in at once while the index is made."""
PATIENCE = 0.2
"""Seconds for which the monitor waits for somebody who is just making the index; then it carries on without."""

MIXED = "mixed"
"""Not all rounds are priced alike."""
_SESSIONS_AT_ONCE = 1000
FAILED, NO_TOKENS, EXPLICIT_CACHE, TOOL_CALLS, NO_CONTENT, CUT = 1, 2, 4, 8, 16, 32

Progress = Callable[[int, int], None]
"""Hears how much of how much is done."""

_SUMS = ("calls", "failed", "fresh", "read", "written", "visible", "reasoning")
_MONEY = ("usd", "pico", "saved_usd", "saved_pico", "unpriced", "unpriced_tokens", "without_tokens")
ADDITIVE = (*_SUMS, *_MONEY)
"""What is summed up: calls, those that failed, tokens by kind; dollars in millionths and the rest in 1e-12 (one number
of 64 bits would end at nine million dollars), what caches saved likewise, and what is not in the cost."""

_SUM_COLUMNS = ", ".join(f"{name} INTEGER NOT NULL DEFAULT 0" for name in ADDITIVE)
_TABLES = f"""
CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE model(id INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE consumer(id INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE session(
    id INTEGER PRIMARY KEY, session_id TEXT UNIQUE, file TEXT, size INTEGER, mtime INTEGER, next_byte INTEGER,
    created_at TEXT, updated_at TEXT, updated INTEGER, total_tokens INTEGER,
    model TEXT, models TEXT, {_SUM_COLUMNS}
);
CREATE TABLE damaged(file TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE round(
    session INTEGER, number INTEGER, at INTEGER, model INTEGER, consumer INTEGER,
    fresh INTEGER, read INTEGER, written INTEGER, visible INTEGER, reasoning INTEGER,
    flags INTEGER, notes INTEGER, code INTEGER, first_token_ms INTEGER, duration_ms INTEGER, start INTEGER, length INTEGER,
    usd INTEGER, pico INTEGER, saved_usd INTEGER, saved_pico INTEGER,
    PRIMARY KEY(session, number)
) WITHOUT ROWID;
CREATE TABLE total(
    model INTEGER, consumer INTEGER, {_SUM_COLUMNS}, PRIMARY KEY(model, consumer)
) WITHOUT ROWID;
CREATE TABLE slot(
    slot INTEGER, model INTEGER, consumer INTEGER, {_SUM_COLUMNS}, PRIMARY KEY(slot, model, consumer)
) WITHOUT ROWID;
CREATE TABLE part(
    model INTEGER, consumer INTEGER, session INTEGER, PRIMARY KEY(model, consumer, session)
) WITHOUT ROWID;
CREATE TABLE active(
    slot INTEGER, session INTEGER, model INTEGER, consumer INTEGER, PRIMARY KEY(slot, session, model, consumer)
) WITHOUT ROWID;
PRAGMA user_version = {SCHEMA};
"""

_AGGREGATES = (
    *(
        "count(*)",
        f"sum(flags & {FAILED})",
        "sum(fresh)",
        "sum(read)",
        "sum(written)",
        "sum(visible)",
        "sum(reasoning)",
    ),
    *(f"coalesce(sum({name}), 0)" for name in ("usd", "pico", "saved_usd", "saved_pico")),
    "sum(usd IS NULL)",
    "sum((usd IS NULL) * (fresh + read + written + visible + reasoning))",
    f"sum(usd IS NULL AND flags & {NO_TOKENS} != 0)",
)
"""Rounds summed up, as ``ADDITIVE``."""
OF_ROUNDS = ", ".join(f"coalesce({sum_}, 0)" for sum_ in _AGGREGATES)
"""The same in one, 0 where there are none."""


def _summing(table: str, keys: Mapping[str, str], rounds: str, sign: str = "") -> str:
    """SQL that adds the sums of some rounds to a table, or takes them off."""
    sums = ", ".join([*keys.values(), *(sign + sum_ for sum_ in _AGGREGATES)])
    adding = ", ".join(f"{name} = {name} + excluded.{name}" for name in ADDITIVE)
    return (
        f"INSERT INTO {table}({', '.join([*keys, *ADDITIVE])}) SELECT {sums} FROM {rounds} "
        f"GROUP BY {', '.join(keys.values())} ON CONFLICT({', '.join(keys)}) DO UPDATE SET {adding}"
    )


_SLOT = f"at / {SLOT}"
_BY_MODEL = {"model": "model", "consumer": "consumer"}
_BY_SLOT = {"slot": _SLOT, **_BY_MODEL}
_KEY = f"{_SLOT}, session, model, consumer"
_OF_SESSION = "round WHERE session = ?1"


def _adding(rounds: str) -> tuple[str, ...]:
    """SQL that counts rounds into everything that is summed up from them."""
    return (
        _summing("session", {"id": "session"}, f"{rounds} WHERE true"),
        _summing("total", _BY_MODEL, f"{rounds} WHERE true"),
        _summing("slot", _BY_SLOT, f"{rounds} WHERE at IS NOT NULL"),
        f"INSERT OR IGNORE INTO part SELECT DISTINCT model, consumer, session FROM {rounds}",
        f"INSERT OR IGNORE INTO active SELECT DISTINCT {_KEY} FROM {rounds} WHERE at IS NOT NULL",
    )


_SESSION = {
    **dict.fromkeys(("session_id", "file"), "CAST(? AS TEXT)"),
    **dict.fromkeys(("size", "mtime", "next_byte", "created_at", "updated_at", "updated", "total_tokens"), "?"),
    "model": "CAST(? AS TEXT)",
    "models": "?",
}
_NEW_SESSION = f"INSERT INTO session({', '.join(_SESSION)}) VALUES ({', '.join(_SESSION.values())})"
_OLD_SESSION = f"UPDATE session SET {', '.join(f'{name} = {value}' for name, value in _SESSION.items())} WHERE id = ?"
_ADDING = _adding("new")
_ADDING_ALL = _adding("round")
_REMOVING = (
    _summing("total", _BY_MODEL, _OF_SESSION, "-"),
    _summing("slot", _BY_SLOT, f"{_OF_SESSION} AND at IS NOT NULL", "-"),
    f"DELETE FROM part WHERE (model, consumer, session) IN (SELECT model, consumer, session FROM {_OF_SESSION})",
    f"DELETE FROM active WHERE (slot, session, model, consumer) IN (SELECT {_KEY} FROM {_OF_SESSION} AND at IS NOT NULL)",
    f"DELETE FROM {_OF_SESSION}",
    "DELETE FROM session WHERE id = ?1",
)


class Index:
    """An open index.  Methods raise ``sqlite3.Error`` where the file fails."""

    def __init__(self, db: sqlite3.Connection, folder: str, book: Book) -> None:
        """For the session files of a folder, with the prices of a book."""
        self.db = db
        self._folder = folder
        self.book = book
        self._ids: dict[tuple[str, str], int] = {}
        db.text_factory = _text
        db.isolation_level = None

    # -- is it sound and current? --------------------------------------------------------------------------------------

    def meta(self, name: str) -> Any:
        """One of the values that are kept about the index itself."""
        row = self.db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def set_meta(self, **values: Any) -> None:
        """Keep some."""
        self.db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())

    def is_known(self) -> bool:
        """Whether its tables are this version's."""
        return bool(self.db.execute("PRAGMA user_version").fetchone()[0] == SCHEMA)

    def is_complete(self) -> bool:
        """Whether no monitor was interrupted, and nobody added or took away a file since."""
        return not self.meta("writing") and self.meta("folder_mtime") == _folder_mtime(self._folder)

    def is_priced(self) -> bool:
        """Whether its costs are those of the book."""
        return bool(self.meta("prices") == self.book.fingerprint)

    def create(self) -> None:
        """Make the tables."""
        self.db.executescript(_TABLES)

    # -- writing -------------------------------------------------------------------------------------------------------

    def mark(self) -> None:
        """Session files are about to change."""
        self.set_meta(writing=1)

    def add(self, batch: Iterable[Written]) -> None:
        """Take in what was written, and take the mark back."""
        with self._transaction():
            self._put(batch)
            self.set_meta(writing=0, folder_mtime=_folder_mtime(self._folder))
            if not self.is_priced():
                self.set_meta(prices=MIXED)

    def settle(self) -> None:
        """The folder changed by the monitor's own doing, and no session file in it did."""
        mtime = _folder_mtime(self._folder)
        if self.meta("folder_mtime") != mtime:
            self.set_meta(folder_mtime=mtime)

    def catch_up(self, progress: Progress) -> None:
        """Bring it up to date with the session files, reading only those that changed."""
        with self._transaction():
            # A file that comes while this runs makes the folder newer than this, and the index is caught up again.
            mtime = _folder_mtime(self._folder)
            known = {file: row for file, *row in self.db.execute("SELECT file, id, size, mtime FROM session")}
            found = {file: (size, changed) for file, size, changed in _scan(self._folder)}
            self.db.execute("DELETE FROM damaged")
            outdated = [file for file, (_, *state) in known.items() if found.get(file) != tuple(state)]
            for file in outdated:
                self._remove(known.pop(file)[0])
            unknown = {file: state for file, state in found.items() if file not in known}
            if known:
                for batch in self._batches(unknown, progress):
                    self._put(batch)
            else:  # one sum over all is faster than many
                for batch in self._batches(unknown, progress):
                    self._insert("round", batch)
                self._sum_up()
                self.set_meta(prices=self.book.fingerprint)
            self.set_meta(writing=0, folder_mtime=mtime)
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def reprice(self, progress: Progress) -> None:
        """Price all rounds with the book's prices."""
        with self._transaction():
            rows = self._repriced(progress)
            self.db.executemany(
                "UPDATE round SET usd = ?, pico = ?, saved_usd = ?, saved_pico = ?, notes = ? "
                "WHERE session = ? AND number = ?",
                rows,
            )
            self._sum_up()
            self.set_meta(prices=self.book.fingerprint)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self.db.execute("ROLLBACK")
            self._ids.clear()  # those that were new are gone with it
            raise
        self.db.execute("COMMIT")

    def _batches(self, unknown: Mapping[str, tuple[int, int]], progress: Progress) -> Iterator[list[Written]]:
        """What stands in these files, some rounds at a time."""
        total, done = sum(size for size, _ in unknown.values()), 0
        batch: list[Written] = []
        rounds = 0
        for file, state in unknown.items():
            written = _read(self._folder, file, state)
            done += state[0]
            if written is None:
                self.db.execute("INSERT INTO damaged VALUES (CAST(? AS TEXT))", (_bytes(file),))
                continue
            batch.append(written)
            rounds += len(written.rounds)
            if rounds >= CHUNK:
                yield batch
                progress(done, total)
                batch, rounds = [], 0
        yield batch

    def _put(self, batch: Iterable[Written]) -> None:
        execute = self.db.execute
        execute("CREATE TEMP TABLE IF NOT EXISTS new AS SELECT * FROM round LIMIT 0")
        self._insert("new", batch)
        execute("INSERT INTO round SELECT * FROM new ORDER BY session, number")
        for sql in _ADDING:
            execute(sql)
        execute("DELETE FROM new")

    def _insert(self, table: str, batch: Iterable[Written]) -> None:
        rows = (
            self._row(session, *each)
            for written in batch
            for session in [self._session(written)]
            for each in written.rounds
        )
        self.db.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * 21)})", rows)

    def _session(self, written: Written) -> int:
        """The number of a session, with what is said of it brought up to date."""
        summary = written.summary
        session_id = _bytes(written.session_id)
        values = (
            *(session_id, _bytes(written.file), written.size, written.mtime, written.next_byte),
            *(summary.created_at, summary.updated_at, moments.milliseconds(summary.updated_at)),
            *(summary.total_tokens, _bytes(summary.model), json.dumps(summary.models)),
        )
        row = self.db.execute("SELECT id FROM session WHERE session_id = CAST(? AS TEXT)", (session_id,)).fetchone()
        if row is None:
            return int(self.db.execute(_NEW_SESSION, values).lastrowid or 0)
        self.db.execute(_OLD_SESSION, (*values, row[0]))
        return int(row[0])

    def _row(self, session: int, facts: Mapping[str, Any], start: int, length: int) -> tuple[Any, ...]:
        call = prices.call_of(facts)
        tokens = call.usage
        flags = (
            FAILED * call.failed
            + NO_TOKENS * (not call.has_tokens)
            + EXPLICIT_CACHE * tokens.explicit_cache
            + TOOL_CALLS * facts["has_tool_calls"]
            + NO_CONTENT * ("no_content" in facts)
            + CUT * ("cut" in facts)
        )
        *cost, notes = _cost(self.book.price(call))
        return (
            *(session, facts["round"], moments.milliseconds(call.at)),
            *(self._id("model", call.model), self._id("consumer", facts.get("consumer"))),
            *(tokens.fresh_input, tokens.cache_read, tokens.cache_write, tokens.visible_output, tokens.reasoning),
            *(flags, notes, facts.get("response_code"), facts.get("first_token_ms"), facts.get("duration_ms")),
            *(start, length, *cost),
        )

    def _id(self, table: str, name: str | None) -> int:
        """The number of a model or a consumer; 0 for none."""
        if name is None:
            return 0
        known = self._ids.get((table, name))
        if known is None:
            raw = _bytes(name)
            self.db.execute(f"INSERT OR IGNORE INTO {table}(name) VALUES (CAST(? AS TEXT))", (raw,))
            row = self.db.execute(f"SELECT id FROM {table} WHERE name = CAST(? AS TEXT)", (raw,)).fetchone()
            known = self._ids[table, name] = row[0]
        return known

    def _remove(self, session: int) -> None:
        """Take a session out of everything that it was counted into."""
        for sql in _REMOVING:
            self.db.execute(sql, (session,))

    def _repriced(self, progress: Progress) -> Iterator[tuple[Any, ...]]:
        """New costs and notes for each round, some sessions at a time."""
        models = dict(self.db.execute("SELECT id, name FROM model"))
        last = self.db.execute("SELECT coalesce(max(id), 0) FROM session").fetchone()[0]
        for first in range(1, last + 1, _SESSIONS_AT_ONCE):
            rows = self.db.execute(
                "SELECT session, number, at, model, fresh, read, written, visible, reasoning, flags FROM round "
                "WHERE session >= ? AND session < ?",
                (first, first + _SESSIONS_AT_ONCE),
            ).fetchall()
            for session, number, at, model, *tokens, flags in rows:
                call = prices.Call(
                    models.get(model),
                    None if at is None else moments.rfc3339(at),
                    Usage(*tokens)._replace(explicit_cache=bool(flags & EXPLICIT_CACHE)),
                    not flags & NO_TOKENS,
                    bool(flags & FAILED),
                )
                yield (*_cost(self.book.price(call)), session, number)
            progress(min(first + _SESSIONS_AT_ONCE, last), last)

    def _sum_up(self) -> None:
        """All sums, from the rounds."""
        for table in ("total", "slot", "part", "active"):
            self.db.execute(f"DELETE FROM {table}")
        self.db.execute(f"UPDATE session SET {', '.join(f'{name} = 0' for name in ADDITIVE)}")
        for sql in _ADDING_ALL:
            self.db.execute(sql)


def _cost(outcome: prices.Outcome) -> tuple[int | None, int | None, int | None, int | None, int]:
    """A cost as it is kept: dollars in millionths, the rest in 1e-12, the same for what was saved, and its notes."""
    if not isinstance(outcome, Cost):
        return None, None, None, None, 0
    notes = sum(1 << _NOTES.index(note) for note in outcome.notes)
    return (*divmod(outcome.pico, money.MICRO), *divmod(outcome.saved or 0, money.MICRO), notes)


def noted(counted: Iterable[tuple[int, int]]) -> dict[str, int]:
    """How many rounds have each note, from how many have each set of them."""
    found: dict[str, int] = {}
    for notes, number in counted:
        for bit, note in enumerate(_NOTES):
            if notes >> bit & 1:
                found[note] = found.get(note, 0) + number
    return found


_NOTES = tuple(prices.NOTES)


# -- the session files -------------------------------------------------------------------------------------------------


def _folder_mtime(folder: str) -> int:
    return os.stat(folder).st_mtime_ns


def _scan(folder: str) -> Iterator[tuple[str, int, int]]:
    """Name, size and time of change of each session file."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if names.is_session(entry.name):
                with contextlib.suppress(FileNotFoundError):
                    state = entry.stat()
                    yield entry.name, state.st_size, state.st_mtime_ns


def _read(folder: str, file: str, state: tuple[int, int]) -> Written | None:
    """All of one session file; None where it is none any more."""
    try:
        with open(os.path.join(folder, file), "rb") as opened:
            session_id = session_file.read_header(opened)
            rounds, end = session_file.read_facts(opened)
    except (OSError, NotASessionFile):
        return None
    return Written(session_id, file, end.summary, *state, end.next_byte, rounds)


# -- text that strangers wrote -----------------------------------------------------------------------------------------


def _bytes(text: str | None) -> bytes | None:
    """For ``CAST(? AS TEXT)``: JSON may hold half a surrogate pair, which UTF-8 has no bytes for."""
    return None if text is None else text.encode("utf-8", "surrogatepass")


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogatepass")
