"""What has to be told of a round, bit by bit?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from session_monitor.calls import outcome, usage
from session_monitor.calls.usage import OPEN_CACHE, PART_WORDS, open_cache_of, parts_of
from session_monitor.prices.cost import USUAL, Traits

from . import schema
from .schema import (
    AT_LEAST,
    CACHE_UNTOLD,
    CUT,
    EXPLICIT_CACHE,
    FAILED,
    FREE,
    HAS_PARTS,
    LEFT,
    LEFT_OUT,
    NO_CONTENT,
    NO_TOKENS,
    PARTLY_TOLD,
    TOOL_CALLS,
    TOOLS_UNKNOWN,
)

if TYPE_CHECKING:
    from session_monitor.sessions.stored_round import RoundFacts


def flags_of(facts: RoundFacts) -> int:
    """A round's flags."""
    asked = facts["has_tool_calls"]
    flags = TOOL_CALLS if asked else TOOLS_UNKNOWN if asked is None else 0
    if "no_content" in facts:
        flags |= NO_CONTENT
    if facts.get("outcome") == outcome.OK and facts["total_tokens"] and _NOTABLE.isdisjoint(facts):  # as nearly always
        return flags
    return flags | _notable_flags(facts)


_NOTABLE = frozenset(
    (
        *("no_tokens", "answered_by", "at_least", "partly_told", "explicit_cache", "cache_untold", "cut", "left_out"),
        *(*OPEN_CACHE, *PART_WORDS),
    )
)


def _notable_flags(facts: RoundFacts) -> int:
    """The flags of a round of which something has to be told."""
    flags = _OF_OUTCOME.get(outcome.outcome_of(facts), 0)
    if not outcome.has_tokens(facts):
        flags |= NO_TOKENS
    if outcome.is_free(facts):
        flags |= FREE
    if "at_least" in facts:
        flags |= AT_LEAST
    if "partly_told" in facts:
        flags |= PARTLY_TOLD
    if "explicit_cache" in facts:
        flags |= EXPLICIT_CACHE
    if "cache_untold" in facts:
        flags |= CACHE_UNTOLD
    if "cut" in facts:
        flags |= CUT
    if "left_out" in facts:
        flags |= LEFT_OUT
    for note in open_cache_of(facts):
        flags |= _OF_OPEN_CACHE[note]
    return flags if parts_of(facts) is None else flags | HAS_PARTS


_OF_OPEN_CACHE = {usage.CONVERTED_CACHE: schema.CONVERTED_CACHE, usage.CACHE_IN_ONE: schema.CACHE_IN_ONE}
_OF_OUTCOME = {outcome.FAILED: FAILED, outcome.LEFT: LEFT}


def outcome_of(flags: int) -> str:
    """How a row's call ended."""
    return next((name for name, flag in _OF_OUTCOME.items() if flags & flag), outcome.OK)


def traits_of(flags: int) -> Traits:
    """What a call's price depends on besides its tokens."""
    return Traits(
        explicit_cache=bool(flags & EXPLICIT_CACHE),
        open_cache=tuple(note for note, flag in _OF_OPEN_CACHE.items() if flags & flag),
        has_tokens=not flags & NO_TOKENS,
        is_free=bool(flags & FREE),
        partly_told=bool(flags & PARTLY_TOLD),
    )


class _FewTraits(dict[int, Optional[Traits]]):
    """Traits by flags, None where they are the usual ones: a call each would ask for them."""

    def __missing__(self, flags: int) -> Traits | None:
        traits = traits_of(flags)
        self[flags] = None if traits == USUAL else traits
        return self[flags]


FEW_TRAITS = _FewTraits()
"""The traits of calls by their flags; None where they are ``USUAL``."""
