"""Why did a round cost what it did, and why did its prompt not come from the cache, as far as the log tells it?

All of it follows from the round, from the one that it goes on from in its conversation, and from what its tokens cost by
kind.  What the log does not tell is no reason: then it is said that none is told.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from session_monitor.calls.outcome import has_tokens
from session_monitor.calls.usage import is_cache_untold
from session_monitor.insight.caching import cache
from session_monitor.insight.caching.cache import CacheVerdict
from session_monitor.prices.cost import Cost, Outcome
from session_monitor.text import humanize

from . import cache_of_round

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
PARALLEL, UNMARKED = "parallel", "unmarked"

_LEAST = 1024
"""Tokens that a cache holds at least."""


def of_round(
    entry: StoredRound, before: StoredRound | None, outcome: Outcome, seller: str | None = None
) -> list[Reason]:
    """What most of a round's cost is for; first of all that its prompt was not in the cache, and why. None of a usual cost.

    ``before`` is the round that it goes on from, None where it begins a conversation; ``seller`` who sold it, where that is known.
    """
    if not has_tokens(entry) or not isinstance(outcome, Cost) or not outcome.pico:
        return []
    missed = _missed(entry, before, seller)
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
    if not entry["cached_tokens"] and tokens >= _LEAST and not is_cache_untold(entry):
        return {"code": NOT_CACHED, "tokens": tokens}
    if came and came[3] * 2 > entry.get("fresh_characters", 0):
        return {"code": BIG_RESULT, "tokens": tokens, "tool": came[0]}
    return {"code": NEW_INPUT, "tokens": tokens}


# -- the cache ---------------------------------------------------------------------------------------------------------


def _missed(entry: StoredRound, before: StoredRound | None, seller: str | None) -> list[Reason]:
    """That the cache should have had more of a round's prompt, and why it had not."""
    verdict = cache_of_round.verdict(entry, before, seller)
    if verdict is None or verdict.cause not in cache.MISSED:
        return []
    return [{"code": CACHE_MISSED, "tokens": verdict.missed}, _why_missed(verdict)]


def _why_missed(verdict: CacheVerdict) -> Reason:
    cause, before = verdict.cause, verdict.before
    if cause == cache.MODEL and before is not None:
        return {"code": MODEL, "from": before.model, "to": verdict.call.model}
    if cause in (cache.PREFIX, cache.COMPACTED) and not verdict.is_system:
        return {"code": HISTORY, "messages": verdict.message or 0}
    if cause == cache.EXPIRED:
        return {"code": PAUSE, "seconds": verdict.seconds, "kept_seconds": verdict.kept_seconds}
    return {"code": _OF_CAUSES.get(str(cause), NOT_TOLD)}


_OF_CAUSES = {
    cache.UPSTREAM: ROUTE,
    cache.PREFIX: SYSTEM,
    cache.COMPACTED: SYSTEM,
    cache.PARALLEL: PARALLEL,
    cache.UNMARKED: UNMARKED,
}


# -- in words ----------------------------------------------------------------------------------------------------------


_WORDS = {
    CACHE_MISSED: "cache missed, {tokens} tokens paid anew",
    NOT_TOLD: "why is not told",
    MODEL: "model changed from {from} to {to}",
    ROUTE: "sent another way",
    SYSTEM: "instructions changed",
    PARALLEL: "the call before was not answered yet",
    UNMARKED: "not marked for the cache",
    HISTORY: "history changed behind message {messages}",
    FIRST: "conversation begins, {tokens} tokens",
    LONG_OUTPUT: "long output, {tokens} tokens",
    LONG_PROMPT: "long prompt, {tokens} tokens",
    BIG_RESULT: "big result of {tool}, {tokens} new tokens",
    NEW_INPUT: "{tokens} new tokens",
    NOT_CACHED: "nothing cached, {tokens} tokens",
}


def in_words(reasons: Iterable[Reason]) -> str:
    """The reasons for people, in one line; empty where none is told."""
    return "; ".join(map(_in_words, reasons))


def _in_words(reason: Reason) -> str:
    if reason["code"] == PAUSE:
        kept = reason["kept_seconds"]
        cached = f", cached for {humanize.duration(kept)}" if kept else ", how long it was cached is not told"
        return f"a pause of {humanize.duration(reason['seconds'])}{cached}"
    numbers = {name: humanize.count(value) for name, value in reason.items() if isinstance(value, int)}
    return _WORDS[reason["code"]].format_map({**reason, **numbers})
