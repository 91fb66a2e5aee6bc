"""What did a call cost?

    model's name   ->  which model's prices                                            lookup
    the call's day ->  which row of them
    prompt's size  ->  which tier: all tokens of a call are billed at the one its prompt falls into
    hour, weekday  ->  which window, for the few vendors that have them
    kinds          ->  tokens times price, each kind at its own                        rates

Where a model or its price is not known the answer is ``Unpriced``: never 0, and never another model's price.  Where
something had to be assumed the cost has a note of it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from session_monitor.calls.usage import Tokens

from . import money, price_list
from .cost import (
    CONVERTED,
    DISCOUNTED,
    FREE,
    NO_MODEL,
    NO_PRICE_THEN,
    NO_TIME,
    NO_TOKENS,
    PARTLY_TOLD,
    PRICE_MAY_HAVE_CHANGED,
    SELLER_UNKNOWN,
    THIRD,
    THIRD_PARTY_PRICE,
    UNDATED,
    USUAL,
    Amount,
    Call,
    CallColumns,
    Cost,
    CostParts,
    ModelPrices,
    Outcome,
    Unpriced,
)
from .price_list import SHIPPED, PriceList, UndecodedPriceList

if TYPE_CHECKING:
    from fractions import Fraction

    from .assumptions import Assumption
    from .discounts import Discount
    from .lookup import Lookup
    from .rates import FlatRates, InForce, PriceRow


class SaidSeller(NamedTuple):
    """A person's word: what goes over a cluster or route with a name like ``pattern`` is ``seller``'s.  ``origin`` is the list."""

    pattern: str
    seller: str
    origin: str


class Book:
    """Price lists over each other, and the costs that follow from them."""

    def __init__(self, lists: Sequence[PriceList | UndecodedPriceList]) -> None:
        """The most personal list first; a model in it hides the whole model of those behind it."""
        self._given = lists
        self.fingerprint = " ".join([*(prices.digest for prices in lists), price_list.sellers_digest()])
        """Changes with any of the lists, and with what is known of sellers."""
        self._named: dict[tuple[str, str | None, str | None], str] = {}  # by model, route and cluster
        self._rows: dict[str, tuple[PriceRow, ...]] = {}
        self._in_force: dict[tuple[str, str], InForce | Unpriced] = {}  # by model and day
        self._flat: dict[tuple[str | None, str], FlatRates | None] = {}  # by the same

    def own_lists(self) -> list[PriceList]:
        """The lists that a person keeps, that which counts first before the other."""
        return [prices for prices in self._lists if prices.path != SHIPPED]

    @functools.cached_property
    def _lists(self) -> list[PriceList]:
        return [each.decoded() if isinstance(each, UndecodedPriceList) else each for each in self._given]

    @functools.cached_property
    def _lookup(self) -> Lookup:
        from .lookup import Lookup  # noqa: PLC0415 -- most questions look no name up, and patterns take a while

        return Lookup(self._lists)

    def price(self, call: Call) -> Outcome:
        """What the call cost, or why that is not known."""
        named = self.priced_as(call.model, call.route, call.cluster, call.consumer)
        in_force = self._of_call(named, *call[1:6])
        if isinstance(in_force, (Cost, Unpriced)):
            return in_force
        from . import rates  # noqa: PLC0415 -- most questions price no call

        parts, saved, notes, above, at_stake = rates.priced(call.usage, call.at, in_force)
        return Cost(sum(parts), CostParts(*parts), saved, notes, in_force.prices, in_force.row.row, above, at_stake)

    def prompt_rates(self, call: Call) -> tuple[int, int, int]:
        """Pico-dollars that a token of the call's prompt cost: fresh, read from a cache, written to one; 0 where that is not known."""
        named = self.priced_as(call.model, call.route, call.cluster, call.consumer)
        in_force = self._of_call(named, *call[1:6])
        if isinstance(in_force, (Cost, Unpriced)):
            return 0, 0, 0
        from . import rates  # noqa: PLC0415 -- as above

        return rates.of_prompt(call.usage, call.at, in_force)

    def named(self, model: str | None, route: str | None, cluster: str | None) -> str | None:
        """A model's name with who sold what went over this route and cluster, as ``find`` takes it."""
        if model is None or (route is None and cluster is None and "::" not in model):
            return model
        key = model, route, cluster
        named = self._named.get(key)
        if named is None:
            from . import sellers  # noqa: PLC0415 -- as above

            named = self._named[key] = sellers.sold_by(sellers.of_call(cluster, route, self._patterns), model)
        return named

    def priced_as(self, model: str | None, route: str | None, cluster: str | None, consumer: str | None) -> str | None:
        """The same with what a person states of its cache, as ``amounts`` takes it."""
        named = self.named(model, route, cluster)
        if model is None or named is None or not self.assumptions:
            return named
        from . import assumptions  # noqa: PLC0415 -- hardly anybody states any

        return assumptions.marked(named, assumptions.of_call(model, consumer, self.assumptions))

    @functools.cached_property
    def assumptions(self) -> list[Assumption]:
        """What a person states of caches, in the order in which it counts."""
        own = [prices for prices in self._given if isinstance(prices, PriceList) and prices.assume]
        if not own:
            return []
        from . import assumptions  # noqa: PLC0415 -- as above

        return [each for prices in own for each in assumptions.of_list(prices.assume, prices.path)]

    @functools.cached_property
    def _patterns(self) -> dict[str, str]:
        return {said.pattern: said.seller for said in self.said_sellers()}

    def amounts(self, calls: CallColumns) -> Iterator[Amount]:
        """The same of many calls, without how it comes about, which takes less time."""
        flats = self._flat
        for model, at, fresh, read, written, visible, reasoning, parts, traits in zip(*calls):
            flat = flats.get((model, at[:10] if at else ""))
            is_plain = flat and traits is None and not parts
            if flat and is_plain and (fresh or read or written or visible or reasoning):
                if flat.longer:
                    flat = flat.of_prompt(fresh + read + written)
                of_input, of_read, of_written, of_output, of_reasoning = flat.by_kind
                pico = fresh * of_input + visible * of_output + reasoning * of_reasoning
                notes, is_known = flat.assumed[2 * (read > 0) + (written > 0)]
                saved, at_stake = 0 if is_known else None, None
                if read or written:
                    pico += read * of_read + written * of_written
                    saved = read * (of_input - of_read) + written * (of_input - of_written) if is_known else None
                    if written and flat.for_an_hour is not None:
                        at_stake = written * flat.for_an_hour
                yield pico, saved, notes, at_stake
            else:
                is_explicit, open_cache, has_tokens, is_free, partly = traits or USUAL
                usage = fresh, read, written, visible, reasoning, is_explicit, parts, open_cache
                yield self._amount(model, at, usage, has_tokens, is_free, partly)

    def _amount(
        self,
        model: str | None,
        at: str | None,
        usage: Tokens,
        has_tokens: bool,  # noqa: FBT001
        is_free: bool,  # noqa: FBT001
        partly_told: bool,  # noqa: FBT001
    ) -> Amount:
        in_force = self._of_call(model, at, usage, has_tokens, is_free, partly_told)
        if isinstance(in_force, (Cost, Unpriced)):
            return (0 if isinstance(in_force, Cost) else None), None, (), None
        from . import rates  # noqa: PLC0415 -- as above

        parts, saved, notes, _, at_stake = rates.priced(usage, at, in_force)
        return sum(parts), saved, notes, at_stake

    def _of_call(
        self,
        model: str | None,
        at: str | None,
        usage: Tokens,
        has_tokens: bool,  # noqa: FBT001
        is_free: bool,  # noqa: FBT001
        partly_told: bool,  # noqa: FBT001
    ) -> InForce | Outcome:
        """What is in force for a call; or already what it cost, where that does not depend on it."""
        if is_free:
            return FREE
        fresh, read, written, visible, reasoning, *_ = usage
        if not (has_tokens and (fresh or visible or read or written or reasoning)):
            return Unpriced(NO_TOKENS)
        if partly_told:
            return Unpriced(PARTLY_TOLD)
        if not model:
            return Unpriced(NO_MODEL)
        day = at[:10] if at else ""
        in_force = self._in_force.get((model, day))
        if in_force is None:
            in_force = self._in_force[model, day] = self._on(day, model)
            if not isinstance(in_force, Unpriced):
                from . import rates  # noqa: PLC0415 -- as above

                self._flat[model, day] = rates.flat(in_force)
        return in_force

    # -- what is in the lists ------------------------------------------------------------------------------------------

    def models(self) -> list[ModelPrices]:
        """All models that have prices, each from the list that counts, by key."""
        return self._lookup.models()

    def patterns(self) -> list[ModelPrices]:
        """The patterns of names that a person stated prices for, in the order in which they count."""
        return self._lookup.patterns()

    def aliases(self) -> dict[str, str]:
        """All second names that a person gave."""
        return {name: model for prices in reversed(self._lists) for name, model in prices.aliases.items()}

    def said_sellers(self) -> list[SaidSeller]:
        """What a person says of clusters and routes, in the order in which it counts; each pattern once."""
        said: dict[str, SaidSeller] = {}
        for prices in self._lists:
            for pattern, seller in prices.sellers.items():
                said.setdefault(pattern, SaidSeller(pattern, seller, prices.path))
        return list(said.values())

    @functools.cached_property
    def discounts(self) -> list[Discount]:
        """The discounts that a person stated, the strongest first, as far as their order tells."""
        if not any(prices.discounts for prices in self._lists):
            return []
        from . import discounts  # noqa: PLC0415 -- most have stated none

        return discounts.stated(self._lists)

    def discount(self, prices: ModelPrices, row: Mapping[str, Any], day: str) -> Discount | None:
        """The discount on a row of a model's prices on a day; without a day, on those of now."""
        if not self.discounts:
            return None
        from . import discounts  # noqa: PLC0415 -- as above

        shipped = next((each for each in self._lists if each.path == SHIPPED), PriceList(SHIPPED))
        return discounts.holding(self.discounts, prices, row, day, shipped)

    def rates(self) -> dict[str, list[dict[str, str]]]:
        """What a person said other currencies are worth."""
        return {currency: rows for prices in reversed(self._lists) for currency, rows in prices.rates.items()}

    # -- which model's prices ------------------------------------------------------------------------------------------

    def find(self, name: str) -> ModelPrices | None:
        """The prices that a name stands for, at who sold it as far as ``named`` or its form tells; None where there are none."""
        return self._lookup.find(name)

    def why_not(self, name: str) -> str | None:
        """Why a name has no prices, as a key of ``cost.UNPRICED``; None where it has some."""
        return None if self.find(name) else self._lookup.why_not(name)

    def seller_of(self, model: str | None, route: str | None, cluster: str | None) -> str | None:
        """Who sold a call: a word of ``sellers.json``; None where nothing tells."""
        named = self.named(model, route, cluster)
        if named:
            return self._lookup.seller_of(named)
        from . import sellers  # noqa: PLC0415 -- as above

        told = sellers.of_call(cluster, route, self._patterns)
        return told.seller if told else None

    def vendor_of(self, name: str) -> str | None:
        """Who makes it, whoever sold it, as the row of the model itself says; None where no list has one."""
        return self._lookup.vendor_of(name)

    # -- which row -----------------------------------------------------------------------------------------------------

    def in_force(self, name: str, at: str | None) -> InForce | None:
        """The price of a model, as ``named`` has it, at a time; None where there is none."""
        day = at[:10] if at else ""
        in_force = self._in_force.get((name, day)) or self._on(day, name)
        return None if isinstance(in_force, Unpriced) else in_force

    def _on(self, day: str, model: str) -> InForce | Unpriced:
        """What is in force for a model on a day, or without one at last."""
        stated = None
        if self.assumptions:
            from . import assumptions  # noqa: PLC0415 -- as above

            stated, model = assumptions.split(model)
        prices = self.find(model)
        if prices is None:
            return Unpriced(self._lookup.why_not(model))
        from . import rates  # noqa: PLC0415 -- as above

        rows = self._rows.get(model)
        if rows is None:
            factors = self.factors(prices.vendor)
            rows = self._rows[model] = tuple(rates.price_row(row, factors) for row in prices.entry["prices"])
        row = next((row for row in reversed(rows) if not day or row.start <= day), None)
        if row is None:
            return Unpriced(NO_PRICE_THEN)
        currency = row.row.get("currency", "USD")
        exchange_rate = None if currency == "USD" else self._exchange_rate(currency, day)
        discount = self.discount(prices, row.row, day)
        noted = {
            UNDATED: prices.undated,
            THIRD_PARTY_PRICE: prices.kind == THIRD,
            NO_TIME: not day,
            SELLER_UNKNOWN: prices.seller is None and prices.origin == SHIPPED,
            CONVERTED: exchange_rate is not None,
            PRICE_MAY_HAVE_CHANGED: _may_have_changed(row, rows, day),
            DISCOUNTED: discount is not None and discount.factor != 1,
        }
        factor = exchange_rate
        if noted[DISCOUNTED] and discount:
            factor = (factor or 1) * discount.factor
        return rates.InForce(prices, row, factor, tuple(note for note, is_so in noted.items() if is_so), stated)

    def factors(self, vendor: str | None) -> Mapping[str, str]:
        """What a vendor takes for caches in general, by the list that counts."""
        for prices in self._lists:
            if vendor and vendor in prices.vendor_defaults:
                return prices.vendor_defaults[vendor]
        return {}

    def exchange_rate(self, currency: str, day: str) -> str | None:
        """Dollars for one of the currency on that day, as a person stated; before the first rate that is known, that one."""
        for prices in self._lists:
            known = prices.rates.get(currency)
            if known:
                until_then = [rate for rate in known if not day or rate["from"] <= day]
                return (until_then or known[:1])[-1]["usd"]
        return None

    def _exchange_rate(self, currency: str, day: str) -> Fraction:
        usd = self.exchange_rate(currency, day)
        if usd is None:
            raise LookupError(currency)  # a list with such a row and no rate does not pass the check
        return money.fraction(usd)


def _may_have_changed(row: PriceRow, rows: Sequence[PriceRow], day: str) -> bool:
    """Whether the next row may have held on that day: it was only seen later, and this one not any more."""
    later = rows[rows.index(row) + 1 :]
    after = later[0].row.get("after") if later else None
    return after is not None and after < day
