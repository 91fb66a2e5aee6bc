"""Which calls stand in the log of recorded ones, by what they are known by?

Whoever records a call from elsewhere must not record it twice; and the monitor must not count it once more where the
gateway logged it, too.  What a call is known by is what the provider calls its answer, which stands in a gateway's line
as well; for one without that, or with one that others may have, a name of the recorder's own.

Of each there are eight bytes in a file beside the log.  It is written before the log, so that nobody counts a call twice
meanwhile; a second file says how much of it is certain, and up to where the log was looked through for it.  Whatever was
killed in between, what is not certain is dropped, and the log itself is asked: its lines tell by what they are known.
"""

from __future__ import annotations

import array
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from session_monitor.base import data_folder, files, utf8
from session_monitor.base.hashing import blake2b

from . import recorded_log

KEY = "recorded_key"
"""The attribute of a line that tells what its call is known by, where it has no id that is its own."""
_FILE, _CERTAIN = "known-calls", "known-calls.json"
_SIZE = 8
_LONG, _LONG_PART = 20, 8
"""Characters of an id that nobody else has, or of the last part of one."""


def of_provider(call_id: str) -> str:
    """What a call is known by that the provider gave this id."""
    return f"id:{call_id}"


def is_unique(call_id: str) -> bool:
    """Whether no other call has this id.  Some servers number answers, or take a number below a thousand at random (Ollama)."""
    return len(call_id) >= _LONG or len(re.split("[-_]", call_id)[-1]) >= _LONG_PART


def mark(key: str) -> int:
    """The eight bytes of it, as a number."""
    return int.from_bytes(blake2b(utf8.encoded(key), digest_size=_SIZE).digest(), "little")


def marks_in(folder: str) -> frozenset[int]:
    """The marks of all calls that were recorded in this data folder; none where none was.  Raises ``OSError``."""
    try:
        with files.reading(_path(folder, _FILE)) as file:
            return frozenset(_numbers(file.read()))
    except FileNotFoundError:
        return frozenset()


def state_in(folder: str) -> object:
    """What changes when ``up_to_date`` does; the same of all folders in which nothing was recorded.  Raises ``OSError``."""
    if not data_folder.has_recorded(folder):
        return None
    state = [_size(path) for path in (_path(folder, _FILE), *recorded_log.paths(folder))]
    return tuple(state) if any(state) else None


def up_to_date(folder: str) -> frozenset[int]:
    """The marks of all calls whose lines stand in the log by now, also of those that were written since an import.

    What is new is looked through here, and kept, unless somebody imports just then.  Raises ``OSError``.
    """
    if state_in(folder) is None:
        return frozenset()
    descriptor = files.kept(os.path.join(folder, data_folder.IMPORTS_LOCK))
    try:
        is_alone = files.take(descriptor, 0)
        # What somebody else has announced just now will stand in the log.
        announced = frozenset() if is_alone else marks_in(folder)
        known = KnownCalls(folder, keeps=is_alone)
        known.catch_up()
    finally:
        os.close(descriptor)
    return known.marks | announced


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


class KnownCalls:
    """The calls of one data folder's log, for the one process that records from elsewhere there."""

    def __init__(self, folder: str, *, keeps: bool = True) -> None:
        """What is certain of them; ``catch_up`` brings them up to date.  Raises ``OSError``.

        Who does not hold the lock of those who import must not ``keep`` what is found, and holds it in memory alone.
        """
        self._folder = folder
        self._keeps = keeps
        count, self._looked = self._certain()
        raw = self._raw()[: count * _SIZE]
        if len(raw) < count * _SIZE:  # somebody took it away, or a part of it: the log tells it anew
            self._looked = {}
        self._marks = set(_numbers(raw[: len(raw) // _SIZE * _SIZE]))
        self._size = len(raw) // _SIZE * _SIZE

    def __contains__(self, key: str) -> bool:
        """Whether the call that is known by this stands in the log."""
        return mark(key) in self._marks

    @property
    def marks(self) -> frozenset[int]:
        """Those of all that are known by now."""
        return frozenset(self._marks)

    def add(self, keys: Iterable[str]) -> None:
        """These are about to be appended to the log.  Raises ``OSError``."""
        self._append(mark(key) for key in keys)

    def catch_up(self) -> None:
        """Look through what is new in the log, and be certain of all up to there.  Raises ``OSError``."""
        looked = dict(self._looked)
        for path in recorded_log.paths(self._folder):
            with files.reading(path) as file:
                state = os.fstat(file.fileno())
                place = f"{state.st_dev}:{state.st_ino}"
                start = looked.get(place, 0)
                if start > state.st_size:
                    start = 0
                file.seek(start)
                whole = _WholeLines(file, start)
                self._append(map(mark, _keys(whole)))
                looked[place] = whole.end
        count = self._size // _SIZE
        if self._keeps and (looked != self._looked or count != self._certain()[0]):
            document = {"schema_version": 1, "calls": count, "looked_through": looked}
            files.replace(_path(self._folder, _CERTAIN), json.dumps(document).encode() + b"\n")
            self._looked = looked

    def _append(self, marks: Iterable[int]) -> None:
        new = array.array("Q", [each for each in dict.fromkeys(marks) if each not in self._marks])
        if not self._keeps or not new:
            self._marks.update(new)
            return
        files.make_folder_within(_path(self._folder, ""))
        descriptor = files.kept(_path(self._folder, _FILE))
        try:
            os.ftruncate(descriptor, self._size)  # of what somebody who was killed was not certain
            files.write_all(descriptor, _bytes(new), self._size)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self._marks.update(new)
        self._size += len(new) * _SIZE

    def _raw(self) -> bytes:
        try:
            with files.reading(_path(self._folder, _FILE)) as file:
                return file.read()
        except FileNotFoundError:
            return b""

    def _certain(self) -> tuple[int, dict[str, int]]:
        """How many marks are certain, and up to which byte each file of the log was looked through."""
        try:
            with files.reading(_path(self._folder, _CERTAIN)) as file:
                stored = json.loads(file.read())
            looked = {str(place): int(end) for place, end in stored["looked_through"].items()}
            return max(0, int(stored["calls"])), looked
        except (FileNotFoundError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return 0, {}


def _path(folder: str, name: str) -> str:
    return os.path.join(os.path.dirname(data_folder.recorded_log(folder)), name)


class _WholeLines:
    """The lines of a file up to the last newline; what is behind it may still be being written.  ``end`` is where that begins."""

    def __init__(self, file: BinaryIO, start: int) -> None:
        self._file = file
        self.end = start

    def __iter__(self) -> Iterator[bytes]:
        for line in self._file:
            if not line.endswith(b"\n"):
                return
            self.end += len(line)
            yield line


def _keys(lines: Iterable[bytes]) -> Iterator[str]:
    """What the calls of these lines are known by."""
    for line in lines:
        try:
            told: Any = json.loads(json.loads(line)["ai_log"])
            key, call_id = told.get(KEY), told.get("chat_id")
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            continue  # cut off, or none of ours
        if isinstance(key, str):
            yield key
        if isinstance(call_id, str) and is_unique(call_id):
            yield of_provider(call_id)


def _numbers(raw: bytes) -> array.array[int]:
    numbers = array.array("Q", raw[: len(raw) // _SIZE * _SIZE])
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _bytes(numbers: array.array[int]) -> bytes:
    if sys.byteorder == "big":
        numbers = numbers[:]
        numbers.byteswap()
    return numbers.tobytes()
