"""What does a source say of a model's prices?

Both sources are read into offers: one vendor's rows for one model, in the shipped table's form (price_list).  What a
source says that cannot be a price is left out, with a word.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any, NamedTuple

from session_monitor.prices.money import DECIMALS
from session_monitor.prices.price_list import CACHE_PRICES, DATE_ORIGINS, PRICES

LITELLM, GENAI, MANUAL = "litellm", "genai-prices", "manual"
VENDOR, SOURCE, SEEN = DATE_ORIGINS
START = ("from", "dated", "after")
"""What a row says of its beginning."""

_RANK = (
    *("openai", "anthropic", "google", "deepseek", "moonshot", "zai", "zhipu", "xai", "minimax", "mistral", "cohere"),
    *("dashscope", "volcengine", "tencent", "perplexity", "groq", "bedrock", "openrouter"),
)
"""Vendors in the order in which their prices count: makers before those who also sell others' models."""

_OWN = {
    "google": re.compile(
        r"gemini|gemma|nano-banana|deep-research|learnlm|medlm|text-|textembedding|chat-bison|code|embedding|multimodal"
    ),
    "perplexity": re.compile(r"sonar|pplx|r1-1776|llama-3-1-sonar"),
}
"""Vendors that list others' models beside their own, and what their own are called."""

_WITHOUT_VERSION = {"sonar"}
_NOT_LIST_PRICES = re.compile(r"^ft:|:|-ft-")
_MILLION = 10**6

Row = dict[str, Any]


class Offer(NamedTuple):
    """One vendor's rows for one model, oldest first; ``name`` is the vendor's spelling of ``key``.

    ``beside`` is the key of a model from which this one need not be told apart where both cost the same.  A name that
    ``moves`` stands for one model today and another tomorrow: the dates in the rows are those of today's.
    """

    key: str
    name: str
    vendor: str
    rows: list[Row]
    beside: str | None = None
    moves: bool = False


class Findings(NamedTuple):
    """What a source offers, and a sentence for each thing in it that was left out."""

    offers: list[Offer]
    left_out: list[str]


class _UnusableError(ValueError):
    pass


def rank(vendor: str) -> int:
    """Whose price counts where several sell a model of one name: the lowest; makers settled by hand before all."""
    return _RANK.index(vendor) if vendor in _RANK else -1


def is_model(vendor: str, key: str) -> bool:
    """Whether the key can be a model of the vendor's price list: no family (`claude`), no fine-tune, no free route."""
    named = "-" in key or any(char.isdigit() for char in key) or key in _WITHOUT_VERSION
    own = vendor not in _OWN or _OWN[vendor].match(key)
    return bool(named and own and not _NOT_LIST_PRICES.search(key))


def texts(values: Mapping[str, Any], unit: int, where: str, left_out: list[str]) -> Row:
    """The prices among the values (None is none) as text per million tokens; they are given per ``unit`` tokens."""
    row = {}
    for name, value in values.items():
        if value is not None:
            try:
                row[name] = _text(value, unit)
            except _UnusableError as error:
                left_out.append(f"{where}: {name} is {error}")
    return row


def _text(value: object, unit: int) -> str:
    try:
        price = Decimal(str(value))
    except InvalidOperation:
        raise _UnusableError(f"{value!r}, no number") from None
    if isinstance(value, bool) or not price.is_finite():
        raise _UnusableError(f"{value!r}, no number")
    if price < 0:
        raise _UnusableError(f"{value}, less than nothing")
    price = price * _MILLION / unit
    if price >= _MILLION:
        raise _UnusableError(f"{value}, too much to be true")
    rounded = price.quantize(Decimal(1).scaleb(-DECIMALS), ROUND_HALF_EVEN)
    if price and not rounded:
        raise _UnusableError(f"{value}, too little to be counted")
    return format(rounded.normalize(), "f")


def shaped(row: Row, tiers: Mapping[int, Row], vendor: str, where: str, left_out: list[str]) -> Row:
    """One row as the table has it, from its base prices and those of its tiers."""
    for each in (row, *tiers.values()):
        _drop_false_cache_prices(each, vendor, where, left_out)
    if not any("reasoning" in tier for tier in tiers.values()) and row.get("reasoning") == row.get("output"):
        row.pop("reasoning", None)
    shape = ordered(row)
    below = dict(shape)
    for above in sorted(tiers):
        tier = {name: tiers[above][name] for name in PRICES if name in tiers[above]}
        changed = {name: price for name, price in tier.items() if price != below.get(name)}
        if changed:
            shape.setdefault("tiers", []).append({"above": above, **changed})
            below.update(changed)
    return shape


def _drop_false_cache_prices(row: Row, vendor: str, where: str, left_out: list[str]) -> None:
    """Take out what is written in a cache's place and is no price for its tokens."""
    if vendor == "google":
        # Google takes money for the hours that a cache is kept, and the sources put that here.
        row.pop("cache_write", None)
        row.pop("cache_write_1h", None)
    for name in CACHE_PRICES:
        # The sources write 0 where writing has no surcharge, and the input price where reading has no discount.
        if row.get(name) == "0" or (name.startswith("cache_read") and row.get(name, "") == row.get("input")):
            row.pop(name, None)
    price = {name: Decimal(row[name]) for name in ("input", *CACHE_PRICES) if name in row}
    wrong = [name for name in CACHE_PRICES[:2] if price.get(name, 0) > price.get("input", Decimal("inf"))]
    hour = price.get("cache_write_1h", Decimal(0))
    # An hour costs more than five minutes; nobody takes more for it than twice the input price.
    if hour and not price.get("cache_write", Decimal(0)) <= hour <= 2 * price.get("input", hour):
        wrong.append("cache_write_1h")
    left_out += [f"{where}: {name} {row.pop(name)} does not go with input {row['input']}" for name in wrong]


def ordered(row: Row) -> Row:
    """The row with its keys in the order in which the table has them, and without those that are None (but `from`)."""
    names = (*START, *PRICES, "tiers", "windows", "currency", "source", "observed", "url", "note")
    return {name: row[name] for name in names if name in row and (name == "from" or row[name] is not None)}


def prices(row: Row) -> Row:
    """What a row says of prices, without where and when that was found."""
    return {name: row[name] for name in (*PRICES, "tiers", "windows") if name in row}


def beginning(row: Row) -> Row:
    """What a row says of its beginning: the day, where that is from, and after which day it is, if only seen."""
    return {name: row[name] for name in START if name in row}


def is_seen(row: Row) -> bool:
    """Whether nobody states since when the row's prices hold."""
    return bool(row.get("dated", SEEN) == SEEN)


def base(row: Row) -> tuple[str, str]:
    """The prices by which a row is another one: input and output."""
    return row["input"], row["output"]


def in_force(rows: list[Row], day: str) -> Row | None:
    """The row that holds on a day; None where there is none."""
    return next((row for row in reversed(rows) if (row["from"] or "") <= day), None)


def shown(row: Row) -> str:
    """A row's prices for people, on one line."""
    parts = [f"{row['input']}/{row['output']}"]
    parts += [f"{name} {row[name]}" for name in PRICES[2:] if name in row]
    for tier in row.get("tiers", ()):
        parts.append(
            f">{tier['above'] // 1000}k " + " ".join(f"{name} {tier[name]}" for name in PRICES if name in tier)
        )
    for window in row.get("windows", ()):
        days = "".join(str(day) for day in window.get("weekdays", ()))
        hours = "-".join(window["utc"]) + (f" on days {days}" if days else "")
        parts.append(f"{hours} {window.get('input', '')}/{window.get('output', '')}")
    return ", ".join(parts)
