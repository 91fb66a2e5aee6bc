"""What do some calls add up to?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from session_monitor.prices import cost, money

from . import spending
from .spending import Noted, Spending


class Sums(NamedTuple):
    """Calls, those that failed or were left, tokens (cached and written are part of input, reasoning of output), cost.

    Of ``cache_untold_tokens`` of the input it is not told whether they came from a cache.
    """

    calls: int
    failed: int
    left: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    cache_untold_tokens: int
    spending: Spending

    @property
    def at_least(self) -> int:
        """Calls whose tokens are a lower bound."""
        return self.spending.at_least

    @property
    def total_tokens(self) -> int:
        """Input and output."""
        return self.input_tokens + self.output_tokens

    @property
    def cached_share(self) -> float | None:
        """What share of the input came from a cache, of the prompts of which that is told; None where it is of none."""
        told = self.input_tokens - self.cache_untold_tokens
        return round(self.cached_tokens / told, 6) if told else None

    @property
    def told_cached_tokens(self) -> int | None:
        """How much of the input came from a cache; None where that is told of no prompt."""
        is_untold = 0 < self.input_tokens == self.cache_untold_tokens
        return None if is_untold else self.cached_tokens

    def to_json(self) -> dict[str, Any]:
        """All of it, for JSON; None for what is not known."""
        counts = {**self._asdict(), "cached_tokens": self.told_cached_tokens}
        del counts["spending"]
        more = {"total_tokens": self.total_tokens, "cached_share": self.cached_share}
        return {**counts, **more, **self.spending.to_json()}


def added(parts: Iterable[Sums]) -> Sums:
    """Several sums in one."""
    counts = [0] * (len(Sums._fields) - 1)
    total = Spending()
    for *more, spent in parts:
        counts = [one + other for one, other in zip(counts, more)]
        total.add(spent)
    return Sums._make([*counts, total])


NOTHING = added(())
"""What no calls add up to; for adding to it only."""


def of_noted(by_notes: Mapping[int, Sequence[int]], unpriced_models: Mapping[str | None, int]) -> Sums:
    """From the columns of ``schema.ADDITIVE`` by notes, and in how many calls which model had no price."""
    total = of_columns([sum(values) for values in zip(*by_notes.values())], unpriced_models) if by_notes else added(())
    for bits, columns in by_notes.items():
        if bits and columns[0]:
            spent, (*_, usd, pico) = of_columns(columns, {}).spending, columns
            total.spending.note(cost.notes_of(bits), Noted(spent.rounds, spent.pico, usd * money.MICRO + pico))
    return total


def of_columns(columns: Sequence[int], unpriced_models: Mapping[str | None, int]) -> Sums:
    """The same of calls whose notes are told otherwise, or none."""
    calls, failed, left, at_least, fresh, read, written, visible, reasoning, untold, *of_cost = columns
    usd, pico, saved_usd, saved_pico, unpriced, unpriced_tokens, without_tokens, *_ = of_cost
    spent = Spending(
        pico=usd * money.MICRO + pico,
        rounds=calls,
        unpriced_rounds=unpriced,
        unpriced_tokens=unpriced_tokens,
        without_tokens=without_tokens,
        unpriced_models={name or spending.NO_NAME: number for name, number in unpriced_models.items() if number},
        saved_pico=saved_usd * money.MICRO + saved_pico,
        at_least=at_least,
    )
    tokens = fresh + read + written, visible + reasoning, read, written, reasoning, untold
    return Sums(calls, failed, left, *tokens, spent)
