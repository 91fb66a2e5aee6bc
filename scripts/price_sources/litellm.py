"""What does litellm say?

Its wheel has one JSON object: a name to that model's prices, each per token.  It has what vendors take today; whom
they no longer sell is taken out of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from session_monitor.prices import sellers
from session_monitor.prices.model_names import candidates, model_key, seller_of
from session_monitor.prices.price_list import MEDIA_PRICES, THIRD_PARTY

from .rows import LITELLM, Findings, Offer, Row, is_model, is_own, of_sellers, ordered, sellers_of, shaped, sold, texts

MEMBER = "litellm/model_prices_and_context_window_backup.json"

VENDORS = {
    "openai": "openai",
    "text-completion-openai": "openai",
    "anthropic": "anthropic",
    "gemini": "google",
    "vertex_ai-language-models": "google",
    "deepseek": "deepseek",
    "moonshot": "moonshot",
    "zai": "zai",
    "xai": "xai",
    "minimax": "minimax",
    "mistral": "mistral",
    "codestral": "mistral",
    "cohere_chat": "cohere",
    "cohere": "cohere",
    "meta": "meta",
    "xiaomi_mimo": "xiaomi",
    "ai21": "ai21",
    "voyage": "voyage",
    "jina_ai": "jina",
    "inception": "inception",
    "gigachat": "gigachat",
    "dashscope": "dashscope",
    "volcengine": "volcengine",
    "tencent": "tencent",
    "perplexity": "perplexity",
    "azure_ai": "azure",
    "azure": "azure",
    "groq": "groq",
    "bedrock_converse": "bedrock",
    "bedrock": "bedrock",
}
"""Its providers whose prices are list prices, the one to believe first where two of a vendor name the same model."""
_BY_REGION = ("bedrock", "azure")

_WITHOUT_OUTPUT = ("embedding", "rerank")
_MODES = (
    *("chat", "completion", "responses", "realtime", "image_generation", "image_edit"),
    *("audio_speech", "audio_transcription", None, *_WITHOUT_OUTPUT),
)
"""What is sold by the token; where a model of these is sold by the picture or the second, it has no such prices."""
_PER_TOKEN = {
    "input": "input_cost_per_token",
    "output": "output_cost_per_token",
    "cache_read": "cache_read_input_token_cost",
    "cache_read_explicit": "explicit_cache_read_input_token_cost",
    "cache_write": "cache_creation_input_token_cost",
    "cache_write_1h": "cache_creation_input_token_cost_above_1hr",
    "reasoning": "output_cost_per_reasoning_token",
    "audio_input": "input_cost_per_audio_token",
    "audio_output": "output_cost_per_audio_token",
    "image_input": "input_cost_per_image_token",
    "image_output": "output_cost_per_image_token",
}
_OLD_CACHE_READ = "input_cost_per_token_cache_hit"
_ABOVE = re.compile(r"(.+)_above_(\d+)k_tokens")
_FREE = {
    "google": re.compile(r"gemma|learnlm|.*-exp(?:-|$)"),
    "zai": re.compile(r".*-flash$"),
}
"""Models that are free.  Elsewhere it writes 0 for what it does not know, or what is not sold by the token."""


def parse(document: Mapping[str, Any]) -> Findings:
    """All list prices of the vendors that we take over; each model once at each of those who sell it."""
    left_out: list[str] = []
    taken: dict[tuple[str, str], tuple[tuple[int, bool, str], Offer]] = {}
    resold: list[Offer] = []
    order = list(VENDORS)
    for name, entry in document.items():
        if not isinstance(entry, dict) or not name.strip("/"):
            continue
        provider = entry.get("litellm_provider", "")
        if entry.get("mode") not in _MODES or not (provider in VENDORS or provider in sellers_of(LITELLM)):
            continue
        untold: list[str] = []
        row = _row(entry, VENDORS.get(provider, ""), name, untold)
        offer = _of_maker(name, entry, row) if provider in VENDORS else None
        if offer:
            preference = (order.index(provider), "/" in name, name)
            place = (offer.key, offer.vendor)
            if place not in taken or preference < taken[place][0]:
                taken[place] = (preference, offer)
        at_seller = _of_seller(name, entry, row)
        if at_seller:
            resold.append(at_seller)
        if row and not (offer or at_seller) and not _is_told(row, entry):
            untold.append(f"{name}: 0 stands for a price that is not known")
        left_out += untold
    return Findings([*(offer for _, offer in taken.values()), *of_sellers(resold, left_out)], left_out)


def _of_maker(name: str, entry: Mapping[str, Any], row: Row | None) -> Offer | None:
    """A maker's offer of its own model, or one of a seller whose price stands in for a maker's that nobody knows."""
    vendor = VENDORS[entry["litellm_provider"]]
    key = plain = model_key(name)
    if row is None or (name.count("/") > 1 and vendor not in _BY_REGION):
        return None
    if vendor in sellers_of(LITELLM).values() and vendor not in THIRD_PARTY and not is_own(vendor, plain):
        return None
    if vendor in _BY_REGION:
        key = next(candidates(name)).key
    if seller_of(name) not in {None, vendor, *sellers.table_of_sellers()["makers"]}:
        return None  # jamba-1.5-large@001 is Vertex's name of it
    is_free = vendor in _FREE and _FREE[vendor].match(key)
    if not is_model(vendor, plain) or not (is_free or _is_told(row, entry)):
        return None
    if plain != key:
        return Offer(key, name, vendor, [row], plain)
    return Offer(key, name.rsplit("/", 1)[-1], vendor, [row])


def _of_seller(name: str, entry: Mapping[str, Any], row: Row | None) -> Offer | None:
    """The offer of one who sells others' models."""
    seller = sellers_of(LITELLM).get(entry["litellm_provider"])
    if seller is None or row is None or entry.get("mode") is None or not _is_told(row, entry):
        return None
    return sold(seller, name, [row])


