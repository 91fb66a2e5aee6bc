"""Where did the last run of a monitor look, and what did it not find?

A small file of the data folder, for whoever asks afterwards, and for the next run, which need not say the same again.  It is
written where something in it changed, so that a pass that finds nothing new writes nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Sequence
from typing import Any

from . import data_folder, files, timestamps

AGAIN = 24 * 60 * 60 * 1000
"""Milliseconds after which what is still so is said once more."""


class LastRun:
    """What the last run of a monitor left for others: all paths are whole ones.

    ``logs`` are those it was told to read, ``state_file`` is where it keeps its read positions, None for the usual place;
    ``lacks`` says in words what it did not find, since the moment ``since``, and ``said`` is when a person was told (both
    in milliseconds since 1970; None where nothing lacks).
    """

    def __init__(self, logs: Sequence[str], state_file: str | None = None, lacks: Sequence[str] = ()) -> None:
        self.logs = [_whole(log) for log in logs]
        self.state_file = state_file and os.path.abspath(state_file)
        self.lacks = list(lacks)
        self.since: int | None = None
        self.said: int | None = None

    def is_where(self, before: LastRun | None) -> bool:
        """Whether the run before looked in the same places."""
        return before is not None and (before.logs, before.state_file) == (self.logs, self.state_file)

    def is_to_be_said(self, before: LastRun | None, now: int) -> bool:
        """Whether a person is to be told of what lacks: it is new, or a day has gone by; takes over since when it is so."""
        if not self.lacks:
            return False
        self.since = self.said = now
        if before is None or (before.logs, before.lacks) != (self.logs, self.lacks) or before.since is None:
            return True
        self.since = before.since
        if before.said is not None and 0 <= now - before.said < AGAIN:
            self.said = before.said
            return False
        return True

    def to_json(self) -> dict[str, Any]:
        """As the file has it."""
        times = {name: at and timestamps.rfc3339(at) for name, at in (("since", self.since), ("said", self.said))}
        return {"logs": self.logs, "state_file": self.state_file, "lacks": self.lacks, **times}


def _whole(log: str) -> str:
    return log if log == "-" else os.path.abspath(log)


def read(folder: str) -> LastRun | None:
    """What the last run left; None where there is nothing, or nothing that can be understood."""
    try:
        with files.reading(os.path.join(folder, data_folder.LAST_RUN)) as file:
            stored = json.loads(file.read())
        run = LastRun(stored["logs"], stored["state_file"], stored["lacks"])
        run.since, run.said = (at and timestamps.milliseconds(at) for at in (stored["since"], stored["said"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return run


def write(folder: str, run: LastRun) -> None:
    """Leave it for others.  Raises ``OSError``."""
    text = json.dumps(run.to_json(), ensure_ascii=False, indent=1) + "\n"
    files.replace(os.path.join(folder, data_folder.LAST_RUN), text.encode(errors="surrogateescape"))


def state_file(folder: str) -> str:
    """Where the monitor of a folder keeps its read positions: as its last run said, else the usual place."""
    run = read(folder)
    return (run and run.state_file) or data_folder.state_file(folder)


def keep(folder: str, run: LastRun, before: LastRun | None) -> None:
    """Write it where it says something else than before; where that fails, a later run does it."""
    if before is None or before.to_json() != run.to_json():
        with contextlib.suppress(OSError):
            write(folder, run)
