"""How is a number written for a person?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Callable

if TYPE_CHECKING:
    from datetime import tzinfo

_SIZES = ("B", "kB", "MB", "GB", "TB", "PB")
_TIMES = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def count(number: int) -> str:
    """The whole number with a comma between thousands: `1,250`."""
    return f"{number:,}"


def counted(number: int, noun: str) -> str:
    """The number and what it counts: `1 call`, `1,250 calls`."""
    return f"{count(number)} {noun}" if number == 1 else f"{count(number)} {noun}s"


def bracketed(counts: Mapping[str, int]) -> str:
    """What there is of some things, to stand behind their sum: ` (3 failed, 1 left)`; nothing where there are none."""
    told = ", ".join(f"{count(number)} {label}" for label, number in counts.items() if number)
    return f" ({told})" if told else ""


def size(number: float) -> str:
    """That many bytes in decimal units and three significant digits: `12.3 MB`, `120 MB`."""
    unit = 0
    # 999.5 and up would round to four digits, so it already belongs to the next unit.
    while number >= 999.5 and unit < len(_SIZES) - 1:
        number, unit = number / 1000, unit + 1
    return f"{number:.3g} {_SIZES[unit]}" if number < 999.5 else f"{number:,.0f} {_SIZES[unit]}"


def duration(seconds: float) -> str:
    """A span of time in its two largest units: `41 s`, `3 min 20 s`, `2 h 5 min`; never below `0 s`."""
    return " ".join(_units(seconds)[:2])


def ago(seconds: float) -> str:
    """How long ago something was, in its largest unit alone: `12 s ago`, `3 min ago`."""
    return f"{_units(seconds)[0]} ago"


def moments(now: int, zone: tzinfo | None) -> Callable[[int], str]:
    """What tells moments in words, as of ``now``, both in milliseconds since 1970: `3 min ago`, `yesterday 14:02`.

    What is longer ago than an hour is told as `today 09:14`, `yesterday 14:02` or, of another day, `2026-02-01 14:02`, in that
    zone or, for None, this machine's.
    """
    from datetime import datetime, timedelta, timezone  # noqa: PLC0415 -- what tells no times need not wait for it

    start = datetime(1970, 1, 1, tzinfo=timezone.utc)
    today = (start + timedelta(milliseconds=now)).astimezone(zone).date().toordinal()

    def told(moment: int) -> str:
        seconds = (now - moment) / 1000
        if -_JUST_NOW < seconds < _AN_HOUR:
            return ago(seconds)
        try:
            then = (start + timedelta(milliseconds=moment)).astimezone(zone)
        except (OverflowError, ValueError):  # no calendar holds it: Go writes the year 1 where it has no time
            return "-"
        days = today - then.toordinal()
        day = then.date().isoformat() if days not in _DAYS else _DAYS[days]
        return f"{day} {then.hour:02}:{then.minute:02}"

    return told


_JUST_NOW, _AN_HOUR = 60, 3600  # seconds; a gateway's clock may be ahead of ours
_DAYS = {0: "today", 1: "yesterday"}


def _units(seconds: float) -> list[str]:
    """The span from its largest unit downwards; a unit that counts nothing ends it."""
    left = max(0, round(seconds))
    parts: list[str] = []
    for name, length in _TIMES:
        number, left = divmod(left, length)
        if not number and parts:
            break
        if number:
            parts.append(f"{number} {name}")
    return parts or ["0 s"]
