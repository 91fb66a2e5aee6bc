"""Which moment does a time in a session file mean?"""

from __future__ import annotations

import functools
from datetime import date, datetime, timedelta, timezone

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
_EPOCH = date(1970, 1, 1).toordinal()


def milliseconds(timestamp: str | None) -> int | None:
    """Milliseconds since 1970 of a time as the session files have it, ``2026-02-01T09:30:15.12Z``; None for none."""
    if timestamp is None:
        return None
    fraction = timestamp[20:23] if len(timestamp) >= 24 else timestamp[20:23].rstrip("Z").ljust(3, "0")
    return _minute(timestamp[:16]) + int(timestamp[17:19] + fraction)


@functools.lru_cache(1 << 14)
def _minute(text: str) -> int:
    days = date.fromisoformat(text[:10]).toordinal() - _EPOCH
    return days * DAY + int(text[11:13]) * HOUR + int(text[14:]) * MINUTE


def rfc3339(moment: int) -> str:
    """The time in UTC, ``2026-02-01T09:30:15.120Z``."""
    return (_START + timedelta(milliseconds=moment)).isoformat(timespec="milliseconds")[:23] + "Z"


_START = datetime(1970, 1, 1, tzinfo=timezone.utc)


def local_time(timestamp: str | None) -> str:
    """A UTC time of a log in this machine's time zone, ``2026-02-01T09:30:00+08:00``; ``-`` for None.

    A time at the edge of the calendar (Go writes the year 1 where it has none) stays as it is.
    """
    if timestamp is None:
        return "-"
    moment = datetime.fromisoformat(timestamp[:19]).replace(tzinfo=timezone.utc)
    try:
        return moment.astimezone().isoformat()
    except (ValueError, OverflowError):
        return timestamp
