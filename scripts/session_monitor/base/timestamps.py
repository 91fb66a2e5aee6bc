"""Which moment does a time in a session file mean?"""

from __future__ import annotations

import functools
import re
import time
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


_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)", re.ASCII)


_MINUTE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d", re.ASCII)


_SECONDS = re.compile(r":[0-5]\d(\.\d{1,9})?Z", re.ASCII)


def utc(value: object) -> str | None:
    """An RFC 3339 time in UTC, with the fraction that the log gives; ``None`` where it is no time."""
    if not isinstance(value, str):
        return None
    if _is_minute(value[:16]) and _SECONDS.fullmatch(value, 16):  # as the gateway writes it
        return value
    found = _TIME.fullmatch(value)
    if not found:
        return None
    day, clock, fraction, zone = found.groups("")
    if zone == "Z":
        zone = "+0000"
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}{zone[:3]}:{zone[-2:]}")
        return moment.astimezone(timezone.utc).replace(tzinfo=None).isoformat() + fraction + "Z"
    except (ValueError, OverflowError):
        return None


@functools.lru_cache(1024)
def _is_minute(text: str) -> bool:
    if not _MINUTE.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def now() -> int:
    """This moment, in milliseconds since 1970."""
    return time.time_ns() // 1_000_000
