"""What did a pass not find that it was sent for, in words?"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from session_monitor.calls.coverage import Coverage
from session_monitor.log import rotation

from . import unknown_lines

_NO_CALLS = "no line that was read is a call to a model, and nearly all are in no shape that is known"


class Lacks(NamedTuple):
    """What a person should hear: ``facts`` stay the same while nothing changes; ``said`` is what is said during a run."""

    facts: list[str]
    said: str


NOTHING = Lacks([], "")


def of_pass(logs: Sequence[str], found: int, covered: Coverage) -> Lacks:
    """Which logs are not there, or that all that was ever read of them, which ``covered`` tells, holds no call.

    ``found`` is how many files of them there are.
    """
    absent = _absent(logs, found)
    if absent:
        said = f"nothing yet: there is no {' or '.join(absent)} ('python3 scripts/cli.py doctor' looks for others)"
        return Lacks([f"there is no {log}" for log in absent], said)
    said_of_lines = None if covered.calls or not covered.lines else unknown_lines.warning(covered, logs)
    return Lacks([_NO_CALLS], said_of_lines) if said_of_lines else NOTHING


def _absent(logs: Sequence[str], found: int) -> list[str]:
    """The logs of which there is no file, where there are so many files in all: one of several may be mistyped."""
    if not found or len(logs) == 1:
        return [] if found else list(logs)
    # To look for rotated ones takes long beside many siblings.
    return [log for log in logs if not os.path.lexists(log) and not rotation.find([log], on_error=lambda _error: None)]
