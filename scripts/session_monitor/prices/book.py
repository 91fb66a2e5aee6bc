"""What did a call cost?

    model's name   ->  which model's prices                 model_names, the price lists
    the call's day ->  which row of them
    prompt's size  ->  which tier: all tokens of a call are billed at the one its prompt falls into
    hour, weekday  ->  which window, for the few vendors that have them
    kinds          ->  tokens times price, each kind at its own

Where a model or its price is not known the answer is ``Unpriced``: never 0, and never another model's price.  Where
something had to be assumed the cost has a note of it.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Union

from session_monitor.calls.usage import Tokens, Usage

from . import money
from .price_list import PRICES, SHIPPED, THIRD_PARTY, PriceList, Undecoded

if TYPE_CHECKING:
    from fractions import Fraction

EXACT, UNDATED_NAME, OVERRIDE, ALIAS, THIRD = "exact", "undated", "override", "alias", "third-party"
"""How a name was matched; the first two are ``model_names``'."""

NO_MODEL, UNKNOWN_MODEL, NO_PRICE_THEN, NO_TOKENS = "no_model", "unknown_model", "no_price_then", "no_tokens"
UNPRICED = {
    NO_MODEL: "the log names no model",
    UNKNOWN_MODEL: "no price is known for this model",
    NO_PRICE_THEN: "no price is known for that day",
    NO_TOKENS: "the log tells no tokens",
}
"""Why a cost is not known, in words."""

CACHE_READ_AS_INPUT = "cache_read_as_input"
CACHE_READ_BY_VENDOR = "cache_read_by_vendor"
CACHE_WRITE_AS_INPUT = "cache_write_as_input"
CACHE_WRITE_BY_VENDOR = "cache_write_by_vendor"
CACHE_WRITE_5M = "cache_write_5m"
THIRD_PARTY_PRICE = "third_party_price"
UNDATED = "undated"
NO_TIME = "no_time"
CONVERTED = "converted"
"""Notes: each names something that was assumed, see ``NOTES``."""

NOTES = {
    CACHE_READ_AS_INPUT: "no price for cache reads is known; they are priced as input",
    CACHE_READ_BY_VENDOR: "cache reads are priced by the vendor's general rule",
    CACHE_WRITE_AS_INPUT: "no price for cache writes is known; they are priced as input",
    CACHE_WRITE_BY_VENDOR: "cache writes are priced by the vendor's general rule",
    CACHE_WRITE_5M: "the log does not tell cache writes for an hour from those for five minutes; priced as the latter",
    THIRD_PARTY_PRICE: "the price is a reseller's; the maker publishes none",
    UNDATED: "the price of the model without the date or tag in its name",
    NO_TIME: "the call has no time; priced at the latest price",
    CONVERTED: "converted from another currency at a rate that you stated",
}


class Call(NamedTuple):
    """What a price depends on.  ``at`` is RFC 3339 in UTC, or None; ``has_tokens``: it reported a token count."""

    model: str | None
    at: str | None
    usage: Usage
    has_tokens: bool = True
    failed: bool = False


def call_of(entry: Mapping[str, Any]) -> Call:
    """A stored round as a call."""
    read, written, reasoning = entry["cached_tokens"], entry.get("cache_write_tokens", 0), entry["reasoning_tokens"]
    fresh, visible = entry["input_tokens"] - read - written, entry["output_tokens"] - reasoning
    usage = Usage(fresh, read, written, visible, reasoning, "explicit_cache" in entry)
    return Call(entry["model"], entry["timestamp"], usage, "no_tokens" not in entry, entry["response_type"] == "error")


class Found(NamedTuple):
    """The prices that a name stands for: how it was matched (``kind``), and the model's entry in its list.

    ``origin`` is the list's file; ``undated`` says that a date or tag in the name was left out.
    """

    name: str
    key: str
    kind: str
    entry: Mapping[str, Any]
    origin: str
    undated: bool = False

    @property
    def vendor(self) -> str | None:
        """Who sells it at these prices."""
        return self.entry.get("vendor")


class Parts(NamedTuple):
    """Pico-dollars for each kind of tokens."""

    fresh_input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    visible_output: int = 0
    reasoning: int = 0


