"""Whose turn is it to change session files?

Whoever changes them, or the copies that were made of them, holds the lock file meanwhile: the monitor from before it
writes a batch until its read positions and the index are kept, a command that deletes or mends for as long as it works.
In the file stands how often commands did so.  The monitor keeps the ends of sessions in memory, and that number tells
it when they are no longer what stands on disk.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator

from session_monitor.base import data_folder, files

PATIENCE = 60.0
"""Seconds to wait for one's turn."""
_DIGITS = 20


class Outdated(Exception):  # noqa: N818 -- a reason to look again
    """Others have changed session files since the last time."""


class BusyError(OSError):
    """It was somebody else's turn for too long."""


class MonitorsLock:
    """The monitor's way to take turns with commands."""

    def __init__(self, folder: str) -> None:
        """To be made before any session file is read.  Raises ``BusyError`` and ``OSError``."""
        self._folder = folder
        self._shared: int | None = None
        with _taken(folder) as descriptor:
            self._known = _count(descriptor)

    @contextlib.contextmanager
    def shared(self) -> Iterator[None]:
        """Whenever this process holds the lock in this block, so do all that it forks there, until the last of them has ended.

        Else a command could take its turn when this one is killed, while another of them still writes.  Raises ``OSError``.
        """
        self._shared = files.kept(_path(self._folder))
        try:
            yield
        finally:
            os.close(self._shared)
            self._shared = None

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock.  Raises ``Outdated``, once for whatever commands did since; ``BusyError`` and ``OSError``."""
        with _taken(self._folder, self._shared) as descriptor:
            count = _count(descriptor)
            if count != self._known:
                self._known = count
                raise Outdated
            yield


@contextlib.contextmanager
def changing(folder: str) -> Iterator[None]:
    """Hold the lock for a command.  Raises ``BusyError`` and ``OSError``."""
    with _taken(folder) as descriptor:
        # First of all, so that the monitor also notices where the command is killed on its way.
        os.pwrite(descriptor, b"%0*d\n" % (_DIGITS, _count(descriptor) + 1), 0)
        yield


@contextlib.contextmanager
def _taken(folder: str, kept: int | None = None) -> Iterator[int]:
    """Hold the lock by a descriptor of its own, or by one that stays open and may be other processes' as well."""
    path = _path(folder)
    descriptor = files.kept(path) if kept is None else kept
    try:
        if not files.take(descriptor, PATIENCE):
            raise BusyError(errno.EAGAIN, f"another process has been changing session files for {PATIENCE:.0f} s", path)
        yield descriptor
    finally:
        if kept is None:
            os.close(descriptor)
        else:
            files.give_back(descriptor)


def _path(folder: str) -> str:
    return os.path.join(folder, data_folder.WRITE_LOCK)


def _count(descriptor: int) -> int:
    digits = os.pread(descriptor, _DIGITS, 0)
    return int(digits) if digits.isdigit() else 0  # a power failure may have left anything
