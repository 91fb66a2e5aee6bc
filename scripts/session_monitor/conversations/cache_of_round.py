"""What should the cache have had of a stored round's prompt, held against the round that it goes on from?

By the same rules as over a whole session (``insight.caching.cache``), as far as two rounds tell: of a history that changed in its middle they do not
have all messages, and then no more is expected than what the round before had in the cache.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from session_monitor.base import timestamps
from session_monitor.calls import messages as said
from session_monitor.index.tables import round_flags, ways
from session_monitor.insight.basis import content, limits
from session_monitor.insight.basis.call import JudgedCall
from session_monitor.insight.basis.prompts import prompts
from session_monitor.insight.caching.cache import CacheJudge, CacheVerdict
from session_monitor.insight.caching.cached_prompts import CachedPrompts, SentBefore, are_as_long

if TYPE_CHECKING:
    from session_monitor.sessions.stored_round import StoredRound


def verdict(entry: StoredRound, before: StoredRound | None, seller: str | None) -> CacheVerdict | None:
    """The verdict on a round, with a ``cause`` of ``cache.MISSED`` where it missed; None where two rounds do not tell.

    ``before`` is the round that it goes on from, None where it begins a conversation; ``seller`` who sold it.
    """
    if before is None or "no_content" in entry or "no_content" in before:
        return None
    call, last = _call(entry, seller), _call(before, seller)
    if call.failed or last.failed or not (call.has_size and last.has_size and call.tells_cache and call.prompt):
        return None
    rules = _usual()
    judge = CacheJudge(rules.caches, rules.limits["cache_missed"])
    for each in (last._replace(model=call.model, way=call.way), call):
        judge.see(each)
    return judge.against(call, _sent_before(entry, before, call, last))


_usual = functools.lru_cache(1)(limits.usual)


def _sent_before(entry: StoredRound, before: StoredRound, call: JudgedCall, last: JudgedCall) -> SentBefore | None:
    if not call.history and not last.history:
        return _of_whole_lists(entry, before, call, last)
    system, system_before = entry.get("system"), before.get("system")
    is_system = bool(system and system_before and system != system_before)
    is_changed = is_system or call.history < last.sent
    held = last.read + last.written
    behind = (
        last.prompt if is_system and are_as_long(_size(system_before), _size(system)) else held if is_changed else 0
    )
    message = call.history if is_changed and not is_system else None
    kept = 0 if is_changed else last.prompt
    fresh = call.sent - call.history
    return SentBefore(last, last, last.kept_seconds, kept, behind, message, is_system, is_compacted=False, fresh=fresh)


def _of_whole_lists(entry: StoredRound, before: StoredRound, call: JudgedCall, last: JudgedCall) -> SentBefore | None:
    """The same where both rounds are stored with all of their messages."""
    names: dict[str, str] = {}
    calls = [
        each._replace(content=content.of_round(stored, names), thread=1, base=last.number)
        for each, stored in ((last, before), (call, entry))
    ]
    cached = CachedPrompts()
    for prompt in prompts(calls):
        if prompt.call.number == call.number:
            return cached.before(prompt)
        cached.add(prompt)
    return None


def _size(system: object) -> int:
    return len(said.spoken(system) or "")


def _call(entry: StoredRound, seller: str | None) -> JudgedCall:
    read, written = entry["cached_tokens"], entry.get("cache_write_tokens", 0)
    history = entry.get("messages_from_history", 0)
    return JudgedCall(
        number=entry["round"],
        at=timestamps.milliseconds(entry["timestamp"]),
        model=entry["model"],
        way=ways.way_of(entry.get("route_name"), entry.get("upstream_cluster")),
        consumer=None,
        fresh=entry["input_tokens"] - read - written,
        read=read,
        written=written,
        visible=0,
        reasoning=0,
        flags=round_flags.flags_of(entry),
        code=None,
        first_token_ms=entry.get("first_token_ms"),
        duration_ms=entry.get("duration_ms"),
        history=history,
        sent=history + len(entry["messages"]),
        thread=1,
        base=0,
        seller=seller,
        kept_seconds=next((seconds for word, seconds in _KEPT if entry.get(word)), None),
    )


_KEPT = (("cache_write_5m_tokens", 300), ("cache_write_1h_tokens", 3600))
