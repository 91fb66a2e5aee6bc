"""Which discount that a person stated holds for a call?

It is one of its seller's, on the prices that the monitor ships: a price that a person states is what they pay.  Where
nothing tells who sold a call it is priced as the maker does, and has the maker's discount.  Only one counts: the one for
the most specific names of models, then the one that began last, then the data folder's, then the one stated last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from . import money, own_words, sellers
from .cost import ModelPrices
from .price_list import PRICES, SHIPPED, THIRD_PARTY, PriceList

if TYPE_CHECKING:
    from fractions import Fraction


class Discount(NamedTuple):
    """So many percent less (more, where it is below 0) of what a seller takes, for models with names like ``model``.

    ``start`` and ``until`` are the first and the last day, None where there is none; ``origin`` is the list.
    """

    seller: str
    percent: str
    start: str | None
    until: str | None
    model: str | None
    origin: str

    def to_json(self) -> dict[str, Any]:
        """For JSON, and as it stands in its list but for its ``origin``."""
        document = self._asdict()
        document["from"] = document.pop("start")
        return document

    def holds_on(self, day: str) -> bool:
        """Whether it holds on a day; without one, whether it has no end."""
        if not day:
            return self.until is None
        return (self.start or "") <= day <= (self.until or day)

    @property
    def factor(self) -> Fraction:
        """What is left of a price."""
        return 1 - money.fraction(self.percent) / 100


def sellers_known() -> tuple[str, ...]:
    """The words of all who may give a discount."""
    return tuple(word for word in sellers.titles() if word != sellers.OWN_MACHINE)


def stated(lists: Iterable[PriceList]) -> list[Discount]:
    """All that are in lists, the strongest first, as far as their order tells."""
    return [
        Discount(*(row["seller"], row["percent"], row.get("from"), row.get("until"), row.get("model")), prices.path)
        for prices in lists
        for row in reversed(prices.discounts)
    ]


def holding(
    given: Sequence[Discount], prices: ModelPrices, row: Mapping[str, Any], day: str, shipped: PriceList
) -> Discount | None:
    """The discount on a row of a model's prices on a day; without a day, on those of now."""
    seller = _seller(prices)
    of_seller = [each for each in given if each.seller == seller and each.holds_on(day)]
    if not of_seller or not _is_shipped(prices, row, shipped):
        return None
    names = own_words.forms(sellers.split(prices.name)[1], seller) | own_words.forms(prices.key, seller)
    of_model = [each for each in of_seller if each.model is None or own_words.fits(each.model, names)]
    return max(of_model, key=_rank, default=None)  # the first of equals


def _rank(discount: Discount) -> tuple[int, str]:
    specific = -1 if discount.model is None else own_words.literal_length(discount.model)
    return specific, discount.start or ""


def _seller(prices: ModelPrices) -> str | None:
    """Who sold it, or is taken to have; a reseller's price that stands in for a maker's tells nobody."""
    return prices.seller or (None if prices.vendor in THIRD_PARTY else prices.vendor)


def _is_shipped(prices: ModelPrices, row: Mapping[str, Any], shipped: PriceList) -> bool:
    """Whether a row is one that comes with the monitor, or was taken over from it before or after a person's own."""
    if prices.origin == SHIPPED:
        return True
    known = shipped.models[prices.key]["prices"] if prices.key in shipped.models else ()
    same = (*PRICES, "source", "currency", "tiers", "windows")
    return any(all(row.get(name) == each.get(name) for name in same) for each in known)
