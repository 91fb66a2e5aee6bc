"""How are the files in a data folder called, and is a monitor at work there?

A session's file is ``<name>.json`` and no dotfile, all others are; so no session can be called as they are.
"""

from __future__ import annotations

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
PRICES = ".prices.json"
"""The folder's own price list."""
WEB_KEY = ".web-key"
LAST_RUN = ".last-run.json"
"""Where the last run of a monitor looked."""
STDIN = ".stdin.log"
"""What came in on standard input, while a monitor reads that."""

SET_ASIDE = ".corrupt-"
"""Behind a session file's name, and before a number: a copy of it that was damaged, or what stood in its place."""
UNUSABLE = ".unusable"
"""Behind the name of a file of the monitor's own: that of what could not be read, or stood in its place."""


EVERYBODY, GROUP = "everybody", "its group"
_SINGLE = (LOCK, WRITE_LOCK, STATE, DELETED, ROUND_COUNTS, INDEX, WORD_INDEX, PRICES, WEB_KEY, LAST_RUN, STDIN)


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


def state_file(folder: str) -> str:
    """Where the read positions are kept unless another place is named."""
    return os.path.join(folder, STATE)


def input_file(folder: str) -> str:
    """Where a monitor keeps what comes in on standard input."""
    return os.path.join(folder, STDIN)


def is_unused(folder: str) -> bool:
    """Whether it holds nothing of anybody's yet: no more than what a checkout has in it, and a monitor's lock."""
    return {".gitignore", ".gitkeep", LOCK}.issuperset(os.listdir(folder))


def folder_mtime(folder: str) -> int:
    """When names in the folder last came or went, in nanoseconds."""
    return os.stat(folder).st_mtime_ns
