"""Who has gone while they were being answered?

A client that leaves is noticed at once, also while nothing comes for it: what works for it would be paid for nothing.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
from collections.abc import Iterator
from typing import Callable

_LOOK = 0.25
"""Seconds between two looks where the system tells nothing by itself."""
_GONE = getattr(select, "POLLRDHUP", 0) | select.POLLHUP | select.POLLERR


class Departures:
    """Watches the clients of all calls, from a thread of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watched: dict[int, tuple[socket.socket, Callable[[], None]]] = {}
        self._is_closed = False
        self._epoll = select.epoll() if hasattr(select, "epoll") else None
        self._ear, self._mouth = os.pipe()
        if self._epoll is not None:
            self._epoll.register(self._ear, select.EPOLLIN)
        self._thread = threading.Thread(target=self._watch, name="departures", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Watch nobody any more."""
        self._is_closed = True
        os.write(self._mouth, b"!")
        self._thread.join()
        if self._epoll is not None:
            self._epoll.close()
        os.close(self._ear)
        os.close(self._mouth)

    @contextlib.contextmanager
    def watching(self, client: socket.socket, on_departure: Callable[[], None]) -> Iterator[None]:
        """While the block runs, call this once, from another thread, when the client has gone."""
        number = client.fileno()
        with self._lock:
            self._watched[number] = client, on_departure
        self._register(number)
        try:
            yield
        finally:
            with self._lock:
                self._watched.pop(number, None)
            if self._epoll is not None:
                with contextlib.suppress(OSError, ValueError):
                    self._epoll.unregister(number)

    def _register(self, number: int) -> None:
        if self._epoll is not None:
            how = select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR | select.EPOLLONESHOT
            with contextlib.suppress(OSError):
                self._epoll.register(number, how)

    def _watch(self) -> None:
        while not self._is_closed:
            for number in self._departed():
                # The lock is held meanwhile: nobody who has stopped watching is called.
                with self._lock:
                    client, on_departure = self._watched.get(number, (None, None))
                    if client is not None and on_departure is not None and _is_gone(client):
                        del self._watched[number]
                        on_departure()

    def _departed(self) -> list[int]:
        if self._epoll is not None:
            return [number for number, _ in self._epoll.poll()]
        select.select([self._ear], [], [], _LOOK)
        with self._lock:
            return list(self._watched)


def _is_gone(client: socket.socket) -> bool:
    """Whether it has closed its side; the number of a socket may be another one's by now."""
    try:
        asked = select.poll()
        asked.register(client, _GONE)
        if asked.poll(0):
            return True
        return not hasattr(select, "POLLRDHUP") and _has_ended(client)
    except (OSError, ValueError):
        return True


def _has_ended(client: socket.socket) -> bool:
    return bool(select.select([client], [], [], 0)[0]) and client.recv(1, socket.MSG_PEEK) == b""
