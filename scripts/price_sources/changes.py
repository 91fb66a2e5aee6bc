"""What is new in the table, and what is wrong about it?

Lines for the maintainer to look at.  What looks like a slip is refused until he says that it is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from session_monitor.prices.price_list import PRICES, UNIT

from .by_hand import Entry
from .offers import Offers
from .rows import GENAI, LITELLM, MANUAL, Findings, Row, base, in_force, is_seen, prices, shown

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


class Change(NamedTuple):
    """One line for the maintainer to look at; ``kind`` is one of those above."""

    kind: str
    key: str
    text: str


def row_changes(key: str, old: list[Row], new: list[Row]) -> Iterable[Change]:
    """What is new about a model's rows."""
    before = {row["from"]: row for row in old}
    after = {row["from"]: row for row in new}
    gone = [row for start, row in before.items() if start not in after]
    was_never = [row for row in old if is_seen(row) and base(row) not in map(base, new)]
    for row in new:
        was = before.get(row["from"])
        if was is None:
            held = in_force(old, row["from"] or "") or old[0]
            yield Change(DATED if gone else PRICE, key, f"{shown(held)} -> {dated_text(row)}")
        elif prices(was) != prices(row) and was not in was_never:
            kind = CORRECTED if base(was) == base(row) else PRICE
            yield Change(kind, key, f"{dated_text(was)} -> {shown(row)}")
    if was_never:
        told = " | ".join(dated_text(row) for row in was_never)
        yield Change(TAKEN_BACK, key, f"{told} -> {' | '.join(dated_text(row) for row in new)}")
    elif gone:
        yield Change(DATED, key, "instead of " + " | ".join(dated_text(row) for row in gone))


def dated_text(row: Row) -> str:
    """A row in words, with its day."""
    return (f"from {row['from']} " if row["from"] else "") + shown(row)


def objection(old: Entry | None, new: Entry, observed: str) -> str:
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


def differences(key: str, offers: Offers, settled: list[Row], observed: str) -> Iterable[Change]:
    """Where the sources say different things of today's price, or both something else than what is settled."""
    told = {LITELLM: offers.litellm, GENAI: offers.genai}
    rows = {source: in_force(offer.rows, observed) for source, offer in told.items() if offer}
    if settled:
        rows[MANUAL] = in_force(settled, observed)
    # They place a limit at 199,999 or at 200,000 tokens and mean the same.
    tiers = {source: [round(tier["above"], -3) for tier in row.get("tiers", ())] for source, row in rows.items() if row}
    if len({(base(row), *tiers[source]) for source, row in rows.items() if row}) > 1:
        yield Change(DIFFERING, key, "; ".join(f"{source} {shown(row)}" for source, row in rows.items() if row))


def gone(
    models: Mapping[str, Entry],
    offers: Mapping[str, Offers],
    settled: Mapping[str, Entry],
    by_source: Mapping[str, Findings],
    observed: str,
) -> Iterable[Change]:
    """Models whose price of today was taken from a source that no longer has it, and that no other one states."""
    for key, entry in models.items():
        row = in_force(entry["prices"], observed)
        if row is None or row["source"] not in by_source or "prices" in settled.get(key, {}):
            continue
        told = offers.get(key, Offers("", None, None))
        now = [today for each in told.each if (today := in_force(each.rows, observed))]
        its = told.litellm if row["source"] == LITELLM else told.genai
        if told.vendor == entry["vendor"] and (its or any(base(row) == base(today) for today in now)):
            continue
        others = "".join(f"; now {told.vendor} {shown(today)}" for today in now)
        yield Change(GONE, key, f"{entry['vendor']}, seen {row['observed']}: {shown(row)}{others}")
