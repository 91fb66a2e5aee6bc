"""How much of the log was read, how much of it is unread, and when did a monitor last look?

What is unread is told by the sizes of files alone, which costs nothing: a plain file of the log that the read positions know
by its inode, and what is in the place of one and is not known yet.  What a file holds nobody looks at here.
"""

from __future__ import annotations

import glob
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Optional

from session_monitor.base import data_folder, files, last_run
from session_monitor.calls import coverage
from session_monitor.calls.coverage import Coverage

from .families import MetricSample

Inode = tuple[int, int]
"""The numbers of a device, and of a file on it."""
_COMPRESSED = (".gz", ".bz2", ".xz")
_UNUSABLE = (ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""What a state file that somebody else wrote may raise."""


class LogProgress(NamedTuple):
    """What the read positions tell: None for what they do not; ``unread`` in bytes, ``polled`` in milliseconds since 1970."""

    covered: Optional[Coverage]  # noqa: UP045 -- a NamedTuple's types are asked for at run time, in Python 3.9, too
    unread: Optional[int]  # noqa: UP045
    polled: Optional[int]  # noqa: UP045


def progress(folder: str) -> LogProgress:
    """How far the monitor of a folder is."""
    path = last_run.state_file(folder)
    return LogProgress(coverage.of_state(path), _unread(folder, path), data_folder.looked_at(folder))


def _unread(folder: str, path: str) -> int | None:
    """Bytes behind the read positions; None where nobody can say."""
    run = last_run.read(folder)
    logs = run.logs if run else []
    if not logs or "-" in logs:
        return None
    try:
        places, read = _positions(path)
        found = _rotated({os.path.dirname(each) for each in (*logs, *places) if not glob.has_magic(each)}, read)
        for live in (each for log in logs for each in (glob.glob(log) if glob.has_magic(log) else [log])):
            state = os.stat(live)
            found.setdefault((state.st_dev, state.st_ino), 0 if live.endswith(_COMPRESSED) else state.st_size)
    except (OSError, *_UNUSABLE):
        return None
    if not found:
        return None
    # What is smaller than it was when it was read has been emptied, and begins anew.
    return sum(size - read.get(key, 0) if size >= read.get(key, 0) else size for key, size in found.items())


def _rotated(folders: Iterable[str], read: Mapping[Inode, int]) -> dict[Inode, int]:
    """The sizes of the plain files in these folders that were read before, whatever they are called by now."""
    found: dict[Inode, int] = {}
    for folder in folders:
        device = os.stat(folder).st_dev
        with os.scandir(folder) as entries:
            for entry in entries:
                if (device, entry.inode()) in read and not entry.name.endswith(_COMPRESSED):
                    state = entry.stat()
                    found[state.st_dev, state.st_ino] = state.st_size
    return found


def _positions(path: str) -> tuple[list[str], dict[Inode, int]]:
    """Where the files were found last that are there still, and up to where each was read."""
    with files.reading(path) as file:
        view = json.loads(file.read())["views"][""]
    there = [each for each in view["generations"] if not each["gone"]]
    return [each["path"] for each in there], {(each["device"], each["inode"]): each["offset"] for each in there}


# -- as samples --------------------------------------------------------------------------------------------------------


def samples(found: LogProgress, newest: int | None, now: int) -> Iterator[tuple[str, MetricSample]]:
    """The metrics of it; ``newest`` is when the last call began that was read, in milliseconds."""
    if newest is not None:
        yield "asm_last_round_timestamp_seconds", _gauge(seconds(newest))
    if found.polled is not None:
        yield "asm_last_poll_timestamp_seconds", _gauge(seconds(found.polled))
    if found.unread is not None:
        yield "asm_log_unread_bytes", _gauge(found.unread)
        if found.unread == 0 or newest is not None:
            yield "asm_log_lag_seconds", _gauge(seconds(max(0, now - (newest or 0))) if found.unread else 0)
    if found.covered is not None:
        yield from _of_coverage(found.covered)


def _of_coverage(covered: Coverage) -> Iterator[tuple[str, MetricSample]]:
    reasons = {**dict.fromkeys(coverage.LABELS, 0), **covered.passed_over}
    for result, number in {"round": covered.calls, **reasons}.items():
        yield "asm_lines_total", MetricSample((("result", result),), number)
    yield "asm_log_read_bytes_total", _gauge(covered.bytes)
    yield "asm_log_lost_bytes", _gauge(covered.lost_bytes)


def _gauge(value: Any) -> MetricSample:
    return MetricSample((), value)


def seconds(milliseconds: int) -> str:
    """Milliseconds as seconds, exactly."""
    return f"{milliseconds // 1000}.{milliseconds % 1000:03d}"
