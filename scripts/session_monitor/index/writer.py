"""How does the index follow the session files and the price lists?"""

from __future__ import annotations

import contextlib
import errno
import operator
import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from session_monitor.base import data_folder, timestamps, utf8
from session_monitor.base.data_folder import folder_mtime
from session_monitor.prices.book import Book
from session_monitor.sessions import file_names
from session_monitor.sessions.summary import Written

from . import aggregates, opening
from .database import Index, Progress
from .tables import latencies, schema, tool_rows
from .tables.numbering import Numbering
from .tables.round_costs import PRICED, costs, priced_as
from .tables.rows import ROUND, SESSION, Rows, rows_of
from .tables.schema import ADDITIVE, NO_SIZE, TOOLS_UNKNOWN
from .tables.tool_rows import Befores, ToolUseRow

if TYPE_CHECKING:
    from .tables.pool import Chunk

PATIENCE = 0.2
"""Seconds for which the monitor waits for somebody who is just making the index; then it carries on without."""

MIXED = "mixed"
"""Not all rounds are priced alike."""
WRITING, PERHAPS_WRITING = 1, 2
"""The mark: session files are about to change; or a reader caught up beside a monitor, which may have been writing."""
_SESSIONS_AT_ONCE = 1000
_ROOM = 64_000
"""Kilobytes of memory for pages while an index is made: without, they are written and read again and again."""
_FEW = 500
"""Sessions that are taken out one by one; where there are more, all sums are made anew."""

_TEXT = ("session_id", "file", "model")
_SESSION = {name: "CAST(? AS TEXT)" if name in _TEXT else "?" for name in ("change", *SESSION)}
_LAST_FLAGS = {"last_flags": "coalesce(?, last_flags)"}
_NEW_SESSION = (
    f"INSERT INTO session({', '.join([*_SESSION, *ADDITIVE])}) "
    f"VALUES ({', '.join({**_SESSION, 'last_flags': 'coalesce(?, 0)'}.values())}, {aggregates.PLACES})"
)
_OLD_SESSION = (
    f"UPDATE session SET {', '.join(f'{name} = {value}' for name, value in {**_SESSION, **_LAST_FLAGS}.items())}, "
    f"{', '.join(f'{name} = {name} + ?' for name in ADDITIVE)} WHERE id = ?"
)
_TOLD_OF_BEFORE = ("messages_total", "input_tokens", "output_tokens", "reasoning_tokens", "total_tokens")
_OF_NOTED = operator.itemgetter(*map(ADDITIVE.index, schema.NOTED))
_ID_OF = "SELECT id FROM session WHERE session_id = CAST(? AS TEXT)"
_NEW_ROUND = f"INSERT INTO round({', '.join(ROUND)}) VALUES ({', '.join('?' * len(ROUND))})"

_TELL = f"UPDATE round SET flags = flags & ~{TOOLS_UNKNOWN} | ? WHERE session = ? AND number = ?"
# What a round asked for may be told later than what came back to it.
_PUT_TOOL = (
    "INSERT INTO tool VALUES (?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT(session, number, tool) DO UPDATE SET calls = calls + excluded.calls"
)


