"""What does genai-prices say?

Its wheel has one Python module that lists providers with their models, each price per million tokens.  It keeps models
that are no longer sold, and knows of some prices from which day on they hold.  The module is read, never run: to run it
takes packages that we do without.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import Any

from session_monitor.prices.model_names import model_key
from session_monitor.prices.price_list import THIRD_PARTY

from .rows import (
    GENAI,
    SOURCE,
    Findings,
    Offer,
    Row,
    beginning,
    is_model,
    is_own,
    of_sellers,
    ordered,
    prices,
    sellers_of,
    shaped,
    sold,
    texts,
)

MEMBER = "genai_prices/data.py"

VENDORS = {
    "openai": "openai",
    "anthropic": "anthropic",
    "google": "google",
    "deepseek": "deepseek",
    "moonshotai": "moonshot",
    "zai": "zai",
    "zhipuai": "zhipu",
    "x-ai": "xai",
    "minimax": "minimax",
    "mistral": "mistral",
    "cohere": "cohere",
    "meta": "meta",
    "voyageai": "voyage",
    "groq": "groq",
    "perplexity": "perplexity",
    "openrouter": "openrouter",
    "aws": "bedrock",
    "azure": "azure",
}
_RESOLD = (
    *("qwen", "deepseek", "meta-llama", "z-ai", "moonshotai", "minimax", "baidu", "tencent", "stepfun", "01-ai"),
    *("bytedance", "bytedance-seed", "openai", "mistralai", "google", "microsoft"),
)
"""Makers whose models we price by a reseller where they have no price of their own: those that gateways pass on to."""

_MTOK = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cache_read": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
    "cache_write_1h": "cache_write_1h_mtok",
    "reasoning": "output_reasoning_mtok",
    "audio_input": "input_audio_mtok",
    "audio_output": "output_audio_mtok",
    "image_input": "input_image_mtok",
    "image_output": "output_image_mtok",
}
_WITHOUT_OUTPUT = ("embed", "rerank", "bge-", "gte-", "voyage-")
_FREE = re.compile(r".+:free$")
"""OpenRouter's free routes."""
_MIDNIGHT = ("00:00", "24:00")

Node = dict[str, Any]


def parse(source: str) -> Findings:
    """All list prices of the vendors that we take over, dated where the source knows dates.

    Each model comes once at each of those who sell it.
    """
    left_out: list[str] = []
    offers: dict[tuple[str, str], Offer] = {}
    resold: list[Offer] = []
    for provider in providers(source):
        vendor, seller = VENDORS.get(provider["id"]), sellers_of(GENAI).get(provider["id"])
        if vendor is None and seller is None:
            continue
        models = [(model, _rows(model, vendor or "", left_out)) for model in provider["models"]]
        own = [(model["id"], rows) for model, rows in models]
        others = [(name, rows) for model, rows in models for name in equal_names(model["match"])]
        makers_named = {model_key(name) for name, _ in own if "/" in name}
        for name, rows in own if vendor == "openrouter" else [*own, *others]:
            key = model_key(name)
            # OpenRouter had names without a maker long ago, at prices of that time.
            is_old = vendor == "openrouter" and "/" not in name and key in makers_named
            if not rows or is_old:
                continue
            if seller and (vendor == seller or not vendor or not is_own(vendor, key)):
                offer = sold(seller, name, rows)
                resold += [offer] if offer else []
            if vendor and _is_makers(vendor, seller, name, key):
                moves = key.endswith("-latest") and (name, rows) not in own
                offers.setdefault((key, vendor), Offer(key, name.rsplit("/", 1)[-1], vendor, rows, moves=moves))
    return Findings([*offers.values(), *of_sellers(resold, left_out)], left_out)


def _is_makers(vendor: str, seller: str | None, name: str, key: str) -> bool:
    """Whether an offer is a maker's own, or a seller's that stands in for a maker's that nobody knows."""
    if vendor == "openrouter" and name.partition("/")[0] not in _RESOLD:
        return False
    is_known = vendor != seller or vendor in THIRD_PARTY or is_own(vendor, key)
    return is_known and is_model(vendor, key)


# -- reading the module --------------------------------------------------------------------------------------------------


