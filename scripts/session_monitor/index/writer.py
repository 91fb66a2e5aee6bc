"""How does the index follow the session files and the price lists?"""

from __future__ import annotations

import contextlib
import operator
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Optional

from session_monitor.base import timestamps, utf8
from session_monitor.base.data_folder import folder_mtime
from session_monitor.prices.book import Book
from session_monitor.sessions import file_names
from session_monitor.sessions.summary import Written

from . import rows as index_rows
from . import schema
from .database import Index, Progress
from .rows import Before, Rows, ToolUseRow
from .schema import ADDITIVE, AGGREGATES, NO_TOKENS, SLOT_OF

if TYPE_CHECKING:
    from .pool import Chunk

PATIENCE = 0.2
"""Seconds for which the monitor waits for somebody who is just making the index; then it carries on without."""

MIXED = "mixed"
"""Not all rounds are priced alike."""
_SESSIONS_AT_ONCE = 1000
_ROOM = 64_000
"""Kilobytes of memory for pages while an index is made: without, they are written and read again and again."""
_FEW = 500
"""Sessions that are taken out one by one; where there are more, all sums are made anew."""


def _summing(table: str, keys: Mapping[str, str], rounds: str, sign: str = "") -> str:
    """SQL that adds the sums of some rounds to a table, or takes them off."""
    sums = ", ".join([*keys.values(), *(sign + sum_ for sum_ in AGGREGATES)])
    adding = ", ".join(f"{name} = {name} + excluded.{name}" for name in ADDITIVE)
    return (
        f"INSERT INTO {table}({', '.join([*keys, *ADDITIVE])}) SELECT {sums} FROM {rounds} "
        f"GROUP BY {', '.join(keys.values())} ON CONFLICT({', '.join(keys)}) DO UPDATE SET {adding}"
    )


_SUMS_OF_SUMS = ", ".join(f"sum({name})" for name in ADDITIVE)
_BY_MODEL = {"model": "model", "consumer": "consumer"}
_BY_SLOT = {"slot": SLOT_OF, **_BY_MODEL}
_KEY = f"session, {SLOT_OF} AS slot, model, consumer"
_ORDER = "slot, model, consumer"
_OF_SESSION = "round WHERE session = ?1"


_PLACES_OF_SUMS = ", ".join("?" * len(ADDITIVE))
_ADDING_SUMS = ", ".join(f"{name} = {name} + excluded.{name}" for name in ADDITIVE)


def _counting(table: str, *keys: str) -> str:
    """SQL that adds one row of sums to a table."""
    return (
        f"INSERT INTO {table}({', '.join([*keys, *ADDITIVE])}) VALUES ({', '.join('?' * len(keys))}, {_PLACES_OF_SUMS}) "
        f"ON CONFLICT({', '.join(keys)}) DO UPDATE SET {_ADDING_SUMS}"
    )


_COUNT_TOTAL = _counting("total", "model", "consumer")
_COUNT_SLOT = _counting("slot", "slot", "model", "consumer")
_NEW_PART = "INSERT OR IGNORE INTO part VALUES (?, ?, ?)"
_NEW_ACTIVE = "INSERT OR IGNORE INTO active VALUES (?, ?, ?, ?, ?)"
# A call that comes late changes what is before the later ones.
_CHANGED_ACTIVE = f"""
    UPDATE active SET before = coalesce((
        SELECT other.slot FROM active AS other
        WHERE other.session = active.session
        AND (other.slot, other.model, other.consumer) < (active.slot, active.model, active.consumer)
        ORDER BY other.slot DESC LIMIT 1
    ), {schema.NEVER})
    WHERE session = ? AND slot >= ?
"""
_ALL_ACTIVE = f"""
    INSERT INTO active SELECT *, coalesce(lag(slot) OVER (PARTITION BY session ORDER BY {_ORDER}), {schema.NEVER})
    FROM (SELECT DISTINCT {_KEY} FROM round WHERE at IS NOT NULL)
"""


