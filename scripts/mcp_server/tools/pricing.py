"""What do models cost?"""

from __future__ import annotations

from typing import Any

from session_monitor.asked import model_prices
from session_monitor.prices import price_list
from session_monitor.prices.book import Book
from session_monitor.prices.cost import ModelPrices

from . import answers
from .answers import Answer, ToolMistakeError
from .folder import FolderDesk

_PRICES = ("input", "output", "cache_read", "cache_write")
_MOST_ELSEWHERE = 8


def pricing(desk: FolderDesk, arguments: dict[str, Any]) -> Answer:
    """The prices of today of one model, of those with a text in their name, or the models without any."""
    if len([name for name in ("model", "search", "unpriced") if arguments[name]]) > 1:
        raise ToolMistakeError("bad_arguments", "give one of model, search and unpriced")
    if arguments["unpriced"]:
        return _paged([_unpriced(each) for each in desk.report().unpriced()], arguments)
    book = desk.folder.book()
    if arguments["model"]:
        return _of_one(book, arguments["model"])
    found = model_prices.with_name(book, (arguments["search"] or "").lower())
    return _paged([_row(each) for each in found], arguments)


def _paged(rows: list[Answer], arguments: dict[str, Any]) -> Answer:
    offset, limit = arguments["offset"], arguments["limit"]
    some = rows[offset : offset + limit]
    return answers.paged(_HEAD, "models", some, offset, len(rows), arguments["max_bytes"])


_HEAD: Answer = {"unit": "per 1,000,000 tokens"}


def _unpriced(each: Any) -> Answer:
    return {"model": each.model, "rounds": each.rounds, "why": dict(each.reasons)}


def _row(model: ModelPrices) -> Answer:
    row = model_prices.in_force(model) or {}
    return {
        "model": model.key,
        "vendor": model.vendor,
        "currency": row.get("currency", "USD"),
        **{name: row.get(name) for name in _PRICES},
        "from": row.get("from"),
        "own": model.origin != price_list.SHIPPED,
        "has_tiers": bool(row.get("tiers") or row.get("windows")),
    }


def _of_one(book: Book, name: str) -> Answer:
    model = book.find(name)
    if model is None:
        near = ", ".join(model_prices.nearest(book, name))
        hint = f"nearest: {near}" if near else "pricing with search shows those known"
        raise ToolMistakeError("model_not_found", f"no price is known for {name}; {hint}")
    row = model_prices.in_force(model)
    discount = book.discount(model, row, model_prices.today()) if row else None
    more = {
        "match": model.kind,
        "seller": model.seller,
        "source": row and row.get("source"),
        "note": answers.cut(model.entry.get("note"), 300),
        "tiers": [dict(tier) for tier in (row or {}).get("tiers", ())][:4],
        "changes": len(model.entry["prices"]),
        "discount_percent": discount and str(discount.percent),
    }
    elsewhere = model_prices.sold_elsewhere(book, model)[:_MOST_ELSEWHERE]
    told = {**_HEAD, "also_sold_as": elsewhere, "total": 1, "next_offset": None}
    return {**told, "models": [{**_row(model), **more}]}
