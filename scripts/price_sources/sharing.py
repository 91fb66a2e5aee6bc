"""What does one who sells others' models take for them otherwise than their makers do?

What a seller takes for a model stands under SELLER/KEY.  Where that is all that the maker's row says, there is no row, but
the key is among those that the seller has ``at_makers_price``; a model that is free at its maker is free there alone.
What a seller takes in a region counts only where it takes something else elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from session_monitor.prices.model_names import ANY_REGION
from session_monitor.prices.price_list import CACHE_PRICES, MEDIA_PRICES, PRICES, THIRD_PARTY

from .by_hand import Entry
from .changes import SHARED, Change
from .offers import Offers
from .rows import Row, base, in_force, rank

_SELDOM_TOLD = {*CACHE_PRICES[1::2], "reasoning", *MEDIA_PRICES}
"""What the sources leave out of a seller's prices; the maker's hold if all else is the same."""


def counts(
    key: str, offers: Offers, models: Mapping[str, Entry], shared: Mapping[str, Collection[str]], observed: str
) -> bool:
    """Whether the offers change what the table says: not behind a better vendor, nor beside an equal model."""
    if key in models:
        return rank(offers.vendor) <= rank(models[key]["vendor"])
    if offers.beside is None:
        return True
    if offers.is_resold:
        return _counts_at_seller(offers, models, shared, observed)
    other = in_force(models[offers.beside]["prices"], observed) if offers.beside in models else None
    return other is not None and all(base(offer.rows[0]) != base(other) for offer in offers.each)


def _counts_at_seller(
    offers: Offers, models: Mapping[str, Entry], shared: Mapping[str, Collection[str]], observed: str
) -> bool:
    """Not where its own row stands in for the maker's, nor in a region where it takes what it takes elsewhere."""
    key = offers.beside or ""
    seller, slash, bare = key.partition("/")
    if not slash:
        return key not in models or not models[key]["vendor"] == offers.vendor in THIRD_PARTY
    elsewhere = models.get(bare if bare in shared.get(seller, ()) else key)
    row = in_force(elsewhere["prices"], observed) if elsewhere else None
    if row and any(offer.key.startswith(f"{seller}/{ANY_REGION}-") for offer in offers.each):
        # It tells what is dearer, and little else.
        return all(base(offer.rows[-1]) != base(row) for offer in offers.each)
    return row is None or not all(_is_same(offer.rows[-1], row) for offer in offers.each)


def is_at_makers_price(
    offers: Offers,
    models: Mapping[str, Entry],
    defaults: Mapping[str, Any],
    observed: str,
) -> bool:
    """Whether all that is said of a seller's price is what the maker takes, who takes something."""
    maker = models.get(offers.beside or "")
    if maker is None or maker["vendor"] in THIRD_PARTY or maker["vendor"] in defaults:
        return False
    row = in_force(maker["prices"], observed)
    told = [today for offer in offers.each if (today := in_force(offer.rows, observed))]
    return row is not None and row["input"] != "0" and all(_is_same(today, row) for today in told)


def _is_same(row: Row, makers: Row) -> bool:
    """Whether a seller takes what the maker does, as far as the sources tell of it."""
    if len(row.get("tiers", ())) != len(makers.get("tiers", ())) or row.get("windows") != makers.get("windows"):
        return False
    pairs = [(row, makers), *zip(row.get("tiers", ()), makers.get("tiers", ()))]
    return all(
        one.get(name) == other.get(name)
        for one, other in pairs
        for name in PRICES
        if name in one or name not in _SELDOM_TOLD
    ) and all(round(one.get("above", 0), -3) == round(other.get("above", 0), -3) for one, other in pairs)


def taken_until_now(offers: Offers, before: Mapping[str, Entry], shared: Mapping[str, Collection[str]]) -> Entry | None:
    """What a seller took until now where that was the maker's price ``before``."""
    if offers.beside not in shared.get(offers.vendor, ()):
        return None
    name = next(iter(offers.each)).name
    return {"vendor": offers.vendor, "names": [name], "prices": before[str(offers.beside)]["prices"]}


def share(key: str, shared: dict[str, set[str]], before: Entry | None) -> Iterable[Change]:
    """Note that a seller takes what the maker does; it is a change where nothing was known of it (``before``)."""
    seller, _, bare = key.partition("/")
    shared.setdefault(seller, set()).add(bare)
    if before is None:
        yield Change(SHARED, key, "as its maker")


def unshare(key: str, shared: Mapping[str, set[str]]) -> None:
    """Note that it does not."""
    seller, _, bare = key.partition("/")
    shared.get(seller, set()).discard(bare)
