"""What does a source say of a model's prices?

Both sources are read into offers: one vendor's rows for one model, in the shipped table's form (price_list).  What a
source says that cannot be a price is left out, with a word.

A maker's model stands under its bare key, and so does what one who also sells others' models has of its own (`_OWN`).
Whatever else such a seller offers stands under SELLER/KEY.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any, NamedTuple

from session_monitor.prices import sellers
from session_monitor.prices.model_names import candidates, model_key, seller_of
from session_monitor.prices.money import DECIMALS
from session_monitor.prices.price_list import CACHE_PRICES, DATE_ORIGINS, PRICES

LITELLM, GENAI, MANUAL = "litellm", "genai-prices", "manual"
VENDOR, SOURCE, SEEN = DATE_ORIGINS
START = ("from", "dated", "after")
"""What a row says of its beginning."""

_RANK = (
    *("openai", "anthropic", "google", "deepseek", "moonshot", "zai", "zhipu", "xai", "minimax", "mistral", "cohere"),
    *("meta", "xiaomi", "ai21", "voyage", "jina", "inception", "gigachat"),
    *("dashscope", "volcengine", "tencent", "perplexity", "azure", "groq", "bedrock", "openrouter"),
)
"""Vendors in the order in which their prices count: makers before those who also sell others' models."""

_OWN = {
    "google": re.compile(
        r"gemini|gemma|nano-banana|deep-research|learnlm|medlm|text-|textembedding|chat-bison|code|embedding|multimodal"
    ),
    "perplexity": re.compile(r"sonar|pplx|r1-1776|llama-3-1-sonar"),
    "bedrock": re.compile(r"nova-|titan-"),
    "dashscope": re.compile(r"qwen|qwq|qvq|tongyi|text-embedding-v\d|gte-rerank"),
    "volcengine": re.compile(r"doubao"),
    "tencent": re.compile(r"hunyuan|hy\d"),
    "azure": re.compile(r"phi-\d|mai-\w|model-router"),
}
"""Vendors that list others' models beside their own, and what their own are called."""

_WITHOUT_VERSION = {"sonar"}
_NOT_LIST_PRICES = re.compile(r"^ft:|:|-ft-")
_NOT_A_SELLERS = re.compile(r"^ft:|:(?!(?:batch|free|extended)$)|-ft-|-month-commitment-")
_MILLION = 10**6

Row = dict[str, Any]


class Offer(NamedTuple):
    """One vendor's rows for one model, oldest first; ``name`` is the vendor's spelling of ``key``.

    ``beside`` is the key of a model from which this one need not be told apart where both cost the same: for a seller's
    offer the maker's, and for one in a region the same seller's without it.  A name that ``moves`` stands for one model
    today and another tomorrow: the dates in the rows are those of today's.
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


def is_own(seller: str, key: str) -> bool:
    """Whether a model of one who also sells others' is its own, so that it stands under its bare key."""
    return seller in _OWN and bool(_OWN[seller].match(key))


@functools.lru_cache(2)
def sellers_of(source: str) -> Mapping[str, str]:
    """Each provider of a source that sells others' models, and our word for it."""
    field = {LITELLM: "litellm", GENAI: "genai"}[source]
    resellers = sellers.table_of_sellers()["resellers"]
    return {provider: word for word, row in resellers.items() for provider in row[field]}


def sold(seller: str, name: str, rows: list[Row]) -> Offer | None:
    """What one who sells others' models takes for one of them; None where the name is no model's, or its own model's."""
    key, region = model_key(name), next(candidates(name)).key
    if is_own(seller, key) or _NOT_A_SELLERS.search(key) or not ("-" in key or any(map(str.isdigit, key))):
        return None
    whole = name if seller_of(name) == seller else f"{seller}/{name}"
    return Offer(f"{seller}/{region}", whole, seller, rows, key if region == key else f"{seller}/{key}")


def of_sellers(offers: Iterable[Offer], left_out: list[str]) -> list[Offer]:
    """Each key once: where a seller has it under several names, what all of them cost; no offer where they differ."""
    by_key: dict[str, list[Offer]] = {}
    for offer in offers:
        by_key.setdefault(offer.key, []).append(offer)
    chosen = []
    for key, same in by_key.items():
        fullest = max(same, key=lambda offer: (len(prices(offer.rows[-1])), "@" not in offer.name, -len(offer.name)))
        if all(_is_part(offer.rows, fullest.rows) for offer in same):
            chosen.append(fullest)
        else:
            told = "; ".join(f"{offer.name} {shown(offer.rows[-1])}" for offer in same)
            left_out.append(f"{key}: costs something else by each of its names: {told}")
    return chosen


def _is_part(rows: list[Row], whole: list[Row]) -> bool:
    """Whether rows say nothing of prices that the others do not."""
    return len(rows) == len(whole) and all(
        other.get(name) == value for one, other in zip(rows, whole) for name, value in prices(one).items()
    )


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
    if "gemini" in where.lower() or (vendor == "google" and "claude" not in where):
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
