"""What does the query of a request ask for?"""

from __future__ import annotations

import functools
import json
from collections.abc import Collection
from datetime import datetime, timezone, tzinfo
from typing import NamedTuple

from session_monitor.base import data_tables, periods
from session_monitor.calls.outcome import OUTCOMES
from session_monitor.reports.selected.filters import STATUSES, BadMomentError, Selection, dollars, moment
from web.server.exchange import Refusal, Request

_LONGEST = 4000
"""Characters of a value."""
_MOST_NAMES = 50
_SHOWN = 40


_KEY = "key"
"""What every address takes."""


@functools.cache
def known(path: str) -> dict[str, frozenset[str]]:
    """The names of the parameters of each address, as a description of the API (OpenAPI) in the file of this path has them."""
    document = json.loads(data_tables.content(path))
    shared = document["components"]["parameters"]
    names: dict[str, frozenset[str]] = {}
    for address, ways in document["paths"].items():
        stated = [
            *ways.get("parameters", ()),
            *(each for way in _METHODS for each in ways.get(way, {}).get("parameters", ())),
        ]
        each_one = (shared[each["$ref"].rpartition("/")[2]] if "$ref" in each else each for each in stated)
        names[address] = frozenset(each["name"] for each in each_one if each["in"] == "query")
    return names


_METHODS = ("get", "post", "head")


def check_names(request: Request, names: Collection[str]) -> None:
    """Raises ``Refusal`` for a parameter with none of these names: what was meant by it would be missing in the answer."""
    unknown = next((name for name in request.query if name not in names and name != _KEY), None)
    if unknown is not None:
        there = ", ".join(sorted(names)) or "none"
        raise wrong(f"{request.path} has no parameter {unknown[:_SHOWN]}: there are {there}")


def wrong(text: str) -> Refusal:
    """A parameter is wrong."""
    return Refusal(400, "bad_parameter", text)


def text(request: Request, name: str) -> str | None:
    """A text; None where it was not given, or is empty."""
    value = request.one(name)
    if value and len(value) > _LONGEST:
        raise wrong(f"{name} is longer than {_LONGEST} characters")
    return value or None


def session_id(request: Request) -> str:
    """The id of the session that is meant, which is as long as its client liked."""
    value = request.one("id")
    if not value:
        raise wrong("the parameter id lacks")
    return value


def needed(request: Request, name: str) -> str:
    """A text that has to be there."""
    value = text(request, name)
    if value is None:
        raise wrong(f"the parameter {name} lacks")
    return value


def choice(request: Request, name: str, known: Collection[str], default: str) -> str:
    """One of some words."""
    value = text(request, name) or default
    if value not in known:
        raise wrong(f"{name} is one of {', '.join(known)}")
    return value


def choices(request: Request, name: str, known: Collection[str]) -> tuple[str, ...]:
    """Several of some words; none where the parameter lacks."""
    given = names(request, name)
    if any(each not in known for each in given):
        raise wrong(f"{name} is one of {', '.join(known)}")
    return given


def number(request: Request, name: str, least: int, most: int, default: int | None = None) -> int | None:
    """A whole number."""
    value = request.one(name)
    if value is None:
        return default
    if not (value.isascii() and value.isdecimal() and len(value) < 12 and least <= int(value) <= most):
        raise wrong(f"{name} is a whole number from {least} to {most}")
    return int(value)


def numbers(request: Request, name: str, most: int) -> tuple[int, ...]:
    """Whole numbers from 1 on, with commas between them; none where the parameter lacks."""
    value = request.one(name)
    if value is None:
        return ()
    parts = value.split(",")
    if len(parts) > most or not all(each.isascii() and each.isdecimal() and int(each[:10]) > 0 for each in parts):
        raise wrong(f"{name} is at most {most} whole numbers from 1 on, with commas between them")
    return tuple(int(each[:10]) for each in parts)


def limit(request: Request, default: int, most: int = 500) -> int:
    """At most so many."""
    return number(request, "limit", 1, most, default) or default


class Filters(NamedTuple):
    """What the filters of a request mean, and the time zone of its days with that zone's name."""

    selection: Selection
    zone: tzinfo | None
    zone_name: str


def filters(request: Request, now: int) -> Filters:
    """What the filters mean at a moment, in milliseconds.  Raises ``Refusal``."""
    zone_name = text(request, "timezone") or periods.LOCAL
    try:
        zone = periods.zone(zone_name)
    except periods.UnknownZoneError:
        raise wrong("timezone is a name like Asia/Shanghai, an offset like +08:00, UTC, or local") from None
    since, until = _moment(request, "since", now, zone), _moment(request, "until", now, zone, is_end=True)
    if since is not None and until is not None and since >= until:
        raise wrong("since is not before until")
    status = text(request, "status")
    if status and status not in STATUSES:
        raise wrong(f"status is one of {', '.join(STATUSES)}")
    models, consumers, part = names(request, "model"), names(request, "consumer"), text(request, "q")
    sessions = (_holding(part.strip()),) if part and part.strip() else ()
    # So that the answer to who asks for no status does not grow old.
    status_at = now if status else 0
    outcome = text(request, "outcome")
    if outcome and outcome not in OUTCOMES:
        raise wrong(f"outcome is one of {', '.join(OUTCOMES)}")
    selection = Selection(
        sessions=sessions,
        min_cost=_dollars(request),
        status=status,
        now=status_at,
        since=since,
        until=until,
        models=models,
        consumers=consumers,
        gateways=names(request, "gateway"),
        outcome=outcome,
    )
    return Filters(selection, zone, zone_name)


def several(request: Request, name: str, most: int) -> tuple[str, ...]:
    """All values of a parameter, empty ones as well."""
    values = tuple(request.query.get(name, ()))
    if len(values) > most:
        raise wrong(f"there are more than {most} of {name}")
    if any(len(value) > _LONGEST for value in values) and name != "id":
        raise wrong(f"{name} is longer than {_LONGEST} characters")
    return values


def period(given: str, now: int, zone: tzinfo | None) -> tuple[int | None, int | None]:
    """What ``SINCE/UNTIL`` means, each of which may lack."""
    first, _, last = given.partition("/")
    since, until = (
        _moment_of(each, "period", now, zone, is_end=is_end) if each else None
        for each, is_end in ((first, False), (last, True))
    )
    if since is not None and until is not None and since >= until:
        raise wrong("a period does not end after it begins")
    return since, until


def _moment(request: Request, name: str, now: int, zone: tzinfo | None, *, is_end: bool = False) -> int | None:
    given = text(request, name)
    return None if given is None else _moment_of(given, name, now, zone, is_end=is_end)


def _moment_of(given: str, name: str, now: int, zone: tzinfo | None, *, is_end: bool) -> int:
    current = datetime.fromtimestamp(now / 1000, timezone.utc)
    try:
        return moment(given, current, zone, is_end=is_end)
    except BadMomentError:
        form = "2026-02-01, 2026-02-01T09:30:00+08:00, today, yesterday, 24h, 7d or 2w"
        raise wrong(f"{name} is a time: {form}") from None


def names(request: Request, parameter: str) -> tuple[str, ...]:
    """All values of a parameter that takes several, without empty ones."""
    given = tuple(name for name in request.query.get(parameter, ()) if name)
    if len(given) > _MOST_NAMES or any(len(name) > _LONGEST for name in given):
        raise wrong(f"there are too many of {parameter}, or too long ones")
    return given


def _dollars(request: Request) -> int | None:
    given = text(request, "min_cost")
    try:
        return None if given is None else dollars(given)
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
