"""Which connections are open, and which of them has to go where there are too many?

One that waits for a request costs little and may be opened by anybody, so the oldest of those is closed for a new one, of
the address (on this machine, the user) that has the most: whoever opens hundreds closes their own.  One that is being
answered is never closed; it counts for whoever is answered, who has a share and no more.  Who has no key has none: they
wait until they were refused.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections import Counter
from typing import Callable

from .shares import Places, Share

MOST = 256
"""Connections at a time."""
MOST_STREAMS = 64
"""So many of them may be endless answers."""


class Connection:
    """One connection: from where, and since when it waits; while it is answered, whose share it is of instead."""

    def __init__(self, opened: socket.socket, address: str, since: float, user: int | None) -> None:
        """It waits for its first request; ``user`` is the id of the user of this machine who opened it, where known."""
        self.socket = opened
        self.address = address
        self.user = user
        self.waits_since = since
        self.share: Share | None = None
        self.is_stream = False
        self.is_closing = False


class Connections:
    """All that are open.  Methods may be called by any thread."""

    def __init__(
        self, most: int = MOST, most_streams: int = MOST_STREAMS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """``clock`` gives seconds."""
        self._most = most
        self._answered = Places(most)
        self._streams = Places(most_streams)
        self._clock = clock
        self._all: set[Connection] = set()
        self._changed = threading.Condition()

    def admit(self, opened: socket.socket, address: str, user: int | None = None) -> Connection | None:
        """Take in a new connection, in place of one that waits if need be; None where all are busy."""
        with self._changed:
            if sum(not each.is_closing for each in self._all) >= self._most:
                waiting = [each for each in self._all if each.share is None and not each.is_closing]
                if not waiting:
                    return None
                by_origin = Counter((each.address, each.user) for each in waiting)
                _close(min(waiting, key=lambda each: (-by_origin[each.address, each.user], each.waits_since)))
            admitted = Connection(opened, address, self._clock(), user)
            self._all.add(admitted)
            return admitted

    def secure(self, connection: Connection, secured: socket.socket) -> None:
        """It goes over this socket from now on, which has taken the place of its own; it may have to go already."""
        with self._changed:
            connection.socket = secured
            if connection.is_closing:
                _close(connection)

    def leave(self, gone: Connection) -> None:
        """Forget a connection that ended."""
        with self._changed:
            self._give_back(gone)
            self._all.discard(gone)
            self._changed.notify_all()

    def begin(self, connection: Connection, share: Share) -> bool:
        """It is answered from now on; False where so many of the share are that it may have no more."""
        with self._changed:
            is_room = self._answered.take(share)
            connection.share = share if is_room else None
            return is_room

    def begin_stream(self, connection: Connection) -> bool:
        """What it is answered does not end; False where its share has as many of those as it may."""
        with self._changed:
            connection.is_stream = connection.share is not None and self._streams.take(connection.share)
            return connection.is_stream

    def end(self, connection: Connection) -> None:
        """It was answered, and waits for its next request."""
        with self._changed:
            self._give_back(connection)
            connection.waits_since = self._clock()
            self._changed.notify_all()

    def _give_back(self, connection: Connection) -> None:
        if connection.share is None:
            return
        self._answered.give_back(connection.share)
        if connection.is_stream:
            self._streams.give_back(connection.share)
        connection.share, connection.is_stream = None, False

    def close(self, patience: float) -> None:
        """Close those that wait at once, and all others when they are answered, or after so many seconds."""
        end = self._clock() + patience
        with self._changed:
            while self._all:
                for each in self._all:
                    if each.share is None and not each.is_closing:
                        _close(each)
                left = end - self._clock()
                if left <= 0:
                    break
                self._changed.wait(left)
            for each in self._all:
                _close(each)


def _close(connection: Connection) -> None:
    """Let the thread that reads it find its end."""
    connection.is_closing = True
    # Not an SSL socket's own way, which would take away what its thread is just using.
    with contextlib.suppress(OSError):
        socket.socket.shutdown(connection.socket, socket.SHUT_RDWR)
