"""Which moment does a time in a session file mean?"""

from __future__ import annotations

import functools
from datetime import date, datetime, timedelta, timezone

DAY = 86_400_000
_EPOCH = date(1970, 1, 1).toordinal()


def milliseconds(timestamp: str | None) -> int | None:
    """Milliseconds since 1970 of a time as the session files have it, ``2026-02-01T09:30:15.12Z``; None for none."""
    if timestamp is None:
        return None
    seconds = int(timestamp[11:13]) * 3600 + int(timestamp[14:16]) * 60 + int(timestamp[17:19])
    fraction = timestamp[20:23].rstrip("Z") if timestamp[19:20] == "." else ""
    return _day(timestamp[:10]) * DAY + seconds * 1000 + int(fraction.ljust(3, "0") or 0)


@functools.lru_cache(1024)
def _day(text: str) -> int:
    return date.fromisoformat(text).toordinal() - _EPOCH


def rfc3339(moment: int) -> str:
    """The time in UTC, ``2026-02-01T09:30:15.120Z``."""
    return (_START + timedelta(milliseconds=moment)).isoformat(timespec="milliseconds")[:23] + "Z"


_START = datetime(1970, 1, 1, tzinfo=timezone.utc)
