"""How is a number written for a person?"""

from __future__ import annotations

from collections.abc import Mapping

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
