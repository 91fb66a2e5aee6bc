"""What becomes of the table when the sources have been read again?

Models are added and never taken out: the sources forget what is no longer sold, and old calls keep their prices.  What
no source has any more is told.

    genai-prices knows dates      its rows are the model's; litellm is only compared
    litellm has the model         its prices are what holds today
    genai-prices has it undated   its prices count while litellm never had the model; and for caches, audio and images
                                  where that has none
    settled by hand               as it stands in manual.json; the sources are only compared

What one who sells others' models takes for one of them stands under SELLER/KEY.  Where that is all that the maker's row
says, there is no row, but the key is among those that the seller has ``at_makers_price``; a model that is free at its
maker is free there alone.  What a seller takes in a region counts only where it takes something else elsewhere.

A row is a new one where input or output costs something else than before, seen on that day.  Any other difference
corrects the row that holds today, also where a price is no longer stated.  Nor is it a new price, but the old row was
wrong from the beginning, where input and output were in each other's place, or where both sources state one price for
a name that does not move: genai-prices dates what changes, and knows of no change.  What was only seen before such a
price is taken back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from session_monitor.prices.model_names import ANY_REGION
from session_monitor.prices.price_list import CACHE_PRICES, MEDIA_PRICES, PRICES, SCHEMA, THIRD_PARTY, UNIT

from . import by_hand
from .by_hand import Entry, entry_of
from .rows import (
    GENAI,
    LITELLM,
    MANUAL,
    SEEN,
    Findings,
    Offer,
    Row,
    base,
    beginning,
    in_force,
    is_seen,
    ordered,
    prices,
    rank,
    shown,
)

NEW, PRICE, CORRECTED, TAKEN_BACK, DATED, SELLER, SHARED, SETTLED, DROPPED = (
    *("new models", "changed prices", "corrected rows", "history that was never true", "rows dated by genai-prices"),
    *("other sellers", "sold at the maker's price", "settled by hand", "dropped by hand"),
)
REFUSED, DIFFERING, GONE = "refused", "the sources disagree", "left by their source; old calls keep the price"
APPLIED = (NEW, PRICE, CORRECTED, TAKEN_BACK, DATED, SELLER, SHARED, SETTLED, DROPPED)

HIGHEST = 1000
"""Dollars per million tokens; none has ever cost as much."""
LARGEST_CHANGE = 5
"""Times; a larger one is more often a slip than a price."""

_MOVING = "-latest"
_CACHE = ("cache_read", "cache_write", "cache_write_1h")
_SELDOM_TOLD = {*CACHE_PRICES[1::2], "reasoning", *MEDIA_PRICES}
"""What the sources leave out of a seller's prices; the maker's hold if all else is the same."""


class Change(NamedTuple):
    """One line for the maintainer to look at; ``kind`` is one of those above."""

    kind: str
    key: str
    text: str


class Merged(NamedTuple):
    """The new document and its models, and what is new about them."""

    document: dict[str, Any]
    models: dict[str, Entry]
    changes: list[Change]

    @property
    def refused(self) -> list[Change]:
        """What was not applied for want of a maintainer's word."""
        return [change for change in self.changes if change.kind == REFUSED]


