"""What do all sessions add up to, answered at once?

``.index.sqlite3`` beside the session files holds a row a session and a row a round, with where in its file the round
stands, and no text of a conversation.  All of it follows from the session files and the price lists, so it may be
deleted at any time: whoever needs it makes it anew, or brings it up to date.

    session   one a session: its file as it was read, its sums
    round     one a call: when, which model, tokens, cost, the bytes of its line
    tool      what a call had to do with a tool: how often it asked for it, what came back
    total     sums by model, consumer, way (route and cluster) and notes; ``slot``: the same for each half hour, in which
              all days of almost all time zones begin (others are summed from the rounds)
    noted     what of a session's cost has which notes
    damaged   files that are no session files any more
    part      which session has calls of which model, consumer and way; ``active``: in which half hour, and in which one
              ``before`` that, so that those with a ``before`` from before some span are its sessions, each once; none of
              these calls costs more than the ``dearest``, so that the dearest of all are found in few sessions
    latency   how long calls took, and how quickly models wrote

The monitor marks the index as *writing* before it writes to session files and takes that back together with the new
rows, so a reader sees a whole batch or none, and a monitor that was killed in between is noticed.
"""

from __future__ import annotations

import sqlite3
from typing import Any, Callable

from session_monitor.base import data_folder, mounts, utf8
from session_monitor.prices.book import Book

from .tables.schema import SCHEMA

Progress = Callable[[int, int], None]
"""Hears how much of how much is done."""


def reader(db: sqlite3.Connection, folder: str, book: Book) -> Index:
    """The index of a folder, or of what that stands for, to read."""
    behind = mounts.of(folder)
    found: Index = behind.index(db, folder, book) if behind else Index(db, folder, book)
    return found


class Index:
    """An open index.  Methods raise ``sqlite3.Error`` where the file fails."""

    def __init__(self, db: sqlite3.Connection, folder: str, book: Book) -> None:
        """For the session files of a folder, with the prices of a book."""
        self.db = db
        self.folder = folder
        self.book = book
        db.text_factory = utf8.decoded
        db.isolation_level = None

    # -- is it sound and current? --------------------------------------------------------------------------------------

    def meta(self, name: str) -> Any:
        """One of the values that are kept about the index itself."""
        row = self.db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def is_known(self) -> bool:
        """Whether its tables are this version's."""
        return bool(self.db.execute("PRAGMA user_version").fetchone()[0] == SCHEMA)

    def is_complete(self) -> bool:
        """Whether no monitor was interrupted, and nobody added or took away a file since."""
        return not self.meta("writing") and self.meta("folder_mtime") == data_folder.folder_mtime(self.folder)

    def is_current(self) -> bool:
        """Whether it holds all that was written; what a monitor is just writing comes as a whole later."""
        return self.is_complete() or bool(self.meta("writing") and data_folder.is_monitor_at_work(self.folder))

    def is_priced(self) -> bool:
        """Whether its costs are those of the book."""
        return bool(self.meta("prices") == self.book.fingerprint)

    def is_ready(self) -> bool:
        """Whether it can be asked: known, current and priced."""
        return self.is_known() and self.is_current() and self.is_priced()

    # -- which session is which? ---------------------------------------------------------------------------------------

    def session_number(self, session_id: str) -> int | None:
        """The number that stands for a session in all tables, never for another one; None where it is not there."""
        row = self.db.execute(
            "SELECT id FROM session WHERE session_id = CAST(? AS TEXT)", (utf8.encoded(session_id),)
        ).fetchone()
        return row and int(row[0])

    def session_id(self, number: int) -> str:
        """The id of the session with this number, which is there."""
        return str(self.db.execute("SELECT session_id FROM session WHERE id = ?", (number,)).fetchone()[0])
