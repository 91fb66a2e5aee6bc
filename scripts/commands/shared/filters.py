"""Which sessions and calls does somebody ask about?"""

from __future__ import annotations

import argparse
from datetime import datetime, timezone, tzinfo
from typing import Any

from session_monitor.base import periods, settings
from session_monitor.base.timestamps import now
from session_monitor.calls.outcome import OUTCOMES
from session_monitor.reports.report import Report
from session_monitor.reports.selected.filters import STATUSES, BadMomentError, Selection, dollars, moment
from session_monitor.text import safe

from .failures import USAGE, Failure
from .parsers import parent


def parser() -> argparse.ArgumentParser:
    """What chooses sessions and calls, with the time zone in which days are meant: a parent of a command's parser."""
    filters = parent()
    group = filters.add_argument_group("filters")
    group.add_argument(
        "--since",
        metavar="TIME",
        help="from then on: 2026-02-01, an RFC 3339 time, today, yesterday, or 24h, 7d, 2w ago",
    )
    group.add_argument("--until", metavar="TIME", help="up to then; a day is meant to its end")
    _add_timezone(group)
    group.add_argument("--model", action="append", metavar="NAME", help="calls of this model or pattern ('gpt-*')")
    group.add_argument("--consumer", action="append", metavar="NAME", help="calls of this consumer or pattern")
    group.add_argument(
        "--gateway", action="append", metavar="NAME", help="calls of this gateway or pattern, where there are many"
    )
    group.add_argument(
        "--outcome",
        choices=OUTCOMES,
        help="calls that were answered, that the client left before the gateway saw their end, or that failed",
    )
    group.add_argument("--session", action="append", metavar="ID", help="this session, or those of a pattern ('a:*')")
    group.add_argument("--min-cost", type=_dollars, metavar="USD", help="sessions that cost at least so much")
    group.add_argument(
        "--status",
        choices=STATUSES,
        help="sessions that talked within 15 minutes, that did not, whose last call failed, that have failed calls, "
        "that were silent for 12 hours or marked by 'recover', or that are archived",
    )
    return filters


def _add_timezone(group: Any) -> None:
    group.add_argument(
        "--timezone",
        default=settings.TIMEZONE,
        metavar="ZONE",
        help=f"whose days, such as Asia/Shanghai, +08:00 or UTC (default: {settings.TIMEZONE.told})",
    )


def _dollars(text: str) -> int:
    try:
        return dollars(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no amount of dollars, such as 0.50") from None


def zone(name: str) -> tzinfo | None:
    """The time zone of this name; None is this machine's own.  Raises ``Failure``."""
    try:
        return periods.zone(name)
    except periods.UnknownZoneError:
        text = f"no time zone {name}: name one like Asia/Shanghai, or an offset like +08:00 (or this machine has no list of them: tzdata)"
        raise Failure("bad_timezone", text, USAGE) from None


def time_of(text: str, where: tzinfo | None = None, *, is_end: bool = False) -> int:
    """The moment that a person wrote, in milliseconds since 1970; of a day its end where ``is_end``.  Raises ``Failure``."""
    try:
        return moment(text, datetime.now(timezone.utc), where, is_end=is_end)
    except BadMomentError:
        wrong = f"{text} is no time: write 2026-02-01, 2026-02-01T09:30:00+08:00, today, yesterday, 24h, 7d or 2w"
        raise Failure("bad_time", wrong, USAGE) from None


def selection(options: argparse.Namespace) -> Selection:
    """What the filters that were given mean.  Raises ``Failure``."""
    where = zone(options.timezone)
    since = None if options.since is None else time_of(options.since, where)
    until = None if options.until is None else time_of(options.until, where, is_end=True)
    if since is not None and until is not None and since >= until:
        raise Failure("bad_time", f"--since {options.since} is not before --until {options.until}", USAGE)
    return Selection(
        sessions=tuple(options.session or ()),
        min_cost=options.min_cost,
        status=options.status,
        now=now(),
        since=since,
        until=until,
        models=tuple(options.model or ()),
        consumers=tuple(options.consumer or ()),
        gateways=tuple(options.gateway or ()),
        outcome=options.outcome,
    )


_IN_WORDS = ("since", "until", "session", "status", "model", "consumer", "gateway", "outcome")


def in_words(options: argparse.Namespace) -> list[str]:
    """The filters that were given, as they were typed but for the amount."""
    given = {name: getattr(options, name) for name in _IN_WORDS}
    words = [
        f"--{name} {' '.join(value if isinstance(value, list) else [value])}" for name, value in given.items() if value
    ]
    return [*words, *(["--min-cost"] if options.min_cost is not None else [])]


def why_empty(report: Report, options: argparse.Namespace, what: str) -> str:
    """Why an answer about sessions, calls or rounds (``what``) is empty, and what would not be."""
    everything = report.overview()
    if not everything.sessions:
        folder = safe.cell(report.folder)
        return (
            f"No sessions in {folder} yet: run main.py on a gateway's access log first ('doctor' finds what is wrong)."
        )
    hints = []
    where = zone(options.timezone)
    if (options.since or options.until) and everything.newest is not None and everything.oldest is not None:
        oldest, newest = (periods.date_of(time, where) for time in (everything.oldest, everything.newest))
        hints.append(f"the calls are of {oldest} to {newest}, so --since {newest} shows the newest day")
    for column in ("model", "consumer"):
        if getattr(options, column):
            names = ", ".join(safe.cell(name) for name in report.known(column))
            hints.append(f"there are the {column}s {names}" if names else f"no call names a {column}")
    wanted = safe.cell(" ".join(in_words(options)))
    return f"No {what} with {wanted}" + (f": {'; '.join(hints)}." if hints else ".")
