"""Which rows has a model, when its sources have been read again?

A row is a new one where input or output costs something else than before, seen on that day.  Any other difference
corrects the row that holds today, also where a price is no longer stated.  Nor is it a new price, but the old row was
wrong from the beginning, where input and output were in each other's place, or where both sources state one price for
a name that does not move: genai-prices dates what changes, and knows of no change.  What was only seen before such a
price is taken back.
"""

from __future__ import annotations

from collections.abc import Mapping

from session_monitor.prices.price_list import MEDIA_PRICES

from .offers import Offers
from .rows import GENAI, LITELLM, MANUAL, SEEN, Row, base, beginning, in_force, is_seen, ordered, prices

_CACHE = ("cache_read", "cache_write", "cache_write_1h")


def rows_of(old: list[Row], offers: Offers, observed: str, last: Mapping[str, str]) -> list[Row]:
    """The model's rows with what its sources say on the observed day; ``last``: when each was read before."""
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