class Cost(NamedTuple):
    """What a call cost, in pico-dollars: all of it, and by kind.

    ``saved`` is what the cache spared against the input price (less than 0 where writing to it cost more), None where
    that is not known.  ``row`` and ``above`` say which row and tier were in force; a call that cost nothing whatever
    its model has no ``found``.
    """

    pico: int
    parts: Parts
    saved: int | None
    notes: tuple[str, ...]
    found: Found | None = None
    row: Mapping[str, Any] | None = None
    above: int = 0


class Unpriced(NamedTuple):
    """Why a call's cost is not known."""

    reason: str


Outcome = Union[Cost, Unpriced]
_FREE = Cost(0, Parts(), None, ())


def to_json(outcome: Outcome) -> dict[str, Any]:
    """What a call cost, for JSON: ``cost_usd`` is None where that is not known, ``unpriced`` then says why."""
    if isinstance(outcome, Unpriced):
        return {"cost_usd": None, "unpriced": outcome.reason}
    found: dict[str, Any] = {"cost_usd": money.plain(outcome.pico)}
    if outcome.found and outcome.row:
        found["cost_parts_usd"] = {name: money.plain(pico) for name, pico in outcome.parts._asdict().items() if pico}
        if outcome.saved is not None:
            found["cache_savings_usd"] = money.plain(outcome.saved)
        found["price"] = {
            "model": outcome.found.key,
            "match": outcome.found.kind,
            "vendor": outcome.found.vendor,
            "from": outcome.row.get("from"),
            "tier_above": outcome.above,
            "source": outcome.row.get("source"),
        }
    if outcome.notes:
        found["cost_notes"] = list(outcome.notes)
    return found


class _Rates(NamedTuple):
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


class _Row(NamedTuple):
    start: str
    row: Mapping[str, Any]
    tiers: tuple[tuple[int, _Rates], ...]
    windows: tuple[tuple[str, str, frozenset[int], tuple[tuple[int, _Rates], ...]], ...]


class _InForce(NamedTuple):
    """All that is known of a call's price before its tokens and its hour are."""

    found: Found
    row: _Row
    rate: Fraction | None
    notes: tuple[str, ...]


class _Flat(NamedTuple):
    """Prices that depend on nothing but the model and the day, as for most models.

    Rates by kind; what is assumed, and whether the savings are known, by whether caches were read and written.
    """

    rates: tuple[int, int, int, int, int]
    assumed: tuple[tuple[tuple[str, ...], bool], ...]


