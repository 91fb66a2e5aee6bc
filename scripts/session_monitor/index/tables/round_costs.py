"""What did rounds cost, by what the index says of them?"""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from session_monitor.base import timestamps
from session_monitor.calls.usage import TokenParts, Usage, parts_of
from session_monitor.prices import money
from session_monitor.prices.book import Book
from session_monitor.prices.cost import Call, CallColumns, bits_of

from .round_flags import FEW_TRAITS, traits_of
from .schema import AT_LEAST
from .ways import route_and_cluster

PRICED = ("usd", "pico", "saved_usd", "saved_pico", "stake_usd", "stake_pico", "notes")
"""The columns of ``round`` that ``costs`` gives, in its order."""


def parts_kept(parts: str | None) -> TokenParts | None:
    """The parts of a round's tokens, as the index keeps them."""
    return parts_of(json.loads(parts)) if parts else None


def named(book: Book, models: Iterable[str | None], ways: Iterable[str | None]) -> Iterator[str | None]:
    """The models' names with who sold what went these ways."""
    known: dict[tuple[str | None, str | None], str | None] = {}
    for key in zip(models, ways):
        if key not in known:
            model, way = key
            known[key] = book.named(model, *route_and_cluster(way))
        yield known[key]


def priced_as(
    book: Book, models: Iterable[str | None], ways: Iterable[str | None], consumers: Iterable[str | None]
) -> Iterator[str | None]:
    """The same with what is stated of caches for these consumers, for ``costs``."""
    if not book.assumptions:  # then nothing depends on who called
        yield from named(book, models, ways)
        return
    known: dict[tuple[str | None, str | None, str | None], str | None] = {}
    for key in zip(models, ways, consumers):
        if key not in known:
            model, way, consumer = key
            known[key] = book.priced_as(model, *route_and_cluster(way), consumer)
        yield known[key]


def call_of(
    model: str | None,
    way: str | None,
    at: int | None,
    tokens: tuple[int, int, int, int, int],
    parts: str | None,
    flags: int,
    consumer: str | None,
) -> Call:
    """A row's call, as far as its price depends on it."""
    route, cluster = route_and_cluster(way)
    is_explicit, open_cache, has_tokens, is_free, partly_told = traits_of(flags)
    used = Usage(*tokens, is_explicit, parts_kept(parts), open_cache)
    timestamp = None if at is None else timestamps.rfc3339(at)
    told = has_tokens, is_free, partly_told, bool(flags & AT_LEAST)
    return Call(model, timestamp, used, *told, route, cluster, consumer)


def costs(
    book: Book,
    models: Iterable[str | None],
    times: Iterable[str | None],
    tokens: Sequence[list[int]],
    parts: Sequence[str | None],
    flags: Sequence[int],
) -> tuple[list[Any], ...]:
    """What calls of these models, which are named as ``priced_as`` does, cost, as it is kept, column by column.

    That is dollars in millionths, the rest in 1e-12, the same for what was saved and for what is at stake (all None where
    a call has no price), and the notes.
    """
    kept = map(parts_kept, parts) if any(parts) else itertools.repeat(None)
    fresh, read, written, visible, reasoning = tokens
    traits = map(FEW_TRAITS.__getitem__, flags)
    calls = CallColumns(models, times, fresh, read, written, visible, reasoning, kept, traits)
    micro = money.MICRO
    rows: list[tuple[Any, ...]] = []
    for pico, saved, notes, at_stake in book.amounts(calls):
        if pico is None:
            rows.append(_UNPRICED)
        else:
            usd = pico // micro
            saved_usd = saved_rest = stake_usd = stake_rest = 0
            if saved:
                saved_usd = saved // micro
                saved_rest = saved - saved_usd * micro
            if at_stake:
                stake_usd = at_stake // micro
                stake_rest = at_stake - stake_usd * micro
            kept_notes = _bits(notes) if notes else 0
            rows.append((usd, pico - usd * micro, saved_usd, saved_rest, stake_usd, stake_rest, kept_notes))
    return tuple(map(list, zip(*rows)))


_UNPRICED = (None, None, None, None, None, None, 0)


@functools.lru_cache(1024)
def _bits(notes: tuple[str, ...]) -> int:
    return bits_of(notes)
