"""How is kept what of each round matters, and what was found in each session?

``.insights.sqlite3`` beside the session files follows from them, from the prices and from the rules; it may be deleted at
any time, and is made by who asks first.  Each question puts in what is new since the last one.

    session   up to which round its contents are in; up to which of the main index's changes, and by which prices and rules, it is judged; sums;
              ``continued``: which of its conversations go on from another one, as ``Continuation`` has it
    chunk     the contents of ``contents.AT_ONCE`` rounds of a session: marks and sizes, no text
    prompt    under which system prompt so many rounds of a session stood, as ``prompt_versions.PromptRun``
    finding   one finding; ``severity`` is its place in ``SEVERITIES``, money is in millionths of a dollar and the rest in 1e-12
    meta      of which making of the main index the sessions' numbers are, up to which of its changes all are judged, and by what;
              what was usual when that was last looked at, and of how many sessions
"""

from __future__ import annotations

import sqlite3
import zlib
from contextlib import AbstractContextManager

from session_monitor.base import data_folder
from session_monitor.index import side_database
from session_monitor.index.side_database import SideDatabase

SCHEMA = 4
"""Another one makes all anew: it is another whenever contents mean something else."""

_SESSION = (
    "id INTEGER PRIMARY KEY, session_id TEXT, upto INTEGER, names BLOB, change INTEGER, judged_by TEXT, "
    "rounds INTEGER, not_judged INTEGER, sums TEXT, pauses TEXT, continued TEXT"
)
_FINDING = (
    "session INTEGER, kind TEXT, severity INTEGER, first INTEGER, last INTEGER, at INTEGER, tokens INTEGER, "
    "usd INTEGER, pico INTEGER, basis TEXT, rounds TEXT, details TEXT"
)
_TABLES = (
    f"CREATE TABLE session({_SESSION})",
    "CREATE INDEX session_by_id ON session(session_id)",
    "CREATE TABLE chunk(session INTEGER, first INTEGER, data BLOB)",
    "CREATE UNIQUE INDEX chunk_place ON chunk(session, first)",
    "CREATE TABLE prompt(session INTEGER, first INTEGER, last INTEGER, mark INTEGER, stands_in INTEGER)",
    "CREATE INDEX prompt_session ON prompt(session)",
    f"CREATE TABLE finding({_FINDING})",
    "CREATE INDEX finding_session ON finding(session, kind, first)",
    "CREATE INDEX finding_order ON finding(severity DESC, usd DESC, pico DESC, at DESC, session, first, kind)",
    "CREATE INDEX finding_sums ON finding(kind, severity, at, usd, pico, session)",
    "CREATE TABLE meta(made TEXT, removals INTEGER, change INTEGER, judged_by TEXT, usual_of INTEGER, usual TEXT)",
    "INSERT INTO meta VALUES ('', 0, -1, '', 0, '')",
)
_INSIGHTS = SideDatabase(data_folder.INSIGHTS, SCHEMA, _TABLES)

NOT_TO_BE_READ = (*side_database.NOT_TO_BE_READ, zlib.error)
"""As ``side_database`` has it, and what is packed may be damaged."""


def opened(
    folder: str, *, anew: bool, patience: float = side_database.PATIENCE
) -> AbstractContextManager[sqlite3.Connection | None]:
    """What is kept in a folder, as ``side_database.opened`` opens it."""
    return side_database.opened(_INSIGHTS, folder, anew=anew, patience=patience)


def in_memory() -> AbstractContextManager[sqlite3.Connection]:
    """An empty one that nobody else has."""
    return side_database.in_memory(_INSIGHTS)