_TEXT = ("session_id", "file", "model")
_SESSION = {name: "CAST(? AS TEXT)" if name in _TEXT else "?" for name in ("change", *index_rows.SESSION)}
_DAMAGED = "INSERT INTO damaged VALUES (CAST(? AS TEXT))"
_NEW_ROUND = f"INSERT INTO round({', '.join(index_rows.ROUND)}) VALUES ({', '.join('?' * len(index_rows.ROUND))})"
_NEW_TOOL = "INSERT INTO tool VALUES (?, ?, ?, ?, ?, ?, ?)"
_ID_OF = "SELECT id FROM session WHERE session_id = CAST(? AS TEXT)"
_NEW_SESSION = (
    f"INSERT INTO session({', '.join([*_SESSION, *ADDITIVE])}) "
    f"VALUES ({', '.join(_SESSION.values())}, {_PLACES_OF_SUMS})"
)
_OLD_SESSION = (
    f"UPDATE session SET {', '.join(f'{name} = {value}' for name, value in _SESSION.items())}, "
    f"{', '.join(f'{name} = {name} + ?' for name in ADDITIVE)} WHERE id = ?"
)
_ADDING_ALL = (
    _summing("session", {"id": "session"}, "round WHERE true"),
    _summing("slot", _BY_SLOT, "round WHERE at IS NOT NULL"),
    # What is in the slots need not be summed up from the rounds once more.
    f"INSERT INTO total SELECT model, consumer, {_SUMS_OF_SUMS} FROM slot GROUP BY model, consumer",
    _summing("total", _BY_MODEL, "round WHERE at IS NULL"),
    _ALL_ACTIVE,
    "INSERT INTO part SELECT DISTINCT model, consumer, session FROM active",
    "INSERT OR IGNORE INTO part SELECT DISTINCT model, consumer, session FROM round WHERE at IS NULL",
)
_REMOVING = (
    _summing("total", _BY_MODEL, _OF_SESSION, "-"),
    _summing("slot", _BY_SLOT, f"{_OF_SESSION} AND at IS NOT NULL", "-"),
    f"DELETE FROM part WHERE (model, consumer, session) IN (SELECT model, consumer, session FROM {_OF_SESSION})",
    "DELETE FROM active WHERE session = ?1",
    f"DELETE FROM {_OF_SESSION}",
    "DELETE FROM tool WHERE session = ?1",
    "DELETE FROM session WHERE id = ?1",
)
_TIDYING = (
    "DELETE FROM total WHERE calls = 0",
    "DELETE FROM slot WHERE calls = 0",
    "DELETE FROM model WHERE id NOT IN (SELECT model FROM part)",
    "DELETE FROM consumer WHERE id NOT IN (SELECT consumer FROM part)",
    "DELETE FROM tool_name WHERE id NOT IN (SELECT tool FROM tool)",
)
"""SQL that takes away what no session counts for any more."""


_Sums = dict[tuple[Optional[int], int, int], list[int]]
"""What was added, by slot (None without a time), model and consumer."""


