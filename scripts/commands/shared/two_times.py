"""Which time is held against which other one?"""

from __future__ import annotations

import argparse
from datetime import datetime, timezone, tzinfo
from typing import NamedTuple

from session_monitor.base import periods as periods_room
from session_monitor.base import timestamps
from session_monitor.reports.selected.filters import END, Selection

from . import failures, filters
from .failures import Failure


class Period(NamedTuple):
    """From one moment to another, which is not in it, in milliseconds since 1970."""

    since: int
    until: int

    def of(self, meant: Selection) -> Selection:
        """The calls of this time that are meant."""
        return meant._replace(since=self.since, until=self.until)


def add_against(command: argparse.ArgumentParser) -> None:
    """Add the option that says where the other time begins."""
    command.add_argument(
        "--against",
        metavar="TIME",
        help="where the other time begins, which is as long (default: so that it ends where --since begins)",
    )


def periods(options: argparse.Namespace, meant: Selection) -> tuple[Period, Period]:
    """The time that is asked about, and the one that it is held against.  Raises ``Failure``."""
    if meant.since is None:
        raise Failure("bad_time", "say with --since where the time begins that is compared, such as 7d", failures.USAGE)
    until = meant.now if meant.until is None else meant.until
    length = until - meant.since
    if length <= 0:
        raise Failure("bad_time", f"--since {options.since} is still to come", failures.USAGE)
    start = meant.since - length
    if options.against is not None:
        start = filters.time_of(options.against, filters.zone(options.timezone))
    if start < _FIRST:
        raise Failure("bad_time", "so long before it there is no calendar: name a later --since", failures.USAGE)
    if start + length > END:
        raise Failure("bad_time", "so long after it there is no calendar: name an earlier --against", failures.USAGE)
    return Period(meant.since, until), Period(start, start + length)


_FIRST = -62_135_510_400_000
"""The end of the first day of the year 1, in milliseconds since 1970, which every time zone has."""


def in_json(period: Period) -> dict[str, str]:
    """Both moments, for JSON."""
    return {name: timestamps.rfc3339(moment) for name, moment in period._asdict().items()}


def heading(period: Period, where: tzinfo | None) -> str:
    """The first and the last minute in a time zone; the day of the last one where it is another; whole days by their dates."""
    first, last = (_at(each, where) for each in (period.since, period.until - 1))
    if f"{first:%H:%M}{last:%H:%M}" == "00:0023:59":
        return f"{first:%Y-%m-%d}" if last.date() == first.date() else f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"
    end = f"{last:%H:%M}" if last.date() == first.date() else f"{last:%Y-%m-%d %H:%M}"
    return f"{first:%Y-%m-%d %H:%M} to {end}"


def _at(moment: int, where: tzinfo | None) -> datetime:
    """In a time zone; in UTC at the edges of the calendar, which a zone may lie beyond."""
    try:
        return periods_room.local_time(moment, where)
    except (ValueError, OverflowError):
        return periods_room.local_time(moment, timezone.utc)
