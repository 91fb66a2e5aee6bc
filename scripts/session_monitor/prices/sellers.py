"""Who sold a call?

One model costs something else at another seller.  Who sold it is told by the model's name, where that has a form that
only one seller uses, or by the names of the gateway's route and of the cluster behind it, which are the operator's
choice and mostly hold the seller's word: Higress calls the cluster of a provider ``outbound|443||llm-NAME.internal.dns``.
``sellers.json`` says which form and which word is whose: first those who sell others' models, so that ``azure-openai``
is Azure.  A person's own patterns come before it.  Where nothing tells, the seller is not known.
"""

from __future__ import annotations

import fnmatch
import functools
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from session_monitor.base import data_tables

from . import price_list

OWN_MACHINE = "own_machine"
"""In a seller's place: nobody sold it, the model runs on somebody's own machine."""

_OUTBOUND = re.compile(r"outbound\|\d*\|[^|]*\|")
"""Istio's name of a cluster: direction, port, subset, and then the host."""
_IN_KUBERNETES = re.compile(r"\.svc(?:\.cluster\.local)?$")
"""A service of the operator's own: what it is called after may be a vendor, or a model that it runs itself."""
_WORD = re.compile(r"[a-z0-9]+")
_SOLD, _SAID = "::", ":::"
"""Between a seller's word and a model's name, and where a person said so.  A model's name that has one itself begins with one."""


class Told(NamedTuple):
    """Who sold a call, as its cluster or route tells; where a person said so (``is_said``), whatever the model's name tells."""

    seller: str
    is_said: bool = False


class _Form(NamedTuple):
    """How a seller is known: by the beginning or the end of a model's name, and by words in the names of clusters and routes."""

    seller: str
    names: re.Pattern[str] | None
    ends: re.Pattern[str] | None
    words: frozenset[str]
    is_reseller: bool


@functools.lru_cache(1)
def titles() -> dict[str, str]:
    """Each seller's word, and its name for people."""
    table = table_of_sellers()
    return {
        OWN_MACHINE: table["own_machine"]["title"],
        **{word: each["title"] for part in ("resellers", "makers") for word, each in table[part].items()},
    }


def meant(text: str) -> str | None:
    """The seller that a person means: by its word, its name, or a word that names of clusters have; None for nobody's."""
    wanted = text.strip().lower()
    by_title = {title.lower(): word for word, title in titles().items()}
    if wanted in titles():
        return wanted
    return by_title.get(wanted) or next((form.seller for form in _forms() if wanted in form.words), None)


@functools.lru_cache(1)
def table_of_sellers() -> dict[str, Any]:
    """``sellers.json``: ``own_machine``, ``resellers`` and ``makers``, and under which names these publish."""
    return data_tables.beside(price_list.SELLERS, os.path.basename(price_list.SELLERS))  # type: ignore[no-any-return]


@functools.lru_cache(1)
def _forms() -> tuple[_Form, ...]:
    """In the order in which they count."""
    table = table_of_sellers()
    rows = [(OWN_MACHINE, table["own_machine"], False)]
    rows += [(word, each, True) for word, each in table["resellers"].items()]
    rows += [(word, each, False) for word, each in table["makers"].items()]
    return tuple(
        _Form(
            word,
            _any(row.get("names")),
            _any(row.get("ends")),
            frozenset(row["words"]),
            is_reseller,
        )
        for word, row, is_reseller in rows
    )


def _any(patterns: list[str] | None) -> re.Pattern[str] | None:
    return re.compile("|".join(f"(?:{each})" for each in patterns)) if patterns else None


def sold_by(told: Told | None, model: str) -> str:
    """A model's name with who sold it; where that is not known the name alone, kept from being read as one with a seller."""
    if told is None:
        return _SOLD + model if _SOLD in model else model
    return f"{told.seller}{_SAID if told.is_said else _SOLD}{model}"


def split(name: str) -> tuple[Told | None, str]:
    """What ``sold_by`` put together; without a seller a plain name."""
    seller, sold, model = name.partition(_SOLD)
    if sold and not seller:
        return None, model
    if not sold or seller not in titles():
        return None, name
    is_said = model.startswith(_SAID[len(_SOLD) :])
    return Told(seller, is_said), model[is_said:]


def of_name(name: str) -> str | None:
    """The seller whose form a model's name (in small letters) has; None where it has nobody's.

    What stands before a name counts before what stands behind it: a reseller may sell it under another's whole name.
    """
    first = next((form.seller for form in _forms() if form.names and form.names.match(name)), None)
    return first or next((form.seller for form in _forms() if form.ends and form.ends.search(name)), None)


def is_reseller(seller: str) -> bool:
    """Whether a seller sells others' models, too."""
    return seller in table_of_sellers()["resellers"]


def names_publishers(seller: str) -> bool:
    """Whether a seller puts before a model's name who published it."""
    return bool(table_of_sellers()["resellers"].get(seller, {}).get("by_publisher"))


def publishers_of(vendor: str | None) -> Sequence[str]:
    """The names under which a maker publishes at resellers."""
    names: Sequence[str] = table_of_sellers()["publishers"].get(vendor, ())
    return names


def names_of(publisher: str) -> Iterable[Iterable[str]]:
    """All names of each maker that publishes under this one, and at least this one."""
    yield (publisher,)
    yield from (names for names in table_of_sellers()["publishers"].values() if publisher in names)


def of_words(name: str) -> str | None:
    """The seller whose word stands in the name of a cluster or a route.

    >>> of_words("outbound|443||llm-azure-openai.internal.dns")
    'azure'
    """
    found = _WORD.findall(_OUTBOUND.sub("", name.lower(), count=1))
    words = {*found, *map("".join, zip(found, found[1:]))}  # llama-cpp, api.x.ai
    return next((form.seller for form in _forms() if not words.isdisjoint(form.words)), None)


def of_call(cluster: str | None, route: str | None, patterns: Mapping[str, str]) -> Told | None:
    """Who sold what went over this cluster and route, as far as that tells.

    ``patterns`` are a person's own: shell patterns of clusters and routes to sellers' words; the first that fits counts.
    A service inside Kubernetes is not known to be a vendor's by its name, or by the route to it.
    """
    for pattern, seller in patterns.items():
        if any(name and fnmatch.fnmatchcase(name, pattern) for name in (cluster, route)):
            return Told(seller, is_said=True)
    if cluster and _IN_KUBERNETES.search(cluster):
        return Told(OWN_MACHINE) if of_words(cluster) == OWN_MACHINE else None
    found = next((found for name in (cluster, route) if name and (found := of_words(name))), None)
    return Told(found) if found else None
