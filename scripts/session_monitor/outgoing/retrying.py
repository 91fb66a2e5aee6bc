"""How soon is what was not taken tried again?"""

from __future__ import annotations

import email.utils
import math

LONGEST_WAIT = 15 * 60
"""Seconds: whoever asks for more is tried after these."""
LONGEST_BACK_OFF = 300
"""Seconds."""
JITTER = 0.2
"""So much of a wait comes and goes by chance, so that many who wait do not come back at once."""


def back_off(tries: int, chance: float) -> float:
    """Seconds to wait after so many tries: 1, 2, 4 … 300, a fifth more or less by chance (from 0 to 1)."""
    seconds = min(1 << min(tries - 1, 10), LONGEST_BACK_OFF)
    return seconds * (1 + JITTER * (2 * chance - 1))


def asked_wait(text: str | None, now: int) -> float | None:
    """What ``Retry-After`` asks for, as seconds from now on: it holds a number or a date."""
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(text).timestamp() - now / 1000
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    return max(seconds, 0) if math.isfinite(seconds) else None
