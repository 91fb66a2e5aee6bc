"""How are the files in a data folder called, and is a monitor at work there?

A session's file is ``<name>.json`` and no dotfile, all others are; so no session can be called as they are.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator

from . import files

LOCK = ".lock"
"""The monitor holds it while it is at work."""
WRITE_LOCK = ".write.lock"
"""Whoever changes session files holds it meanwhile."""
STATE = ".state.json"
"""The read positions in the logs."""
DELETED = ".deleted.json"
"""Up to where in the logs deleted sessions are deleted."""
ROUND_COUNTS = ".round-counts"
"""How many rounds each session file had when it was last written."""
INDEX = ".index.sqlite3"
WORD_INDEX = ".search.sqlite3"
INSIGHTS = ".insights.sqlite3"
"""What was found in sessions."""
INSIGHT_RULES = ".insights.json"
"""What a person wants to be found, and what not any more."""
PRICES = ".prices.json"
"""The folder's own price list."""
BUDGETS = ".budgets.json"
"""What calls may cost."""
WEB_KEY = ".web-key"
LAST_RUN = ".last-run.json"
"""Where the last run of a monitor looked."""
ALERTS = ".alerts.json"
"""Who is to be told of what; secrets may stand in it."""
ALERTS_FOLDER = ".alerts"
"""What waits to be told, and what became of it."""
OTLP_FOLDER = ".otlp"
"""What waits to be sent as spans, and how far that is."""
SHIPPING_FOLDER = ".shipping"
"""What was sent to stores elsewhere."""
NOTES = ".notes.json"
"""What people note of sessions."""
WORK = ".work.json"
"""Pieces of work that somebody began."""
PROJECTS = ".projects.json"
"""Projects that somebody wants to hear of every day."""
NOTES_LOCK = ".notes.lock"
"""Whoever changes notes, budgets, pieces of work or what is set of alerts and insights holds it meanwhile."""
METRICS_FOLDER = ".metrics"
"""What was last shown of the counters that a monitoring system reads."""
STDIN = ".stdin.log"
"""What came in on standard input, while a monitor reads that."""
IMPORTS = ".imports.json"
"""Which files of agents were read."""
IMPORTS_LOCK = ".imports.lock"
"""Whoever imports these holds it meanwhile."""
RECORDED = ".recorded"
"""The log of calls that no gateway logged, and its rotated files."""

SET_ASIDE = ".corrupt-"
"""Behind a session file's name, and before a number: a copy of it that was damaged, or what stood in its place."""
UNUSABLE = ".unusable"
"""Behind the name of a file of the monitor's own: that of what could not be read, or stood in its place."""


EVERYBODY, GROUP = "everybody", "its group"
_SINGLE = (
    *(LOCK, WRITE_LOCK, STATE, DELETED, ROUND_COUNTS, INDEX, WORD_INDEX, PRICES, BUDGETS, WEB_KEY, LAST_RUN, ALERTS),
    *(NOTES, NOTES_LOCK, STDIN, IMPORTS, IMPORTS_LOCK, WORK, PROJECTS, INSIGHTS, INSIGHT_RULES),
)


_PATIENCE = 10.0
"""Seconds to wait for somebody else who changes what is set."""


@contextlib.contextmanager
def changing(folder: str) -> Iterator[None]:
    """Whoever else changes what people set in a folder waits until the block ends, so that nothing of it is lost.  Raises ``OSError``."""
    lock = os.path.join(folder, NOTES_LOCK)
    descriptor = files.kept(lock)
    try:
        if not files.take(descriptor, _PATIENCE):
            raise OSError(errno.EAGAIN, f"another process has been changing what is set for {_PATIENCE:.0f} s", lock)
        yield
    finally:
        os.close(descriptor)


def make(folder: str) -> None:
    """Make the data folder where there is none, as one that git leaves out: it may come to lie in somebody's repository.

    Raises ``OSError``.
    """
    if os.path.isdir(folder):
        return
    files.make_folder(folder)
    descriptor = files.kept(os.path.join(folder, ".gitignore"))
    try:
        files.write_all(descriptor, b"*\n", 0)
    finally:
        os.close(descriptor)


def check_whose(folder: str) -> None:
    """Raises ``OddFileError`` for another user's folder that stands where everybody may make some, and ``OSError``.

    Whoever guessed its path could have made it, to read what comes into it.
    """
    real = os.path.realpath(folder)
    owner = os.stat(real).st_uid
    if owner not in (os.geteuid(), 0) and os.stat(os.path.dirname(real)).st_mode & stat.S_IWOTH:
        what = f"belongs to the user {owner}, and stands where everybody may make folders"
        raise files.OddFileError(folder, what, "name another folder, or make it this user's with chown")


def other_writers(folder: str) -> str:
    """Who beside its owner may exchange its files: ``EVERYBODY``, ``GROUP``, or nobody (an empty text)."""
    mode = os.stat(folder).st_mode
    if mode & stat.S_ISVTX or not mode & (stat.S_IWGRP | stat.S_IWOTH):
        return ""
    return EVERYBODY if mode & stat.S_IWOTH else GROUP


def odd_things(folder: str) -> Iterator[files.OddFileError]:
    """What has the name of a file that there is one of, or of a file beside it, and must not be opened.

    What was set aside is none of it: nobody opens that.
    """
    for name in sorted(os.listdir(folder)):
        if name.startswith(_SINGLE) and not name.endswith(UNUSABLE):
            try:
                files.check(os.path.join(folder, name))
            except files.OddFileError as odd:
                yield odd


def is_monitor_at_work(folder: str) -> bool:
    """Whether a monitor is."""
    return files.is_locked(os.path.join(folder, LOCK))


def looked(folder: str) -> None:
    """A monitor has just looked whether the log has grown.  Raises ``OSError``."""
    os.utime(os.path.join(folder, LOCK))


def looked_at(folder: str) -> int | None:
    """When one last did, in milliseconds since 1970; None where none did."""
    try:
        return os.stat(os.path.join(folder, LOCK)).st_mtime_ns // 1_000_000
    except OSError:
        return None


def outbox(folder: str) -> str:
    """Where alerts wait to be sent."""
    return os.path.join(folder, ALERTS_FOLDER, "outbox")


def is_watched(folder: str) -> bool:
    """Whether anybody set a budget, or who is to be told of what: nothing is looked at where nobody did."""
    return any(os.path.lexists(os.path.join(folder, name)) for name in (BUDGETS, ALERTS))


def state_file(folder: str) -> str:
    """Where the read positions are kept unless another place is named."""
    return os.path.join(folder, STATE)


def input_file(folder: str) -> str:
    """Where a monitor keeps what comes in on standard input."""
    return os.path.join(folder, STDIN)


def recorded_log(folder: str) -> str:
    """The log of calls that no gateway logged."""
    return os.path.join(folder, RECORDED, "access.log")


def has_recorded(folder: str) -> bool:
    """Whether there ever was a call that no gateway logged."""
    return os.path.isdir(os.path.join(folder, RECORDED))


def is_unused(folder: str) -> bool:
    """Whether it holds nothing of anybody's yet: no more than what a checkout has in it, and a monitor's lock."""
    return {".gitignore", ".gitkeep", LOCK}.issuperset(os.listdir(folder))


def folder_mtime(folder: str) -> int:
    """When names in the folder last came or went, in nanoseconds."""
    return os.stat(folder).st_mtime_ns
