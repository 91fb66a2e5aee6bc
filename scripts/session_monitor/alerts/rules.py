"""What is looked for besides budgets, and what is not told for a while?

Both stand in the data folder's ``.alerts.json``, beside who is to be told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from session_monitor.base import data_tables, timestamps
from session_monitor.delivery import targets
from session_monitor.delivery.event import CRITICAL, WARNING
from session_monitor.delivery.targets import BadAlertsFileError

FAILED_SHARE, DEAR_SESSION, LONG_SESSION = "failed_share", "dear_session", "long_session"
STUCK_AGENT, CACHE_BROKEN = "stuck_agent", "cache_broken"
UNREAD_LOG, LOST_CALLS, UNPRICED_MODEL = "unread_log", "lost_calls", "unpriced_model"
Rule = dict[str, Any]
Rules = Mapping[str, Rule]
"""The rules that hold, by their names; one that is off is not among them."""


class RuleMistakeError(ValueError):
    """What somebody wrote is no rule: says why."""


class Silence(NamedTuple):
    """Of rules whose names a pattern fits nothing is told until then (RFC 3339, UTC)."""

    rule: str
    until: str

    def is_over(self, now: int) -> bool:
        """Whether it holds no more."""
        return (timestamps.milliseconds(self.until) or 0) <= now


class Watched(NamedTuple):
    """The rules and silences of a data folder, and what is wrong in its file."""

    rules: Rules
    silences: tuple[Silence, ...]
    mistakes: list[str]

    def is_silent(self, rule: str, now: int) -> bool:
        """Whether nothing is told of a rule now."""
        return any(fnmatchcase(rule, each.rule) and not each.is_over(now) for each in self.silences)


def usual() -> dict[str, Rule | None]:
    """All rules with their usual limits, None for those that are off unless somebody sets a limit; as ``rules.json`` has them."""
    return {name: rule["usual"] for name, rule in _table().items()}


def about(name: str) -> str:
    """What a rule looks for, in words."""
    return str(_table()[name]["about"])


def _table() -> dict[str, Any]:
    return data_tables.beside(__file__, "rules.json")  # type: ignore[no-any-return]


def of_document(document: Mapping[str, Any]) -> Watched:
    """What a file says.  What is wrong there is among the mistakes, and the usual rule holds in its place."""
    mistakes: list[str] = []
    table = usual()
    own = document.get("rules", {})
    if not isinstance(own, Mapping):
        mistakes.append("rules must be an object")
        own = {}
    for name, limits in own.items():
        try:
            table[name] = made(name, limits)
        except RuleMistakeError as mistake:
            mistakes.append(f"rule {name}: {mistake}")
    silences = []
    listed = document.get("silences", [])
    for row in listed if isinstance(listed, list) else [None]:
        if isinstance(row, Mapping) and all(isinstance(row.get(name), str) for name in Silence._fields):
            silences.append(Silence(row["rule"], row["until"]))
        else:
            mistakes.append("a silence must be an object with rule and until")
    return Watched({name: rule for name, rule in table.items() if rule is not None}, tuple(silences), mistakes)


def made(name: str, limits: object) -> Rule | None:
    """A rule with the limits that a person wrote, and the usual ones where they say none; None for ``off``.

    Raises ``RuleMistakeError``.
    """
    table = _table()
    if name not in table:
        raise RuleMistakeError(f"there is no such rule; there are {', '.join(table)}")
    if limits is False or limits is None:
        return None
    if not isinstance(limits, Mapping):
        raise RuleMistakeError("must be an object with its limits, or false")
    known = table[name]["limits"]
    rule = dict(table[name]["usual"] or {})
    for key, value in limits.items():
        if key not in known:
            raise RuleMistakeError(f"{key} is no limit of it; there are {', '.join(known) or 'none'}")
        rule[key] = _limit(key, value)
    lacking = [key for key in known if key not in rule]
    if lacking:
        raise RuleMistakeError(f"it needs {' and '.join(lacking)}")
    return rule


_SHARE = re.compile(r"(\d{1,3})\s*%?", re.ASCII)
_DOLLARS = re.compile(r"\$?(\d{1,9}(?:\.\d{1,12})?)", re.ASCII)
_NUMBER = re.compile(r"\d{1,12}", re.ASCII)


def _limit(key: str, value: object) -> object:
    text = str(value).strip()
    if key == "share":
        match = _SHARE.fullmatch(text)
        if match and 0 < int(match[1]) <= 100:
            return int(match[1])
        raise RuleMistakeError(f"{value!r} is no share: write 1% to 100%")
    if key == "severity":
        if text in (WARNING, CRITICAL):
            return text
        raise RuleMistakeError(f"{value!r} is no severity: write {WARNING} or {CRITICAL}")
    if key == "usd":
        match = _DOLLARS.fullmatch(text)
        if match and match[1].strip("0."):
            return match[1]
        raise RuleMistakeError(f"{value!r} is no amount of dollars")
    if isinstance(value, bool) or not _NUMBER.fullmatch(text) or not int(text):
        raise RuleMistakeError(f"{value!r} is no number above 0")
    return int(text)


# -- the file ----------------------------------------------------------------------------------------------------------


def document(folder: str) -> Mapping[str, Any]:
    """What the file of a data folder holds; nothing where there is none, or none that can be used."""
    return usable(folder) or {}


def usable(folder: str) -> Mapping[str, Any] | None:
    """The same, None where there is a file that cannot be used as a whole."""
    try:
        found = targets.document(folder)
        targets.rows_of(found)
    except BadAlertsFileError:
        return None
    return found
