"""How does a stored round read as a span?

What the log does not tell has no attribute, rather than a 0 that somebody would add up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from session_monitor.base import timestamps
from session_monitor.calls import outcome, usage
from session_monitor.prices import money
from session_monitor.prices.book import Book
from session_monitor.prices.cost import Unpriced, call_of

from . import ids, names
from .telemetry import LARGEST, Span

if TYPE_CHECKING:
    from session_monitor.sessions.stored_round import StoredRound

_MILLION = 1_000_000
_LATEST = LARGEST // _MILLION
"""Milliseconds since 1970 up to which receivers can hold a time: the year 2262."""
_IS_STREAM = {"stream": True, "normal": False}
_OTHER_ERROR = "_OTHER"
"""OpenTelemetry's word for an error that has no name."""


def of_round(
    session_id: str, stored: StoredRound, began: Sequence[Any] | None, book: Book, *, is_with_content: bool = False
) -> Span | None:
    """The span of a round; None where the log does not tell when its call was.

    ``began`` is where the line of the turn's first call stood, None where that is not known.
    """
    at = timestamps.milliseconds(stored["timestamp"])
    if at is None or not 0 <= at <= _LATEST:
        return None
    log, duration = stored["log"], stored.get("duration_ms")
    if duration is not None and not 0 <= duration <= _LATEST - at:
        duration = None
    own, first = ids.span_id(session_id, log), began and ids.span_id(session_id, began)
    facts = {"session_id": session_id, **_of_call(stored, book), **_of_tokens(stored), **_of_cost(stored, book)}
    if duration is None:
        facts["no_duration"] = True
    if is_with_content:
        from . import content  # noqa: PLC0415 -- hardly anybody sends it

        facts.update(content.of_round(stored))
    return Span(
        trace_id=ids.trace_id(session_id, began),
        span_id=own,
        parent_id=first if first and first != own else b"",
        name=" ".join(filter(None, (facts["operation"], stored["model"]))),
        start=at * _MILLION,
        end=(at + (duration or 0)) * _MILLION,
        attributes=names.attributes(facts),
        error=(stored.get("error") or "") if facts["error"] else None,
    )


def _of_call(stored: StoredRound, book: Book) -> dict[str, Any]:
    model, first_chunk = stored["model"], stored.get("first_token_ms")
    route, cluster = stored.get("route_name"), stored.get("upstream_cluster")
    return {
        "operation": names.operation(model),
        "provider": names.provider(book.seller_of(model, route, cluster)),
        "model": model,
        "response_id": stored.get("chat_id"),
        "is_stream": _IS_STREAM.get(stored["response_type"] or ""),
        "first_chunk": None if first_chunk is None else first_chunk / 1000,
        "error": _error(stored),
        "response_code": stored.get("response_code") or None,  # 0 is the gateway's word for none
        "round": stored["round"],
        "outcome": outcome.outcome_of(stored),
        "consumer": stored.get("consumer"),
        "route": route,
        "cluster": cluster,
        "thread": stored.get("thread"),
        "request_id": stored.get("request_id"),
        "answered_by": stored.get("answered_by"),
        "tools_called": [name for name, _ in stored.get("tools_called", ())] or None,
    }


def _error(stored: StoredRound) -> str | None:
    """The kind of error that a call ended with; None for one that did not."""
    if outcome.outcome_of(stored) != outcome.FAILED:
        return None
    code = stored.get("response_code") or 0
    return str(code) if code >= outcome.ERROR_CODE else _OTHER_ERROR


def _of_tokens(stored: StoredRound) -> dict[str, Any]:
    """Tokens that are told: of a count that the log leaves open there is none."""
    if not outcome.has_tokens(stored):
        return {}
    no_input, no_output = outcome.untold_counts(stored)
    is_cache_untold = no_input or usage.is_cache_untold(stored)
    return {
        "input_tokens": None if no_input else stored["input_tokens"],
        "output_tokens": None if no_output else stored["output_tokens"],
        "cached_tokens": None if is_cache_untold else stored["cached_tokens"],
        "cache_write_tokens": stored.get("cache_write_tokens"),
        "reasoning_tokens": stored["reasoning_tokens"] or None,  # the log of a model that has none may say 0 or nothing
        "at_least": True if "at_least" in stored else None,
    }


def _of_cost(stored: StoredRound, book: Book) -> dict[str, Any]:
    priced = book.price(call_of(stored))
    if isinstance(priced, Unpriced):
        return {"unpriced": priced.reason}
    return {"cost_usd": priced.pico / money.PICO, "cost_notes": list(priced.notes) or None}
