"""From which moment to which does a day last in some time zone?"""

from __future__ import annotations

import zoneinfo
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from typing import NamedTuple

LOCAL = "local"


class UnknownZone(ValueError):  # noqa: N818
    """There is no such time zone, or this machine has no list of them."""


class Day(NamedTuple):
    """A day, and the moments of its beginning and of the next one's, in milliseconds since 1970."""

    date: date
    start: int
    end: int


def zone(name: str) -> tzinfo | None:
    """The zone with an IANA name; None for ``local``, this machine's.  Raises UnknownZone."""
    if name == LOCAL:
        return None
    if name.upper() == "UTC":
        return timezone.utc
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnknownZone(name) from error


def date_of(moment: int, where: tzinfo | None) -> date:
    """The day on which a moment falls there; the first or the last one for what no calendar holds."""
    try:
        return (_EPOCH + timedelta(milliseconds=moment)).astimezone(where).date()
    except (OverflowError, ValueError):
        return date.max if moment > 0 else date.min


def last(number: int, newest: date, where: tzinfo | None) -> list[Day]:
    """So many days, the newest last."""
    return [_day(newest - timedelta(back), where) for back in range(number - 1, -1, -1)]


def _day(day: date, where: tzinfo | None) -> Day:
    return Day(day, _start(day, where), _start(day + timedelta(1), where))


def _start(day: date, where: tzinfo | None) -> int:
    midnight = datetime.combine(day, time(), where)
    return int(midnight.astimezone(timezone.utc).timestamp()) * 1000


_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
