"""What becomes of the table when the sources have been read again?

Models and rows are added and never taken out: the sources forget what is no longer sold, and old calls keep their
prices.  A row is a new one where input or output costs something else than before; any other difference corrects the
row that holds today, so that what was only mistyped is no history.

    genai-prices knows dates      its rows are the model's; litellm is only compared
    litellm has the model         its prices hold from the day on which they were seen
    genai-prices has it undated   its prices count while litellm never had the model; and for caches where that has none
    settled by hand               as it stands in manual.json; the sources are only compared
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from session_monitor.prices.price_list import PRICES, SCHEMA, UNIT

from . import by_hand
from .by_hand import Entry, entry_of
from .rows import GENAI, LITELLM, MANUAL, Findings, Offer, Row, base, in_force, ordered, prices, rank, shown

NEW, PRICE, CORRECTED, DATED, SELLER, SETTLED, DROPPED = (
    *("new models", "changed prices", "corrected rows", "rows dated by genai-prices", "other sellers"),
    *("settled by hand", "dropped by hand"),
)
REFUSED, DIFFERING = "refused", "the sources disagree"
APPLIED = (NEW, PRICE, CORRECTED, DATED, SELLER, SETTLED, DROPPED)

HIGHEST = 1000
"""Dollars per million tokens; none has ever cost as much."""
LARGEST_CHANGE = 5
"""Times; a larger one is more often a slip than a price."""

_CACHE = ("cache_read", "cache_write", "cache_write_1h")


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
    changes: list[Change] = []
    settled, notes = by_hand.settled(manual), manual.get("vendor_notes", {})
    changes += _settle(models, settled, notes)
    offers = _by_key(by_source)
    # Those that count only where they cost something else than another model come behind it.
    for key in sorted(offers, key=lambda key: (any(offer.beside for offer in offers[key].each), key)):
        own = settled.get(key, {})
        if not _counts(key, offers[key], models, observed):
            continue
        changes += _differences(key, offers[key], own.get("prices", []), observed)
        if "prices" in own or "drop" in own:
            continue
        entry, made = _merged(key, models.get(key), offers[key], observed)
        objection = made and not {"all", key} & set(accepted) and _objection(models.get(key), entry, observed)
        if objection:
            changes.append(Change(REFUSED, key, f"{made[0].text}: {objection}"))
        else:
            models[key] = entry
            changes += made
    changes += _settle(models, settled, notes)  # once more, for notes on what the sources brought
    return Merged(_document(old, models, versions, manual, observed), models, changes)


# -- one model -----------------------------------------------------------------------------------------------------------


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


def _counts(key: str, offers: _Offers, models: Mapping[str, Entry], observed: str) -> bool:
    """Whether the offers change what the table says: not behind a better vendor, nor beside an equal model."""
    if key in models:
        return rank(offers.vendor) <= rank(models[key]["vendor"])
    beside = next((offer.beside for offer in offers.each if offer.beside), None)
    if beside is None:
        return True
    other = in_force(models[beside]["prices"], observed) if beside in models else None
    return other is not None and all(base(offer.rows[0]) != base(other) for offer in offers.each)


def _merged(key: str, old: Entry | None, offers: _Offers, observed: str) -> tuple[Entry, list[Change]]:
    """The model's new entry, and what is new about it."""
    name = next(iter(offers.each)).name
    if old is None or old["vendor"] != offers.vendor:
        rows = _rows([], offers, observed)
        entry: Entry = {"vendor": offers.vendor, "names": [name], "prices": rows}
        text = " | ".join(_dated_text(row) for row in rows)
        if old is None:
            return entry, [Change(NEW, key, f"{offers.vendor}: {text}")]
        return entry, [Change(SELLER, key, f"{old['vendor']} -> {offers.vendor}: {text}")]
    rows = _rows(old["prices"], offers, observed)
    return {**old, "prices": rows}, list(_row_changes(key, old["prices"], rows))


