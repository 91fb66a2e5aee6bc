"""How fast may a target be told, and how soon is one that failed tried again?"""

from __future__ import annotations

from session_monitor.base import timestamps

GIVE_UP_AFTER = timestamps.DAY
MOST_TRIES = 50


class Bucket:
    """One Bucket gives leave to send: so many at once, and so many a minute in the long run."""

    def __init__(self, burst: int, a_minute: float, now: int) -> None:
        self._most = self._tokens = float(burst)
        self._each = timestamps.MINUTE / a_minute
        self._at = now

    def wait(self, now: int) -> int:
        """Milliseconds until there is leave; 0 where there is some."""
        self._fill(now)
        return 0 if self._tokens >= 1 else max(1, -int((self._tokens - 1) * self._each // 1))

    def take(self, now: int) -> None:
        """One is sent."""
        self._fill(now)
        self._tokens -= 1

    def _fill(self, now: int) -> None:
        passed = max(0, now - self._at)  # a clock that was put back gives nothing
        self._tokens = min(self._most, self._tokens + passed / self._each)
        self._at = now


def is_over(queued: int, tries: int, now: int) -> bool:
    """Whether what waits since then is given up after so many tries."""
    return tries >= MOST_TRIES or now - queued >= GIVE_UP_AFTER
