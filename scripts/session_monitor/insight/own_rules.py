"""What does a person want to be found, and what not any more?

As ``.insights.json`` of the data folder says, with the mistakes in it as values: the usual holds in their place.

    {"schema_version": 1, "rules": {"repeat_call": {"times": 5}, "fork": false}, "least": {"usd": "0.05", "tokens": 9000},
     "caches": [{"models": ["mine-*"], "least": 256}], "dismissed": [{"session": "s1", "kind": "cycle", "first": 12}]}

``rules`` has limits of kinds of findings, ``false`` for those that are not looked for; ``least`` is what a finding has to be worth, ``caches``
are rules of providers' caches, and ``dismissed`` are findings that are not told again, each by the round where it begins.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Mapping
from typing import Any, Callable, NamedTuple

from session_monitor import __version__
from session_monitor.base import data_folder, files, hashing, stated_file
from session_monitor.prices.book import Book

from .basis import cache_rules, limits
from .basis.limits import Limits, Rules
from .judging import judgement

SCHEMA = 1
RULES, LEAST, DISMISSED = "rules", "least", "dismissed"
WINDOWS = "windows"
"""The limit that is an object: tokens that models can take, by their names."""


class BadInsightRulesError(files.MistakeInFileError):
    """The file of a person's own rules cannot be used at all: says where, and why."""

    code = "bad_insight_rules"


class InsightRuleMistakeError(ValueError):
    """What somebody wrote is no rule: says why."""


class DismissedFinding(NamedTuple):
    """A finding that is not to be told again: its session's id, its kind, and the round where it begins."""

    session: str
    kind: str
    first: int


class OwnRules(NamedTuple):
    """The rules that hold, what is dismissed, and what is wrong in the file, in words."""

    rules: Rules
    dismissed: frozenset[DismissedFinding]
    mistakes: tuple[str, ...]


def path_of(folder: str) -> str:
    """Where a data folder's own rules stand."""
    return os.path.join(folder, data_folder.INSIGHT_RULES)


def state(folder: str) -> tuple[int, int, int] | None:
    """Changes when the file does; None where there is none."""
    return stated_file.stamp(path_of(folder))


def read(folder: str) -> OwnRules:
    """What holds in a data folder.  A file that cannot be used is a mistake, with which the usual holds."""
    try:
        document = stated_file.asked(path_of(folder), SCHEMA, BadInsightRulesError)
    except BadInsightRulesError as mistake:
        return OwnRules(limits.usual(), frozenset(), (str(mistake),))
    return of_document(document or {})


def of_document(document: Mapping[str, Any]) -> OwnRules:
    """What a file says."""
    mistakes: list[str] = []
    own: dict[str, Limits | None] = {}
    for kind, value in _object(document, RULES, mistakes).items():
        try:
            own[kind] = _made(kind, value)
        except InsightRuleMistakeError as mistake:
            mistakes.append(f"rule {kind}: {mistake}")
    least: dict[str, object] = {}
    for name, value in _object(document, LEAST, mistakes).items():
        try:
            least[name] = _worth(name, value)
        except InsightRuleMistakeError as mistake:
            mistakes.append(f"least: {mistake}")
    caches = []
    for at, row in enumerate(_list(document, "caches", mistakes)):
        wrong = list(cache_rules.mistakes(row))
        mistakes += [f"caches[{at}]: {each}" for each in wrong]
        if not wrong:
            caches.append(row)
    dismissed = set()
    for at, row in enumerate(_list(document, DISMISSED, mistakes)):
        if _is_dismissed(row):
            dismissed.add(DismissedFinding(row["session"], row["kind"], row["first"]))
        else:
            mistakes.append(f"dismissed[{at}] must be an object with session, kind and first, a round's number")
    return OwnRules(limits.made(own, least, caches), frozenset(dismissed), tuple(mistakes))


