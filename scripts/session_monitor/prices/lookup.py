"""Which model's prices does a name stand for?

who sold it          its form, a person's word, or the way that the call went       sellers, model_names
what it stands for   a second name that a person gave                               own_words
a person's pattern   behind a model with the very name, before all else             own_words
its keys             the best first, in the lists over each other                   model_names
whose model          a reseller's name may mean somebody else's                     publishers
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from . import model_names, publishers, sellers
from .cost import (
    ALIAS,
    EXACT,
    OTHER_SELLER,
    OVERRIDE,
    OWN_MACHINE,
    PATTERN,
    THIRD,
    UNDATED_NAME,
    UNKNOWN_MODEL,
    ModelPrices,
)
from .price_list import SHIPPED, THIRD_PARTY, PriceList
from .sellers import Told


class Lookup:
    """Names looked up in price lists that lie over each other."""

    def __init__(self, lists: Sequence[PriceList]) -> None:
        """The most personal list first; a model in it hides the whole model of those behind it."""
        self._lists = lists
        self._by_name: dict[str, ModelPrices | None] = {}

    def find(self, name: str) -> ModelPrices | None:
        """The prices that a name stands for; None where there are none.

        They are those of who sold it, as its form tells or ``sellers.sold_by`` has said; else the maker's.
        """
        if name not in self._by_name:
            self._by_name[name] = self._found(name)
        return self._by_name[name]

    def why_not(self, name: str) -> str:
        """Why a name has no prices, as a key of ``cost.UNPRICED``."""
        told, name = sellers.split(name)
        seller = _seller(told, name)
        if seller == sellers.OWN_MACHINE:
            return OWN_MACHINE
        is_known = seller and any(key in prices.models for key, _, prices in self._known_as(name, seller))
        return OTHER_SELLER if is_known else UNKNOWN_MODEL

    def seller_of(self, name: str) -> str | None:
        """Who sold what has this name: a word of ``sellers.json``; None where nothing tells."""
        prices = self.find(name)
        return prices.seller if prices else _seller(*sellers.split(name))

    def vendor_of(self, name: str) -> str | None:
        """Who makes it, whoever sold it, as the row of the model itself says; None where no list has one."""
        meant = self._meant(sellers.split(name)[1])
        vendors = (
            prices.models[key].get("vendor") for key, _, prices in self._known_as(meant, None) if key in prices.models
        )
        return next(vendors, None)

    def models(self) -> list[ModelPrices]:
        """All models that have prices, each from the list that counts, by key."""
        by_key: dict[str, ModelPrices] = {}
        for prices in self._lists:
            for key in prices.models:
                if key not in by_key:
                    by_key[key] = _of(key, key, EXACT, prices)
        return [by_key[key] for key in sorted(by_key)]

    def patterns(self) -> list[ModelPrices]:
        """The patterns of names that a person stated prices for, in the order in which they count."""
        from . import own_words  # noqa: PLC0415 -- most have stated none

        of_lists = [(pattern, prices) for prices in self._lists for pattern in prices.patterns]
        of_lists.sort(key=lambda each: -own_words.literal_length(each[0]))
        return [_of_pattern(pattern, pattern, prices) for pattern, prices in of_lists]

    # -- one name ------------------------------------------------------------------------------------------------------

    def _found(self, name: str) -> ModelPrices | None:
        told, name = sellers.split(name)
        meant = self._meant(name)
        found = self._at_seller(name, meant, _seller(told, meant))
        return found._replace(kind=ALIAS) if found and meant is not name else found

    def _meant(self, name: str) -> str:
        """The name that a person said this one stands for; else itself."""
        if not any(prices.aliases for prices in self._lists):
            return name
        from . import own_words  # noqa: PLC0415 -- most have stated none

        return own_words.way(name, self._lists)[0][-1]

    def _at_seller(self, name: str, meant: str, seller: str | None) -> ModelPrices | None:
        """The prices of the first key that has any: of the seller's own rows, else of those that hold for it, too.

        A pattern goes behind a person's own models with the very name, and before all else.
        """
        of_pattern = self._by_pattern(name, meant, seller)
        for key, kind, prices in self._known_as(meant, seller):
            if of_pattern and (kind != EXACT or prices.path == SHIPPED):
                continue
            at_seller = next((each for each in _keys_at(seller, meant, key) if each in prices.models), None)
            if at_seller:
                return _of(name, at_seller, kind, prices, seller)
            if _holds_at(seller, key, prices):
                return _of(name, key, kind, prices, seller)
        return of_pattern

    def _known_as(self, meant: str, seller: str | None) -> Iterator[tuple[str, str, PriceList]]:
        """The keys of a name, the best first, under which a list has prices of it at this or at another seller."""
        publisher = publishers.publisher_in(meant, seller)
        for key, kind in model_names.candidates(meant):
            for prices in self._lists:
                is_there = any(each in prices.models for each in (key, *_keys_at(seller, meant, key)))
                if is_there and (prices.path != SHIPPED or publishers.fits(publisher, seller, prices.models, key)):
                    yield key, kind, prices

    def _by_pattern(self, name: str, meant: str, seller: str | None) -> ModelPrices | None:
        """The prices of the pattern that holds for a name."""
        if not any(prices.patterns for prices in self._lists):
            return None
        from . import own_words  # noqa: PLC0415 -- most have stated none

        found = own_words.pattern_for(meant, seller, self._lists)
        return _of_pattern(name, *found, seller) if found else None


def _keys_at(seller: str | None, name: str, key: str) -> Iterator[str]:
    """The keys of a seller's own prices for a name: first of what its publisher has under the model's name."""
    if seller is not None:
        publisher = publishers.publisher_in(name, seller)
        if publisher is not None:
            yield publishers.key_of(seller, publisher, key)
        yield f"{seller}/{key}"


def _of(name: str, key: str, kind: str, prices: PriceList, seller: str | None = None) -> ModelPrices:
    entry = prices.models[key]
    undated = kind == UNDATED_NAME
    if prices.path != SHIPPED:
        kind = OVERRIDE
    elif entry.get("vendor") in THIRD_PARTY and entry["vendor"] != seller:
        kind = THIRD
    return ModelPrices(name, key, kind, entry, prices.path, undated, seller)


def _of_pattern(name: str, pattern: str, prices: PriceList, seller: str | None = None) -> ModelPrices:
    return ModelPrices(name, pattern, PATTERN, prices.patterns[pattern], prices.path, seller=seller)


def _seller(told: Told | None, name: str) -> str | None:
    """Who sold it: as a person said, as the name's form tells, or as the way tells that the call went."""
    if told and told.is_said:
        return told.seller
    return model_names.seller_of(name) or (told.seller if told else None)


def _holds_at(seller: str | None, key: str, prices: PriceList) -> bool:
    """Whether a list has a model's own prices, and they are this seller's as well.

    What a person states holds wherever it was bought.
    """
    return key in prices.models and (
        seller is None
        or prices.path != SHIPPED
        or prices.models[key].get("vendor") == seller
        or key in prices.at_makers_price.get(seller, ())
    )
