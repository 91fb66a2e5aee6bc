"""How fast does the reading go?"""

from __future__ import annotations

from typing import Callable

from .poll import Poll


class Pace:
    """How fast the reading goes."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """``clock`` gives seconds."""
        self._clock = clock
        self._since = clock()
        self.bytes_per_second = self.lines_per_second = 0.0
        self.seconds_left: float | None = None

    def of(self, poll: Poll) -> Pace:
        """Its pace until now."""
        seconds = max(self._clock() - self._since, 1e-6)
        self.bytes_per_second = poll.bytes_read / seconds
        self.lines_per_second = poll.coverage.lines / seconds
        self.seconds_left = poll.behind / self.bytes_per_second if self.bytes_per_second else None
        return self
