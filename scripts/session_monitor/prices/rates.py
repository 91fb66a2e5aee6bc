"""How do tokens and rates become money?"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from session_monitor.calls.usage import Tokens

from . import money
from .cost import CACHE_READ_AS_INPUT, CACHE_WRITE_AS_INPUT, Call, Cost, CostParts, FoundPrices
from .price_list import PRICES

if TYPE_CHECKING:
    from fractions import Fraction


class Rates(NamedTuple):
    """Units of one currency per token, 1e-12 each; and what had to be assumed."""

    input: int
    output: int
    cache_read: int
    cache_read_explicit: int
    cache_write: int
    reasoning: int
    read_note: str | None
    explicit_note: str | None
    write_note: str | None


class PriceRow(NamedTuple):
    start: str
    row: Mapping[str, Any]
    tiers: tuple[tuple[int, Rates], ...]
    windows: tuple[tuple[str, str, frozenset[int], tuple[tuple[int, Rates], ...]], ...]


class InForce(NamedTuple):
    """All that is known of a call's price before its tokens and its hour are."""

    found: FoundPrices
    row: PriceRow
    rate: Fraction | None
    notes: tuple[str, ...]


class Flat(NamedTuple):
    """Prices that depend on nothing but the model and the day, as for most models.

    Rates by kind; what is assumed, and whether the savings are known, by whether caches were read and written.
    """

    rates: tuple[int, int, int, int, int]
    assumed: tuple[tuple[tuple[str, ...], bool], ...]


def _prices(row: Mapping[str, Any]) -> dict[str, str]:
    return {name: row[name] for name in PRICES if name in row}


def _in_window(row: PriceRow, at: str) -> tuple[tuple[int, Rates], ...]:
    hour, day = at[11:16], datetime.fromisoformat(at[:10]).isoweekday()
    for start, end, days, tiers in row.windows:
        if start <= hour < end and day in days:
            return tiers
    return row.tiers


def cost(call: Call, in_force: InForce) -> Cost:
    parts, saved, notes, above = _parts(call.usage, call.at, in_force)
    return Cost(sum(parts), CostParts(*parts), saved, notes, in_force.found, in_force.row.row, above)


def _parts(
    usage: Tokens, at: str | None, in_force: InForce
) -> tuple[tuple[int, int, int, int, int], int | None, tuple[str, ...], int]:
    """Pico-dollars by kind, what the cache spared, what was assumed, and the tier."""
    _, row, rate, notes = in_force
    fresh, cache_read, cache_write, visible, reasoning, explicit_cache, _ = usage
    tiers = row.tiers if not row.windows or not at else _in_window(row, at)
    above, rates = tiers[0]
    if len(tiers) > 1:
        prompt = fresh + cache_read + cache_write
        above, rates = next(tier for tier in reversed(tiers) if prompt > tier[0] or not tier[0])
    if not (cache_read or cache_write) and rate is None:
        return (fresh * rates.input, 0, 0, visible * rates.output, reasoning * rates.reasoning), 0, notes, above
    read, read_note = rates.cache_read, rates.read_note
    if explicit_cache:
        read, read_note = rates.cache_read_explicit, rates.explicit_note
    parts = (
        fresh * rates.input,
        cache_read * read,
        cache_write * rates.cache_write,
        visible * rates.output,
        reasoning * rates.reasoning,
    )
    saved = cache_read * (rates.input - read) + cache_write * (rates.input - rates.cache_write)
    if rate is not None:
        first, second, third, fourth, fifth = (money.rounded(part * rate) for part in parts)
        parts = first, second, third, fourth, fifth
        saved = money.rounded(saved * rate)
    notes, is_known = _assumed(notes, cache_read and read_note, cache_write and rates.write_note)
    return parts, saved if is_known else None, notes, above


def _assumed(notes: tuple[str, ...], *more: str | int | None) -> tuple[tuple[str, ...], bool]:
    """All notes, and whether what the cache spared is known."""
    for note in more:
        if isinstance(note, str):
            notes = (note, *notes)
    return notes, CACHE_READ_AS_INPUT not in notes and CACHE_WRITE_AS_INPUT not in notes


def _flat(in_force: InForce) -> Flat | None:
    _, row, rate, notes = in_force
    if row.windows or len(row.tiers) > 1 or rate is not None:
        return None
    rates = row.tiers[0][1]
    noted = [_assumed(notes, *more) for more in itertools.product((None, rates.read_note), (None, rates.write_note))]
    by_kind = rates.input, rates.cache_read, rates.cache_write, rates.output, rates.reasoning
    return Flat(by_kind, tuple(noted))
