"""Are these lines none of a gateway's, so that a person should hear of it?"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from session_monitor.calls.coverage import LABELS, Coverage
from session_monitor.text import humanize

ENOUGH = 20
"""Lines that tell."""
NEARLY_ALL = 0.9
UNKNOWN = ("no_ai_log", "not_json", "cut_off")
"""Why a line is passed over that is in no known shape."""


def warning(covered: Coverage, logs: Sequence[str]) -> str | None:
    """What is to be said where nearly all lines of these logs are in no known shape; None where there is nothing to say.

    No ``logs`` means standard input.
    """
    unknown = {reason: covered.passed_over[reason] for reason in UNKNOWN if covered.passed_over.get(reason)}
    if covered.calls or covered.lines < ENOUGH or sum(unknown.values()) < NEARLY_ALL * covered.lines:
        return None
    named = ", ".join(f"{humanize.count(number)} {LABELS[reason]}" for reason, number in unknown.items())
    paths = " ".join(f"--log-path {shlex.quote(log)}" for log in logs or ["FILE"])
    file_first = "" if logs else "put some of these lines into a file and "
    return (
        f"of {humanize.counted(covered.lines, 'line')} none is a call to a model, and nearly all are in no shape that is known "
        f"({named}). For what to do {file_first}run: python3 scripts/cli.py doctor {paths}"
    )
