"""What does the query of a request ask for?"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timezone, tzinfo
from typing import Any, NamedTuple

from session_monitor.base import periods
from session_monitor.reports import filters as selection
from session_monitor.reports.filters import STATES, Selection
from web.server.exchange import Refusal, Request

_LONGEST = 4000
"""Characters of a value."""
_MOST_NAMES = 50


def wrong(text: str) -> Refusal:
    """A parameter is wrong."""
    return Refusal(400, "bad_parameter", text)


def text(request: Request, name: str) -> str | None:
    """A text; None where it was not given, or is empty."""
    found = request.one(name)
    if found and len(found) > _LONGEST:
        raise wrong(f"{name} is longer than {_LONGEST} characters")
    return found or None


def session_id(request: Request) -> str:
    """The id of the session that is meant, which is as long as its client liked."""
    found = request.one("id")
    if not found:
        raise wrong("the parameter id lacks")
    return found


def needed(request: Request, name: str) -> str:
    """A text that has to be there."""
    found = text(request, name)
    if found is None:
        raise wrong(f"the parameter {name} lacks")
    return found


def choice(request: Request, name: str, known: Collection[str], default: str) -> str:
    """One of some words."""
    found = text(request, name) or default
    if found not in known:
        raise wrong(f"{name} is one of {', '.join(known)}")
    return found


def number(request: Request, name: str, least: int, most: int, default: int | None = None) -> int | None:
    """A whole number."""
    found = request.one(name)
    if found is None:
        return default
    if not (found.isascii() and found.isdecimal() and len(found) < 12 and least <= int(found) <= most):
        raise wrong(f"{name} is a whole number from {least} to {most}")
    return int(found)


def limit(request: Request, default: int, most: int = 500) -> int:
    """At most so many."""
    return number(request, "limit", 1, most, default) or default


class Meant(NamedTuple):
    """What the filters mean, the time zone of days with its name, and all of it as a key."""

    selection: Selection
    where: tzinfo | None
    zone: str
    key: tuple[Any, ...]


def filters(request: Request, now: int) -> Meant:
    """What the filters mean at a moment, in milliseconds.  Raises ``Refusal``."""
    name = text(request, "timezone") or periods.LOCAL
    try:
        where = periods.zone(name)
    except periods.UnknownZoneError:
        raise wrong("timezone is a name like Asia/Shanghai, UTC, or local") from None
    since, until = _moment(request, "since", now, where), _moment(request, "until", now, where, is_end=True)
    if since is not None and until is not None and since >= until:
        raise wrong("since is not before until")
    status = text(request, "status")
    if status and status not in STATES:
        raise wrong(f"status is one of {', '.join(STATES)}")
    models, consumers, part = _names(request, "model"), _names(request, "consumer"), text(request, "q")
    sessions = (_holding(part.strip()),) if part and part.strip() else ()
    cost = _dollars(request)
    meant = Selection(sessions, cost, status, now, since, until, models, consumers)
    return Meant(meant, where, name, (name, *meant._replace(now=now if status else 0)))


def _moment(request: Request, name: str, now: int, where: tzinfo | None, *, is_end: bool = False) -> int | None:
    given = text(request, name)
    if given is None:
        return None
    current = datetime.fromtimestamp(now / 1000, timezone.utc)
    try:
        return selection.moment(given, current, where, is_end=is_end)
    except selection.BadMomentError:
        form = "2026-02-01, 2026-02-01T09:30:00+08:00, today, yesterday, 24h, 7d or 2w"
        raise wrong(f"{name} is a time: {form}") from None


def _names(request: Request, name: str) -> tuple[str, ...]:
    found = tuple(each for each in request.query.get(name, ()) if each)
    if len(found) > _MOST_NAMES or any(len(each) > _LONGEST for each in found):
        raise wrong(f"there are too many of {name}, or too long ones")
    return found


def _dollars(request: Request) -> int | None:
    given = text(request, "min_cost")
    try:
        return None if given is None else selection.dollars(given)
    except ValueError:
        raise wrong("min_cost is an amount of dollars, such as 0.50") from None


def _holding(part: str) -> str:
    """The pattern of ids that hold this text, in letters of either case."""
    if len(part) > 200:
        raise wrong("q is longer than 200 characters")
    return f"*{''.join(map(_either, part))}*"


def _either(letter: str) -> str:
    if letter.isascii() and letter.isalpha():
        return f"[{letter.lower()}{letter.upper()}]"
    return f"[{letter}]" if letter in "*?[" else letter