class IndexWriter(Index):
    """An open index that may be changed."""

    def __init__(self, db: sqlite3.Connection, folder: str, book: Book, *, file: tuple[int, int] | None = None) -> None:
        """As an ``Index``; ``file`` is the device and the number of the file that it is in, None in memory."""
        super().__init__(db, folder, book)
        self._file = file
        self._ids: dict[str, dict[str | None, int]] = {}
        self._forget_ids()

    def _forget_ids(self) -> None:
        self._ids = {table: {None: 0} for table in ("model", "consumer", "tool_name")}

    def set_meta(self, **values: Any) -> None:
        """Keep values about the index itself."""
        self.db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())

    def create(self) -> None:
        """Make the tables, unless somebody else just did."""
        with self._transaction():
            if not self.is_known():
                for sql in schema.TABLES.split(";"):
                    self.db.execute(sql)
                self.set_meta(made=os.urandom(8).hex(), change=0)

    def is_in(self, path: str) -> bool:
        """Whether it is in the file that has this path now."""
        try:
            state = os.stat(path)
        except FileNotFoundError:
            return False
        return (state.st_dev, state.st_ino) == self._file

    def is_blank(self) -> bool:
        """Whether nothing was put into the file yet."""
        (version,) = self.db.execute("PRAGMA user_version").fetchone()
        return not version and not self.db.execute("SELECT 1 FROM sqlite_master").fetchone()

    def mark(self) -> None:
        """Session files are about to change."""
        self.set_meta(writing=1)

    def add(self, batch: Sequence[Written], rows: Rows | None = None) -> None:
        """Take in what was written, and take the mark back.  ``rows`` are its rows, where they are known already."""
        with self._transaction():
            sums: _Sums = {}
            tools = index_rows.tools(batch, self._rounds_before(batch))
            self._put(rows or index_rows.of_written(batch, self.book), tools, sums)
            self._count(sums)
            self.set_meta(writing=0, folder_mtime=folder_mtime(self.folder))
            if not self.is_priced():
                self.set_meta(prices=MIXED)

    def take_out(self, sessions: Mapping[str, str], *, is_complete: bool) -> None:
        """Take out sessions whose files (by their ids) are gone, with all names that only they have.

        ``is_complete`` says whether all the others were in before it was marked; then they are now.
        """
        with self._transaction():
            self._remove_all(sessions)
            files = ((utf8.encoded(file),) for file in sessions.values())
            self.db.executemany("DELETE FROM damaged WHERE file = CAST(? AS TEXT)", files)
            for sql in _TIDYING:
                self.db.execute(sql)
            self._forget_ids()
            self._new_change()
            if is_complete:
                self.set_meta(writing=0, folder_mtime=folder_mtime(self.folder))

    def rewrite(self) -> None:
        """Write the whole file anew: its pages keep scraps of what was taken out."""
        self.db.execute("VACUUM")
        self._empty_log()

    def _remove_all(self, session_ids: Iterable[str]) -> None:
        self.db.execute("CREATE TEMP TABLE IF NOT EXISTS gone(id INTEGER PRIMARY KEY)")
        self.db.execute("DELETE FROM gone")
        self.db.executemany(
            "INSERT OR IGNORE INTO gone SELECT id FROM session WHERE session_id = CAST(? AS TEXT)",
            ((utf8.encoded(session_id),) for session_id in session_ids),
        )
        gone = [row[0] for row in self.db.execute("SELECT id FROM gone")]
        if len(gone) <= _FEW:
            for session in gone:
                self._remove(session)
            return
        for table, column in (("round", "session"), ("tool", "session"), ("session", "id")):
            self.db.execute(f"DELETE FROM {table} WHERE {column} IN (SELECT id FROM gone)")
        self._sum_up_again()

    def settle(self) -> None:
        """The folder changed by the monitor's own doing, and no session file in it did."""
        mtime = folder_mtime(self.folder)
        if self.meta("folder_mtime") != mtime:
            self.set_meta(folder_mtime=mtime)

    def catch_up(self, progress: Progress) -> None:
        """Bring it up to date with the session files, reading only those that changed."""
        self.db.execute(f"PRAGMA cache_size = -{_ROOM}")
        try:
            self._catch_up(progress)
        finally:
            self.db.execute("PRAGMA cache_size = -2000")  # SQLite's own
        self._empty_log()

    def _empty_log(self) -> None:
        """Move what is in the write-ahead log to its place: whoever opens the index next reads all of that log."""
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _catch_up(self, progress: Progress) -> None:
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
            sums: _Sums = {}
            if not known:  # sorted once is faster than kept sorted
                self.db.execute("DROP INDEX active_slot")
            for chunk in self._chunks(unknown, progress):
                self._put(chunk.rows, chunk.tools, sums, is_first=not known)
            if not known:
                self.db.execute(schema.ACTIVE_BY_SLOT)
            self._count(sums)
            if not known:
                self.set_meta(prices=self.book.fingerprint)
            self.set_meta(writing=0, folder_mtime=mtime)

    def reprice(self, progress: Progress) -> None:
        """Price all rounds with the book's prices."""
        with self._transaction():
            rows = self._repriced(progress)
            self.db.executemany(
                "UPDATE round SET usd = ?, pico = ?, saved_usd = ?, saved_pico = ?, notes = ? "
                "WHERE session = ? AND number = ?",
                rows,
            )
            self._sum_up_again()
            self.set_meta(prices=self.book.fingerprint)
        self._empty_log()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self.db.execute("ROLLBACK")
            self._forget_ids()  # those that were new are gone with it
            raise
        self.db.execute("COMMIT")

    def _chunks(self, unknown: Mapping[str, tuple[int, int]], progress: Progress) -> Iterator[Chunk]:
        """The rows of these files, some at a time."""
        from . import pool  # noqa: PLC0415 -- most passes only add what they wrote

        total, done = sum(size for size, _ in unknown.values()), 0
        for chunk in pool.chunks(self.folder, unknown, self.book):
            self.db.executemany(_DAMAGED, ((utf8.encoded(file),) for file in chunk.damaged))
            yield chunk
            done += chunk.size
            progress(done, total)

    def _rounds_before(self, batch: Sequence[Written]) -> Mapping[int, Before]:
        """The rounds that stand before what was written, where what came of tools is told by them."""
        found = {}
        for position, written in enumerate(batch):
            first = written.rounds[0][0] if written.rounds else None
            before = first and "tool_results" in first and self._before(written.session_id, first["round"])
            if before:
                found[position] = before
        return found

    def _before(self, session_id: str, number: int) -> dict[str, int] | None:
        row = self.db.execute(
            "SELECT sent, fresh + read + written, visible + reasoning, reasoning FROM round "
            "WHERE session = (SELECT id FROM session WHERE session_id = CAST(? AS TEXT)) AND number = ? "
            f"AND NOT flags & {NO_TOKENS}",
            (utf8.encoded(session_id), number - 1),
        ).fetchone()
        return row and dict(zip(("messages_total", "input_tokens", "output_tokens", "reasoning_tokens"), row))

    def _new_change(self) -> None:
        self.set_meta(change=self.meta("change") + 1)

    def _put(self, rows: Rows, tools: Iterable[ToolUseRow], sums: _Sums, *, is_first: bool = False) -> None:
        """Put in what is new, and add it to the sums; with ``is_first`` none of these sessions is there yet."""
        executemany = self.db.executemany
        self._new_change()
        old, ids = self._put_sessions(rows.sessions, is_first=is_first)
        session, number, at, of_models, of_consumers, *rest = rows.rounds
        models, consumers = self._numbers("model", of_models), self._numbers("consumer", of_consumers)
        names = map(models.__getitem__, of_models), map(consumers.__getitem__, of_consumers)
        executemany(_NEW_ROUND, zip(map(ids.__getitem__, session), number, at, *names, *rest))
        of_tools = (
            (ids[position], number, self._id("tool_name", tool), *rest) for position, number, tool, *rest in tools
        )
        executemany(_NEW_TOOL, of_tools)

        parts = set()
        slots: dict[int, set[tuple[int, int, int]]] = {}
        for (position, slot, model, consumer), added in rows.sums.items():
            key = slot, models[model], consumers[consumer]
            sums[key] = list(map(operator.add, sums[key], added)) if key in sums else list(added)
            parts.add((*key[1:], ids[position]))
            if slot is not None:
                slots.setdefault(ids[position], set()).add((slot, *key[1:]))
        executemany(_NEW_PART, parts)
        executemany(_NEW_ACTIVE, _active(slots))
        executemany(_CHANGED_ACTIVE, [(session, min(found)[0]) for session, found in slots.items() if session in old])

    def _put_sessions(self, sessions: Sequence[tuple[Any, ...]], *, is_first: bool) -> tuple[set[int], list[int]]:
        """Bring what is said of sessions up to date: those of them that were there, and the numbers of all."""
        execute, change = self.db.execute, self.meta("change")
        old, ids = set(), []
        for values in sessions:
            row = None if is_first else execute(_ID_OF, values[:1]).fetchone()
            if row is None:
                ids.append(int(execute(_NEW_SESSION, (change, *values)).lastrowid or 0))
            else:
                execute(_OLD_SESSION, (change, *values, *row))
                ids.append(row[0])
                old.add(row[0])
        return old, ids

    def _count(self, sums: _Sums) -> None:
        """Add to what all sessions add up to."""
        self.db.executemany(_COUNT_SLOT, ((*key, *added) for key, added in sums.items() if key[0] is not None))
        totals: dict[tuple[int, int], list[int]] = {}
        for (_, model, consumer), added in sums.items():
            key = model, consumer
            totals[key] = list(map(operator.add, totals[key], added)) if key in totals else added
        self.db.executemany(_COUNT_TOTAL, ((*key, *added) for key, added in totals.items()))

    def _numbers(self, table: str, column: Iterable[str | None]) -> dict[str | None, int]:
        """The numbers of these names, among others."""
        known = self._ids[table]
        for name in set(column).difference(known):
            self._id(table, name)
        return known

    def _id(self, table: str, name: str | None) -> int:
        """The number of a model, a consumer or a tool; 0 for none."""
        known = self._ids[table].get(name)
        if known is None:
            text = utf8.encoded(name)
            self.db.execute(f"INSERT OR IGNORE INTO {table}(name) VALUES (CAST(? AS TEXT))", (text,))
            row = self.db.execute(f"SELECT id FROM {table} WHERE name = CAST(? AS TEXT)", (text,)).fetchone()
            known = self._ids[table][name] = int(row[0])
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
            if rows:
                sessions, numbers, ats, of_models, *tokens, flags = map(list, zip(*rows))
                times = (None if at is None else timestamps.rfc3339(at) for at in ats)
                found = index_rows.costs(self.book, map(models.get, of_models), times, tokens, flags)
                yield from zip(*found, sessions, numbers)
            progress(min(first + _SESSIONS_AT_ONCE, last), last)

    def _sum_up_again(self) -> None:
        self.db.execute(f"UPDATE session SET {', '.join(f'{name} = 0' for name in ADDITIVE)}")
        self._sum_up()

    def _sum_up(self) -> None:
        """All sums, from the rounds; those of the sessions are 0 until then."""
        for table in ("total", "slot", "part", "active"):
            self.db.execute(f"DELETE FROM {table}")
        for sql in _ADDING_ALL:
            self.db.execute(sql)


def _active(slots: Mapping[int, Iterable[tuple[int, int, int]]]) -> Iterator[tuple[int, ...]]:
    """Rows of ``active`` for sessions without any."""
    for session, keys in slots.items():
        before = schema.NEVER
        for key in sorted(keys):
            yield session, *key, before
            before = key[0]


def _scan(folder: str) -> Iterator[tuple[str, int, int]]:
    """Name, size and time of change of each session file."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if file_names.is_session(entry.name):
                with contextlib.suppress(FileNotFoundError):
                    state = entry.stat()
                    yield entry.name, state.st_size, state.st_mtime_ns
