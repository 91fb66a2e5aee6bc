"""Who keeps the index up to date, and when?

The monitor does as it writes, and never waits for a reader: SQLite's write-ahead log lets both work, and a reader that
is just making the index anew leaves the monitor to carry on without, and to catch up later.  A pass that finds nothing
new only looks into it: what can write it is loaded when it has to be.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from session_monitor.base import data_folder
from session_monitor.prices.book import Book

from . import opening
from .database import Index, Progress

if TYPE_CHECKING:
    from session_monitor.sessions.summary import Written

    from .tables.rows import Rows
    from .writer import IndexWriter


class _State(NamedTuple):
    """What an index says of itself; the same only while nobody has written to it or put another in its place."""

    made: object
    change: object
    folder_mtime: object


class Keeper:
    """The monitor's hand on the index: what fails there is never a failure of the monitor."""

    def __init__(self, folder: str, book: Book, progress: Progress) -> None:
        """Open it and bring it up to date.  ``problem`` says what fails, if anything does."""
        self.problem: str | None = None
        self._folder = folder
        self._book = book
        self._progress = progress
        self._stack = contextlib.ExitStack()
        self._path = os.path.join(folder, data_folder.INDEX)
        self._index: IndexWriter | None = None
        self._is_behind = True
        self._is_damaged = False
        self._seen = self._look()
        """An index that lacks nothing, as long as it need not be opened for more than that look."""
        if self._seen is None:
            with self._guarded():
                # For readers the mark means that the monitor is at work; here it means that the one before was killed.
                self._is_behind = not self._open().is_complete()
                self._follow()

    @property
    def change(self) -> object:
        """A mark that is another whenever calls came or went; None where the index cannot tell it."""
        if self._seen is not None:
            return self._seen.change
        try:
            return None if self._index is None or self._is_behind else self._index.meta("change")
        except sqlite3.Error:
            return None

    def _look(self) -> _State | None:
        """The index as it is where it is sound, complete and priced; else None."""
        try:
            with contextlib.closing(opening.read_only(self._path)) as db:
                index = Index(db, self._folder, self._book)
                db.execute("BEGIN")
                if index.is_known() and index.is_complete() and index.is_priced():
                    return _state(index)
        except (*opening.DAMAGE, OSError):
            pass
        return None

    def _open(self) -> IndexWriter:
        """The index that readers ask now; it has to be caught up with, unless it is still the one that lacked nothing."""
        from . import writable, writer  # noqa: PLC0415 -- cron's pass every minute mostly finds nothing new

        seen, self._seen = self._seen, None
        self._is_behind = True
        with contextlib.ExitStack() as stack:
            self._index = stack.enter_context(
                writable.opened(self._folder, self._book, writer.PATIENCE, anew=self._is_damaged)
            )
            self._is_damaged = False
            self._stack.close()
            self._stack = stack.pop_all()
        if seen is not None and not self._index.meta("writing"):
            self._is_behind = _state(self._index) != seen
        return self._index

    def _in_place(self) -> IndexWriter:
        """The index; where it is not open, is damaged, or another one has its place, one is opened now."""
        if self._index and not self._is_damaged and self._index.is_in(self._path):
            return self._index
        return self._open()

    def price_with(self, book: Book) -> None:
        """The prices have changed."""
        self._book = book
        with self._guarded():
            if self._seen is not None:
                self._open()
            if self._index:
                self._index.book = book

    def begin(self) -> None:
        """A pass begins: what has changed in the folder since the last one was settled was changed by others."""
        with self._guarded():
            if not self._is_as_seen():
                self._seen = None
            if self._index and self._index.meta("folder_mtime") != data_folder.folder_mtime(self._folder):
                self._is_behind = True

    def before(self) -> None:
        """Session files are about to change."""
        with self._guarded():
            self._in_place().mark()

    def after(self, written: Sequence[Written], rows: Rows | None = None) -> None:
        """Session files have changed; ``rows`` say the same with the prices that this was told, where they are known."""
        with self._guarded():
            index = self._in_place()
            if not self._is_behind:
                self._is_behind = True
                index.add(written, rows)
                self._is_behind = False

    def outdated(self) -> None:
        """Others have changed session files, and perhaps put another index in this one's place."""
        with self._guarded():
            self._seen = None
            self._open()

    def settle(self) -> None:
        """A pass is over: catch up with what could not be done in it."""
        with self._guarded():
            if self._index or not self._is_as_seen():
                self._in_place()
            if self._index and not self._is_behind:
                self._index.settle()
            self._follow()

    def _is_as_seen(self) -> bool:
        """Whether it still lacks nothing, as far as the folder tells."""
        return self._seen is not None and self._seen.folder_mtime == data_folder.folder_mtime(self._folder)

    def _follow(self) -> None:
        if self._index and self._is_behind:
            self._index.catch_up(self._progress)
            self._is_behind = False
        if self._index and not self._index.is_priced():
            self._index.reprice(self._progress)

    def close(self) -> None:
        """Let it go."""
        with self._guarded():
            self._stack.close()

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
            if self._index or self._seen:  # one that could not be opened stays a problem
                self.problem = None
        except (sqlite3.Error, ValueError, OSError) as error:
            self.problem = str(error)
            # Rows that a reader has put in just before are no damage; they are caught up with.
            self._is_damaged |= opening.is_damage(error) and not isinstance(error, sqlite3.IntegrityError)


def _state(index: Index) -> _State:
    return _State(index.meta("made"), index.meta("change"), index.meta("folder_mtime"))
