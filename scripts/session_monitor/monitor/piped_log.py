"""How is standard input read as a log?

What comes is kept in a file of the output folder, which is read as it grows.  What was read in an earlier run is known by
its content, which has to be there for that: so reading begins when enough has come, no more comes for a while, or it ends.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Sequence
from typing import Callable

from session_monitor.base import data_folder, files
from session_monitor.log import piped
from session_monitor.log.generation import Generation
from session_monitor.log.log_file import BLOCK, LogFile
from session_monitor.log.rotation import LogPlace

PAUSE = 5.0
"""Seconds in which nothing comes: then all is there that was written before."""
LONGEST_WAIT = 30.0
"""After so many it is there as well, though more and more comes."""


class PipedLog:
    """What came in on a descriptor; to be closed, which takes the file away."""

    def __init__(self, folder: str, descriptor: int, wait: Callable[[float, int], bool]) -> None:
        """Nothing was read yet.  ``wait`` waits so many seconds until the descriptor has something; whether it has.

        Raises ``OSError``.
        """
        self.path = data_folder.input_file(folder)
        self.has_ended = False
        self._descriptor = descriptor
        self._wait = wait
        self._file = _made(self.path)
        self._size = 0
        self._is_settled = False
        self._began = self._last_came = time.monotonic()

    def take(self, seconds: float, stop: Callable[[], bool]) -> None:
        """Keep what comes within so many seconds, or until the end.  Raises ``OSError`` where there is no room for it."""
        until = time.monotonic() + seconds
        while not self.has_ended and not stop() and (left := until - time.monotonic()) > 0:
            if not self._wait(left, self._descriptor):
                continue
            data = os.read(self._descriptor, BLOCK)
            self._last_came = time.monotonic()
            self.has_ended = not data
            self._keep(data)

    def _keep(self, data: bytes) -> None:
        try:
            files.write_all(self._file, data, self._size)
        except OSError as error:
            error.filename = self.path
            raise
        self._size += len(data)

    def is_readable(self, generations: Sequence[Generation]) -> bool:
        """Whether its new lines may be read by now: what was read in earlier runs is told from them.

        Raises ``MixedError``, after which it must not be read.
        """
        if not self._is_settled:
            now = time.monotonic()
            is_all = self.has_ended or now - self._last_came >= PAUSE or now - self._began >= LONGEST_WAIT
            self._is_settled = not any(each.offset for each in generations) or (is_all and self._settle(generations))
        return self._is_settled

    def _settle(self, generations: Sequence[Generation]) -> bool:
        """Take away what was read before; False where too little of it is there."""
        with contextlib.closing(LogFile(LogPlace(self.path, (0, 2, "")))) as file:
            if not self.has_ended and file.line_end(0, 1) is None:
                return False
            known, in_others, ends_within = piped.read_before(generations, file)
            if not self.has_ended and (ends_within or (known and file.size < known.offset)):
                return False
            if in_others:
                self._drop(file, in_others)
        return True

    def _drop(self, file: LogFile, length: int) -> None:
        """Go on with a file that lacks so many bytes at its beginning."""
        os.unlink(self.path)
        os.close(self._file)
        self._file, self._size = _made(self.path), 0
        while data := file.read(BLOCK, length + self._size):
            self._keep(data)

    def close(self) -> None:
        """Take the file away."""
        os.close(self._file)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)


def _made(path: str) -> int:
    return files.opened(path, os.O_RDWR | os.O_CREAT | os.O_EXCL)
