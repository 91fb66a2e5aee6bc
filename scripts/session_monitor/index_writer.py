"""How does the index follow the session files and the price lists?"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from . import index, moments, money, names, prices, session_file
from .index import (
    ADDITIVE,
    AGGREGATES,
    CUT,
    EXPLICIT_CACHE,
    FAILED,
    NO_CONTENT,
    NO_TOKENS,
    SLOT,
    TOOL_CALLS,
    Index,
    Progress,
    folder_mtime,
    raw,
)
from .prices import Book, Cost
from .session_file import NotASessionFile, Written
from .usage import Usage

CHUNK = 50_000
"""Rounds that are put in at once while the index is made."""
PATIENCE = 0.2
"""Seconds for which the monitor waits for somebody who is just making the index; then it carries on without."""

MIXED = "mixed"
"""Not all rounds are priced alike."""
_SESSIONS_AT_ONCE = 1000


def _summing(table: str, keys: Mapping[str, str], rounds: str, sign: str = "") -> str:
    """SQL that adds the sums of some rounds to a table, or takes them off."""
    sums = ", ".join([*keys.values(), *(sign + sum_ for sum_ in AGGREGATES)])
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
    **dict.fromkeys(("models", "last_flags", "change"), "?"),
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
    "DELETE FROM tool WHERE session = ?1",
    "DELETE FROM session WHERE id = ?1",
)


class IndexWriter(Index):
    """An open index that may be changed."""

    def __init__(self, db: sqlite3.Connection, folder: str, book: Book) -> None:
        """As an ``Index``."""
        super().__init__(db, folder, book)
        self._ids: dict[tuple[str, str], int] = {}

    def set_meta(self, **values: Any) -> None:
        """Keep values about the index itself."""
        self.db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())

    def create(self) -> None:
        """Make the tables."""
        self.db.executescript(index.TABLES)
        self.set_meta(made=os.urandom(8).hex(), change=0)

    def mark(self) -> None:
        """Session files are about to change."""
        self.set_meta(writing=1)

    def add(self, batch: Iterable[Written]) -> None:
        """Take in what was written, and take the mark back."""
        with self._transaction():
            self._put(batch)
            self.set_meta(writing=0, folder_mtime=folder_mtime(self.folder))
            if not self.is_priced():
                self.set_meta(prices=MIXED)

    def settle(self) -> None:
        """The folder changed by the monitor's own doing, and no session file in it did."""
        mtime = folder_mtime(self.folder)
        if self.meta("folder_mtime") != mtime:
            self.set_meta(folder_mtime=mtime)

    def catch_up(self, progress: Progress) -> None:
        """Bring it up to date with the session files, reading only those that changed."""
        with self._transaction():
            # A file that comes while this runs makes the folder newer than this, and the index is caught up again.
            mtime = folder_mtime(self.folder)
            known = {file: row for file, *row in self.db.execute("SELECT file, id, size, mtime FROM session")}
            found = {file: (size, changed) for file, size, changed in _scan(self.folder)}
            self.db.execute("DELETE FROM damaged")
            outdated = [file for file, (_, *state) in known.items() if found.get(file) != tuple(state)]
            for file in outdated:
                self._remove(known.pop(file)[0])
            unknown = {file: state for file, state in found.items() if file not in known}
            if known:
                for batch in self._batches(unknown, progress):
                    self._put(batch)
            else:  # one sum over all is faster than many
                self.set_meta(change=self.meta("change") + 1)
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
            written = _read(self.folder, file, state)
            done += state[0]
            if written is None:
                self.db.execute("INSERT INTO damaged VALUES (CAST(? AS TEXT))", (raw(file),))
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
        self.set_meta(change=self.meta("change") + 1)
        execute("CREATE TEMP TABLE IF NOT EXISTS new AS SELECT * FROM round LIMIT 0")
        self._insert("new", batch)
        execute("INSERT INTO round SELECT * FROM new ORDER BY session, number")
        for sql in _ADDING:
            execute(sql)
        execute("DELETE FROM new")

    def _insert(self, table: str, batch: Iterable[Written]) -> None:
        """Put sessions, rounds and what they had to do with tools in; the rounds into the table of this name."""
        change = self.meta("change")
        tools: list[tuple[Any, ...]] = []
        rows = (row for written in batch for row in self._rows(written, change, tools))
        self.db.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * 23)})", rows)
        self.db.executemany("INSERT INTO tool VALUES (?, ?, ?, ?, ?, ?, ?)", tools)

    def _rows(self, written: Written, change: int, tools: list[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
        """The rows of a session's new rounds; those for the table of tools are added to ``tools``."""
        session = self._session(written, change)
        before: Mapping[str, Any] | None = None
        for facts, start, length in written.rounds:
            if "tool_results" in facts or "tools_called" in facts:
                tools += self._tools(session, facts, before)
            before = facts
            yield self._row(session, facts, start, length)

    def _session(self, written: Written, change: int) -> int:
        """The number of a session, with what is said of it brought up to date."""
        summary = written.summary
        session_id = raw(written.session_id)
        last_flags = _flags(written.rounds[-1][0]) if written.rounds else 0
        values = (
            *(session_id, raw(written.file), written.size, written.mtime, written.next_byte),
            *(summary.created_at, summary.updated_at, moments.milliseconds(summary.updated_at)),
            *(summary.total_tokens, raw(summary.model), json.dumps(summary.models), last_flags, change),
        )
        row = self.db.execute("SELECT id FROM session WHERE session_id = CAST(? AS TEXT)", (session_id,)).fetchone()
        if row is None:
            return int(self.db.execute(_NEW_SESSION, values).lastrowid or 0)
        self.db.execute(_OLD_SESSION, (*values, row[0]))
        return int(row[0])

    def _row(self, session: int, facts: Mapping[str, Any], start: int, length: int) -> tuple[Any, ...]:
        call = prices.call_of(facts)
        tokens = call.usage
        *cost, notes = _cost(self.book.price(call))
        return (
            *(session, facts["round"], moments.milliseconds(call.at)),
            *(self._id("model", call.model), self._id("consumer", facts.get("consumer"))),
            *(tokens.fresh_input, tokens.cache_read, tokens.cache_write, tokens.visible_output, tokens.reasoning),
            *(_flags(facts), notes, facts.get("response_code"), facts.get("first_token_ms"), facts.get("duration_ms")),
            *(start, length, facts.get("messages_from_history", 0), facts.get("messages_total", 0), *cost),
        )

    def _tools(
        self, session: int, facts: Mapping[str, Any], before: Mapping[str, Any] | None
    ) -> Iterator[tuple[Any, ...]]:
        """What a round had to do with each tool.

        The prompt grew by what is new in it and by the answer before it; the results' part of that is taken by their
        characters.  Where the history was rewritten in between, the growth says nothing.
        """
        called, came = facts.get("tools_called", {}), facts.get("tool_results", {})
        grown = None
        if came:
            if before is None and facts["round"] > 1:
                before = self._before(session, facts["round"])
            known = before and "no_tokens" not in before and "no_tokens" not in facts
            if before and known and before.get("messages_total", 0) == facts.get("messages_from_history", 0):
                answer = before["output_tokens"] - before["reasoning_tokens"]
                grown = max(0, facts["input_tokens"] - before["input_tokens"] - answer)
        for name in {**called, **came}:
            results, failed, characters = came.get(name, (0, 0, 0))
            share = characters / facts["fresh_characters"] if characters else 0
            tokens = None if grown is None or not results else round(grown * share)
            yield session, facts["round"], self._id("tool_name", name), called.get(name, 0), results, failed, tokens

    def _before(self, session: int, number: int) -> dict[str, int] | None:
        row = self.db.execute(
            "SELECT sent, fresh + read + written, visible + reasoning, reasoning FROM round "
            f"WHERE session = ? AND number = ? AND NOT flags & {NO_TOKENS}",
            (session, number - 1),
        ).fetchone()
        return row and dict(zip(("messages_total", "input_tokens", "output_tokens", "reasoning_tokens"), row))

    def _id(self, table: str, name: str | None) -> int:
        """The number of a model, a consumer or a tool; 0 for none."""
        if name is None:
            return 0
        known = self._ids.get((table, name))
        if known is None:
            text = raw(name)
            self.db.execute(f"INSERT OR IGNORE INTO {table}(name) VALUES (CAST(? AS TEXT))", (text,))
            row = self.db.execute(f"SELECT id FROM {table} WHERE name = CAST(? AS TEXT)", (text,)).fetchone()
            known = self._ids[table, name] = int(row[0])
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


def _flags(facts: Mapping[str, Any]) -> int:
    return (
        FAILED * (facts["response_type"] == "error")
        + NO_TOKENS * ("no_tokens" in facts)
        + EXPLICIT_CACHE * ("explicit_cache" in facts)
        + TOOL_CALLS * facts["has_tool_calls"]
        + NO_CONTENT * ("no_content" in facts)
        + CUT * ("cut" in facts)
    )


def _cost(outcome: prices.Outcome) -> tuple[int | None, int | None, int | None, int | None, int]:
    """A cost as it is kept: dollars in millionths, the rest in 1e-12, the same for what was saved, and its notes."""
    if not isinstance(outcome, Cost):
        return None, None, None, None, 0
    notes = sum(1 << index.NOTES.index(note) for note in outcome.notes)
    return (*divmod(outcome.pico, money.MICRO), *divmod(outcome.saved or 0, money.MICRO), notes)


# -- the session files -------------------------------------------------------------------------------------------------


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
