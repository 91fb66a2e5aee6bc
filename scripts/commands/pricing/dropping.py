"""What has a shipped price, or one's own before, that the price which is being set does not have?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from session_monitor.prices import own_words, price_list
from session_monitor.prices.book import Book
from session_monitor.prices.cost import ModelPrices
from session_monitor.text import humanize, safe

_PARTS = {
    "cache_read": ("cache reads", "as input"),
    "cache_read_explicit": ("reads of a cache that was asked for", "as other cache reads"),
    "cache_write": ("cache writes", "as input"),
    "cache_write_1h": ("cache writes for an hour", "as those for five minutes"),
    "reasoning": ("reasoning tokens", "as other output"),
    "audio_input": ("audio input tokens", "as text"),
    "audio_output": ("audio output tokens", "as text"),
    "image_input": ("image input tokens", "as text"),
    "image_output": ("image output tokens", "as text"),
    "tiers": ("long prompts", "as short ones"),
    "windows": ("some hours", "as all others"),
}
"""What may have a price of its own, and how it is priced where it has none."""


class Stated(NamedTuple):
    """What is being set: its key in the list, the row, and who sells it."""

    key: str
    row: Mapping[str, Any]
    vendor: str | None


def sentence(stated: Stated, book: Book, day: str) -> str | None:
    """What is priced otherwise from now on than in the shipped price of that day, or in one's own before.

    None where that is nothing, as where all is free.  ``book`` is as it was before.
    """
    if stated.row["input"] == stated.row["output"] == "0":
        return None
    if own_words.is_pattern(stated.key):
        return _of_pattern(stated, day)
    shipped = _row(Book([price_list.undecoded()]).find(stated.key), day)
    own = book.find(stated.key)
    mine = _row(own, day) if own and own.origin != price_list.SHIPPED else {}
    by_vendor = book.factors(stated.vendor)
    told = [
        f"{_PARTS[part][0]}{' are now priced' if not number else ''} {_PARTS[part][1]} ({_was(part, mine, shipped, stated.row)})"
        for number, part in enumerate(_dropped(stated.row, {**shipped, **mine}, by_vendor))
    ]
    return f"{safe.cell(stated.key)}: {', '.join(told)}" if told else None


def _dropped(row: Mapping[str, Any], known: Mapping[str, Any], by_vendor: Mapping[str, str]) -> Iterator[str]:
    return (part for part in _PARTS if part in known and part not in row and part not in by_vendor)


def _was(part: str, mine: Mapping[str, Any], shipped: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    """What the price was, and the option that states one."""
    whose, before = ("your own price before", mine) if part in mine else ("the shipped price", shipped)
    if part == "windows":
        return f"{whose} has others then, which only the file of your prices can state"
    is_same_unit = row.get("currency") == before.get("currency")
    if part == "tiers" and not is_same_unit:
        return f"{whose} has others, in {before.get('currency', 'USD')}; add --tier"
    if part == "tiers":
        options = " ".join(f"--tier {_tier(before, number)}" for number in range(len(before["tiers"])))
        return f"{whose} has others; add {options}"
    option = f"--{part.replace('_', '-')}"
    if is_same_unit:
        return f"{whose} was {before[part]}; add {option} {before[part]}"
    return f"{whose} was {before[part]} {before.get('currency', 'USD')}; add {option}"


def _tier(row: Mapping[str, Any], number: int) -> str:
    """A tier of a row as it is typed."""
    prices = dict(row)
    for tier in row["tiers"][: number + 1]:
        prices.update(tier)
    told = [prices["above"], prices["input"], prices["output"]]
    told += [prices["cache_read"]] if "cache_read" in prices else []
    told += [prices["cache_write"]] if len(told) > 3 and "cache_write" in prices else []
    return ":".join(map(str, told))


def _row(model: ModelPrices | None, day: str) -> Mapping[str, Any]:
    """The row in force on a day; an empty one where there is none."""
    rows = [row for row in model.entry["prices"] if (row.get("from") or "") <= day] if model else []
    return rows[-1] if rows else {}


def _of_pattern(stated: Stated, day: str) -> str | None:
    """How many shipped models a pattern hides, and of how many of them which prices."""
    models = Book([price_list.undecoded()]).models()
    hidden = [model for model in models if own_words.fits(stated.key, own_words.forms(model.key))]
    dropped = Counter(part for model in hidden for part in _dropped(stated.row, _row(model, day), {}))
    if not dropped:
        return None
    told = [
        f"{_PARTS[part][0]}{' are now priced' if not number else ''} {_PARTS[part][1]} (of {humanize.count(dropped[part])})"
        for number, part in enumerate(part for part in _PARTS if part in dropped)
    ]
    return f"{safe.cell(stated.key)} hides {humanize.counted(len(hidden), 'shipped price')}: {', '.join(told)}"
