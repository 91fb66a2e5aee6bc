"""How do tokens and rates become money?

What a row of a price list says becomes rates per token here, by kinds, tiers and windows; and tokens times these, money.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Optional

from session_monitor.calls.usage import HOUR, TokenParts, Tokens

from . import money
from .cost import (
    AS_STATED,
    AUDIO_AS_TEXT,
    CACHE_READ_AS_INPUT,
    CACHE_READ_BY_VENDOR,
    CACHE_WRITE_1H_AS_5M,
    CACHE_WRITE_5M,
    CACHE_WRITE_AS_INPUT,
    CACHE_WRITE_BY_VENDOR,
    CACHE_WRITE_MIXED,
    CACHED_MEDIA,
    IMAGE_AS_TEXT,
    ModelPrices,
)
from .price_list import PRICES

if TYPE_CHECKING:
    from fractions import Fraction

    from .assumptions import StatedReading


class PartRate(NamedTuple):
    """The rate of a part of a kind of tokens, what the rest of that kind has, and what had to be assumed."""

    rate: int
    whole: int
    note: str | None


class Rates(NamedTuple):
    """Units of one currency per token, 1e-12 each; and what had to be assumed for some of them.

    ``parts`` are in the order of ``usage.TokenParts``.  ``for_an_hour`` is what a written token costs more if it is kept for
    an hour and not for five minutes, None where only one price is known.
    """

    input: int
    output: int
    cache_read: int
    cache_read_explicit: int
    cache_write: int
    reasoning: int
    read_note: str | None
    explicit_note: str | None
    write_note: str | None
    parts: tuple[PartRate, ...]
    for_an_hour: int | None


Tiers = tuple[tuple[int, Rates], ...]
"""The rates for prompts above 0 tokens, above the first limit, and so on."""


class Window(NamedTuple):
    """Hours of a day from ``start`` to ``end`` (``09:30``, in UTC) on some weekdays (1 is Monday), and the rates then."""

    start: str
    end: str
    weekdays: frozenset[int]
    tiers: Tiers


class PriceRow(NamedTuple):
    """A row of a price list: the day from which on it holds (empty: since ever), the row as it stands, and its rates."""

    start: str
    row: Mapping[str, Any]
    tiers: Tiers
    windows: tuple[Window, ...]


class InForce(NamedTuple):
    """All that is known of a call's price before its tokens and its hour are.

    ``factor`` is what the row's amounts come to in dollars, by the rate of their currency and a discount; None where
    they are what is paid.  ``stated`` is what a person says of the cache, None where nothing.
    """

    prices: ModelPrices
    row: PriceRow
    factor: Fraction | None
    notes: tuple[str, ...]
    stated: StatedReading | None = None


class FlatRates(NamedTuple):
    """Prices that depend on nothing but the model, the day and the prompt's size, as for nearly all models.

    Rates for the five kinds of tokens; what is assumed, and whether the savings are known, by whether caches were read
    and written: neither, written, read, both.  ``for_an_hour`` is what a written token would cost more if it were kept for
    an hour, None where that is not open.  ``longer`` are the same for prompts above so many tokens, the longest first.
    """

    by_kind: tuple[int, int, int, int, int]
    assumed: tuple[tuple[tuple[str, ...], bool], ...]
    for_an_hour: int | None = None
    longer: tuple[tuple[int, FlatRates], ...] = ()

    def of_prompt(self, size: int) -> FlatRates:
        """Those for a prompt of so many tokens."""
        for above, flat_rates in self.longer:
            if size > above:
                return flat_rates
        return self


# -- a row's rates -----------------------------------------------------------------------------------------------------


def price_row(row: Mapping[str, Any], factors: Mapping[str, str]) -> PriceRow:
    """The row with its rates; ``factors`` of the input's price are what its vendor takes for caches in general."""
    base = _prices(row)
    windows = tuple(
        Window(
            window["utc"][0],
            window["utc"][1],
            frozenset(window.get("weekdays", range(1, 8))),
            _tiers({**base, **_prices(window)}, row, factors),
        )
        for window in row.get("windows", ())
    )
    return PriceRow(row.get("from") or "", row, _tiers(base, row, factors), windows)


def _prices(row: Mapping[str, Any]) -> dict[str, str]:
    return {name: row[name] for name in PRICES if name in row}


def _tiers(prices: dict[str, str], row: Mapping[str, Any], factors: Mapping[str, str]) -> Tiers:
    tiers = [(0, _rates(prices, factors))]
    for tier in row.get("tiers", ()):
        prices = {**prices, **_prices(tier)}
        tiers.append((tier["above"], _rates(prices, factors)))
    return tuple(tiers)


