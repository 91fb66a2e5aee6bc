"""Which objects stand in the lines of a file that a stranger wrote?"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from .found import FileReading

LONGEST = 64 << 20
"""Bytes of the longest line that is read: a picture or two may be in it."""
_CAREFULLY = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CHUNK = 1 << 20


def opened(path: str) -> BinaryIO:
    """A file, and nothing else that has its name: no link, no pipe that would be waited for.  Raises ``OSError``."""
    descriptor = os.open(path, _CAREFULLY)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(f"{path} is no file")
    return open(descriptor, "rb", buffering=_CHUNK)


def objects(path: str, reading: FileReading, *wanted: tuple[bytes, ...]) -> Iterator[Mapping[str, Any]]:
    """The objects in those lines that hold all bytes of one of the ``wanted``; in all lines where none are given.

    Most of a file are lines that need not be decoded.  A last line that was cut off is none yet.  Raises ``OSError``.
    """
    with opened(path) as file:
        for line in _lines(file, reading):
            if wanted and not _holds(line, wanted):
                continue
            value = decoded(line, reading)
            if isinstance(value, dict):
                yield value


def _holds(line: bytes, wanted: tuple[tuple[bytes, ...], ...]) -> bool:
    """Whether it has all parts of one of these."""
    for parts in wanted:
        for part in parts:
            if part not in line:
                break
        else:
            return True
    return False


def _lines(file: BinaryIO, reading: FileReading) -> Iterator[bytes]:
    while True:
        line = file.readline(LONGEST)
        if not line:
            return
        if len(line) < LONGEST or line.endswith(b"\n"):
            yield line
            continue
        reading.passed_over["too_long"] += 1
        while line and not line.endswith(b"\n"):
            line = file.readline(_CHUNK)


def decoded(raw: bytes | str, reading: FileReading) -> Any:
    """The value of a text of JSON; None for what is none, which is counted but where only its end may lack."""
    try:
        return json.loads(raw)
    except RecursionError:
        reading.passed_over["too_complex"] += 1
    except ValueError:
        is_cut = isinstance(raw, bytes) and not raw.endswith(b"\n")
        is_empty = not raw.strip()
        if not (is_cut or is_empty):
            reading.passed_over["not_json"] += 1
    return None
