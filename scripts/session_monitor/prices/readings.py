"""What does the log leave open of a call's cache, and how would the call read the other way?

    Anthropic's shape without ``cache_creation``   its cache lies inside the input, or beside it
    cache reads and writes in one number           all of it was read, or all of it was written
    cache writes without a lifetime                kept for five minutes, or for an hour

The first of each is how the tokens of a call stand (``usage``).
"""

from __future__ import annotations

from session_monitor.calls import usage as usages
from session_monitor.calls.usage import TokenParts, Tokens

from .assumptions import BESIDE, StatedReading
from .cost import AS_STATED, CACHE_IN_ONE, CACHE_INSIDE

_NOTES = {usages.CONVERTED_CACHE: CACHE_INSIDE, usages.CACHE_IN_ONE: CACHE_IN_ONE}


def notes(usage: Tokens) -> tuple[str, ...]:
    """The notes of a cost that say how the cache of a call was taken, which the log leaves open."""
    _, read, *_, open_cache = usage
    return tuple([_NOTES[note] for note in open_cache if note in _NOTES]) if read and open_cache else ()


def as_stated(usage: Tokens, stated: StatedReading | None) -> tuple[Tokens, tuple[str, ...]]:
    """The tokens of a call as a person says that they are to be read, and a note of it where that decides anything."""
    fresh, read, written, *more, open_cache = usage
    if not (stated and stated.cache and CACHE_INSIDE in notes(usage)):
        return usage, ()
    if stated.cache == BESIDE:
        fresh += read + written
    still_open = tuple(note for note in open_cache if note != usages.CONVERTED_CACHE)
    return (fresh, read, written, *more, still_open), (AS_STATED,)  # type: ignore[return-value]  # the same fields


def other(usage: Tokens, *, is_lifetime_open: bool) -> Tokens | None:
    """The tokens of a call with all the other way round that is open; None where nothing is."""
    fresh, read, written, visible, reasoning, is_explicit, parts, _ = usage
    opened = notes(usage)
    if not (opened or is_lifetime_open):
        return None
    if is_lifetime_open:
        parts = for_an_hour(parts, written)
    if CACHE_INSIDE in opened:
        fresh += read + written
    if CACHE_IN_ONE in opened:
        read, written = 0, read
    return fresh, read, written, visible, reasoning, is_explicit, parts, ()


def for_an_hour(parts: TokenParts | None, written: int) -> TokenParts:
    """The parts of a call's tokens, with all of its cache writes of which it is not told for how long kept for an hour."""
    parts = parts or TokenParts()
    return parts._replace(cache_write_1h=parts.cache_write_1h + written - parts.written)
