"""What do the costs of many calls add up to, and what is not in the sum?"""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

from . import money
from .book import Book
from .cost import NO_TOKENS, Call, Cost, Outcome

NO_NAME = "no model"


class Spending(SimpleNamespace):
    """The cost of some calls, in pico-dollars: exact, in any order.

    ``unpriced_*`` count the calls whose cost is not known, with their tokens and by their models (``without_tokens``
    of them told no tokens); ``saved_pico`` is what caches spared where that is known; ``assumed`` says in how many
    calls which of ``cost.NOTES`` had to be assumed.
    """

    def __init__(
        self,
        pico: int = 0,
        rounds: int = 0,
        unpriced_rounds: int = 0,
        unpriced_tokens: int = 0,
        without_tokens: int = 0,
        unpriced_models: dict[str, int] | None = None,
        saved_pico: int = 0,
        assumed: dict[str, int] | None = None,
    ) -> None:
        """All that is not given is 0."""
        super().__init__()
        self.pico = pico
        self.rounds = rounds
        self.unpriced_rounds = unpriced_rounds
        self.unpriced_tokens = unpriced_tokens
        self.without_tokens = without_tokens
        self.unpriced_models = unpriced_models or {}
        self.saved_pico = saved_pico
        self.assumed = assumed or {}

    def count(self, call: Call, outcome: Outcome) -> None:
        """Count one call in."""
        self.rounds += 1
        if isinstance(outcome, Cost):
            self.pico += outcome.pico
            self.saved_pico += outcome.saved or 0
            for note in outcome.notes:
                self.assumed[note] = self.assumed.get(note, 0) + 1
            return
        self.unpriced_rounds += 1
        self.unpriced_tokens += call.usage.total_tokens
        if outcome.reason == NO_TOKENS:
            self.without_tokens += 1
        else:
            name = call.model or NO_NAME
            self.unpriced_models[name] = self.unpriced_models.get(name, 0) + 1

    def add(self, other: Spending) -> None:
        """Count other calls in."""
        for name, value in vars(other).items():
            mine = getattr(self, name)
            if isinstance(value, dict):
                for key, number in value.items():
                    mine[key] = mine.get(key, 0) + number
            else:
                setattr(self, name, mine + value)

    def to_json(self) -> dict[str, Any]:
        """For JSON: the priced part as decimal text, and what is not in it."""
        return {
            "cost_usd": money.plain(self.pico) if self.unpriced_rounds < self.rounds or not self.rounds else None,
            "unpriced_rounds": self.unpriced_rounds,
            "unpriced_tokens": self.unpriced_tokens,
            "unpriced_models": sorted(self.unpriced_models),
            "cache_savings_usd": money.plain(self.saved_pico),
            "cost_notes": self.assumed,
        }


def spent(book: Book, calls: Iterable[Call]) -> Spending:
    """What these calls add up to."""
    total = Spending()
    for call in calls:
        total.count(call, book.price(call))
    return total