def fingerprint(rules: Rules, book: Book) -> str:
    """Another one whenever prices or rules are."""
    known = json.dumps((rules.limits, rules.least_pico, rules.least_tokens, rules.caches.own), sort_keys=True)
    parts = __version__, str(judgement.VERSION), book.fingerprint, known
    return hashing.blake2b("\n".join(parts).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


# -- changing it -------------------------------------------------------------------------------------------------------


def set_limits(folder: str, kind: str, own: Limits) -> None:
    """Let these limits of a kind hold from now on, beside its others that are set; of ``LEAST``, what a finding has to be worth.

    Raises ``InsightRuleMistakeError``, ``BadInsightRulesError`` and ``OSError``.
    """
    if kind == LEAST:
        checked: Limits = {name: _worth(name, value) for name, value in own.items()}
    else:
        checked = _made(kind, own) or {}

    def change(known: object) -> object:
        there = known if isinstance(known, dict) else {}
        if WINDOWS not in checked or not isinstance(there.get(WINDOWS), dict):
            return {**there, **checked}
        return {**there, **checked, WINDOWS: {**there[WINDOWS], **checked[WINDOWS]}}

    _change_rule(folder, kind, change)


def turn_off(folder: str, kind: str) -> None:
    """Do not look for a kind of finding.  Raises as ``set_limits`` does."""
    _made(kind, None)
    _change_rule(folder, kind, lambda _known: False)


def back_to_usual(folder: str, kind: str) -> None:
    """Let the usual limits of a kind, or of ``LEAST``, hold again.  Raises as ``set_limits`` does."""
    if kind != LEAST:
        _made(kind, {})
    _change_rule(folder, kind, lambda _known: None)


def _change_rule(folder: str, kind: str, change: Callable[[object], object]) -> None:
    """Put something else in the place of what is set of a kind; None for nothing."""

    def changed(document: dict[str, Any]) -> dict[str, Any]:
        rules = document if kind == LEAST else _there(document, RULES, dict, folder)
        new = change(rules.get(kind))
        rest = {name: value for name, value in rules.items() if name != kind}
        rules = rest if new is None else {**rest, kind: new}
        return rules if kind == LEAST else {**document, RULES: rules}

    _change(folder, changed)


def dismiss(folder: str, finding: DismissedFinding) -> bool:
    """Do not tell a finding again; False where it is dismissed already.  Raises ``BadInsightRulesError`` and ``OSError``."""

    def change(rows: list[Any]) -> list[Any]:
        return rows if finding._asdict() in rows else [*rows, finding._asdict()]

    return _change_dismissed(folder, change)


def restore(folder: str, finding: DismissedFinding) -> bool:
    """Tell it again; False where it was not dismissed.  Raises as ``dismiss`` does."""
    return _change_dismissed(folder, lambda rows: [row for row in rows if row != finding._asdict()])


def forget(folder: str, session_ids: Collection[str]) -> None:
    """Forget what was dismissed of these sessions.  Raises as ``dismiss`` does."""

    def is_kept(row: Any) -> bool:
        return not (isinstance(row, dict) and row.get("session") in session_ids)

    if os.path.lexists(path_of(folder)):
        _change_dismissed(folder, lambda rows: list(filter(is_kept, rows)))


def _change_dismissed(folder: str, change: Callable[[list[Any]], list[Any]]) -> bool:
    def changed(document: dict[str, Any]) -> dict[str, Any]:
        rows = _there(document, DISMISSED, list, folder)
        new = change(rows)
        return document if new == rows else {**document, DISMISSED: new}

    return _change(folder, changed)


def _there(document: dict[str, Any], name: str, kind: type[Any], folder: str) -> Any:
    """What stands under a name, empty where nothing does.  Raises ``BadInsightRulesError``."""
    found = document.get(name, kind())
    if not isinstance(found, kind):
        is_list = kind is list
        text = f"{name} must be {'a list' if is_list else 'an object'}"
        raise stated_file.mistake(path_of(folder), text, BadInsightRulesError)
    return found


def _change(folder: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> bool:
    """Put another document in the place of the one that there is; False where it is the same."""
    with data_folder.changing(folder):
        path = path_of(folder)
        document = stated_file.read(path, SCHEMA, BadInsightRulesError) or {"schema_version": SCHEMA}
        changed = change(document)
        if changed == document:
            return False
        text = json.dumps(changed, indent=1, ensure_ascii=False) + "\n"
        files.replace(path, text.encode("utf-8", "backslashreplace"))
        return True


# -- what may stand in it ----------------------------------------------------------------------------------------------


def _object(document: Mapping[str, Any], name: str, mistakes: list[str]) -> Mapping[str, Any]:
    found = document.get(name, {})
    if isinstance(found, Mapping):
        return found
    mistakes.append(f"{name} must be an object")
    return {}


def _list(document: Mapping[str, Any], name: str, mistakes: list[str]) -> list[Any]:
    found = document.get(name, [])
    if isinstance(found, list):
        return found
    mistakes.append(f"{name} must be a list")
    return []


def _made(kind: str, value: object) -> Limits | None:
    """A person's limits of a kind; None for one that is off.  Raises ``InsightRuleMistakeError``."""
    known = limits.own_limits(kind)
    if known is None:
        raise InsightRuleMistakeError(f"there is no such kind of finding; there are {', '.join(limits.kinds())}")
    if value is False or value is None:
        return None
    if not isinstance(value, Mapping):
        raise InsightRuleMistakeError("must be an object with its limits, or false")
    for name, limit in value.items():
        if name not in known:
            raise InsightRuleMistakeError(f"{name} is no limit of it; there are {', '.join(known) or 'none'}")
        if name == WINDOWS:
            _check_windows(limit)
        elif name.endswith("_usd"):
            _dollars(name, limit)
        else:
            _check_number(name, limit)
    return {**value, **{name: _dollars(name, limit) for name, limit in value.items() if name.endswith("_usd")}}


def _check_number(name: str, limit: object) -> None:
    if isinstance(limit, bool) or not isinstance(limit, int) or not 0 < limit <= _MOST:
        raise InsightRuleMistakeError(f"{name} must be a whole number above 0")
    if name.endswith("percent") and limit > 100:
        raise InsightRuleMistakeError(f"{name} must be 1 to 100")


def _check_windows(limit: object) -> None:
    if not isinstance(limit, Mapping):
        raise InsightRuleMistakeError(f"{WINDOWS} must be an object: tokens by the names of models")
    for model, tokens in limit.items():
        _check_number(f"{WINDOWS} of {model}", tokens)


_MOST = 10**12
_DOLLARS = re.compile(r"\$?(\d{1,9}(?:\.\d{1,12})?)", re.ASCII)


def _dollars(name: str, value: object) -> str:
    match = _DOLLARS.fullmatch(value) if isinstance(value, str) else None
    if match:
        return match[1]
    raise InsightRuleMistakeError(f'{name} must be text such as "0.05"')


def _worth(name: str, value: object) -> object:
    if name == "usd":
        return _dollars(name, value)
    if name == "tokens":
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST:
            return value
        raise InsightRuleMistakeError("tokens must be a whole number")
    raise InsightRuleMistakeError(f"{name} is nothing that a finding can be worth; there are usd and tokens")


def _is_dismissed(row: object) -> bool:
    return (
        isinstance(row, dict)
        and isinstance(row.get("session"), str)
        and row.get("kind") in limits.kinds()
        and isinstance(row.get("first"), int)
    )
