"""What is one check, and what comes of it?"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from session_monitor.sessions import file_names
from session_monitor.text import humanize

OK, WARN, FAIL = "ok", "warn", "fail"


class Check(NamedTuple):
    """One thing that was looked at: how it stands, what was found, and what to do unless that is fine."""

    name: str
    level: str
    found: str
    todo: str = ""


class Case(NamedTuple):
    """What is to be looked at.  Without ``logs`` it is the default one, or those that the state file names.

    ``now`` is the time in seconds since 1970; with ``deep`` a large index is looked through as well.
    ``settings`` are values that no argument gave, in words, with where they are from.  ``places`` are patterns of where a log may be
    that is not where it should, and ``monitor`` is how one runs main.py.  ``allowed`` are the real folders that logs must lie beneath to be opened, if any are given.
    """

    logs: Sequence[str]
    data_dir: str
    state_file: str
    environment: Mapping[str, str]
    now: float
    default_log: str
    deep: bool = False
    allowed: Sequence[str] = ()
    settings: Sequence[str] = ()
    places: Sequence[str] = ()
    monitor: str = "python3 main.py"


FEW = 0.05
"""A share of the calls that may lack something without a word: other clients than agents call, too."""
_NAMED = 5


def of_calls(number: int, calls: int) -> str:
    """How many of the calls, in words."""
    return f"{humanize.count(number) if number else 'none'} of {humanize.counted(calls, 'call')}"


def some(names: Sequence[str]) -> str:
    """The first of these names, and how many more there are."""
    names = list(dict.fromkeys(names))
    more = f" and {humanize.count(len(names) - _NAMED)} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def has_sessions(folder: str) -> bool:
    """Whether a data folder holds session files; False where it cannot be listed."""
    try:
        return any(map(file_names.is_session, os.listdir(folder)))
    except OSError:
        return False
