"""What does a person say where the log leaves open how a call's cache is to be read?

A rule states one of two settings, ``cache_write`` (``1h`` or ``5m``) or ``cache`` (``inside`` or ``beside`` the input), and
may name models and consumers by shell patterns.  For each setting the first rule that fits a call counts, and only where
the log does not tell.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

CACHE_WRITE, CACHE = "cache_write", "cache"
HOUR, FIVE_MINUTES, INSIDE, BESIDE = "1h", "5m", "inside", "beside"
CHOICES = {CACHE_WRITE: (HOUR, FIVE_MINUTES), CACHE: (INSIDE, BESIDE)}
"""The settings, and what may be stated of each."""
MODEL, CONSUMER = "model", "consumer"
SELECTORS = (MODEL, CONSUMER)

_MARK = "::::"
"""Between what is stated and a model's name; in no model's name."""


class Assumption(NamedTuple):
    """One rule, for the models and consumers of a pattern (None: for all).  ``origin`` is the list in which it stands."""

    setting: str
    value: str
    model: str | None
    consumer: str | None
    origin: str

    def fits(self, names: Iterable[str], consumer: str | None) -> bool:
        """Whether it is for a call of a model that has these names."""
        if self.consumer is not None and not (consumer and fnmatch.fnmatchcase(consumer, self.consumer)):
            return False
        return self.model is None or any(fnmatch.fnmatchcase(name, self.model.lower()) for name in names)


class StatedReading(NamedTuple):
    """What is stated for a call; None where nothing is."""

    cache_write: str | None = None
    cache: str | None = None


def of_list(rules: Iterable[Mapping[str, Any]], origin: str) -> list[Assumption]:
    """The rules as they stand in a list."""
    return [
        Assumption(setting, rule[setting], rule.get(MODEL), rule.get(CONSUMER), origin)
        for rule in rules
        for setting in CHOICES
        if setting in rule
    ]


def of_call(model: str, consumer: str | None, rules: Iterable[Assumption]) -> StatedReading:
    """What is stated for a call of this model, by its name in the log or by the one of the price lists."""
    from . import model_names  # noqa: PLC0415 -- patterns take a while, and hardly anybody has such rules

    names = model.lower(), model_names.canonical(model)
    said: dict[str, str] = {}
    for rule in rules:
        if rule.setting not in said and rule.fits(names, consumer):
            said[rule.setting] = rule.value
    return StatedReading(**said)


def marked(name: str, stated: StatedReading) -> str:
    """A model's name with what is stated for its call; the name alone where nothing is."""
    return f"{stated.cache_write or ''} {stated.cache or ''}{_MARK}{name}" if any(stated) else name


def split(name: str) -> tuple[StatedReading | None, str]:
    """What ``marked`` put together; without a mark a plain name."""
    head, _, plain = name.partition(_MARK)
    stated = _MARKS.get(head) if plain else None
    return (stated, plain) if stated else (None, name)


_MARKS = {
    f"{written or ''} {cache or ''}": StatedReading(written, cache)
    for written in (None, *CHOICES[CACHE_WRITE])
    for cache in (None, *CHOICES[CACHE])
    if written or cache
}
