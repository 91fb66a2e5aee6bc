"""What is looked for, and from which limits on is it told?

``rules.json`` has every kind of finding with its usual limits; a person's own limits stand over them.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from session_monitor.base import data_tables
from session_monitor.prices import money

from .cache_rules import CacheRules

Limits = Mapping[str, Any]


class Rules(NamedTuple):
    """The rules that hold: the limits of each kind, without the kinds that are off; and what a finding has to be worth.

    ``caches`` are the rules of providers' caches.  Findings that are worth less than ``least_pico``, and than ``least_tokens`` as well, are not told, but for those of kinds that cost nothing by nature.
    """

    limits: Mapping[str, Limits]
    least_pico: int
    least_tokens: int
    caches: CacheRules

    def of(self, kind: str) -> Limits | None:
        """The limits of a kind; None where it is not looked for."""
        return self.limits.get(kind)


def usual() -> Rules:
    """The rules as they are shipped."""
    return made({})


def made(
    own: Mapping[str, Limits | None],
    least: Limits = {},  # noqa: B006 -- it is not changed
    caches: Iterable[Mapping[str, Any]] = (),
) -> Rules:
    """The rules with a person's own limits over them, and their rows of ``caches``, which are known to be right; None for a kind that is off."""
    known = _table()
    limits = {
        kind: {**rule, **rule["limits"], **(own.get(kind) or {})}
        for kind, rule in known["rules"].items()
        if kind not in own or own[kind] is not None
    }
    worth = {**known["least"]["usual"], **least}
    return Rules(limits, money.of_plain(worth["usd"]), worth["tokens"], CacheRules(caches))


def kinds() -> dict[str, str]:
    """The group of each kind, in their order."""
    return {kind: rule["group"] for kind, rule in _table()["rules"].items()}


def own_limits(kind: str) -> Limits | None:
    """The limits of a kind that a person may set, as they are usually; None where there is no such kind."""
    rule = _table()["rules"].get(kind)
    return rule and dict(rule["limits"])


def about(kind: str) -> str:
    """What a kind of finding is, in words."""
    return str(_table()["rules"][kind]["about"])


def words(kind: str, details: Mapping[str, Any]) -> str:
    """What is said of a finding of a kind with these details, as a template that they fill."""
    return _template(_table()["rules"][kind]["words"], details)


def advice(kind: str, details: Mapping[str, Any]) -> str:
    """The same of what to do; empty where there is nothing to do."""
    return _template(_table()["rules"][kind].get("advice", ""), details)


def _template(templates: str | dict[str, str], details: Mapping[str, Any]) -> str:
    """The template, of several the one for the ``cause`` in the details; there may be another where that is not sure."""
    if isinstance(templates, str):
        return templates
    cause = str(details.get("cause"))
    return templates.get(cause if details.get("is_sure", True) else f"{cause}_unsure", "")


@functools.lru_cache(1)
def _table() -> dict[str, Any]:
    return data_tables.beside(__file__, "rules.json")  # type: ignore[no-any-return]
