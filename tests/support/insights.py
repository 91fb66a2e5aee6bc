"""What is kept of sessions beside their files, and a folder in which something is found."""

from __future__ import annotations

import contextlib
import sqlite3

from session_monitor.base import data_folder
from tests.support import judged, scripted_sessions

LOOP = {"ask": [["read_file", {"path": "a.ts"}]], "get": ["export const a = 1;"]}
"""A call that says the same each time."""


def looping(times, **words):
    """A script in which an agent makes the same call so many times, behind a question."""
    return {
        "unseen": 20_000,
        **words,
        "steps": [{"user": "Where?", "say": "Let me see."}, {"times": times, "steps": [LOOP]}],
    }


def lines_of(scripts):
    """The lines of these scripts, by the sessions' ids, one session behind the other."""
    return [line for name, script in scripts.items() for line in scripted_sessions.lines(script, name)]


def folder_with(home, scripts):
    """A data folder with these sessions."""
    return judged.ingested(home, lines_of(scripts))


@contextlib.contextmanager
def in_file(folder):
    """A connection to what is kept, behind the program's back."""
    with contextlib.closing(sqlite3.connect(folder / data_folder.INSIGHTS, isolation_level=None)) as db:
        yield db


def kept_in(folder):
    """All that is kept of each session, by its id, whatever it is numbered; contents as they are packed."""
    with in_file(folder) as db:
        found = {}
        for number, session_id, *row in db.execute(
            "SELECT id, session_id, upto, names, judged_by, rounds, not_judged, sums, pauses FROM session"
        ):
            tables = {
                table: sorted(db.execute(f"SELECT * FROM {table} WHERE session = ?", (number,)).fetchall(), key=repr)
                for table in ("chunk", "prompt", "finding")
            }
            found[session_id] = row, {table: [each[1:] for each in rows] for table, rows in tables.items()}
        return found
