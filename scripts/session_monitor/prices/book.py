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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from session_monitor.calls.usage import Tokens

from . import money
from .cost import (
    CACHE_READ_AS_INPUT,
    CACHE_READ_BY_VENDOR,
    CACHE_WRITE_5M,
    CACHE_WRITE_AS_INPUT,
    CACHE_WRITE_BY_VENDOR,
    CONVERTED,
    FREE,
    FREE_AMOUNT,
    NO_MODEL,
    NO_PRICE_THEN,
    NO_TIME,
    NO_TOKENS,
    THIRD_PARTY_PRICE,
    UNDATED,
    UNKNOWN_MODEL,
    Amount,
    Call,
    Cost,
    Fields,
    FoundPrices,
    Outcome,
    Unpriced,
)
from .price_list import SHIPPED, THIRD_PARTY, PriceList, UndecodedPriceList
from .rates import Flat, InForce, PriceRow, Rates, _flat, _parts, _prices, cost

if TYPE_CHECKING:
    from fractions import Fraction

EXACT, UNDATED_NAME, OVERRIDE, ALIAS, THIRD = "exact", "undated", "override", "alias", "third-party"
"""How a name was matched; the first two are ``model_names``'."""


class Book:
    """Price lists over each other, and the costs that follow from them."""

    def __init__(self, lists: Sequence[PriceList | UndecodedPriceList]) -> None:
        """The most personal list first; a model in it hides the whole model of those behind it."""
        self._given = lists
        self.fingerprint = " ".join(prices.digest for prices in lists)
        """Changes with any of the lists."""
        self._found: dict[str, FoundPrices | None] = {}
        self._rows: dict[str, tuple[PriceRow, ...]] = {}
        self._in_force: dict[tuple[str, str], InForce | Unpriced] = {}
        self._flat: dict[tuple[str | None, str], Flat | None] = {}

    @functools.cached_property
    def _lists(self) -> list[PriceList]:
        return [each.decoded() if isinstance(each, UndecodedPriceList) else each for each in self._given]

    def find(self, name: str) -> FoundPrices | None:
        """The prices that a name stands for; None where there are none."""
        if name not in self._found:
            self._found[name] = self._look_up(name)
        return self._found[name]

    def price(self, call: Call) -> Outcome:
        """What the call cost, or why that is not known."""
        in_force = self._of_call(*call)
        return cost(call, in_force) if isinstance(in_force, InForce) else in_force

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
        if not isinstance(in_force, InForce):
            return FREE_AMOUNT if isinstance(in_force, Cost) else in_force
        parts, saved, notes, _ = _parts(usage, at, in_force)
        return sum(parts), saved, notes

    def _of_call(
        self,
        model: str | None,
        at: str | None,
        usage: Tokens,
        has_tokens: bool,  # noqa: FBT001
        failed: bool,  # noqa: FBT001
    ) -> InForce | Outcome:
        """What is in force for a call; or already what it cost, where that does not depend on it."""
        if not has_tokens:
            return FREE if failed else Unpriced(NO_TOKENS)
        if not (usage[0] or usage[3] or any(usage[:5])):
            return FREE
        if not model:
            return Unpriced(NO_MODEL)
        day = at[:10] if at else ""
        in_force = self._in_force.get((model, day))
        if in_force is None:
            in_force = self._in_force[model, day] = self._look_up_on(model, day)
            if isinstance(in_force, InForce):
                self._flat[model, day] = _flat(in_force)
        return in_force

    def models(self) -> list[FoundPrices]:
        """All models that have prices, each from the list that counts, by key."""
        first: dict[str, FoundPrices] = {}
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

    def _look_up(self, name: str) -> FoundPrices | None:
        from . import model_names  # noqa: PLC0415 -- most questions look no name up, and its patterns take a while

        key = model_names.canonical(name)
        for prices in self._lists:
            if key in prices.aliases:
                found = self._by_candidates(name, prices.aliases[key])
                return found and found._replace(name=name, kind=ALIAS)
            if key in prices.models:  # a model of one's own hides an alias of those behind
                break
        return self._by_candidates(name, name)

    def _by_candidates(self, name: str, meant: str) -> FoundPrices | None:
        from . import model_names  # noqa: PLC0415 -- as above

        for key, kind in model_names.candidates(meant):
            for prices in self._lists:
                if key in prices.models:
                    return self._of(name, key, kind, prices)
        return None

    def _of(self, name: str, key: str, kind: str, prices: PriceList) -> FoundPrices:
        entry = prices.models[key]
        undated = kind == UNDATED_NAME
        if prices.path != SHIPPED:
            kind = OVERRIDE
        elif entry.get("vendor") in THIRD_PARTY:
            kind = THIRD
        return FoundPrices(name, key, kind, entry, prices.path, undated)

    # -- which row -----------------------------------------------------------------------------------------------------

    def _look_up_on(self, model: str, day: str) -> InForce | Unpriced:
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
        return InForce(found, row, rate, tuple(note for note, is_so in noted.items() if is_so))

    def _rate(self, currency: str, day: str) -> Fraction:
        """Dollars for one of the currency on that day; before the first rate that is known, that one."""
        for prices in self._lists:
            rates = prices.rates.get(currency)
            if rates:
                last = [rate for rate in rates if not day or rate["from"] <= day]
                return money.fraction((last or rates[:1])[-1]["usd"])
        raise LookupError(currency)  # a list with such a row and no rate does not pass the check

    def _row(self, found: FoundPrices, row: Mapping[str, Any]) -> PriceRow:
        windows = tuple(
            (window["utc"][0], window["utc"][1], frozenset(window.get("weekdays", range(1, 8))), tiers)
            for window in row.get("windows", ())
            for tiers in [self._tiers(found, {**_prices(row), **_prices(window)}, row)]
        )
        return PriceRow(row.get("from") or "", row, self._tiers(found, _prices(row), row), windows)

    def _tiers(self, found: FoundPrices, base: dict[str, str], row: Mapping[str, Any]) -> tuple[tuple[int, Rates], ...]:
        """The rates for prompts above 0 tokens, above the first limit, and so on."""
        tiers = [(0, self._rates(found, base))]
        for tier in row.get("tiers", ()):
            base = {**base, **_prices(tier)}
            tiers.append((tier["above"], self._rates(found, base)))
        return tuple(tiers)

    def _rates(self, found: FoundPrices, prices: Mapping[str, str]) -> Rates:
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
        return Rates(fresh, output, read, explicit, write, reasoning, read_note, explicit_note, write_note)

    def _rules(self, vendor: str | None) -> Mapping[str, str]:
        for prices in self._lists:
            if vendor and vendor in prices.vendor_defaults:
                return prices.vendor_defaults[vendor]
        return {}


# -- how much ----------------------------------------------------------------------------------------------------------
