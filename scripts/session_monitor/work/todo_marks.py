"""Which marks of unfinished things stand in the files that somebody changed lately?"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from typing import Any, NamedTuple

from session_monitor.base import timestamps

from . import git
from .git import NoGitError

FRESH = 48 * timestamps.HOUR
"""Milliseconds within which a file was changed."""
MOST_MARKS, MOST_FILES = 20, 50_000
LARGEST = 1 << 20
_AT_ONCE = 64 << 20
_LONGEST = 160
_MARK = re.compile(rb"\b(TODO|FIXME|HACK|XXX)\b((?:\([^)\n]{0,40}\))?:?)[ \t]*([^\n\r]*)")
_REMARK = re.compile(rb"#|//|/\*|^\s*\*|--|;|%")
"""What begins a remark, in one language or another."""


class TodoMark(NamedTuple):
    """A mark: in which file of the tree and line, of what kind, what it says, and when the file was changed."""

    file: str
    line: int
    kind: str
    text: str
    changed_at: str

    def to_json(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return self._asdict()


def fresh(root: str, now: int) -> list[TodoMark]:
    """Marks in the files that git knows and that were changed lately, those of the newest first; none where git cannot tell."""
    try:
        paths = git.fields(git.ask(root, "ls-files", "-z", seconds=5.0))
    except NoGitError:
        return []
    changed = sorted(_changed(root, paths[:MOST_FILES], now - FRESH), reverse=True)
    marks: list[TodoMark] = []
    rest = _AT_ONCE
    for moment, path, size in changed:
        rest -= size
        if rest < 0 or len(marks) >= MOST_MARKS:
            break
        marks.extend(_marks(root, path, moment))
    return marks[:MOST_MARKS]


def _changed(root: str, paths: list[str], since: int) -> Iterator[tuple[int, str, int]]:
    for path in paths:
        try:
            state = os.lstat(os.path.join(root, path))
        except OSError:
            continue
        moment = state.st_mtime_ns // 1_000_000
        if stat.S_ISREG(state.st_mode) and moment >= since and state.st_size <= LARGEST:
            yield moment, path, state.st_size


def _marks(root: str, path: str, moment: int) -> Iterator[TodoMark]:
    try:
        descriptor = os.open(os.path.join(root, path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            data = file.read(LARGEST)
    except OSError:
        return
    if b"\0" in data:
        return
    at = timestamps.rfc3339(moment)
    for match in _MARK.finditer(data):
        before = data[data.rfind(b"\n", 0, match.start()) + 1 : match.start()]
        if not (match[2] or _REMARK.search(before)):  # a word like others, in a text or a name
            continue
        text = match[3].decode("utf-8", "replace").strip()
        yield TodoMark(path, data.count(b"\n", 0, match.start()) + 1, match[1].decode(), text[:_LONGEST], at)