def _rows(old: list[Row], offers: _Offers, observed: str) -> list[Row]:
    genai = offers.genai
    if genai and len(genai.rows) > 1 and not genai.moves:
        others = offers.litellm.rows if offers.litellm else []
        return _dated(old, [_filled(row, other) for row in genai.rows for other in others or [row]], observed)
    undated = in_force(genai.rows, observed) if genai else None
    current = in_force(old, observed)
    rows = old
    if offers.litellm:
        rows = _stated(old, offers.litellm.rows[0], LITELLM, observed)
    elif undated and (current is None or current["source"] == GENAI):
        rows = _stated(old, undated, GENAI, observed)
    return [_filled(row, undated) for row in rows] if undated else rows


def _dated(old: list[Row], stated: list[Row], observed: str) -> list[Row]:
    """The rows as genai-prices dates them, with those of its own that it has forgotten.

    Its row without a date says what held last before the first date; what was seen earlier stays if that fits.
    """
    rows = {row["from"] or "": row for row in old if row["source"] == GENAI}
    undated, first = ordered({**stated[0], "source": GENAI, "observed": observed}), stated[1]["from"]
    seen = [row for row in old if (row["from"] or "") < first and row["observed"] < first]
    if seen and base(seen[-1]) == base(undated):
        undated.update({"from": seen[-1]["from"], "observed": seen[-1]["observed"]})
        rows.update({row["from"] or "": row for row in seen})
    for row in (undated, *({**row, "source": GENAI, "observed": observed} for row in stated[1:])):
        same = rows.get(row["from"] or "")
        if same is None or prices(same) != prices(row):
            rows[row["from"] or ""] = ordered(row)
    return [rows[start] for start in sorted(rows)]


def _stated(old: list[Row], stated: Row, source: str, observed: str) -> list[Row]:
    """The rows with prices that hold today, since whenever."""
    new = ordered({**stated, "source": source, "observed": observed})
    current = in_force(old, observed)
    if current is None:
        return [new, *old]
    if base(current) == base(stated):
        # That a source is silent about a cache's price now does not make the old one wrong; tiers it states whole.
        kept = {name: value for name, value in prices(current).items() if name not in ("tiers", "windows")}
        same = {**kept, **prices(stated)}
        if same == prices(current):
            return old
        new = ordered({**same, "from": current["from"], "source": source, "observed": observed})
        return [new if row is current else row for row in old]
    start = None if current["from"] is None and current["observed"] == observed else observed
    kept_rows = [row for row in old if (row["from"] or "") != (start or "")]
    return sorted([*kept_rows, {**new, "from": start}], key=lambda row: row["from"] or "")


def _filled(row: Row, other: Row) -> Row:
    """The row with the other's prices for caches where it has none, if the two agree on what both state."""
    plain = not any(name in each for each in (row, other) for name in ("tiers", "windows"))
    if not plain or base(row) != base(other) or row.get("source") == MANUAL:
        return row
    return ordered({**{name: other[name] for name in _CACHE if name in other}, **row})


# -- what is new, and what is wrong about it -----------------------------------------------------------------------------


def _row_changes(key: str, old: list[Row], new: list[Row]) -> Iterable[Change]:
    before = {row["from"]: row for row in old}
    after = {row["from"]: row for row in new}
    gone = [row for start, row in before.items() if start not in after]
    for row in new:
        was = before.get(row["from"])
        if was is None:
            held = in_force(old, row["from"] or "") or old[0]
            yield Change(DATED if gone else PRICE, key, f"{shown(held)} -> {_dated_text(row)}")
        elif prices(was) != prices(row):
            kind = CORRECTED if base(was) == base(row) else PRICE
            yield Change(kind, key, f"{_dated_text(was)} -> {shown(row)}")
    if gone:
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
            if own and models[key] != before:
                yield Change(SETTLED, key, " | ".join(_dated_text(row) for row in models[key]["prices"]))


def _document(
    old: Mapping[str, Any],
    models: Mapping[str, Entry],
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
    }
    if {**document, "models": models} != old:
        document["generated"] = observed
    return document
