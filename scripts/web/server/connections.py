"""Which connections are open, and which of them has to go where there are too many?

One that waits for a request costs little and may be opened by anybody, so the oldest of those is closed for a new one, of
the address that has the most: whoever opens hundreds closes their own.  One that is being answered is never closed.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections import Counter
from typing import Callable

MOST = 256
"""Connections at a time."""
MOST_STREAMS = 64
"""So many of them may be endless answers."""


class Connection:
    """One connection: whose, and since when it waits; None while it is answered."""

    def __init__(self, opened: socket.socket, address: str, since: float, user: int | None) -> None:
        """It waits for its first request; ``user`` is the id of the user of this machine who opened it, where known."""
        self.socket = opened
        self.address = address
        self.user = user
        self.waits_since: float | None = since
        self.is_closing = False


class Connections:
    """All that are open.  Methods may be called by any thread."""

    def __init__(
        self, most: int = MOST, most_streams: int = MOST_STREAMS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """``clock`` gives seconds."""
        self._most = most
        self._streams_left = most_streams
        self._clock = clock
        self._all: set[Connection] = set()
        self._changed = threading.Condition()

    def admit(self, opened: socket.socket, address: str, user: int | None = None) -> Connection | None:
        """Take in a new connection, in place of one that waits if need be; None where all are busy."""
        with self._changed:
            if sum(not each.is_closing for each in self._all) >= self._most:
                waiting = [each for each in self._all if each.waits_since is not None and not each.is_closing]
                if not waiting:
                    return None
                by_address = Counter(each.address for each in waiting)
                _close(min(waiting, key=lambda each: (-by_address[each.address], each.waits_since or 0.0)))
            admitted = Connection(opened, address, self._clock(), user)
            self._all.add(admitted)
            return admitted

    def leave(self, gone: Connection) -> None:
        """Forget a connection that ended."""
        with self._changed:
            self._all.discard(gone)
            self._changed.notify_all()

    def begin(self, connection: Connection) -> bool:
        """It is answered from now on; False where it was closed just now."""
        with self._changed:
            connection.waits_since = None
            return not connection.is_closing

    def end(self, connection: Connection) -> None:
        """It waits for its next request."""
        with self._changed:
            connection.waits_since = self._clock()

    def begin_stream(self) -> bool:
        """There is one more endless answer; False where there are as many as may be."""
        with self._changed:
            is_free = self._streams_left > 0
            self._streams_left -= is_free
            return is_free

    def end_stream(self) -> None:
        """There is one less."""
        with self._changed:
            self._streams_left += 1

    def close(self, patience: float) -> None:
        """Close those that wait at once, and all others when they are answered, or after so many seconds."""
        end = self._clock() + patience
        with self._changed:
            while self._all:
                for each in self._all:
                    if each.waits_since is not None and not each.is_closing:
                        _close(each)
                left = end - self._clock()
                if left <= 0:
                    break
                self._changed.wait(min(left, 0.05))
            for each in self._all:
                _close(each)


def _close(connection: Connection) -> None:
    """Let the thread that reads it find its end."""
    connection.is_closing = True
    # Not an SSL socket's own way, which would take away what its thread is just using.
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connection.socket, socket.SHUT_RDWR)