def providers(source: str) -> list[Node]:
    """All that the module lists: providers with their models, each call in it an object with its name under ``_``."""
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.value, ast.List):
            return [_value(each) for each in statement.value.elts]
    raise ValueError("genai-prices has another form than the one that is known here: no list of providers")


def _value(node: ast.expr) -> Any:
    """Calls become objects, named under ``_``; times and dates become text."""
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        values: list[Any] = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
        if name == "Decimal":
            return values[0]
        if name in ("date", "time"):
            return ("-" if name == "date" else ":").join(f"{value:02d}" for value in values)
        return {"_": name, **{str(keyword.arg): _value(keyword.value) for keyword in node.keywords}}
    if isinstance(node, ast.List):
        return [_value(each) for each in node.elts]
    return node.value if isinstance(node, ast.Constant) else None


def equal_names(match: Node) -> Iterator[str]:
    """The names that a model is matched by as a whole; beginnings and parts of names are not ours to guess from."""
    if match["_"] == "ClauseEquals":
        yield match["equals"]
    for each in match.get("or_", ()):
        yield from equal_names(each)


# -- prices --------------------------------------------------------------------------------------------------------------


def _rows(model: Node, vendor: str, left_out: list[str]) -> list[Row]:
    """Of several prices the last whose condition holds counts: those with a date are rows, those with hours windows."""
    stated = model["prices"] if isinstance(model["prices"], list) else [{"prices": model["prices"]}]
    rows, peaks = [], []
    for each in stated:
        row = _row(each["prices"], vendor, model["id"], left_out)
        condition = each.get("constraint") or {}
        if row is None:
            continue
        if condition.get("_") == "TimeOfDateConstraint":
            peaks.append(([condition["start_time"], condition["end_time"]], row))
        else:
            day = condition.get("start_date")
            rows.append({"from": day, "dated": SOURCE, **row} if day else {"from": None, **row})
    if not rows:
        return []
    rows.sort(key=lambda row: row["from"] or "")
    rows[0] = {"from": None, **prices(rows[0])}
    if peaks:
        rows[-1] = _peak_first(rows[-1], peaks, model["id"], left_out)
    return rows


def _row(price: Node, vendor: str, name: str, left_out: list[str]) -> Row | None:
    values: dict[int, dict[str, Any]] = {0: {}}
    for ours, field in _MTOK.items():
        value = price.get(field)
        if isinstance(value, dict):
            values[0][ours] = value["base"]
            for tier in value["tiers"]:
                values.setdefault(tier["start"], {})[ours] = tier["price"]
        else:
            values[0][ours] = value
    tiers = {above: texts(of_tier, 10**6, name, left_out) for above, of_tier in values.items()}
    row = tiers.pop(0)
    if vendor == "openrouter" and _FREE.match(name) and not any(price != "0" for price in row.values()):
        return {"input": "0", "output": "0"}
    without_output = any(part in name.lower() for part in _WITHOUT_OUTPUT)
    if without_output:
        row["output"] = "0"
    if row.get("input", "0") == "0" or (row.get("output", "0") == "0" and not without_output):
        return None  # sold by the picture, the minute, the search; or given away as a taste
    return shaped(row, tiers, vendor, name, left_out)


def _peak_first(row: Row, peaks: list[tuple[list[str], Row]], name: str, left_out: list[str]) -> Row:
    """The row with the prices of its peak hours, and a window with its own for each stretch between these."""
    if any(peak != peaks[0][1] for _, peak in peaks) or any(start >= end for (start, end), _ in peaks):
        left_out.append(f"{name}: hours of this form are not known here")
        return row
    own = {price: value for price, value in row.items() if price in _MTOK}
    windows = [{"utc": hours, **own} for hours in _between([hours for hours, _ in peaks])]
    return ordered({**beginning(row), **peaks[0][1], "windows": windows})


def _between(taken: Iterable[list[str]]) -> Iterator[list[str]]:
    """The stretches of a day that the others leave."""
    start = _MIDNIGHT[0]
    for begin, end in sorted(taken):
        if start < begin:
            yield [start, begin]
        start = max(start, end)
    if start < _MIDNIGHT[1]:
        yield [start, _MIDNIGHT[1]]
