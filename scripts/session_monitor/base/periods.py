"""From which moment to which does a day, an hour, a week or a month last in some time zone?"""

from __future__ import annotations

import os
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from typing import NamedTuple

LOCAL = "local"
HOUR, DAY, WEEK, MONTH = "hour", "day", "week", "month"
UNITS = (HOUR, DAY, WEEK, MONTH)


class UnknownZoneError(ValueError):
    """There is no such time zone, or this machine has no list of them."""


class TimeSpan(NamedTuple):
    """A span of time by its name, and the moments of its beginning and end, in milliseconds since 1970.

    Names sort as the spans do: ``2026-02-01 09:00`` for an hour, ``2026-02-01`` for a day, ``2026-W05`` for a week (ISO
    8601: from Monday on, the week of the year's first Thursday is 1), ``2026-02`` for a month.
    """

    name: str
    start: int
    end: int


def zone(name: str) -> tzinfo | None:
    """The zone with an IANA name, or with an offset such as ``+08:00``; None for ``local``, this machine's.

    Raises UnknownZoneError.
    """
    if name == LOCAL:
        return None
    if name.upper() == "UTC":
        return timezone.utc
    if name.startswith(("+", "-")):
        return _of_offset(name)
    import zoneinfo  # noqa: PLC0415 -- most questions are about local days, and need not wait for it

    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnknownZoneError(name) from error


def _of_offset(text: str) -> tzinfo:
    """Hours and minutes east of UTC, as RFC 3339 writes them."""
    try:
        return datetime.strptime(text, "%z").tzinfo or timezone.utc
    except ValueError:
        raise UnknownZoneError(text) from None


def local_name() -> str | None:
    """This machine's zone by its IANA name; None where the machine does not tell it."""
    # The C library takes a zone from the environment first, then from this file, and else is in UTC.
    place = os.path.realpath("/etc/localtime")
    name = os.environ.get("TZ", "").lstrip(":") or place.partition("/zoneinfo/")[2]
    if not name and not os.path.exists(place):
        return "UTC"
    try:
        return name if zone(name) else None
    except UnknownZoneError:
        return None


def date_of(moment: int, where: tzinfo | None) -> date:
    """The day on which a moment falls there; the first or the last one for what no calendar holds."""
    try:
        return local_time(moment, where).date()
    except (OverflowError, ValueError):
        return date.max if moment > 0 else date.min


def start_of(day: date, where: tzinfo | None) -> int:
    """The moment at which a day begins, in milliseconds since 1970."""
    midnight = datetime.combine(day, time(), where)
    return int(midnight.astimezone(timezone.utc).timestamp()) * 1000


def span_of(unit: str, moment: int, where: tzinfo | None) -> TimeSpan:
    """The span that a moment falls into; a day by itself for what no calendar holds."""
    try:
        local = local_time(moment, where)
        name, start, next_day = _FIND[unit](local)
        if unit == HOUR:
            passed = local.minute * 60_000 + local.second * 1000 + local.microsecond // 1000
            return TimeSpan(name, moment - passed, moment - passed + 3_600_000)
        return TimeSpan(name, start_of(start, where), start_of(next_day, where))
    except (OverflowError, ValueError):
        return TimeSpan(date_of(moment, where).isoformat(), moment, moment + _DAY)


def _hour(local: datetime) -> tuple[str, date, date]:
    return f"{local.date()} {local.hour:02}:00", local.date(), local.date()


def _day(local: datetime) -> tuple[str, date, date]:
    day = local.date()
    return day.isoformat(), day, day + timedelta(1)


def _week(local: datetime) -> tuple[str, date, date]:
    day = local.date()
    year, week, weekday = day.isocalendar()
    return f"{year}-W{week:02}", day - timedelta(weekday - 1), day + timedelta(8 - weekday)


def _month(local: datetime) -> tuple[str, date, date]:
    day = local.date().replace(day=1)
    return day.isoformat()[:7], day, date(day.year + day.month // 12, day.month % 12 + 1, 1)


_FIND = {HOUR: _hour, DAY: _day, WEEK: _week, MONTH: _month}


def local_time(moment: int, where: tzinfo | None) -> datetime:
    """A moment as clocks there show it.  Raises OverflowError and ValueError for what no calendar holds."""
    return (_EPOCH + timedelta(milliseconds=moment)).astimezone(where)


_DAY = 86_400_000
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
