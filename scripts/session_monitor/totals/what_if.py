"""What would the same calls have cost on another model, or at another price?

An estimate: another model would have counted other tokens and written another answer.  How much of the prompts its
cache would have held is not known either, so it is a range between the share that was cached, and none.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

from session_monitor.calls.usage import TokenParts
from session_monitor.prices.book import Book
from session_monitor.prices.cost import SELLER_UNKNOWN, Amount, CallColumns, Traits
from session_monitor.prices.price_list import PriceList

from .spending import Noted, Spending

STATED = "stated"
"""What stands for the file of a price list that is in none."""


class Alternative(NamedTuple):
    """What calls are priced at: the prices that ``book`` has for ``model``, under the ``name`` by which one asked.

    ``stated`` are the prices themselves, where they are an assumption of whoever asks.
    """

    name: str
    model: str
    book: Book
    stated: Mapping[str, str] | None = None


def alternatives(book: Book, models: Iterable[str], stated: Mapping[str, Mapping[str, str]]) -> list[Alternative]:
    """Models at the prices of a book, then names at prices that were made up, each once."""
    known = [Alternative(name, name, book) for name in dict.fromkeys(models)]
    return known + [Alternative(name, STATED, _book_of(row), row) for name, row in stated.items()]


def _book_of(row: Mapping[str, str]) -> Book:
    """A book with nothing but one row of prices."""
    return Book([PriceList(STATED, {STATED: {"prices": [{"from": None, **row}]}})])


class CallBlock(NamedTuple):
    """Some calls, column by column, and what each cost (None where that is not known); all told tokens.

    ``kinds`` are fresh input, cache reads, cache writes, visible output and reasoning.
    """

    times: Sequence[str | None]
    kinds: Sequence[Sequence[int]]
    parts: Sequence[TokenParts | None]
    is_free: Sequence[object]
    partly_told: Sequence[object]
    at_least: Sequence[object]
    actual: Sequence[int | None]


class Difference(SimpleNamespace):
    """The calls that have a price both as they were made and on another model: how many, and pico-dollars for each."""

    rounds: int
    actual: int
    with_cache: int
    without_cache: int

    def __init__(self) -> None:
        super().__init__(rounds=0, actual=0, with_cache=0, without_cache=0)

    @property
    def low_pico(self) -> int:
        """By how much they would have cost more, at the lower end; below 0 where less."""
        return min(self.with_cache, self.without_cache) - self.actual

    @property
    def high_pico(self) -> int:
        """The same at the upper end."""
        return max(self.with_cache, self.without_cache) - self.actual


class Estimate(NamedTuple):
    """The same calls at an alternative: with the share of the prompts that came from a cache, and with none of it."""

    alternative: Alternative
    with_cache: Spending
    without_cache: Spending
    compared: Difference

    @property
    def is_priced(self) -> bool:
        """Whether there is a price: for some of the calls, or at all where there are none."""
        if not self.with_cache.rounds:
            return self.alternative.book.find(self.alternative.model) is not None
        return bool(self.with_cache.unpriced_rounds < self.with_cache.rounds)

    @property
    def low_pico(self) -> int:
        """The lower end of the range."""
        return min(self.with_cache.pico, self.without_cache.pico)

    @property
    def high_pico(self) -> int:
        """The upper end of the range."""
        return max(self.with_cache.pico, self.without_cache.pico)


def estimates(asked: Sequence[Alternative], blocks: Iterable[CallBlock]) -> list[Estimate]:
    """One estimate an alternative, over calls that told tokens: of others nothing can be said."""
    made = [Estimate(alternative, Spending(), Spending(), Difference()) for alternative in asked]
    for block in blocks:
        cached = [at for at, kinds in enumerate(zip(block.kinds[1], block.kinds[2])) if any(kinds)]
        uncached = _uncached(block, cached)
        for estimate in made:
            alternative = estimate.alternative
            kept = list(alternative.book.amounts(_columns(block, alternative.model)))
            none = list(kept)
            for at, amount in zip(cached, alternative.book.amounts(_columns(uncached, alternative.model))):
                none[at] = amount
            estimate.with_cache.add(_spent(block, alternative.name, kept))
            estimate.without_cache.add(_spent(block, alternative.name, none))
            _compare(estimate.compared, kept, none, block.actual)
    return made


def _uncached(block: CallBlock, places: Sequence[int]) -> CallBlock:
    """The calls in some places, with all of their prompts as fresh input."""

    def taken(column: Sequence[Any]) -> list[Any]:
        return [column[at] for at in places]

    fresh, read, written, visible, reasoning = map(taken, block.kinds)
    prompts, nothing = list(map(sum, zip(fresh, read, written))), [0] * len(places)
    of_cache = {"cache_write_5m": 0, "cache_write_1h": 0, "cache_write_mixed": 0}
    parts = [each and each._replace(**of_cache) for each in taken(block.parts)]
    kinds = prompts, nothing, nothing, visible, reasoning
    return CallBlock(taken(block.times), kinds, parts, *map(taken, block[3:]))


def _columns(block: CallBlock, model: str) -> CallColumns:
    """The calls as another model's, whose cache would not have been the one that was asked for."""
    fresh, read, written, visible, reasoning = block.kinds
    return CallColumns(
        models=itertools.repeat(model),
        times=block.times,
        fresh_input=fresh,
        cache_read=read,
        cache_write=written,
        visible_output=visible,
        reasoning=reasoning,
        parts=block.parts,
        traits=map(_traits, block.is_free, block.partly_told),
    )


def _traits(is_free: object, partly_told: object) -> Traits | None:
    return Traits(is_free=bool(is_free), partly_told=bool(partly_told)) if is_free or partly_told else None


def _spent(block: CallBlock, name: str, amounts: Sequence[Amount]) -> Spending:
    """What calls add up to at these amounts."""
    all_pico, all_saved, all_notes, _ = zip(*amounts) if amounts else ((), (), (), ())
    spent = Spending(
        pico=sum(filter(None, all_pico)),
        rounds=len(amounts),
        saved_pico=sum(filter(None, all_saved)),
        at_least=sum(map(bool, block.at_least)),
    )
    for notes, number in Counter(all_notes).items():
        # Who sells it is no assumption: who names a model without a seller means its maker.
        assumed = [note for note in notes if note != SELLER_UNKNOWN]
        if assumed:
            having = [(pico or 0, stake or 0) for pico, _, each, stake in amounts if each == notes]
            spent.note(assumed, Noted(number, *map(sum, zip(*having))))
    unpriced = [at for at, pico in enumerate(all_pico) if pico is None] if None in all_pico else []
    if unpriced:
        spent.unpriced_rounds = len(unpriced)
        spent.unpriced_tokens = sum(kind[at] for kind in block.kinds for at in unpriced)
        named = sum(not block.partly_told[at] for at in unpriced)
        spent.unpriced_models = {name: named} if named else {}
    return spent


def _compare(
    compared: Difference, kept: Sequence[Amount], none: Sequence[Amount], actual: Sequence[int | None]
) -> None:
    """Count in the calls that have a price both ways."""
    for here, (with_cache, *_), (without_cache, *_) in zip(actual, kept, none):
        if here is not None and with_cache is not None and without_cache is not None:
            compared.rounds += 1
            compared.actual += here
            compared.with_cache += with_cache
            compared.without_cache += without_cache
