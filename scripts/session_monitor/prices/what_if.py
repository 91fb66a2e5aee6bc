"""What would the same calls have cost on another model?

An estimate: another model would have counted other tokens and written another answer.  How much of the prompts its
cache would have held is not known either, so it is a range between the share that was cached, and none.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from .book import Book
from .cost import Call
from .spending import Spending


class Estimate(NamedTuple):
    """The same calls on ``model``: with the share of the prompts that came from a cache, and with none of it."""

    model: str
    with_cache: Spending
    without_cache: Spending

    @property
    def is_priced(self) -> bool:
        """Whether the model has a price."""
        return self.with_cache.unpriced_rounds < self.with_cache.rounds or not self.with_cache.rounds

    @property
    def low_pico(self) -> int:
        """The lower end of the range."""
        return min(self.with_cache.pico, self.without_cache.pico)

    @property
    def high_pico(self) -> int:
        """The upper end of the range."""
        return max(self.with_cache.pico, self.without_cache.pico)


def estimates(book: Book, calls: Iterable[Call], models: list[str]) -> list[Estimate]:
    """One estimate a model, over the calls that told tokens: of the others nothing can be said."""
    of_models = [Estimate(model, Spending(), Spending()) for model in models]
    for call in calls:
        if not call.usage.total_tokens:
            continue
        usage = call.usage._replace(explicit_cache=False)
        parts = usage.parts and usage.parts._replace(cache_write_5m=0, cache_write_1h=0, cache_write_mixed=0)
        uncached = usage._replace(fresh_input=usage.input_tokens, cache_read=0, cache_write=0, parts=parts)
        for estimate in of_models:
            kept = call._replace(model=estimate.model, usage=usage)
            none = kept._replace(usage=uncached)
            estimate.with_cache.count(kept, book.price(kept))
            estimate.without_cache.count(none, book.price(none))
    return of_models
