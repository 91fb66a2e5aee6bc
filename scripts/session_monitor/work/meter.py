"""What have the calls of a piece of work cost until now, and may there be more?

Amounts are pico-dollars.  Several threads ask and count at once.
"""

from __future__ import annotations

import threading
from typing import NamedTuple


class MeterReading(NamedTuple):
    """What one call led to: whether the limit is passed, and whether it was this call that did it first; and what is spent by then."""

    is_over: bool
    is_new: bool
    spent: int


class Meter:
    """One Meter counts calls against a limit, which is None where there is none."""

    def __init__(self, limit: int | None) -> None:
        self.limit = limit
        self.spent = self.tokens = self.calls = self.unpriced = 0
        self._reserved = 0
        self._is_told = False
        self._lock = threading.Lock()

    def count(self, pico: int | None, tokens: int) -> MeterReading:
        """Count one call, of whose cost None says that nobody knows it."""
        with self._lock:
            self.calls += 1
            self.tokens += tokens
            self.spent += pico or 0
            self.unpriced += pico is None
            is_over = self.limit is not None and self.spent > self.limit
            is_new, self._is_told = is_over and not self._is_told, self._is_told or is_over
            return MeterReading(is_over, is_new, self.spent)

    def can_afford(self, pico: int) -> bool:
        """Whether so much more is within the limit, with what is reserved."""
        return self.limit is None or self.spent + self._reserved + pico <= self.limit

    def reserve(self, pico: int) -> bool:
        """Keep so much for a call that is to be made; False where it is not there."""
        with self._lock:
            if not self.can_afford(pico):
                return False
            self._reserved += pico
            return True

    def release(self, pico: int) -> None:
        """The call is counted, or was not made."""
        with self._lock:
            self._reserved -= pico
