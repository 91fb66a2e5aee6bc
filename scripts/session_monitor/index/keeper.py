"""Who keeps the index up to date, and when?

The monitor does as it writes, and never waits for a reader: SQLite's write-ahead log lets both work, and a reader that
is just making the index anew leaves the monitor to carry on without, and to catch up later.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Sequence

from session_monitor.base import data_folder
from session_monitor.prices.book import Book
from session_monitor.sessions.summary import Written

from . import writable
from .database import Progress
from .rows import Rows
from .writer import PATIENCE, IndexWriter


class Keeper:
    """The monitor's hand on the index: what fails there is never a failure of the monitor."""

    def __init__(self, folder: str, book: Book, progress: Progress) -> None:
        """Open it and bring it up to date.  ``problem`` says what fails, if anything does."""
        self.problem: str | None = None
        self._folder = folder
        self._book = book
        self._progress = progress
        self._stack = contextlib.ExitStack()
        self._index: IndexWriter | None = None
        self._is_behind = True
        with self._guarded():
            # For readers the mark means that the monitor is at work; here it means that the one before was killed.
            self._is_behind = not self._open().is_complete()
            self._follow()

    def _open(self) -> IndexWriter:
        """The index that readers ask now; it has to be caught up with."""
        self._is_behind = True
        with contextlib.ExitStack() as stack:
            self._index = stack.enter_context(writable.opened(self._folder, self._book, PATIENCE))
            self._stack.close()
            self._stack = stack.pop_all()
        return self._index

    def _in_place(self) -> IndexWriter:
        """The index; where it could not be opened, or somebody has replaced a damaged one, it is opened now."""
        if self._index and self._index.is_in(os.path.join(self._folder, data_folder.INDEX)):
            return self._index
        return self._open()

    def price_with(self, book: Book) -> None:
        """The prices have changed."""
        self._book = book
        if self._index:
            self._index.book = book

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
            self._open()

    def settle(self) -> None:
        """A pass is over: catch up with what could not be done in it."""
        with self._guarded():
            if self._index and not self._is_behind:
                self._index.settle()
            self._follow()

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
            if self._index:  # one that could not be opened stays a problem
                self.problem = None
        except (sqlite3.Error, OSError) as error:
            self.problem = str(error)