def _is_told(row: Row, entry: Mapping[str, Any]) -> bool:
    return row["input"] != "0" and (row["output"] != "0" or entry.get("mode") in _WITHOUT_OUTPUT)


def _row(entry: Mapping[str, Any], vendor: str, name: str, left_out: list[str]) -> Row | None:
    values = {price: entry.get(field) for price, field in _PER_TOKEN.items()}
    if values["cache_read"] is None:
        values["cache_read"] = entry.get(_OLD_CACHE_READ)
    row = texts(values, 1, name, left_out)
    tiers = _tiers(entry, name, left_out)
    row.update(tiers.pop(0, {}))
    if entry.get("mode") in _WITHOUT_OUTPUT:
        row.setdefault("output", "0")
    for only in ("image_output", "audio_output"):
        if only in row:
            row.setdefault("output", row[only])  # it gives nothing but these
    if not {"input", "output"} <= row.keys():
        if row:
            left_out.append(f"{name}: has no price for both input and output")
        return None
    shape = shaped(row, tiers, vendor, name, left_out)
    windows = _windows(entry.get("off_peak_pricing") or {}, name, left_out)
    return ordered({"from": None, **shape, "windows": windows or None})


def _tiers(entry: Mapping[str, Any], name: str, left_out: list[str]) -> dict[int, Row]:
    """The prices above so many tokens; above 0 are the base prices, for those who state them so."""
    # What it writes for audio above a size is the price of text there.
    fields = {field: price for price, field in _PER_TOKEN.items() if price not in MEDIA_PRICES}
    values: dict[int, dict[str, Any]] = {}
    for field, value in entry.items():
        match = _ABOVE.fullmatch(field)
        if match and match[1] in fields:
            values.setdefault(int(match[2]) * 1000, {})[fields[match[1]]] = value
    for tier in entry.get("tiered_pricing") or ():
        if "range" in tier:
            of_tier = {price: tier.get(field) for price, field in _PER_TOKEN.items()}
            values.setdefault(int(tier["range"][0]), {}).update(of_tier)
    return {above: texts(of_tier, 1, f"{name} above {above}", left_out) for above, of_tier in values.items()}


def _windows(off_peak: Mapping[str, Any], name: str, left_out: list[str]) -> list[Row]:
    """Each of its intervals as a window, with the prices that hold in all of them."""
    prices = texts({price: off_peak.get(field) for price, field in _PER_TOKEN.items()}, 1, name, left_out)
    windows = []
    for window in off_peak.get("windows") or ():
        hours = window["hours_utc"]
        for interval in [hours] if isinstance(hours, str) else hours:
            start, _, end = interval.partition("-")
            times = [start, "24:00" if end == "00:00" else end]
            windows.append({"utc": times, "weekdays": window.get("weekdays", list(range(1, 8))), **prices})
    return windows
