"""Which calls has a gateway logged already, and the monitor read?

What the provider calls its answer stands in both, and in the session files.  A file that was last written before a call
began cannot hold it.
"""

from __future__ import annotations

import mmap
import os
import re
from collections.abc import Iterator

from session_monitor.base import files, timestamps
from session_monitor.recording import known_calls
from session_monitor.sessions import file_names

_CHAT_ID = re.compile(rb'"chat_id":("(?:[^"\\]|\\.)*")')
_STEP = timestamps.DAY
_SLACK = 3600
"""Seconds by which two clocks may differ."""
_END = 1 << 20
"""Bytes at a file's end that may be others when it has grown."""


class LoggedCalls:
    """The calls of a data folder's sessions, which are looked for when they are first asked for."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._since: int | None = None
        self._marks: set[int] = set()
        self._seen: dict[str, tuple[int, int, int]] = {}

    def look(self, since: int) -> None:
        """Look for calls from this moment on, and some of before, so as not to look anew for each.  Raises ``OSError``."""
        if self._since is None or since < self._since:
            self._since = since - _STEP
            self.look_again()

    def look_again(self) -> None:
        """Look for those that came since.  Raises ``OSError``."""
        if self._since is None or not os.path.isdir(self._folder):
            return
        for path, state in _changed_since(self._folder, self._since / 1000 - _SLACK):
            before = self._seen.get(path)
            if before != state:
                inode, size, _ = before or (0, 0, 0)
                is_longer = inode == state[0] and size <= state[1]
                start = max(0, size - _END) if is_longer else 0
                self._marks.update(map(known_calls.mark, map(known_calls.of_provider, _ids_in(path, start))))
                self._seen[path] = state

    def __contains__(self, key: str) -> bool:
        """Whether a call that is known by this is there."""
        return known_calls.mark(key) in self._marks


def _changed_since(folder: str, since: float) -> Iterator[tuple[str, tuple[int, int, int]]]:
    """The session files that were written to since then, each with its inode, its size and when that was."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if file_names.is_session(entry.name):
                told = entry.stat(follow_symlinks=False)
                if told.st_mtime >= since:
                    yield entry.path, (told.st_ino, told.st_size, told.st_mtime_ns)


def _ids_in(path: str, start: int) -> Iterator[str]:
    """What stands as the id of an answer in a session file, from some byte on; none where it cannot be read."""
    import json  # noqa: PLC0415 -- most ids are plain

    try:
        with files.reading(path) as file:
            size = os.fstat(file.fileno()).st_size
            if size <= start:
                return
            with mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ) as content:
                for match in _CHAT_ID.finditer(content, start):
                    quoted = match[1]
                    yield json.loads(quoted) if b"\\" in quoted else quoted[1:-1].decode("utf-8", "replace")
    except (OSError, ValueError):
        return
