"""What is the state of the data folder just now: its prices, and is its index current?"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
import threading
import time
from collections.abc import Hashable, Mapping
from typing import Callable, NamedTuple

from session_monitor.base import data_folder
from session_monitor.index import database, opening
from session_monitor.notes import notes_file
from session_monitor.own_prices.current_book import CurrentBook
from session_monitor.prices.book import Book

LOOK = 0.25
"""Seconds for which a look at the folder holds."""


class State(NamedTuple):
    """How the folder stands.

    ``mark`` changes with anything that answers follow from; it is None where the index has to be brought up to date
    first.  ``change`` counts the changes of the index.  ``is_there`` says whether there is such a folder, ``problem``
    what is wrong with its price list.
    """

    path: str
    book: Book
    mark: Hashable | None
    change: int
    is_there: bool
    problem: str


class Folder:
    """A data folder that is looked at again and again.  Methods may be called by any thread.

    In place of one that is not there yet, an empty one answers.
    """

    def __init__(self, path: str, environment: Mapping[str, str], clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` gives seconds.  Raises ``BadPriceListError``, and ``OSError`` where a price list cannot be read."""
        self.path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._empty: tempfile.TemporaryDirectory[str] | None = None
        self._prices = CurrentBook(path, environment)
        if self._prices.mistake:
            raise self._prices.mistake
        self._state: State | None = None
        self._looked = 0.0

    def state(self, *, fresh: bool = False) -> State:
        """How it stands, as of at most a moment ago unless a ``fresh`` look is asked for."""
        with self._lock:
            if fresh or self._state is None or self._clock() - self._looked >= LOOK:
                self._prices.look()
                self._state = self._look()
                self._looked = self._clock()
            return self._state

    def close(self) -> None:
        """Take away what stands in for a folder that is not there."""
        if self._empty:
            self._empty.cleanup()

    def _stand_in(self) -> str:
        self._empty = self._empty or tempfile.TemporaryDirectory(prefix="agent-session-monitor-")
        return self._empty.name

    def _look(self) -> State:
        is_there = os.path.isdir(self.path)
        path = self.path if is_there else self._stand_in()
        mark, change = None, 0
        book, problem = self._prices.book, str(self._prices.mistake or "")
        with (
            contextlib.suppress(sqlite3.Error, OSError, *opening.DAMAGE),
            contextlib.closing(opening.read_only(os.path.join(path, data_folder.INDEX))) as db,
        ):
            index = database.reader(db, path, book)
            db.execute("BEGIN")
            if index.is_ready():
                change = int(index.meta("change"))
                mark = (is_there, index.meta("made"), change, book.fingerprint, problem, notes_file.state(path))
        return State(path, book, mark, change, is_there, problem)
