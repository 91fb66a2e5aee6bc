"""From which moment to which does a day, an hour, a week or a month last in some time zone?"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone, tzinfo
from typing import NamedTuple

LOCAL = "local"
HOUR, DAY, WEEK, MONTH = "hour", "day", "week", "month"
UNITS = (HOUR, DAY, WEEK, MONTH)


class UnknownZone(ValueError):  # noqa: N818
    """There is no such time zone, or this machine has no list of them."""


class Span(NamedTuple):
    """A span of time by its name, and the moments of its beginning and end, in milliseconds since 1970.

    Names sort as the spans do: ``2026-02-01 09:00`` for an hour, ``2026-02-01`` for a day, ``2026-W05`` for a week (ISO
    8601: from Monday on, the week of the year's first Thursday is 1), ``2026-02`` for a month.
    """

    name: str
    start: int
    end: int


def zone(name: str) -> tzinfo | None:
    """The zone with an IANA name; None for ``local``, this machine's.  Raises UnknownZone."""
    if name == LOCAL:
        return None
    if name.upper() == "UTC":
        return timezone.utc
    import zoneinfo  # noqa: PLC0415 -- most questions are about local days, and need not wait for it

    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnknownZone(name) from error


def date_of(moment: int, where: tzinfo | None) -> date:
    """The day on which a moment falls there; the first or the last one for what no calendar holds."""
    try:
        return _local(moment, where).date()
    except (OverflowError, ValueError):
        return date.max if moment > 0 else date.min


def start_of(day: date, where: tzinfo | None) -> int:
    """The moment at which a day begins, in milliseconds since 1970."""
    midnight = datetime.combine(day, time(), where)
    return int(midnight.astimezone(timezone.utc).timestamp()) * 1000


def spans(unit: str, start: int, end: int, where: tzinfo | None) -> list[Span]:
    """The spans that the time from ``start`` to before ``end`` falls into, the first and the last one cut to it."""
    found = []
    begin = start
    while begin < end:
        name, next_begin = _named(unit, begin, where)
        found.append(Span(name, begin, min(next_begin, end)))
        begin = next_begin
    return found


def _named(unit: str, moment: int, where: tzinfo | None) -> tuple[str, int]:
    """The name of the span that a moment falls into, and where the next one begins."""
    local = _local(moment, where)
    day = local.date()
    if unit == HOUR:
        passed = local.minute * 60_000 + local.second * 1000 + local.microsecond // 1000
        return f"{day} {local.hour:02}:00", moment - passed + 3_600_000
    if unit == DAY:
        return day.isoformat(), start_of(day + timedelta(1), where)
    if unit == WEEK:
        year, week, weekday = day.isocalendar()
        return f"{year}-W{week:02}", start_of(day + timedelta(8 - weekday), where)
    return f"{day:%Y-%m}", start_of(date(day.year + day.month // 12, day.month % 12 + 1, 1), where)


def _local(moment: int, where: tzinfo | None) -> datetime:
    return (_EPOCH + timedelta(milliseconds=moment)).astimezone(where)


_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
