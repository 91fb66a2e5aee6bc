"""How long is waited for whoever reads an answer?"""

from __future__ import annotations

import socket
import time
from typing import Callable

_PIECE = 65_536


class Outgoing:
    """What is sent to one reader, who takes it at a least rate but for pauses.

    A pause, and what is missing at that rate, may be ``patience`` seconds; it is made up for by what is taken faster.
    The time in which there was nothing to send is nobody's.
    """

    def __init__(
        self, opened: socket.socket, patience: float, rate: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """``rate`` is in bytes a second, and ``clock`` gives seconds."""
        self._socket = opened
        self._most = self._left = patience
        self._rate = rate
        self._clock = clock

    def send(self, data: bytes) -> None:
        """Send all of it.  Raises ``OSError``, also where it is not taken in time."""
        rest = memoryview(data)
        while rest:
            if self._left <= 0:
                raise TimeoutError("whoever reads is too slow")
            self._socket.settimeout(self._left)
            started = self._clock()
            count = self._socket.send(rest[:_PIECE])
            took = self._clock() - started
            self._left = min(self._left + count / self._rate - took, self._most)
            rest = rest[count:]
