"""What became of each that was to be told?  A line each in .alerts/log.jsonl, the latest last.

A line is whole or passed over: a kill or a power loss may leave a part of one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Optional

from session_monitor.base import data_folder, files

DELIVERED, FAILED, DROPPED = "delivered", "failed", "dropped"
"""It was taken; it was given up; there was no room for it to wait."""
MOST = 1 << 20
"""Bytes of the file from which on it is put aside, once."""
_PATIENCE = 1.0
"""Seconds to wait for another who writes; whoever is stopped while they do keeps nobody from writing for longer."""
EARLIER = ".1"
"""Behind its name: the one that was put aside."""


class Entry(NamedTuple):
    """What became of one event for one target; ``queued`` tells it from another telling of the same event."""

    at: str
    target: str
    target_kind: str
    event_id: str
    rule: str
    severity: str
    state: str
    title: str
    outcome: str
    tries: int
    queued: int
    together: int = 1
    reason: Optional[str] = None  # noqa: UP045 -- as in event

    def to_json(self) -> dict[str, Any]:
        """As a program is answered."""
        return {name: value for name, value in self._asdict().items() if name != "queued"}

    def key(self) -> tuple[str, str, str, int]:
        """What it is about."""
        return self.event_id, self.state, self.target, self.queued


def file_of(folder: str) -> str:
    """The file, in a data folder."""
    return os.path.join(folder, data_folder.ALERTS_FOLDER, "log.jsonl")


def append(folder: str, entries: Iterable[Entry]) -> None:
    """Write what became of some, so that it lasts.  Raises ``OSError``."""
    path = file_of(folder)
    lines = b"".join(json.dumps(entry._asdict(), separators=(",", ":")).encode() + b"\n" for entry in entries)
    files.make_folder_within(os.path.dirname(path))
    descriptor = files.kept(path)
    try:
        files.take(descriptor, _PATIENCE)  # of who tries a target while a monitor sends
        size = os.fstat(descriptor).st_size
        torn = size and os.pread(descriptor, 1, size - 1) != b"\n"
        files.write_all(descriptor, (b"\n" if torn else b"") + lines, size)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if size + len(lines) > MOST:
        os.replace(path, path + EARLIER)
        files.sync_folder(os.path.dirname(path))


def entries(folder: str) -> list[Entry]:
    """All that is known, the earliest first.  Raises ``OSError`` where a file is there and cannot be read."""
    path = file_of(folder)
    return [entry for each in (path + EARLIER, path) for entry in _of_file(each)]


def _of_file(path: str) -> Iterator[Entry]:
    try:
        with files.reading(path) as file:
            lines = file.read().split(b"\n")
    except FileNotFoundError:
        return
    for line in lines:
        entry = _entry(line)
        if entry is not None:
            yield entry


def _entry(line: bytes) -> Entry | None:
    try:
        document: Any = json.loads(line)
        entry = Entry(**{name: value for name, value in document.items() if name in Entry._fields})
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
    numbers = all(isinstance(each, int) for each in (entry.tries, entry.queued, entry.together))
    return entry if numbers and all(isinstance(each, str) for each in entry[:9]) else None
