"""By which rules does a provider cache prompts?

``caches.json`` has a row for each provider and family of models that tells of it, with where that is from; a person's own rows stand over
them.  What no row is for has rules that are not known: then no more is expected of its cache than it has shown.
"""

from __future__ import annotations

import fnmatch
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Optional

from session_monitor.base import data_tables
from session_monitor.prices import model_names, sellers

PREFIX, MARKS, BREAKPOINTS, UNITS, UNKNOWN = "prefix", "marks", "breakpoints", "units", "unknown"
POLICIES = (PREFIX, MARKS, BREAKPOINTS, UNITS, UNKNOWN)
REQUEST, RESPONSE = "request", "response"
DOCUMENTED, MEASURED, GUESS = "documented", "measured", "guess"


class CacheRule(NamedTuple):
    """How one provider caches prompts.

    ``least`` is the tokens of the shortest prompt that is cached, ``step`` in steps of how many; ``seconds`` for how long it is kept at least, and
    ``most_seconds`` longer than what it is not, None where that is not promised; ``clock`` whether that counts from the start of the
    last request or from the end of its response; ``look_back`` how many parts behind a mark another one is looked
    for.  ``evidence``, ``checked`` (a month) and ``source`` say how that is known.
    """

    name: str
    models: tuple[str, ...]
    sellers: Optional[tuple[str, ...]] = None  # noqa: UP045 -- a NamedTuple's types are asked for at run time, in Python 3.9, too
    explicit: Optional[bool] = None  # noqa: UP045
    least: int = 0
    step: int = 1
    seconds: Optional[int] = None  # noqa: UP045
    most_seconds: Optional[int] = None  # noqa: UP045
    clock: str = REQUEST
    policy: str = PREFIX
    look_back: Optional[int] = None  # noqa: UP045
    evidence: str = GUESS
    checked: str = ""
    source: str = ""

    def holds_for(self, names: Iterable[str], seller: str | None, *, is_explicit: bool) -> bool:
        """Whether it is the rule of a model with these names, sold by this one; ``is_explicit``: the client asked for the cache."""
        return (
            (self.sellers is None or seller is None or seller in self.sellers)
            and (self.explicit is None or self.explicit == is_explicit)
            and any(fnmatch.fnmatchcase(name, pattern) for name in names for pattern in self.models)
        )


class CacheRules:
    """The rules of all providers."""

    def __init__(self, own: Iterable[Mapping[str, Any]] = ()) -> None:
        """``own`` are a person's own rows, which are known to be right; they count first, in their order."""
        self.own = [_rule(row) for row in own]
        self._rules = [*self.own, *_shipped()]
        self._found: dict[tuple[str | None, str | None, bool], CacheRule] = {}

    def of_call(self, model: str | None, seller: str | None, *, is_explicit: bool = False) -> CacheRule:
        """The rule for a call of a model, as the log names it; ``seller`` is who sold it, None where that is not known.

        ``is_explicit``: its client asked for the cache.
        """
        key = model, seller, is_explicit
        rule = self._found.get(key)
        if rule is None:
            rule = self._found[key] = self._of(model or "", seller, is_explicit=is_explicit)
        return rule

    def _of(self, model: str, seller: str | None, *, is_explicit: bool) -> CacheRule:
        names = [model_names.model_key(model), model_names.plain(model)]
        if seller is None and model_names.is_on_own_machine(model):
            seller = sellers.OWN_MACHINE
        rules = (each for each in self._rules if seller or each.sellers != (sellers.OWN_MACHINE,))
        return next(each for each in rules if each.holds_for(names, seller, is_explicit=is_explicit))


def mistakes(row: object) -> Iterator[str]:
    """What is wrong with a row that a person wrote, in words; nothing where it is right."""
    if not isinstance(row, dict):
        yield "a cache is an object"
        return
    for name in sorted(set(row) - set(CacheRule._fields)):
        yield f'"{name}" is no word of a cache: {", ".join(CacheRule._fields)}'
    for name, is_right, what in _FORMS:
        if name in row and not is_right(row[name]):
            yield f'"{name}" of a cache is {what}'
    if not isinstance(row.get("models"), list):
        yield '"models" of a cache is missing: a list of patterns of names'


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, str) for each in value)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _LARGEST


_LARGEST = 10**9
_FORMS: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    ("models", _is_texts, "a list of patterns of names"),
    ("sellers", lambda value: _is_texts(value) and set(value) <= set(sellers.titles()), "a list of sellers' words"),
    *(
        (name, _is_count, "a whole number above 0")
        for name in ("least", "step", "seconds", "most_seconds", "look_back")
    ),
    ("explicit", lambda value: isinstance(value, bool), "true or false"),
    *((name, lambda value: isinstance(value, str), "text") for name in ("name", "checked", "source")),
    ("clock", (REQUEST, RESPONSE).__contains__, f"{REQUEST} or {RESPONSE}"),
    ("policy", POLICIES.__contains__, f"one of {', '.join(POLICIES)}"),
    ("evidence", (DOCUMENTED, MEASURED, GUESS).__contains__, f"{DOCUMENTED}, {MEASURED} or {GUESS}"),
)


@functools.lru_cache(1)
def _shipped() -> tuple[CacheRule, ...]:
    table = data_tables.beside(__file__, "caches.json")
    return (*map(_rule, table["caches"]), _rule(table["unknown"]))


def _rule(row: Mapping[str, Any]) -> CacheRule:
    lists = {name: tuple(row[name]) for name in ("models", "sellers") if name in row}
    return CacheRule(**{"name": "", **row, **lists})