def _rates(prices: Mapping[str, str], factors: Mapping[str, str]) -> Rates:
    known = {name: money.per_token(price) for name, price in prices.items()}
    fresh, output = known["input"], known["output"]

    def cached(name: str, by_vendor: str, as_input: str) -> tuple[int, str | None]:
        if name in known:
            return known[name], None
        if name in factors:
            return money.times(fresh, factors[name][:-1]), by_vendor
        return fresh, as_input

    read, read_note = cached("cache_read", CACHE_READ_BY_VENDOR, CACHE_READ_AS_INPUT)
    explicit, explicit_note = cached("cache_read_explicit", CACHE_READ_BY_VENDOR, "")
    if explicit_note == "":
        explicit, explicit_note = read, read_note
    write, write_note = cached("cache_write", CACHE_WRITE_BY_VENDOR, CACHE_WRITE_AS_INPUT)
    hour, hour_note = cached("cache_write_1h", CACHE_WRITE_BY_VENDOR, "")
    if hour_note == "":
        hour, hour_note = write, write_note or CACHE_WRITE_1H_AS_5M
    mixed_note = CACHE_WRITE_MIXED if hour != write else hour_note
    lasting = PartRate(write, write, write_note), PartRate(hour, write, hour_note), PartRate(hour, write, mixed_note)
    media = (
        _part(known, "audio_input", fresh, AUDIO_AS_TEXT),
        _part(known, "image_input", fresh, IMAGE_AS_TEXT),
        _part(known, "audio_output", output, AUDIO_AS_TEXT),
        _part(known, "image_output", output, IMAGE_AS_TEXT),
    )
    for_an_hour = None
    if "cache_write" in known and "cache_write_1h" in known:
        write_note, for_an_hour = CACHE_WRITE_5M, hour - write
    reasoning = known.get("reasoning", output)
    return Rates(
        *(fresh, output, read, explicit, write, reasoning, read_note, explicit_note, write_note),
        (*media, *lasting),
        for_an_hour,
    )


def _part(known: Mapping[str, int], name: str, as_text: int, note: str) -> PartRate:
    return PartRate(known[name], as_text, None) if name in known else PartRate(as_text, as_text, note)


# -- tokens times rates ------------------------------------------------------------------------------------------------


ByKind = tuple[int, int, int, int, int]
"""Pico-dollars, as ``cost.CostParts``."""
Priced = tuple[ByKind, Optional[int], tuple[str, ...], int, Optional[int]]
"""What a call cost by kind, what the cache spared (None: not known), what was assumed, the tier, and what is at stake."""


def priced(usage: Tokens, at: str | None, in_force: InForce) -> Priced:
    """What a call cost."""
    if not usage[-1]:  # as of nearly all
        return _as_read(usage, at, in_force)
    from . import readings  # noqa: PLC0415 -- of few calls the cache is open

    usage, more = readings.as_stated(usage, in_force.stated)
    parts, saved, notes, above, at_stake = _as_read(usage, at, in_force)
    other = readings.other(usage, is_lifetime_open=at_stake is not None)
    if other is not None:
        more = (*more, *readings.notes(usage))
        at_stake = sum(_as_read(other, at, in_force)[0]) - sum(parts)
    return parts, saved, (*(note for note in more if note not in notes), *notes), above, at_stake


def _as_read(usage: Tokens, at: str | None, in_force: InForce) -> Priced:
    """What tokens of these kinds cost, whatever else the log may mean by them; at stake is how long caches are kept."""
    _, row, factor, notes, stated = in_force
    fresh, cache_read, cache_write, visible, reasoning, explicit_cache, of_kinds, _ = usage
    above, rates = _in_force_for(usage, at, row)
    if not (cache_read or cache_write or of_kinds) and factor is None:
        return (fresh * rates.input, 0, 0, visible * rates.output, reasoning * rates.reasoning), 0, notes, above, None
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
    untold = cache_write - (of_kinds.written if of_kinds else 0)
    assumed = [cache_read and read_note, untold and rates.write_note]
    if of_kinds:
        (of_input, of_writes, of_output), more = _of_parts(of_kinds, rates, has_cached=cache_read > 0)
        parts = parts[0] + of_input, parts[1], parts[2] + of_writes, parts[3] + of_output, parts[4]
        saved -= of_writes
        assumed += more
    at_stake = untold * rates.for_an_hour if untold and rates.for_an_hour is not None else None
    if at_stake is not None and stated and stated.cache_write:
        for_longer = at_stake if stated.cache_write == HOUR else 0
        parts = parts[0], parts[1], parts[2] + for_longer, parts[3], parts[4]
        saved, at_stake, assumed[1] = saved - for_longer, None, AS_STATED
    if factor is not None:
        parts, saved, at_stake = _in_dollars(parts, saved, at_stake, factor)
    notes, is_known = _assumed(notes, *assumed)
    return parts, saved if is_known else None, notes, above, at_stake


