"""Why did a round cost what it did, and why did its prompt not come from the cache, as far as the log tells it?

All of it follows from the round, from the one that it goes on from in its conversation, and from what its tokens cost by
kind.  What the log does not tell is no reason: then it is said that none is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from session_monitor.base import timestamps
from session_monitor.calls.outcome import has_tokens
from session_monitor.prices.cost import Cost, Outcome

if TYPE_CHECKING:
    from session_monitor.sessions.stored_round import StoredRound

Reason = dict[str, Any]
"""A code, and what belongs to it: tokens, seconds, the name of a model or a tool."""

CACHE_MISSED, NOT_TOLD = "cache_missed", "not_told"
MODEL, ROUTE, SYSTEM, HISTORY, PAUSE = "model_changed", "route_changed", "system_changed", "history_changed", "pause"
FIRST, LONG_OUTPUT, LONG_PROMPT, BIG_RESULT, NEW_INPUT = (
    "first",
    "long_output",
    "long_prompt",
    "big_result",
    "new_input",
)
NOT_CACHED = "not_cached"

_LEAST = 1024
"""Tokens that a cache holds at least: of less nobody misses anything."""
_LIVES = (("cache_write_1h_tokens", 3600), ("cache_write_5m_tokens", 300))
_PAUSE = 300
"""Seconds from which on a pause is told where the log does not tell how long the cache was kept: none is kept for less."""


def of_round(entry: StoredRound, before: StoredRound | None, outcome: Outcome) -> list[Reason]:
    """What most of a round's cost is for; first of all that its prompt was not in the cache, and why. None of a usual cost.

    ``before`` is the round that it goes on from, None where it begins a conversation.
    """
    if not has_tokens(entry) or not isinstance(outcome, Cost) or not outcome.pico:
        return []
    missed = _missed(entry, before)
    parts = outcome.parts
    sent, read, made = parts.fresh_input + parts.cache_write, parts.cache_read, parts.visible_output + parts.reasoning
    most = max(sent, read, made)
    if most == made:
        return [*missed, {"code": LONG_OUTPUT, "tokens": entry["output_tokens"]}]
    if most == read:
        return [*missed, {"code": LONG_PROMPT, "tokens": entry["input_tokens"]}]
    return missed or [_of_what_was_sent(entry, before)]


def _of_what_was_sent(entry: StoredRound, before: StoredRound | None) -> Reason:
    """What stands in the part of a prompt that was paid in full."""
    tokens = entry["input_tokens"] - entry["cached_tokens"]
    if before is None:
        return {"code": FIRST, "tokens": tokens}
    came = max(entry.get("tool_results", ()), key=lambda each: each[3], default=None)
    if not entry["cached_tokens"] and tokens >= _LEAST:
        return {"code": NOT_CACHED, "tokens": tokens}
    if came and came[3] * 2 > entry.get("fresh_characters", 0):
        return {"code": BIG_RESULT, "tokens": tokens, "tool": came[0]}
    return {"code": NEW_INPUT, "tokens": tokens}


# -- the cache ---------------------------------------------------------------------------------------------------------


def _missed(entry: StoredRound, before: StoredRound | None) -> list[Reason]:
    """That a round found less than half of what the one before had in the cache, with all that may be why."""
    if before is None or not has_tokens(before):
        return []
    held = before["cached_tokens"] + before.get("cache_write_tokens", 0)
    if held < _LEAST or entry["cached_tokens"] * 2 >= held:
        return []
    why = list(_why_missed(entry, before)) or [{"code": NOT_TOLD}]
    return [{"code": CACHE_MISSED, "tokens": entry["input_tokens"] - entry["cached_tokens"]}, *why]


def _why_missed(entry: StoredRound, before: StoredRound) -> Iterator[Reason]:
    if entry["model"] and before["model"] and entry["model"] != before["model"]:
        yield {"code": MODEL, "from": before["model"], "to": entry["model"]}
    if _differ(entry, before, "upstream_cluster") or _differ(entry, before, "route_name"):
        yield {"code": ROUTE}
    if _differ(entry, before, "system"):
        yield {"code": SYSTEM}
    sent, again = before.get("messages_total", 0), entry.get("messages_from_history", 0)
    if sent and again < sent:
        yield {"code": HISTORY, "messages": again}
    yield from _pause(entry, before)


def _differ(entry: Mapping[str, Any], before: Mapping[str, Any], name: str) -> bool:
    """Whether both tell it, and not the same."""
    return bool(entry.get(name) and before.get(name) and entry[name] != before[name])


def _pause(entry: StoredRound, before: StoredRound) -> Iterator[Reason]:
    """A pause that is longer than the cache was kept for; where that is not told, one that may be."""
    now, then = (timestamps.milliseconds(each["timestamp"]) for each in (entry, before))
    if now is None or then is None:
        return
    life: int | None = next((seconds for kind, seconds in _LIVES if before.get(kind)), None)
    seconds = (now - then) // 1000
    if seconds > (life or _PAUSE):
        yield {"code": PAUSE, "seconds": seconds, "kept_seconds": life}
