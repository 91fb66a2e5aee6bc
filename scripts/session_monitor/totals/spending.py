"""What do the costs of many calls add up to, and what is not in the sum?"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from types import SimpleNamespace
from typing import Any, NamedTuple

from session_monitor.prices import money
from session_monitor.prices.cost import NO_TOKENS, OTHER_READINGS, PARTLY_TOLD, STATED, Call, Cost, Outcome

NO_NAME = "no model"


class Noted(NamedTuple):
    """How many calls have a note, what they cost, and how much more that would be the other way round (``Cost.at_stake``)."""

    rounds: int = 0
    pico: int = 0
    stake: int = 0

    def plus(self, other: Noted) -> Noted:
        """Both in one."""
        return Noted(self.rounds + other.rounds, self.pico + other.pico, self.stake + other.stake)

    def to_json(self) -> dict[str, Any]:
        """For JSON; ``other_reading_usd`` is what they would have cost the other way round, where there is one."""
        other = {"other_reading_usd": money.plain(self.pico + self.stake)} if self.stake else {}
        return {"rounds": self.rounds, "cost_usd": money.plain(self.pico), **other}


class Spending(SimpleNamespace):
    """The cost of some calls, in pico-dollars: exact, in any order.

    ``unpriced_*`` count the calls whose cost is not known, with their tokens and by their models (``without_tokens``
    of them told no tokens, and ``partly_told`` too little); ``at_least`` are the calls that may have used more tokens than is known, so that all of this
    may be more; ``saved_pico`` is what caches spared where that is known; ``noted`` tells of each of ``cost.NOTES`` which
    calls have it, and ``assumed`` of those of which anything had to be assumed, each once.
    """

    pico: int
    rounds: int
    unpriced_rounds: int
    unpriced_tokens: int
    without_tokens: int
    unpriced_models: dict[str, int]
    saved_pico: int
    noted: dict[str, Noted]
    assumed: Noted
    at_least: int

    def __init__(self, **known: Any) -> None:
        """All that is not given is 0.  Raises ``TypeError`` for what a sum does not have."""
        unknown = known.keys() - self.__annotations__.keys()
        if unknown:
            raise TypeError(f"no such fields: {unknown}")
        nothing: dict[str, Any] = dict.fromkeys(self.__annotations__, 0)
        super().__init__(**{**nothing, "unpriced_models": {}, "noted": {}, "assumed": Noted(), **known})

    @property
    def partly_told(self) -> int:
        """Calls without a price that told too little of their tokens, whatever their model."""
        return self.unpriced_rounds - self.without_tokens - sum(self.unpriced_models.values())

    def count(self, call: Call, outcome: Outcome) -> None:
        """Count one call in."""
        self.rounds += 1
        self.at_least += call.at_least
        if isinstance(outcome, Cost):
            self.pico += outcome.pico
            self.saved_pico += outcome.saved or 0
            self.note(outcome.notes, Noted(1, outcome.pico, outcome.at_stake or 0))
            return
        self.unpriced_rounds += 1
        self.unpriced_tokens += call.usage.total_tokens
        if outcome.reason == NO_TOKENS:
            self.without_tokens += 1
        elif outcome.reason != PARTLY_TOLD:
            name = call.model or NO_NAME
            self.unpriced_models[name] = self.unpriced_models.get(name, 0) + 1

    def note(self, notes: Collection[str], calls: Noted) -> None:
        """Some of the calls, which are counted in, have these notes."""
        for note in notes:
            stake = calls.stake if note in OTHER_READINGS else 0
            self.noted[note] = self.noted.get(note, Noted()).plus(calls._replace(stake=stake))
        if not STATED.issuperset(notes):
            self.assumed = self.assumed.plus(calls)

    def add(self, other: Spending) -> None:
        """Count other calls in."""
        for name, value in vars(other).items():
            if not isinstance(value, (dict, Noted)):
                setattr(self, name, getattr(self, name) + value)
        for model, number in other.unpriced_models.items():
            self.unpriced_models[model] = self.unpriced_models.get(model, 0) + number
        for note, calls in other.noted.items():
            self.noted[note] = self.noted.get(note, Noted()).plus(calls)
        self.assumed = self.assumed.plus(other.assumed)

    def to_json(self) -> dict[str, Any]:
        """For JSON: the priced part as decimal text, and what is not in it."""
        return {
            "cost_usd": money.plain(self.pico) if self.unpriced_rounds < self.rounds or not self.rounds else None,
            "at_least": self.at_least,
            "without_tokens": self.without_tokens,
            "unpriced_rounds": self.unpriced_rounds,
            "unpriced_tokens": self.unpriced_tokens,
            "unpriced_models": sorted(self.unpriced_models),
            "cache_savings_usd": money.plain(self.saved_pico),
            "assumed_rounds": self.assumed.rounds,
            "assumed_usd": money.plain(self.assumed.pico),
            "cost_notes": {note: calls.to_json() for note, calls in sorted(self.noted.items())},
        }


def added(parts: Iterable[Spending]) -> Spending:
    """Several costs in one."""
    total = Spending()
    for part in parts:
        total.add(part)
    return total
