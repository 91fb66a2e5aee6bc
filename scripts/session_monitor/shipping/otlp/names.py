"""Under which names is each fact of a call sent?

One table says it (``names.json``): a name that OpenTelemetry changes gets its new one in front there, and nothing else changes.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from session_monitor.base import data_tables


@functools.lru_cache(1)
def _table() -> Mapping[str, Any]:
    table: Mapping[str, Any] = data_tables.beside(__file__, "names.json")
    return table


def attributes(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes that tell these facts; of one that is None, which is not known, there is none."""
    names = _table()["attributes"]
    return {name: value for fact, value in facts.items() if value is not None for name in names[fact]}


def operation(model: str | None) -> str:
    """What a model does, as far as its name tells: it chats, where that says nothing else."""
    called = (model or "").lower()
    return next((str(name) for word, name in _table()["operations"] if word in called), "chat")


def provider(seller: str | None) -> str | None:
    """The name that OpenTelemetry has for who sold a call, or the seller's own word; None where nobody knows who it was."""
    return None if seller is None else _table()["providers"].get(seller, seller)
