"""How are the files in a data folder called, and is a monitor at work there?

A session's file is ``<name>.json`` and no dotfile, all others are; so no session can be called as they are.
"""

from __future__ import annotations

import os

from . import files

LOCK = ".lock"
"""The monitor holds it while it is at work."""
WRITE_LOCK = ".write.lock"
"""Whoever changes session files holds it meanwhile."""
STATE = ".state.json"
"""The read positions in the logs."""
DELETED = ".deleted.json"
"""Up to where in the logs deleted sessions are deleted."""
INDEX = ".index.sqlite3"
WORD_INDEX = ".search.sqlite3"
PRICES = ".prices.json"
"""The folder's own price list."""
WEB_KEY = ".web-key"
STDIN = ".stdin.log"
"""What came in on standard input, while a monitor reads that."""

SET_ASIDE = ".corrupt-"
"""Behind a damaged session file's name, and before a number: the name of a copy of it."""
UNUSABLE = ".unusable"
"""Behind the state file's name: that of one that could not be read."""


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
