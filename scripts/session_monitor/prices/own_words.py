"""Which of the patterns and second names that a person stated holds for a model's name?

A pattern is a shell pattern with ``*`` or ``?``, which names of models do not have; ``[…]`` counts in such a one only, as
``gpt-4o[1m]`` may be a name.  Capitals do not count.  Of several that fit the most specific counts: the one with the most
characters that stand for themselves, whichever list it is in; then the data folder's, then the one stated first.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Collection, Iterable, Sequence

from . import model_names, publishers
from .price_list import PriceList

_WILD = re.compile(r"\[!?\]?[^\]]*\]|[*?]")
_SEPARATORS = re.compile(r"[\s._]+")
"""What ``model_names.canonical`` writes as a hyphen."""

# -- patterns ----------------------------------------------------------------------------------------------------------


def is_pattern(name: str) -> bool:
    """Whether a person means all names of a form, and not one name."""
    return "*" in name or "?" in name


def forms(name: str, seller: str | None = None) -> frozenset[str]:
    """The forms of a model's name that a pattern may fit: as it is logged, its key, and that behind who sold it."""
    key = model_names.model_key(name)
    return frozenset((name.strip().lower(), key, model_names.canonical(name), f"{seller}/{key}" if seller else key))


def fits(pattern: str, those: Iterable[str]) -> bool:
    """Whether a pattern fits one of a name's forms, as it is typed or with the separators that keys have."""
    typed = pattern.strip().lower()
    folded = _SEPARATORS.sub("-", typed)
    return any(fnmatch.fnmatchcase(form, each) for form in those for each in (typed, folded))


def literal_length(pattern: str) -> int:
    """How many characters of a pattern stand for themselves: the more, the more specific it is."""
    return len(_WILD.sub("", pattern.strip()))


def covers(wide: str, narrow: str) -> bool:
    """Whether the one shell pattern fits for sure all that the other one does.

    >>> covers("*", "*eu*"), covers("*eu*", "*"), covers("a?", "a*")
    (True, False, False)
    """
    inner = _WILD.sub(lambda wild: "\1" if wild[0] == "*" else "\0", narrow)
    most = len(wide) + 1  # more than its single wildcards can take
    return all(fnmatch.fnmatchcase(inner.replace("\1", filled), wide) for filled in ("", "\0" * most))


def pattern_for(name: str, seller: str | None, lists: Sequence[PriceList]) -> tuple[str, PriceList] | None:
    """The pattern whose prices hold for a name, and the list that it is in."""
    those = forms(name, seller)
    fitting = [(pattern, prices) for prices in lists for pattern in prices.patterns if fits(pattern, those)]
    return max(fitting, key=lambda each: literal_length(each[0]), default=None)  # the first of equals


# -- second names ------------------------------------------------------------------------------------------------------


def way(name: str, lists: Sequence[PriceList]) -> tuple[list[str], bool]:
    """The names from one to that which it stands for at last, and whether they go in a circle.

    A model in one list hides an alias of those behind it.  A seller's name without an alias of its own follows that of
    the plain name, but only once: ``gpt-4o`` may stand for ``azure/gpt-4o``.
    """
    passed: list[str] = [name]
    used: set[str] = set()
    while (step := _step(passed[-1], lists, used)) is not None:
        alias, meant = step
        if alias in used:
            return passed, True
        used.add(alias)
        passed.append(meant)
    return passed, False


def _step(name: str, lists: Sequence[PriceList], used: Collection[str]) -> tuple[str, str] | None:
    """The alias under which a name has another, and that one; None where it has none."""
    key = publishers.own_key(name)
    keys = dict.fromkeys((key, model_names.canonical(name), model_names.model_key(name)))
    for prices in lists:
        for alias in keys:
            if alias in prices.aliases and (alias == key or alias not in used):
                return alias, prices.aliases[alias]
        if any(each in prices.models for each in keys):
            return None
    return None
