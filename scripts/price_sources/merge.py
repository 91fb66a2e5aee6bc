"""What becomes of the table when the sources have been read again?

Models are added and never taken out: the sources forget what is no longer sold, and old calls keep their prices.  What
no source has any more is told.

    genai-prices knows dates      its rows are the model's; litellm is only compared
    litellm has the model         its prices are what holds today
    genai-prices has it undated   its prices count while litellm never had the model; and for caches, audio and images
                                  where that has none
    settled by hand               as it stands in manual.json; the sources are only compared
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from session_monitor.prices.price_list import SCHEMA, THIRD_PARTY, UNIT

from . import by_hand, changes, history, sharing
from .by_hand import Entry, entry_of
from .changes import DROPPED, NEW, REFUSED, SELLER, SETTLED, Change, dated_text
from .offers import Offers, by_key, place
from .rows import Findings


class Merged(NamedTuple):
    """The new document and its models, and what is new about them."""

    document: dict[str, Any]
    models: dict[str, Entry]
    changes: list[Change]

    @property
    def refused(self) -> list[Change]:
        """What was not applied for want of a maintainer's word."""
        return [change for change in self.changes if change.kind == REFUSED]


def merge(
    old: Mapping[str, Any],
    by_source: Mapping[str, Findings],
    versions: Mapping[str, str],
    manual: Mapping[str, Any],
    observed: str,
    accepted: Collection[str] = (),
) -> Merged:
    """The table with what the sources (``litellm``, ``genai-prices``; one may be missing) say on the observed day.

    ``accepted`` are the keys whose large changes are wanted, or ``all``.
    """
    models: dict[str, Entry] = dict(old.get("models", {}))
    shared = {seller: set(keys) for seller, keys in old.get("at_makers_price", {}).items()}
    settled, notes = by_hand.settled(manual), manual.get("vendor_notes", {})
    made = [*_settle(models, settled, notes)]
    offers = by_key(by_source)
    last = {source: told["retrieved"] for source, told in old.get("sources", {}).items()}
    # Those that count only where they cost something else than another model come behind it.
    for key in sorted(offers, key=lambda key: place(key, offers[key])):
        own = settled.get(key, {})
        if not sharing.counts(key, offers[key], models, shared, observed):
            continue
        made += changes.differences(key, offers[key], own.get("prices", []), observed)
        if "prices" in own or "drop" in own:
            continue
        before = models.get(key)
        if before is None and offers[key].is_resold:
            before = sharing.taken_until_now(offers[key], old.get("models", {}), shared)
            if sharing.is_at_makers_price(offers[key], models, manual.get("vendor_defaults", {}), observed):
                made += sharing.share(key, shared, before)
                continue
        entry, its_changes = _merged(key, before, offers[key], observed, last)
        is_accepted = not its_changes or "all" in accepted or key in accepted
        objection = "" if is_accepted else changes.objection(before, entry, observed)
        if objection:
            made.append(Change(REFUSED, key, f"{its_changes[0].text}: {objection}"))
        else:
            _put(models, key, entry, before)
            sharing.unshare(key, shared)
            made += its_changes
    made += _settle(models, settled, notes)  # once more, for notes on what the sources brought
    made += changes.gone(models, offers, settled, by_source, observed)
    return Merged(_document(old, models, shared, versions, manual, observed), models, made)


# -- one model -----------------------------------------------------------------------------------------------------------


def _merged(
    key: str, old: Entry | None, offers: Offers, observed: str, last: Mapping[str, str]
) -> tuple[Entry, list[Change]]:
    """The model's new entry, and what is new about it."""
    name = next(iter(offers.each)).name
    if old is None or old["vendor"] != offers.vendor:
        rows = history.rows_of([], offers, observed, last)
        entry: Entry = {"vendor": offers.vendor, "names": [name], "prices": rows}
        text = " | ".join(dated_text(row) for row in rows)
        if old is None:
            return entry, [Change(NEW, key, f"{offers.vendor}: {text}")]
        return entry, [Change(SELLER, key, f"{old['vendor']} -> {offers.vendor}: {text}")]
    rows = history.rows_of(old["prices"], offers, observed, last)
    return {**old, "prices": rows}, list(changes.row_changes(key, old["prices"], rows))


def _put(models: dict[str, Entry], key: str, entry: Entry, before: Entry | None) -> None:
    """The new entry in its place; one of a seller's that stood in for the maker's goes under the seller's own key."""
    if before and before["vendor"] != entry["vendor"] and before["vendor"] in THIRD_PARTY:
        seller = before["vendor"]
        names = [f"{seller}/{name}" for name in before["names"]]
        models.setdefault(f"{seller}/{key}", {**before, "names": names})
    models[key] = entry


# -- by hand, and the whole ----------------------------------------------------------------------------------------------


def _settle(models: dict[str, Entry], settled: Mapping[str, Entry], notes: Mapping[str, str]) -> Iterable[Change]:
    """Put what a maintainer decided over what the sources say, in the models themselves."""
    for key in sorted({*models, *settled}):
        own = settled.get(key, {})
        if "drop" in own:
            if models.pop(key, None):
                yield Change(DROPPED, key, own["drop"])
        elif key in models or "prices" in own:
            before = models.get(key)
            models[key] = entry_of(models, key, own, notes)
            if "never" in own:
                models[key]["prices"] = by_hand.without(models[key]["prices"], own["never"])
            if own and models[key] != before:
                yield Change(SETTLED, key, " | ".join(dated_text(row) for row in models[key]["prices"]))


def _document(
    old: Mapping[str, Any],
    models: Mapping[str, Entry],
    shared: Mapping[str, Collection[str]],
    versions: Mapping[str, str],
    manual: Mapping[str, Any],
    observed: str,
) -> dict[str, Any]:
    """The document without its models; dated anew only where anything in it is new."""
    known = old.get("sources", {})
    sources = {
        **known,
        **{
            source: {"version": version, "retrieved": observed, "licence": "MIT"}
            for source, version in versions.items()
            if known.get(source, {}).get("version") != version
        },
    }
    document = {
        "schema": SCHEMA,
        "currency": "USD",
        "unit": UNIT,
        "generated": old.get("generated", observed),
        "sources": sources,
        "notice": "prices.NOTICE.md",
        "vendor_defaults": manual.get("vendor_defaults", {}),
        "at_makers_price": {seller: sorted(shared[seller]) for seller in sorted(shared) if shared[seller]},
    }
    if {**document, "models": models} != old:
        document["generated"] = observed
    return document