class Book:
    """Price lists over each other, and the costs that follow from them."""

    def __init__(self, lists: Sequence[PriceList | Undecoded]) -> None:
        """The most personal list first; a model in it hides the whole model of those behind it."""
        self._given = lists
        self.fingerprint = " ".join(prices.digest for prices in lists)
        """Changes with any of the lists."""
        self._found: dict[str, Found | None] = {}
        self._rows: dict[str, tuple[_Row, ...]] = {}
        self._in_force: dict[tuple[str, str], _InForce | Unpriced] = {}
        self._flat: dict[tuple[str | None, str], _Flat | None] = {}

    @functools.cached_property
    def _lists(self) -> list[PriceList]:
        return [each.decoded() if isinstance(each, Undecoded) else each for each in self._given]

    def find(self, name: str) -> Found | None:
        """The prices that a name stands for; None where there are none."""
        if name not in self._found:
            self._found[name] = self._look_up(name)
        return self._found[name]

    def price(self, call: Call) -> Outcome:
        """What the call cost, or why that is not known."""
        in_force = self._of_call(*call)
        return _cost(call, in_force) if isinstance(in_force, _InForce) else in_force

    def amounts(self, calls: Iterable[Fields]) -> Iterator[Amount | Unpriced]:
        """The same of many calls, without how it comes about, which takes less time."""
        flats = self._flat
        for call in calls:
            model, at, fresh, read, written, visible, reasoning, is_explicit, has_tokens, failed = call
            flat = flats.get((model, at[:10] if at else ""))
            if flat and has_tokens and not is_explicit and (fresh or read or written or visible or reasoning):
                of_input, of_read, of_written, of_output, of_reasoning = flat.rates
                pico = fresh * of_input + visible * of_output + reasoning * of_reasoning
                notes, is_known = flat.assumed[2 * (read > 0) + (written > 0)]
                saved = 0 if is_known else None
                if read or written:
                    pico += read * of_read + written * of_written
                    saved = read * (of_input - of_read) + written * (of_input - of_written) if is_known else None
                yield pico, saved, notes
            else:
                usage = fresh, read, written, visible, reasoning, is_explicit, ()
                yield self._amount(model, at, usage, has_tokens, failed)

    def _amount(
        self,
        model: str | None,
        at: str | None,
        usage: Tokens,
        has_tokens: bool,  # noqa: FBT001
        failed: bool,  # noqa: FBT001
    ) -> Amount | Unpriced:
        in_force = self._of_call(model, at, usage, has_tokens, failed)
        if not isinstance(in_force, _InForce):
            return _FREE_AMOUNT if isinstance(in_force, Cost) else in_force
        parts, saved, notes, _ = _parts(usage, at, in_force)
        return sum(parts), saved, notes

    def _of_call(
        self,
        model: str | None,
        at: str | None,
        usage: Tokens,
        has_tokens: bool,  # noqa: FBT001
        failed: bool,  # noqa: FBT001
    ) -> _InForce | Outcome:
        """What is in force for a call; or already what it cost, where that does not depend on it."""
        if not has_tokens:
            return _FREE if failed else Unpriced(NO_TOKENS)
        if not (usage[0] or usage[3] or any(usage[:5])):
            return _FREE
        if not model:
            return Unpriced(NO_MODEL)
        day = at[:10] if at else ""
        in_force = self._in_force.get((model, day))
        if in_force is None:
            in_force = self._in_force[model, day] = self._look_up_on(model, day)
            if isinstance(in_force, _InForce):
                self._flat[model, day] = _flat(in_force)
        return in_force

    def models(self) -> list[Found]:
        """All models that have prices, each from the list that counts, by key."""
        first: dict[str, Found] = {}
        for prices in self._lists:
            for key in prices.models:
                if key not in first:
                    first[key] = self._of(key, key, EXACT, prices)
        return [first[key] for key in sorted(first)]

    def aliases(self) -> dict[str, str]:
        """All second names that a person gave."""
        return {name: model for prices in reversed(self._lists) for name, model in prices.aliases.items()}

    def rates(self) -> dict[str, list[dict[str, str]]]:
        """What a person said other currencies are worth."""
        return {currency: rows for prices in reversed(self._lists) for currency, rows in prices.rates.items()}

    # -- which prices --------------------------------------------------------------------------------------------------

    def _look_up(self, name: str) -> Found | None:
        from . import model_names  # noqa: PLC0415 -- most questions look no name up, and its patterns take a while

        key = model_names.canonical(name)
        for prices in self._lists:
            if key in prices.aliases:
                found = self._by_candidates(name, prices.aliases[key])
                return found and found._replace(name=name, kind=ALIAS)
            if key in prices.models:  # a model of one's own hides an alias of those behind
                break
        return self._by_candidates(name, name)

    def _by_candidates(self, name: str, meant: str) -> Found | None:
        from . import model_names  # noqa: PLC0415 -- as above

        for key, kind in model_names.candidates(meant):
            for prices in self._lists:
                if key in prices.models:
                    return self._of(name, key, kind, prices)
        return None

    def _of(self, name: str, key: str, kind: str, prices: PriceList) -> Found:
        entry = prices.models[key]
        undated = kind == UNDATED_NAME
        if prices.path != SHIPPED:
            kind = OVERRIDE
        elif entry.get("vendor") in THIRD_PARTY:
            kind = THIRD
        return Found(name, key, kind, entry, prices.path, undated)

    # -- which row -----------------------------------------------------------------------------------------------------

    def _look_up_on(self, model: str, day: str) -> _InForce | Unpriced:
        """What is in force for a model on a day, or without one at last."""
        found = self.find(model)
        if found is None:
            return Unpriced(UNKNOWN_MODEL)
        rows = self._rows.get(model)
        if rows is None:
            rows = self._rows[model] = tuple(self._row(found, row) for row in found.entry["prices"])
        row = next((row for row in reversed(rows) if not day or row.start <= day), None)
        if row is None:
            return Unpriced(NO_PRICE_THEN)
        currency = row.row.get("currency", "USD")
        rate = None if currency == "USD" else self._rate(currency, day)
        noted = {
            UNDATED: found.undated,
            THIRD_PARTY_PRICE: found.kind == THIRD,
            NO_TIME: not day,
            CONVERTED: rate is not None,
        }
        return _InForce(found, row, rate, tuple(note for note, is_so in noted.items() if is_so))

    def _rate(self, currency: str, day: str) -> Fraction:
        """Dollars for one of the currency on that day; before the first rate that is known, that one."""
        for prices in self._lists:
            rates = prices.rates.get(currency)
            if rates:
                last = [rate for rate in rates if not day or rate["from"] <= day]
                return money.fraction((last or rates[:1])[-1]["usd"])
        raise LookupError(currency)  # a list with such a row and no rate does not pass the check

    def _row(self, found: Found, row: Mapping[str, Any]) -> _Row:
        windows = tuple(
            (window["utc"][0], window["utc"][1], frozenset(window.get("weekdays", range(1, 8))), tiers)
            for window in row.get("windows", ())
            for tiers in [self._tiers(found, {**_prices(row), **_prices(window)}, row)]
        )
        return _Row(row.get("from") or "", row, self._tiers(found, _prices(row), row), windows)

    def _tiers(self, found: Found, base: dict[str, str], row: Mapping[str, Any]) -> tuple[tuple[int, _Rates], ...]:
        """The rates for prompts above 0 tokens, above the first limit, and so on."""
        tiers = [(0, self._rates(found, base))]
        for tier in row.get("tiers", ()):
            base = {**base, **_prices(tier)}
            tiers.append((tier["above"], self._rates(found, base)))
        return tuple(tiers)

    def _rates(self, found: Found, prices: Mapping[str, str]) -> _Rates:
        known = {name: money.per_token(price) for name, price in prices.items()}
        fresh, output = known["input"], known["output"]
        rules = self._rules(found.vendor)

        def cached(name: str, by_vendor: str, as_input: str) -> tuple[int, str | None]:
            if name in known:
                return known[name], None
            if name in rules:
                return money.times(fresh, rules[name][:-1]), by_vendor
            return fresh, as_input

        read, read_note = cached("cache_read", CACHE_READ_BY_VENDOR, CACHE_READ_AS_INPUT)
        explicit, explicit_note = cached("cache_read_explicit", CACHE_READ_BY_VENDOR, "")
        if explicit_note == "":
            explicit, explicit_note = read, read_note
        write, write_note = cached("cache_write", CACHE_WRITE_BY_VENDOR, CACHE_WRITE_AS_INPUT)
        if "cache_write" in known and "cache_write_1h" in known:
            write_note = CACHE_WRITE_5M
        reasoning = known.get("reasoning", output)
        return _Rates(fresh, output, read, explicit, write, reasoning, read_note, explicit_note, write_note)

    def _rules(self, vendor: str | None) -> Mapping[str, str]:
        for prices in self._lists:
            if vendor and vendor in prices.vendor_defaults:
                return prices.vendor_defaults[vendor]
        return {}


