"""What does a call cost, worked out another way: from the price list's text, in fractions?"""

from __future__ import annotations

from datetime import date
from fractions import Fraction


def rate_of(prices, rules, kind, explicit):
    """The dollars for a token of one kind, in the words of the list's description."""
    fresh = Fraction(prices["input"])
    names = {
        "fresh_input": ["input"],
        "cache_read": [*(["cache_read_explicit"] if explicit else []), "cache_read"],
        "cache_write": ["cache_write"],
        "visible_output": ["output"],
        "reasoning": ["reasoning", "output"],
        "audio_input": ["audio_input", "input"],
        "image_input": ["image_input", "input"],
        "audio_output": ["audio_output", "output"],
        "image_output": ["image_output", "output"],
        "cache_write_5m": ["cache_write"],
        "cache_write_1h": ["cache_write_1h", "cache_write"],
        "cache_write_mixed": ["cache_write_1h", "cache_write"],
    }[kind]
    for name in names:
        if name in prices:
            return Fraction(prices[name]) / 10**6
        if name in rules:
            return round(fresh * Fraction(rules[name].rstrip("x")), 6) / 10**6  # a price has six decimals
    return fresh / 10**6


def place_of(model, at, prompt):
    """Which row, window and tier of a model a call falls into, by their numbers; None before the first row."""
    rows = [n for n, row in enumerate(model["prices"]) if at is None or (row["from"] or "0") <= at[:10]]
    if not rows:
        return None
    row = model["prices"][rows[-1]]
    window = None
    if at and "windows" in row:
        minute = int(at[11:13]) * 60 + int(at[14:16])
        for number, other in enumerate(row["windows"]):
            first, last = (int(time[:2]) * 60 + int(time[3:]) for time in other["utc"])
            if window is None and first <= minute < last:
                day = date.fromisoformat(at[:10]).weekday() + 1
                window = number if day in other.get("weekdays", [day]) else None
    return rows[-1], window, sum(prompt > tier["above"] for tier in row.get("tiers", []))


def prices_at(model, place):
    """The prices at such a place, as they stand in the list."""
    number, window, tier = place
    row = model["prices"][number]
    known = dict(row)
    known.update(row["windows"][window] if window is not None else {})
    for other in row.get("tiers", [])[:tier]:
        known.update(other)
    return known


def cost_of(document, model, at, kinds, *, explicit):
    """The dollars for a call's tokens by kind, on a model of the list; None before its first row."""
    prompt = sum(number for kind, number in kinds.items() if kind not in WRITTEN_BY_MODELS)
    place = place_of(model, at, prompt)
    if place is None:
        return None
    known, rules = prices_at(model, place), document["vendor_defaults"].get(model["vendor"], {})
    return sum((number * rate_of(known, rules, kind, explicit) for kind, number in kinds.items()), Fraction())


WRITTEN_BY_MODELS = ("visible_output", "reasoning", "audio_output", "image_output")
