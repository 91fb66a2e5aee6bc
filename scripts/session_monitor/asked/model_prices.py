"""What are the prices of a model, as they are told?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from session_monitor.prices import model_names, price_list, sellers
from session_monitor.prices.book import Book
from session_monitor.prices.cost import ALIAS, OVERRIDE, PATTERN, ModelPrices


def today() -> str:
    """The day on which prices are asked for, in UTC."""
    return datetime.now(timezone.utc).date().isoformat()


def with_name(book: Book, text: str) -> list[ModelPrices]:
    """The prices of the models in whose name or vendor's there is this text, in lower case; those of patterns first."""
    patterns = book.patterns()
    known = [*patterns, *(model for model in book.models() if not (patterns and _is_hidden(model, book)))]
    return [model for model in known if any(text in name.lower() for name in _names(model))]


def _is_hidden(model: ModelPrices, book: Book) -> bool:
    """Whether a pattern that a person stated holds in the place of a shipped price."""
    found = book.find(model.key) if model.origin == price_list.SHIPPED else None
    return found is not None and found.kind == PATTERN


def _names(model: ModelPrices) -> list[str]:
    """All by which a model may be looked for."""
    return [model.key, model.vendor or "", *model.entry.get("names", ())]


def nearest(book: Book, name: str) -> list[str]:
    """Models whose names are spelled much like this one."""
    import difflib  # noqa: PLC0415 -- only a mistake needs it

    return difflib.get_close_matches(name.lower(), [model.key for model in book.models()], 5)


def to_json(model: ModelPrices) -> dict[str, Any]:
    """For JSON, with the prices of all times."""
    return {
        "model": model.key,
        "match": model.kind,
        "vendor": model.vendor,
        "origin": "shipped" if model.origin == price_list.SHIPPED else model.origin,
        "note": model.entry.get("note"),
        "prices": model.entry["prices"],
    }


def in_force(model: ModelPrices) -> Mapping[str, Any] | None:
    """The model's row of today; None where it has none yet."""
    day = today()
    rows = [row for row in model.entry["prices"] if (row.get("from") or "") <= day]
    return rows[-1] if rows else None


def sold_elsewhere(book: Book, model: ModelPrices) -> list[str]:
    """The names by which one asks what others take for the same model, its maker's first."""
    if model.seller == sellers.OWN_MACHINE:
        return []
    plain = model_names.model_key(model.key if model.kind == ALIAS else model.name)
    resellers = [seller for seller in sellers.titles() if sellers.is_reseller(seller)]
    is_resold = model.seller in resellers
    asked: dict[str | None, str] = {None: plain} if is_resold else {}
    asked.update((seller, f"{seller}/{plain}") for seller in resellers if seller != model.seller)
    found = {seller: book.find(name) for seller, name in asked.items()}
    return [asked[seller] for seller, there in found.items() if there and _is_of(seller, there)]


def _is_of(seller: str | None, model: ModelPrices) -> bool:
    """Whether these are this seller's prices of the very model, and not what a person states for whoever sells it."""
    is_own_row = model.key.startswith(f"{seller}/")
    return (
        model.seller == seller
        and not model.undated
        and (model.kind not in (OVERRIDE, PATTERN) or is_own_row or seller is None)
    )
