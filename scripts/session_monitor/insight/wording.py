"""How is a finding said to people, and to programs?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from session_monitor.base import timestamps
from session_monitor.prices import money
from session_monitor.text import humanize

from .basis import limits
from .basis.finding import CRITICAL, INFO, SEVERITIES, WARNING, Finding


def words(finding: Finding) -> str:
    """One sentence of what was found; names that strangers wrote are as they wrote them."""
    return _filled(limits.words(finding.kind, finding.details), finding)


def advice(finding: Finding) -> str:
    """One sentence of what to do; empty where there is nothing to do."""
    return _filled(limits.advice(finding.kind, finding.details), finding)


_NOUNS = {
    CRITICAL: ("critical", "critical"),
    WARNING: ("warning", "warnings"),
    INFO: ("for information", "for information"),
}


def counts(numbers: Mapping[str, int]) -> str:
    """How many findings there are of each severity, the gravest first: `1 critical, 2 warnings`; empty where there are none."""
    told = ((numbers.get(each, 0), _NOUNS[each]) for each in reversed(SEVERITIES))
    return ", ".join(f"{humanize.count(number)} {nouns[number != 1]}" for number, nouns in told if number)


SIGNS = {CRITICAL: "✗", WARNING: "⚠", INFO: "·"}


def signs(numbers: Mapping[str, int]) -> str:
    """The same as signs, for where there is little room: `✗1 ⚠2`; what is for information is left out."""
    return " ".join(f"{SIGNS[each]}{numbers[each]}" for each in (CRITICAL, WARNING) if numbers.get(each))


def to_json(finding: Finding) -> dict[str, Any]:
    """All of it, for JSON."""
    return {
        "kind": finding.kind,
        "group": limits.kinds()[finding.kind],
        "severity": finding.severity,
        "first_round": finding.first,
        "last_round": finding.last,
        "rounds": list(finding.rounds),
        "at": None if finding.at is None else timestamps.rfc3339(finding.at),
        "tokens": finding.tokens,
        "cost_usd": None if finding.pico is None else money.plain(finding.pico),
        "basis": finding.basis,
        "details": dict(_plain(name, value) for name, value in finding.details.items()),
        "words": words(finding),
        "advice": advice(finding),
    }


def _plain(name: str, value: Any) -> tuple[str, Any]:
    """A detail for JSON: pico-dollars as dollars, with the name that says so."""
    if not name.endswith(_PICO):
        return name, value
    return name[: -len(_PICO)] + "_usd", None if value is None else money.plain(value)


_PICO = "_pico"


def _filled(template: str, finding: Finding) -> str:
    """A template with what the finding holds; what it does not hold is ``?``."""
    own = {"first": finding.first, "last": finding.last, "rounds": len(finding.rounds), "tokens": finding.tokens}
    return template.format_map(_Shown({**own, **finding.details}))


class _Shown(dict[str, Any]):
    """Values as they are shown in a sentence."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__({name: _shown(name, value) for name, value in values.items()})

    def __missing__(self, _name: str) -> str:
        return "?"


def _shown(name: str, value: object) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(_shown(name, each) for each in value)
    if isinstance(value, int) and name.endswith("seconds"):
        return humanize.duration(value)
    if isinstance(value, int) and name.endswith(_PICO):
        return money.shown(value)
    return humanize.count(value) if isinstance(value, int) and not isinstance(value, bool) else str(value)
