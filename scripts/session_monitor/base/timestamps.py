"""Which moment does an RFC 3339 time mean, and how is a moment written?

A moment is a number of milliseconds since 1970.
"""

from __future__ import annotations

import functools
import re
import time
from datetime import date, datetime, timedelta, timezone

from . import lazy_regex

MINUTE = 60_000
"""In milliseconds, as the others."""
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_START = datetime(1970, 1, 1, tzinfo=timezone.utc)
_START_DAY = _START.toordinal()

_TIME = lazy_regex.lazy(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)", re.ASCII)
_MINUTE = lazy_regex.lazy(r"\d{4}-\d\d-\d\dT\d\d:\d\d", re.ASCII)
_UNIX = lazy_regex.lazy(r"(\d{10})(?:\.(\d{1,9}))?|(\d{10})(\d{3})", re.ASCII)
_SECONDS = lazy_regex.lazy(r":[0-5]\d(\.\d{1,9})?Z", re.ASCII)


def now() -> int:
    """This moment."""
    return time.time_ns() // 1_000_000


def milliseconds(timestamp: str | None) -> int | None:
    """The moment of a time as ``utc`` gives it, ``2026-02-01T09:30:15.12Z``; None for None."""
    if timestamp is None:
        return None
    fraction = timestamp[20:23] if len(timestamp) >= 24 else timestamp[20:23].rstrip("Z").ljust(3, "0")
    return _minute(timestamp[:16]) + int(timestamp[17:19] + fraction)


@functools.lru_cache(1 << 14)
def _minute(text: str) -> int:
    days = date.fromisoformat(text[:10]).toordinal() - _START_DAY
    return days * DAY + int(text[11:13]) * HOUR + int(text[14:]) * MINUTE


def rfc3339(moment: int) -> str:
    """The time in UTC, ``2026-02-01T09:30:15.120Z``.  Raises OverflowError for what no calendar holds."""
    return (_START + timedelta(milliseconds=moment)).isoformat(timespec="milliseconds")[:23] + "Z"


def local_time(timestamp: str | None) -> str:
    """A UTC time of a log in this machine's time zone, ``2026-02-01T09:30:00+08:00``; ``-`` for None.

    A time at the edge of the calendar (Go writes the year 1 where it has none) stays as it is.
    """
    if timestamp is None:
        return "-"
    in_utc = datetime.fromisoformat(timestamp[:19]).replace(tzinfo=timezone.utc)
    try:
        return in_utc.astimezone().isoformat()
    except (ValueError, OverflowError):
        return timestamp


def utc(value: object) -> str | None:
    """An RFC 3339 time in UTC, with the fraction that the log gives; None where it is no time.

    Seconds and milliseconds since 1970, of ten and thirteen digits, are one as well, as a number or as text.
    """
    if not isinstance(value, str):
        return None if isinstance(value, bool) or not isinstance(value, (int, float)) else _of_unix_time(str(value))
    if _is_minute(value[:16]) and _SECONDS.fullmatch(value, 16):  # as the gateway writes it
        return value
    match = _TIME.fullmatch(value)
    if not match:
        return _of_unix_time(value)
    day, clock, fraction, zone = match.groups("")
    if zone == "Z":
        zone = "+0000"
    try:
        in_zone = datetime.fromisoformat(f"{day}T{clock}{zone[:3]}:{zone[-2:]}")
        return in_zone.astimezone(timezone.utc).replace(tzinfo=None).isoformat() + fraction + "Z"
    except (ValueError, OverflowError):
        return None


def _of_unix_time(text: str) -> str | None:
    match = _UNIX.fullmatch(text)
    if not match:
        return None
    seconds, fraction, whole, thousandths = match.groups()
    second = (_START + timedelta(seconds=int(seconds or whole))).replace(tzinfo=None).isoformat()
    rest = (fraction or "").rstrip("0") if seconds else thousandths
    return f"{second}.{rest}Z" if rest else f"{second}Z"


@functools.lru_cache(1024)
def _is_minute(text: str) -> bool:
    if not _MINUTE.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