def of_prompt(usage: Tokens, at: str | None, in_force: InForce) -> tuple[int, int, int]:
    """Pico-dollars for a token of such a prompt: fresh, read from a cache, written to one; rounded down."""
    rates = _in_force_for(usage, at, in_force.row)[1]
    written = rates.cache_write
    if rates.for_an_hour is not None and in_force.stated and in_force.stated.cache_write == HOUR:
        written += rates.for_an_hour
    read = rates.cache_read_explicit if usage[5] else rates.cache_read
    factor = 1 if in_force.factor is None else in_force.factor
    return int(rates.input * factor), int(read * factor), int(written * factor)


def _in_force_for(usage: Tokens, at: str | None, row: PriceRow) -> tuple[int, Rates]:
    """The tier that a call falls into, and its rates."""
    tiers = row.tiers if not row.windows or not at else _at_that_hour(row, at)
    if len(tiers) == 1:
        return tiers[0]
    prompt = usage[0] + usage[1] + usage[2]
    return next(tier for tier in reversed(tiers) if prompt > tier[0] or not tier[0])


def _in_dollars(parts: ByKind, saved: int, at_stake: int | None, factor: Fraction) -> tuple[ByKind, int, int | None]:
    """The same in dollars, each of the parts rounded; so are those of the other reading, of which cache writes differ."""
    fresh, read, written, visible, reasoning = (money.rounded(part * factor) for part in parts)
    if at_stake is not None:
        at_stake = money.rounded((parts[2] + at_stake) * factor) - written
    return (fresh, read, written, visible, reasoning), money.rounded(saved * factor), at_stake


def _of_parts(parts: TokenParts, rates: Rates, *, has_cached: bool) -> tuple[tuple[int, int, int], list[str | None]]:
    """What parts cost beyond the rest of the input, the cache writes and the output, and what was assumed of them."""
    beyond = [number * (each.rate - each.whole) for number, each in zip(parts, rates.parts)]
    notes = [each.note for number, each in zip(parts, rates.parts) if number]
    if has_cached and any(beyond[:2]):
        notes.append(CACHED_MEDIA)
    return (sum(beyond[:2]), sum(beyond[4:]), sum(beyond[2:4])), notes


def _at_that_hour(row: PriceRow, at: str) -> Tiers:
    hour, weekday = at[11:16], datetime.fromisoformat(at[:10]).isoweekday()
    for start, end, weekdays, tiers in row.windows:
        if start <= hour < end and weekday in weekdays:
            return tiers
    return row.tiers


def _assumed(notes: tuple[str, ...], *more: str | int | None) -> tuple[tuple[str, ...], bool]:
    """All notes, and whether what the cache spared is known."""
    for note in more:
        if isinstance(note, str) and note not in notes:
            notes = (note, *notes)
    return notes, CACHE_READ_AS_INPUT not in notes and CACHE_WRITE_AS_INPUT not in notes


def flat(in_force: InForce) -> FlatRates | None:
    """The same of less; None where a price depends on more."""
    if in_force.row.windows:
        return None
    longer: list[tuple[int, FlatRates]] = []
    for above, rates in reversed(in_force.row.tiers):
        of_tier = _flat(rates, in_force)
        if of_tier is None:
            return None
        longer.append((above, of_tier))
    _, shortest = longer.pop()
    return shortest._replace(longer=tuple(longer))


def _flat(rates: Rates, in_force: InForce) -> FlatRates | None:
    """The same of one tier."""
    _, _, factor, notes, stated = in_force
    written, write_note, for_an_hour = rates.cache_write, rates.write_note, rates.for_an_hour
    if for_an_hour is not None and stated and stated.cache_write:
        written, write_note = written + (for_an_hour if stated.cache_write == HOUR else 0), AS_STATED
        for_an_hour = None
    noted = [_assumed(notes, *more) for more in itertools.product((None, rates.read_note), (None, write_note))]
    by_kind = rates.input, rates.cache_read, written, rates.output, rates.reasoning
    if factor is None:
        return FlatRates(by_kind, tuple(noted), for_an_hour)
    hour = None if for_an_hour is None else for_an_hour * factor
    first, second, third, fourth, fifth = (rate * factor for rate in by_kind)
    if any(each.denominator > 1 for each in (first, second, third, fourth, fifth, hour or first)):
        return None  # what is no whole number is rounded call by call
    whole = first.numerator, second.numerator, third.numerator, fourth.numerator, fifth.numerator
    return FlatRates(whole, tuple(noted), None if hour is None else hour.numerator)
