"""How does a program wait, and end, by signals?"""

from __future__ import annotations

import contextlib
import os
import select
import signal
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType


class Signals:
    """SIGINT, SIGTERM and SIGHUP ask for an end, a changed window size wakes the sleeper."""

    def __init__(self) -> None:
        """Nothing is caught before ``catch``."""
        self.received = 0
        self._read, self._write = os.pipe()

    def stop(self) -> bool:
        """Whether an end was asked for."""
        return self.received != 0

    @contextlib.contextmanager
    def catch(self) -> Iterator[None]:
        """Catch them while the block runs."""
        os.set_blocking(self._write, False)
        wakeup = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        before = {number: signal.signal(number, self._end) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        before[signal.SIGWINCH] = signal.signal(signal.SIGWINCH, lambda _number, _frame: None)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(wakeup)

    def _end(self, number: int, _frame: FrameType | None) -> None:
        if self.received:  # somebody insists
            raise KeyboardInterrupt
        self.received = number

    def sleep(self, seconds: float) -> None:
        """Wait, or until a signal comes."""
        if select.select([self._read], [], [], seconds)[0]:
            os.read(self._read, 1024)