class IndexWriter(Index):
    """An open index that may be changed."""

    def __init__(self, db: sqlite3.Connection, folder: str, book: Book, *, parts: str | None = None) -> None:
        """As an ``Index``; ``parts`` are the files that it is in, None in memory."""
        super().__init__(db, folder, book)
        self._parts = parts
        self._numbering = Numbering(db)

    # -- its file and its tables ---------------------------------------------------------------------------------------

    def is_in(self, path: str) -> bool:
        """Whether it is in the files that stand there now."""
        return opening.parts(path) == self._parts

    def create(self) -> None:
        """Make the tables."""
        with self._transaction():
            for sql in schema.TABLES.split(";"):
                self.db.execute(sql)
            self.set_meta(made=os.urandom(8).hex(), change=0)

    def set_meta(self, **values: Any) -> None:
        """Keep values about the index itself."""
        self.db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", values.items())

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self.db.execute("ROLLBACK")
            self._numbering.forget()  # names that were new are gone with it
            raise
        self.db.execute("COMMIT")

    def _empty_log(self) -> None:
        """Move what is in the write-ahead log to its place: whoever opens the index next reads all of that log."""
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    # -- what the monitor writes ---------------------------------------------------------------------------------------

    def mark(self) -> None:
        """Session files are about to change."""
        self.set_meta(writing=WRITING)

    def add(self, batch: Sequence[Written], rows: Rows | None = None) -> None:
        """Take in what was written, and take the mark back.  ``rows`` are its rows, where they are known already."""
        with self._transaction():
            sums: aggregates.ByKey = {}
            timed: latencies.ByKey = {}
            tools = tool_rows.of_written(batch, self._rounds_before(batch))
            self._put(rows or rows_of(batch, self.book), tools, sums, timed)
            aggregates.count(self.db, sums)
            latencies.count(self.db, timed)
            self.set_meta(writing=0, folder_mtime=folder_mtime(self.folder))
            if not self.is_priced():
                self.set_meta(prices=MIXED)

    def settle(self) -> None:
        """All is in; if the folder changed, it did so by the monitor's own doing, and no session file in it did."""
        mtime = folder_mtime(self.folder)
        if self.meta("folder_mtime") != mtime:
            self.set_meta(folder_mtime=mtime)
        if self.meta("writing") == PERHAPS_WRITING:  # others that change session files have a mark of their own
            self.set_meta(writing=0)

    def _rounds_before(self, batch: Sequence[Written]) -> Befores:
        """The rounds that stand before what was written, where what came of tools is told by them."""
        befores = {}
        for position, number in tool_rows.needed_before(batch):
            before = self._round(batch[position].session_id, number)
            if before:
                befores[position, number] = before
        return befores

    def _round(self, session_id: str, number: int) -> dict[str, int] | None:
        row = self.db.execute(
            "SELECT sent, fresh + read + written, visible + reasoning, reasoning, "
            "fresh + read + written + visible + reasoning FROM round "
            f"WHERE session = ? AND number = ? AND NOT flags & {NO_SIZE}",
            (self.session_number(session_id), number),
        ).fetchone()
        return row and dict(zip(_TOLD_OF_BEFORE, row))

    # -- what the session files say ------------------------------------------------------------------------------------

    def bring_up_to_date(self, progress: Progress) -> None:
        """Catch up with the session files and the prices, as far as it is behind."""
        if not self.is_current():
            self.catch_up(progress, is_monitors=False, needs_all=True)
        if not self.is_priced():
            self.reprice(progress)

    def catch_up(self, progress: Progress, *, is_monitors: bool = True, needs_all: bool = False) -> None:
        """Bring it up to date with the session files, reading only those that changed.

        A file that this user may not read is counted among the damaged ones; where it ``needs_all``, as without the file
        no answer is right, it raises ``PermissionError``.
        Where another than the monitor does, and one is at work, it is marked afterwards: the monitor may be writing
        behind this, with its own mark in an index that was removed.  It takes the mark back when its pass is over.
        """
        self.db.execute(f"PRAGMA cache_size = -{_ROOM}")
        try:
            with self._transaction():
                at_work = not is_monitors and data_folder.is_monitor_at_work(self.folder)
                self._catch_up(progress, needs_all=needs_all)
                if at_work or (not is_monitors and data_folder.is_monitor_at_work(self.folder)):
                    self.set_meta(writing=PERHAPS_WRITING)
        finally:
            self.db.execute("PRAGMA cache_size = -2000")  # SQLite's own
        self._empty_log()

    def _catch_up(self, progress: Progress, *, needs_all: bool) -> None:
        # A file that comes while this runs makes the folder newer than this, and the index is caught up again.
        mtime = folder_mtime(self.folder)
        files = {file: (size, changed) for file, size, changed in _scan(self.folder)}
        known = self._remove_outdated(files)
        self.db.execute("DELETE FROM damaged")
        # Sessions that are otherwise equal come in the order of their numbers: it is that of no file system.
        new = {file: files[file] for file in sorted(files.keys() - known)}
        self._put_all(self._chunks(new, progress, needs_all=needs_all), is_all=not known)
        if not known:
            self.set_meta(prices=self.book.fingerprint)
        self.set_meta(writing=0, folder_mtime=mtime)

    def _remove_outdated(self, files: Mapping[str, tuple[int, int]]) -> set[str]:
        """Take out the sessions whose files are not as they were; the files of those that stay."""
        known = set()
        outdated = []
        for session, file, *state in self.db.execute("SELECT id, file, size, mtime FROM session").fetchall():
            if files.get(file) == tuple(state):
                known.add(file)
            else:
                outdated.append(session)
        for session in outdated:
            aggregates.take_out(self.db, session)
        if outdated:
            aggregates.drop_empty(self.db)
            self._new_change()
        return known

    def _put_all(self, chunks: Iterable[Chunk], *, is_all: bool) -> None:
        """Put in what these files say, which are not in; with ``is_all`` there is nothing in yet."""
        sums: aggregates.ByKey = {}
        timed: latencies.ByKey = {}
        if is_all:  # sorted once is faster than kept sorted
            self.db.execute("DROP INDEX active_slot")
        for chunk in chunks:
            self._put(chunk.rows, chunk.tools, sums, timed, is_first=is_all)
        if is_all:
            self.db.execute(schema.ACTIVE_BY_SLOT)
        aggregates.count(self.db, sums)
        latencies.count(self.db, timed)

    def _chunks(self, files: Mapping[str, tuple[int, int]], progress: Progress, *, needs_all: bool) -> Iterator[Chunk]:
        """The rows of these files, some at a time."""
        from .tables import pool  # noqa: PLC0415 -- most passes only add what they wrote

        total, done = sum(size for size, _ in files.values()), 0
        for chunk in pool.chunks(self.folder, files, self.book):
            if chunk.closed and needs_all:
                path = file_names.path_of(self.folder, chunk.closed[0])
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), os.fsdecode(path))
            damaged = ((utf8.encoded(file),) for file in (*chunk.damaged, *chunk.closed))
            self.db.executemany("INSERT INTO damaged VALUES (CAST(? AS TEXT))", damaged)
            yield chunk
            done += chunk.size
            progress(done, total)

    # -- putting in ----------------------------------------------------------------------------------------------------

    def _put(
        self,
        rows: Rows,
        tools: Iterable[ToolUseRow],
        sums: aggregates.ByKey,
        timed: latencies.ByKey,
        *,
        is_first: bool = False,
    ) -> None:
        """Put in what is new, and add it to the sums and to how long calls took; with ``is_first`` none of these sessions is there yet."""
        self._new_change()
        old, sessions = self._put_sessions(rows.sessions, is_first=is_first)
        self._put_rounds(rows.rounds, sessions)
        self.db.executemany(_TELL, ((flags, sessions[position], number) for position, number, flags in rows.told))
        self._put_tools(tools, sessions)
        self._add_up(rows, sessions, old, sums)
        models, consumers = (self._numbering.of_all(table, ()) for table in ("model", "consumer"))
        for (span, model, consumer, ended), more in rows.latencies.items():
            latencies.merge(timed, (span, models[model], consumers[consumer], ended), more)

    def _new_change(self) -> None:
        self.set_meta(change=self.meta("change") + 1)

    def _put_sessions(self, sessions: Iterable[tuple[Any, ...]], *, is_first: bool) -> tuple[set[int], list[int]]:
        """Bring what is said of sessions up to date: those of them that were there, and the numbers of all."""
        execute, change = self.db.execute, self.meta("change")
        old, numbers = set(), []
        for values in sessions:
            row = None if is_first else execute(_ID_OF, values[:1]).fetchone()
            if row is None:
                numbers.append(int(execute(_NEW_SESSION, (change, *values)).lastrowid or 0))
            else:
                execute(_OLD_SESSION, (change, *values, *row))
                numbers.append(row[0])
                old.add(row[0])
        return old, numbers

    def _put_rounds(self, columns: Sequence[list[Any]], sessions: Sequence[int]) -> None:
        positions, numbers, times, of_models, of_consumers, of_ways, *rest = columns
        named = ("model", of_models), ("consumer", of_consumers), ("way", of_ways)
        names = [map(self._numbering.of_all(table, values).__getitem__, values) for table, values in named]
        self.db.executemany(_NEW_ROUND, zip(map(sessions.__getitem__, positions), numbers, times, *names, *rest))

    def _put_tools(self, tools: Iterable[ToolUseRow], sessions: Sequence[int]) -> None:
        rows = (
            (sessions[position], number, self._numbering.of("tool_name", tool), *rest)
            for position, number, tool, *rest in tools
        )
        self.db.executemany(_PUT_TOOL, rows)

    def _add_up(self, rows: Rows, sessions: Sequence[int], old: Collection[int], sums: aggregates.ByKey) -> None:
        """Add what new rounds add up to, and tell which sessions have them when, and what they cost at most."""
        models, consumers, ways = (self._numbering.of_all(table, ()) for table in schema.OF_CALLS)
        parts: set[tuple[int, ...]] = set()
        slots: dict[int, dict[tuple[int, ...], int]] = {}
        noted: list[tuple[int, ...]] = []
        for named, values in rows.sums.items():
            position, slot, model_name, consumer_name, way_name, notes = named
            session, model, consumer = sessions[position], models[model_name], consumers[consumer_name]
            way = ways[way_name]
            key = slot, model, consumer, way, notes
            sums[key] = list(map(operator.add, sums[key], values)) if key in sums else list(values)
            parts.add((model, consumer, way, session))
            if slot is not None:
                of_slot, of_calls = slots.setdefault(session, {}), (slot, model, consumer, way)
                of_slot[of_calls] = max(of_slot.get(of_calls, 0), rows.dearest[named])
            if notes:
                noted.append((session, notes, *_OF_NOTED(values)))
        aggregates.count_noted(self.db, noted)
        aggregates.put_parts(self.db, parts)
        aggregates.put_active(self.db, slots, old)

    # -- taking out ----------------------------------------------------------------------------------------------------

    def take_out(self, sessions: Mapping[str, str], *, is_complete: bool) -> None:
        """Take out sessions whose files (by their ids) are gone, with all names that only they have.

        ``is_complete`` says whether all the others were in before it was marked; then they are now.
        """
        with self._transaction():
            self._take_out(filter(None, map(self.session_number, sessions)))
            files = ((utf8.encoded(file),) for file in sessions.values())
            self.db.executemany("DELETE FROM damaged WHERE file = CAST(? AS TEXT)", files)
            aggregates.tidy(self.db)
            self._numbering.forget()
            self._new_change()
            if is_complete:
                self.set_meta(writing=0, folder_mtime=folder_mtime(self.folder))

    def _take_out(self, sessions: Iterable[int]) -> None:
        gone = set(sessions)
        if len(gone) <= _FEW:
            for session in sorted(gone):
                aggregates.take_out(self.db, session)
            return
        for table, column in (("round", "session"), ("tool", "session"), ("session", "id")):
            self.db.executemany(f"DELETE FROM {table} WHERE {column} = ?", ((session,) for session in gone))
        aggregates.sum_up_again(self.db)
        latencies.count_again(self.db)

    def rewrite(self) -> None:
        """Write the whole file anew: its pages keep scraps of what was taken out."""
        self.db.execute("VACUUM")
        self._empty_log()

    # -- new prices ----------------------------------------------------------------------------------------------------

    def reprice(self, progress: Progress) -> None:
        """Price all rounds with the book's prices."""
        with self._transaction():
            self.db.executemany(
                f"UPDATE round SET {', '.join(f'{name} = ?' for name in PRICED)} WHERE session = ? AND number = ?",
                self._repriced(progress),
            )
            aggregates.sum_up_again(self.db)
            self.set_meta(prices=self.book.fingerprint)
        self._empty_log()

    def _repriced(self, progress: Progress) -> Iterator[tuple[Any, ...]]:
        """New costs and notes for each round, some sessions at a time."""
        models, ways, consumers = (
            dict(self.db.execute(f"SELECT id, name FROM {table}")) for table in ("model", "way", "consumer")
        )
        (last,) = self.db.execute("SELECT coalesce(max(id), 0) FROM session").fetchone()
        for first in range(1, last + 1, _SESSIONS_AT_ONCE):
            rows = self.db.execute(
                "SELECT session, number, at, model, way, consumer, fresh, read, written, visible, reasoning, parts, flags FROM round "
                "WHERE session >= ? AND session < ?",
                (first, first + _SESSIONS_AT_ONCE),
            ).fetchall()
            if rows:
                sessions, numbers, ats, of_models, of_ways, of_consumers, *tokens, parts, flags = map(list, zip(*rows))
                called = map(models.get, of_models), map(ways.get, of_ways), map(consumers.get, of_consumers)
                names = priced_as(self.book, *called)
                times = (None if at is None else timestamps.rfc3339(at) for at in ats)
                yield from zip(*costs(self.book, names, times, tokens, parts, flags), sessions, numbers)
            progress(min(first + _SESSIONS_AT_ONCE, last), last)


def _scan(folder: str) -> Iterator[tuple[str, int, int]]:
    """Name, size and time of change of each session file."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if file_names.is_session(entry.name):
                with contextlib.suppress(FileNotFoundError):
                    state = entry.stat(follow_symlinks=False)
                    yield file_names.listed(entry.name), state.st_size, state.st_mtime_ns