class _Offers(NamedTuple):
    """What the sources say of one vendor's model."""

    vendor: str
    litellm: Offer | None
    genai: Offer | None

    @property
    def each(self) -> Iterable[Offer]:
        return (offer for offer in (self.litellm, self.genai) if offer)

    @property
    def beside(self) -> str | None:
        """The key of the model beside which these need not be told."""
        return next((offer.beside for offer in self.each if offer.beside), None)

    @property
    def is_resold(self) -> bool:
        """Whether they are of one who sells others' models, under a key of its own."""
        return any("/" in offer.key for offer in self.each)

    @property
    def is_agreed(self) -> bool:
        """Whether both sources state one price, for a name that means one model; neither knows of another one before."""
        if not self.litellm or not self.genai or self.litellm.key.endswith(_MOVING):
            return False
        one, other = self.litellm.rows, self.genai.rows
        return len(other) == 1 and base(one[0]) == base(other[0])


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
    changes: list[Change] = []
    settled, notes = by_hand.settled(manual), manual.get("vendor_notes", {})
    changes += _settle(models, settled, notes)
    offers = _by_key(by_source)
    last = {source: told["retrieved"] for source, told in old.get("sources", {}).items()}
    # Those that count only where they cost something else than another model come behind it.
    for key in sorted(offers, key=lambda key: _place(key, offers[key])):
        own = settled.get(key, {})
        if not _counts(key, offers[key], models, shared, observed):
            continue
        changes += _differences(key, offers[key], own.get("prices", []), observed)
        if "prices" in own or "drop" in own:
            continue
        before = models.get(key)
        if before is None and offers[key].is_resold:
            before = _shared(offers[key], old.get("models", {}), shared)
            if _is_at_makers_price(offers[key], models, manual.get("vendor_defaults", {}), observed):
                changes += _share(key, shared, before)
                continue
        entry, made = _merged(key, before, offers[key], observed, last)
        objection = made and not {"all", key} & set(accepted) and _objection(before, entry, observed)
        if objection:
            changes.append(Change(REFUSED, key, f"{made[0].text}: {objection}"))
        else:
            stood_in = before and before["vendor"] != entry["vendor"] and before["vendor"] in THIRD_PARTY
            if before and stood_in:
                seller = before["vendor"]
                names = [f"{seller}/{name}" for name in before["names"]]
                models.setdefault(f"{seller}/{key}", {**before, "names": names})
            models[key] = entry
            _unshare(key, shared)
            changes += made
    changes += _settle(models, settled, notes)  # once more, for notes on what the sources brought
    changes += _gone(models, offers, settled, by_source, observed)
    return Merged(_document(old, models, shared, versions, manual, observed), models, changes)


# -- one model -----------------------------------------------------------------------------------------------------------


def _place(key: str, offers: _Offers) -> tuple[bool, bool, str]:
    """Makers' models first, then those of others in no region; the rest stands beside these."""
    in_region = offers.beside is not None and ("/" in offers.beside or not offers.is_resold)
    return offers.is_resold, in_region, key


def _by_key(by_source: Mapping[str, Findings]) -> dict[str, _Offers]:
    """The offers of the vendor that counts, for each key."""
    offers: dict[str, _Offers] = {}
    for source, findings in by_source.items():
        for offer in findings.offers:
            other = offers.get(offer.key)
            if other is None or rank(offer.vendor) < rank(other.vendor):
                other = _Offers(offer.vendor, None, None)
            if offer.vendor == other.vendor:
                other = other._replace(litellm=offer) if source == LITELLM else other._replace(genai=offer)
            offers[offer.key] = other
    return offers