def _prices(row: Mapping[str, Any]) -> dict[str, str]:
    return {name: row[name] for name in PRICES if name in row}


def _in_window(row: _Row, at: str) -> tuple[tuple[int, _Rates], ...]:
    hour, day = at[11:16], datetime.fromisoformat(at[:10]).isoweekday()
    for start, end, days, tiers in row.windows:
        if start <= hour < end and day in days:
            return tiers
    return row.tiers


# -- how much ----------------------------------------------------------------------------------------------------------


Fields = tuple[Union[str, None], Union[str, None], int, int, int, int, int, Any, Any, Any]
"""A call: model, time, the five kinds of tokens; whether it asked for the cache, has tokens, and failed."""
Amount = tuple[int, Union[int, None], tuple[str, ...]]
"""Pico-dollars: all of a call's, and what the cache spared (None where that is not known); what was assumed."""
_FREE_AMOUNT: Amount = (0, None, ())


def _cost(call: Call, in_force: _InForce) -> Cost:
    parts, saved, notes, above = _parts(call.usage, call.at, in_force)
    return Cost(sum(parts), Parts(*parts), saved, notes, in_force.found, in_force.row.row, above)


def _parts(
    usage: Tokens, at: str | None, in_force: _InForce
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


def _flat(in_force: _InForce) -> _Flat | None:
    _, row, rate, notes = in_force
    if row.windows or len(row.tiers) > 1 or rate is not None:
        return None
    rates = row.tiers[0][1]
    noted = [_assumed(notes, *more) for more in itertools.product((None, rates.read_note), (None, rates.write_note))]
    by_kind = rates.input, rates.cache_read, rates.cache_write, rates.output, rates.reasoning
    return _Flat(by_kind, tuple(noted))
