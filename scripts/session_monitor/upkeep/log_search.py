"""Where may the gateway's log be, if it is not where one looked?"""

from __future__ import annotations

import contextlib
import glob
import os
import shlex
import stat
from collections.abc import Iterable, Iterator, Sequence

PLACES = (
    "/var/log/higress/*.log",
    "/var/log/proxy/*.log",
    "./logs/*.log",
    "/var/log/pods/*_higress-gateway-*/higress-gateway/*.log",
)
"""Patterns of where gateways write, and engines keep what they wrote."""
_MARK = b"ai_log"
_LOOK = 1 << 20
_MOST = 3


def found(places: Iterable[str], allowed: Sequence[str] = ()) -> list[str]:
    """The first few files in these places that hold calls, the latest written first; beneath ``allowed`` folders, if given."""
    logs = [
        path for place in places for path in glob.glob(place) if _may_be_opened(path, allowed) and _holds_calls(path)
    ]
    return sorted(dict.fromkeys(logs), key=_age)[:_MOST]


def _may_be_opened(path: str, allowed: Sequence[str]) -> bool:
    real = os.path.realpath(path)
    return not allowed or any(real.startswith(folder.rstrip("/") + "/") for folder in allowed)


def _holds_calls(path: str) -> bool:
    with contextlib.suppress(OSError), open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        state = os.fstat(file.fileno())
        if stat.S_ISREG(state.st_mode):
            file.seek(max(0, state.st_size - _LOOK))
            return _MARK in file.read(_LOOK)
    return False


def _age(path: str) -> float:
    try:
        return -os.stat(path).st_mtime
    except OSError:
        return 0


def commands(logs: Iterable[str], monitor: str, data_dir: str) -> Iterator[str]:
    """For each log the command that reads it: ``monitor`` is how one runs main.py."""
    for log in logs:
        yield f"{monitor} --log-path {shlex.quote(log)} --output-dir {shlex.quote(data_dir)}"
