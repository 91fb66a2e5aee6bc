"""What do all sessions add up to, answered at once?

``.index.sqlite3`` beside the session files holds a row a session and a row a round, with where in its file the round
stands, and no text of a conversation.  All of it follows from the session files and the price lists, so it may be
deleted at any time: whoever needs it makes it anew, or brings it up to date.

    session   one a session: its file as it was read, its sums
    round     one a call: when, which model, tokens, cost, the bytes of its line
    tool      what a call had to do with a tool: how often it asked for it, what came back
    total     sums by model and consumer; ``slot``: the same for each half hour, in which all days of almost all time
              zones begin (others are summed from the rounds)
    damaged   files that are no session files any more
    part      which session has calls of which model and consumer; ``active``: in which half hour, and in which one
              ``before`` that, so that those with a ``before`` from before some span are its sessions, each once

The monitor marks the index as *writing* before it writes to session files and takes that back together with the new
rows, so a reader sees a whole batch or none, and a monitor that was killed in between is noticed.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from typing import Any, Callable

from session_monitor.base import files
from session_monitor.prices import book as prices
from session_monitor.prices.book import Book

LOCK = ".lock"
"""The monitor holds it while it is at work."""
SCHEMA = 3
SLOT = 1_800_000
"""Milliseconds of a slot."""
SLOT_OF = f"(at - (at < 0) * {SLOT - 1}) / {SLOT}"
"""SQL for the slot of a moment; the same as ``at // SLOT``, where SQL would round towards 0."""

NEVER = -(2**60)
"""``before`` in a session's first row of ``active``."""

FAILED, NO_TOKENS, EXPLICIT_CACHE, TOOL_CALLS, NO_CONTENT, CUT = 1, 2, 4, 8, 16, 32
"""Flags of a round."""

Progress = Callable[[int, int], None]
"""Hears how much of how much is done."""

_SUMS = ("calls", "failed", "fresh", "read", "written", "visible", "reasoning")
_MONEY = ("usd", "pico", "saved_usd", "saved_pico", "unpriced", "unpriced_tokens", "without_tokens")
ADDITIVE = (*_SUMS, *_MONEY)
"""What is summed up: calls, those that failed, tokens by kind; dollars in millionths and the rest in 1e-12 (one number
of 64 bits would end at nine million dollars), what caches saved likewise, and what is not in the cost."""

ACTIVE_BY_SLOT = "CREATE INDEX active_slot ON active(slot, before, session, model, consumer)"
_SUM_COLUMNS = ", ".join(f"{name} INTEGER NOT NULL DEFAULT 0" for name in ADDITIVE)
TABLES = f"""
CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE model(id INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE consumer(id INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE tool_name(id INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE session(
    id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT UNIQUE, file TEXT, size INTEGER, mtime INTEGER,
    next_byte INTEGER, created_at TEXT, updated_at TEXT, updated INTEGER, total_tokens INTEGER,
    model TEXT, models TEXT, last_flags INTEGER, change INTEGER, {_SUM_COLUMNS}
);
CREATE TABLE damaged(file TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE round(
    session INTEGER, number INTEGER, at INTEGER, model INTEGER, consumer INTEGER,
    fresh INTEGER, read INTEGER, written INTEGER, visible INTEGER, reasoning INTEGER,
    flags INTEGER, notes INTEGER, code INTEGER, first_token_ms INTEGER, duration_ms INTEGER, start INTEGER, length INTEGER,
    history INTEGER, sent INTEGER, usd INTEGER, pico INTEGER, saved_usd INTEGER, saved_pico INTEGER,
    PRIMARY KEY(session, number)
) WITHOUT ROWID;
CREATE TABLE tool(
    session INTEGER, number INTEGER, tool INTEGER, calls INTEGER, results INTEGER, failed INTEGER, tokens INTEGER,
    PRIMARY KEY(session, number, tool)
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
    session INTEGER, slot INTEGER, model INTEGER, consumer INTEGER, before INTEGER,
    PRIMARY KEY(session, slot, model, consumer)
) WITHOUT ROWID;
{ACTIVE_BY_SLOT};
CREATE INDEX session_updated ON session(updated);
PRAGMA user_version = {SCHEMA};
"""

AGGREGATES = (
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
OF_ROUNDS = ", ".join(f"coalesce({sum_}, 0)" for sum_ in AGGREGATES)
"""The same in one, 0 where there are none."""


class Index:
    """An open index.  Methods raise ``sqlite3.Error`` where the file fails."""

    def __init__(self, db: sqlite3.Connection, folder: str, book: Book) -> None:
        """For the session files of a folder, with the prices of a book."""
        self.db = db
        self.folder = folder
        self.book = book
        db.text_factory = _text
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
        return not self.meta("writing") and self.meta("folder_mtime") == folder_mtime(self.folder)

    def is_current(self) -> bool:
        """Whether it holds all that was written; what a monitor is just writing comes as a whole later."""
        return self.is_complete() or bool(self.meta("writing") and files.is_locked(os.path.join(self.folder, LOCK)))

    def is_priced(self) -> bool:
        """Whether its costs are those of the book."""
        return bool(self.meta("prices") == self.book.fingerprint)


def noted(counted: Iterable[tuple[int, int]]) -> dict[str, int]:
    """How many rounds have each note, from how many have each set of them."""
    found: dict[str, int] = {}
    for notes, number in counted:
        for bit, note in enumerate(NOTES):
            if notes >> bit & 1:
                found[note] = found.get(note, 0) + number
    return found


NOTES = tuple(prices.NOTES)
"""The bits of a round's notes, from the lowest."""


def folder_mtime(folder: str) -> int:
    """When names in the folder last came or went, in nanoseconds."""
    return os.stat(folder).st_mtime_ns


# -- text that strangers wrote -----------------------------------------------------------------------------------------


def raw(text: str | None) -> bytes | None:
    """Text for ``CAST(? AS TEXT)``: JSON may hold half a surrogate pair, which UTF-8 has no bytes for."""
    return None if text is None else text.encode("utf-8", "surrogatepass")


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogatepass")