def _counts(
    key: str, offers: _Offers, models: Mapping[str, Entry], shared: Mapping[str, Collection[str]], observed: str
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
    offers: _Offers, models: Mapping[str, Entry], shared: Mapping[str, Collection[str]], observed: str
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


# -- what a seller takes as the maker does -------------------------------------------------------------------------------


def _is_at_makers_price(
    offers: _Offers,
    models: Mapping[str, Entry],
    defaults: Mapping[str, Any],
    observed: str,
) -> bool:
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


def _shared(offers: _Offers, before: Mapping[str, Entry], shared: Mapping[str, Collection[str]]) -> Entry | None:
    """What a seller took until now where that was the maker's price ``before``."""
    if offers.beside not in shared.get(offers.vendor, ()):
        return None
    name = next(iter(offers.each)).name
    return {"vendor": offers.vendor, "names": [name], "prices": before[str(offers.beside)]["prices"]}


def _share(key: str, shared: dict[str, set[str]], before: Entry | None) -> Iterable[Change]:
    seller, _, bare = key.partition("/")
    shared.setdefault(seller, set()).add(bare)
    if before is None:
        yield Change(SHARED, key, "as its maker")


def _unshare(key: str, shared: Mapping[str, set[str]]) -> None:
    seller, _, bare = key.partition("/")
    shared.get(seller, set()).discard(bare)


def _merged(
    key: str, old: Entry | None, offers: _Offers, observed: str, last: Mapping[str, str]
) -> tuple[Entry, list[Change]]:
    """The model's new entry, and what is new about it."""
    name = next(iter(offers.each)).name
    if old is None or old["vendor"] != offers.vendor:
        rows = _rows([], offers, observed, last)
        entry: Entry = {"vendor": offers.vendor, "names": [name], "prices": rows}
        text = " | ".join(_dated_text(row) for row in rows)
        if old is None:
            return entry, [Change(NEW, key, f"{offers.vendor}: {text}")]
        return entry, [Change(SELLER, key, f"{old['vendor']} -> {offers.vendor}: {text}")]
    rows = _rows(old["prices"], offers, observed, last)
    return {**old, "prices": rows}, list(_row_changes(key, old["prices"], rows))


def _rows(old: list[Row], offers: _Offers, observed: str, last: Mapping[str, str]) -> list[Row]:
    genai = offers.genai
    if genai and len(genai.rows) > 1 and not genai.moves:
        others = offers.litellm.rows if offers.litellm else []
        return _dated(old, [_filled(row, other) for row in genai.rows for other in others or [row]], observed)
    undated = in_force(genai.rows, observed) if genai else None
    current = in_force(old, observed)
    rows = old
    if offers.litellm:
        stated = _filled(offers.litellm.rows[0], undated) if undated else offers.litellm.rows[0]
        rows = _stated(
            old, {**stated, "source": LITELLM, "observed": observed}, last.get(LITELLM), agreed=offers.is_agreed
        )
    elif undated and (current is None or current["source"] == GENAI):
        rows = _stated(old, {**undated, "source": GENAI, "observed": observed}, last.get(GENAI))
    return [_filled(row, undated) for row in rows] if undated else rows


def _dated(old: list[Row], stated: list[Row], observed: str) -> list[Row]:
    """The rows as genai-prices dates them, with those of its own that it has forgotten.

    Its row without a date says what held last before the first date; what was seen earlier stays if that fits.
    """
    rows = {row["from"] or "": row for row in old if row["source"] == GENAI}
    undated, first = ordered({**stated[0], "source": GENAI, "observed": observed}), stated[1]["from"]
    seen = [row for row in old if (row["from"] or "") < first and row["observed"] < first]
    if seen and base(seen[-1]) == base(undated):
        undated = ordered({**undated, **beginning(seen[-1]), "observed": seen[-1]["observed"]})
        rows.update({row["from"] or "": row for row in seen})
    for row in (undated, *({**row, "source": GENAI, "observed": observed} for row in stated[1:])):
        same = rows.get(row["from"] or "")
        if same is None or prices(same) != prices(row):
            rows[row["from"] or ""] = ordered(row)
    return [rows[start] for start in sorted(rows)]


def _stated(old: list[Row], stated: Row, last: str | None, *, agreed: bool = False) -> list[Row]:
    """The rows with prices that hold on the day when they are observed, since whenever; ``last``: read before that."""
    observed = stated["observed"]
    current = in_force(old, observed)
    if current is None:
        return [ordered(stated), *old]
    is_mistake = base(current) == base(stated)[::-1] or (agreed and is_seen(current))
    if base(current) == base(stated) or is_mistake:
        corrected = current if prices(current) == prices(stated) else ordered({**stated, **beginning(current)})
        rows = [corrected if row is current else row for row in old]
        return _without_what_was_seen_before(rows, corrected) if agreed else rows
    if current["observed"] == observed:  # read once more on one day: what was written by that has never held
        return [ordered({**stated, **beginning(current)}) if row is current else row for row in old]
    after = last if last and last < observed else None
    new = ordered({**stated, "from": observed, "dated": SEEN, "after": after})
    return sorted([*old, new], key=lambda row: row["from"] or "")


def _without_what_was_seen_before(rows: list[Row], held: Row) -> list[Row]:
    """The rows with one that has always held, if nobody states since when it does or its forerunners do."""
    place = rows.index(held)
    if not all(is_seen(row) for row in rows[: place + 1]):
        return rows
    always = {name: value for name, value in held.items() if name not in beginning(held)}
    return [ordered({"from": None, **always}), *rows[place + 1 :]]


def _filled(row: Row, other: Row) -> Row:
    """The row with the other's prices for caches, audio and images where it has none, if both agree on the rest."""
    if base(row) != base(other) or row.get("source") == MANUAL:
        return row
    plain = not any(name in each for each in (row, other) for name in ("tiers", "windows"))
    names = (*_CACHE, *MEDIA_PRICES) if plain else MEDIA_PRICES
    return ordered({**{name: other[name] for name in names if name in other}, **row})


# -- what is new, and what is wrong about it -----------------------------------------------------------------------------


def _row_changes(key: str, old: list[Row], new: list[Row]) -> Iterable[Change]:
    before = {row["from"]: row for row in old}
    after = {row["from"]: row for row in new}
    gone = [row for start, row in before.items() if start not in after]
    was_never = [row for row in old if is_seen(row) and base(row) not in map(base, new)]
    for row in new:
        was = before.get(row["from"])
        if was is None:
            held = in_force(old, row["from"] or "") or old[0]
            yield Change(DATED if gone else PRICE, key, f"{shown(held)} -> {_dated_text(row)}")
        elif prices(was) != prices(row) and was not in was_never:
            kind = CORRECTED if base(was) == base(row) else PRICE
            yield Change(kind, key, f"{_dated_text(was)} -> {shown(row)}")
    if was_never:
        told = " | ".join(_dated_text(row) for row in was_never)
        yield Change(TAKEN_BACK, key, f"{told} -> {' | '.join(_dated_text(row) for row in new)}")
    elif gone:
        yield Change(DATED, key, "instead of " + " | ".join(_dated_text(row) for row in gone))


def _dated_text(row: Row) -> str:
    return (f"from {row['from']} " if row["from"] else "") + shown(row)


def _objection(old: Entry | None, new: Entry, observed: str) -> str:
    """Why the new entry looks like a slip; empty where it does not."""
    was = in_force(old["prices"], observed) if old else None
    known = {repr(prices(row)) for row in old["prices"]} if old else set()
    for row in new["prices"]:
        if repr(prices(row)) in known:
            continue
        for each in (row, *row.get("tiers", ()), *row.get("windows", ())):
            if any(Decimal(each[name]) > HIGHEST for name in PRICES if name in each):
                return f"more than ${HIGHEST} per {UNIT}"
        for name in PRICES:
            if was and name in was and name in row and _is_leap(Decimal(was[name]), Decimal(row[name])):
                return f"{name} changes more than {LARGEST_CHANGE} times"
    return ""


def _is_leap(one: Decimal, other: Decimal) -> bool:
    return max(one, other) > LARGEST_CHANGE * min(one, other)


def _differences(key: str, offers: _Offers, settled: list[Row], observed: str) -> Iterable[Change]:
    """Where the sources say different things of today's price, or both something else than what is settled."""
    told = {LITELLM: offers.litellm, GENAI: offers.genai}
    rows = {source: in_force(offer.rows, observed) for source, offer in told.items() if offer}
    if settled:
        rows[MANUAL] = in_force(settled, observed)
    # They place a limit at 199,999 or at 200,000 tokens and mean the same.
    tiers = {source: [round(tier["above"], -3) for tier in row.get("tiers", ())] for source, row in rows.items() if row}
    if len({(base(row), *tiers[source]) for source, row in rows.items() if row}) > 1:
        yield Change(DIFFERING, key, "; ".join(f"{source} {shown(row)}" for source, row in rows.items() if row))


def _gone(
    models: Mapping[str, Entry],
    offers: Mapping[str, _Offers],
    settled: Mapping[str, Entry],
    by_source: Mapping[str, Findings],
    observed: str,
) -> Iterable[Change]:
    """Models whose price of today was taken from a source that no longer has it, and that no other one states."""
    for key, entry in models.items():
        row = in_force(entry["prices"], observed)
        if row is None or row["source"] not in by_source or "prices" in settled.get(key, {}):
            continue
        told = offers.get(key, _Offers("", None, None))
        now = [today for each in told.each if (today := in_force(each.rows, observed))]
        its = told.litellm if row["source"] == LITELLM else told.genai
        if told.vendor == entry["vendor"] and (its or any(base(row) == base(today) for today in now)):
            continue
        others = "".join(f"; now {told.vendor} {shown(today)}" for today in now)
        yield Change(GONE, key, f"{entry['vendor']}, seen {row['observed']}: {shown(row)}{others}")


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
                yield Change(SETTLED, key, " | ".join(_dated_text(row) for row in models[key]["prices"]))


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
