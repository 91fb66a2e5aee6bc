"""For how long did a client ask to keep what a call writes to the provider's cache?

Anthropic's clients mark up to where something is to be kept with ``cache_control``; its ``ttl`` is ``5m``, which goes
without saying, or ``1h``.  A mark stands at a message, at a part of one, at a part of a tool's result, or at a block of
``system``.  A value that the gateway cut is Go's print of what it was (``cache_control:map[ttl:1h type:ephemeral]``).

Source: Anthropic's page on prompt caching.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from session_monitor.base import lazy_regex

from .attributes import UndecodedValue
from .usage import FIVE_MINUTES

NONE: frozenset[str] = frozenset()
MARK = b"cache_control"
"""What stands in the bytes of every value with a mark in it."""
_MARK = MARK.decode()
_PRINTED = lazy_regex.lazy(r"cache_control:map\[(?:ttl:(\w{1,9}) )?type:ephemeral\]")
_DEEPEST = 3


def lifetimes(holders: Iterable[Any], depth: int = _DEEPEST) -> frozenset[str]:
    """What messages, or parts of them, ask for; nothing where nothing is marked."""
    found: frozenset[str] = NONE
    for holder in holders:
        if type(holder) is dict:
            if _MARK in holder:
                found |= _lifetime(holder[_MARK])
            content = holder.get("content")
            if type(content) is list and depth:
                found |= lifetimes(content, depth - 1)
    return found


def _lifetime(mark: object) -> frozenset[str]:
    lifetime = mark.get("ttl", FIVE_MINUTES) if isinstance(mark, dict) else None
    return frozenset((lifetime,)) if isinstance(lifetime, str) else NONE


def lifetimes_of_others(system: object, undecoded: Mapping[str, str]) -> frozenset[str]:
    """The same of ``system``, and of values that are a text alone."""
    found = lifetimes(system) if isinstance(system, list) else NONE
    texts = [*([system.text] if isinstance(system, UndecodedValue) else []), *undecoded.values()]
    for text in texts:
        if _MARK in text:
            found |= {match or FIVE_MINUTES for match in _PRINTED.findall(text)}
    return found
