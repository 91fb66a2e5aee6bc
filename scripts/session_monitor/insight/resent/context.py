"""What did a session's prompts cost: what was sent again, what was new, and which messages were dear?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from session_monitor.insight.basis.call import JudgedCall
from session_monitor.insight.basis.prompts import Prompt

from . import call_split
from .call_split import NONE, Amount, CallSplit
from .carried import Copy, MessageCost, MessageLedger

PARTS = "resent_read", "resent_paid", "new", "unjudged", "visible", "reasoning"
"""The parts of what a session cost, which add up to it: those of its prompts, then those of its answers."""


class ContextSums(NamedTuple):
    """What some calls cost, in parts that add up to it exactly; the sums of several sessions add up as well.

    The parts are as in ``call_split.CallSplit``.  ``rounds`` is how many calls there are, ``unjudged_rounds`` how many of them have no
    content, ``unpriced`` how many no price: what these cost is in none of the parts.  ``full_price`` is what all that was sent again would have cost without a cache.
    """

    rounds: int = 0
    unjudged_rounds: int = 0
    unpriced: int = 0
    resent_read: Amount = NONE
    resent_paid: Amount = NONE
    new: Amount = NONE
    unjudged: Amount = NONE
    visible: Amount = NONE
    reasoning: Amount = NONE
    full_price: int = 0

    @property
    def resent(self) -> Amount:
        """All that had been sent before."""
        return self.resent_read.plus(self.resent_paid)

    @property
    def judged(self) -> Amount:
        """All prompts of which it is known what they said."""
        return self.resent.plus(self.new)

    @property
    def total(self) -> Amount:
        """All of it."""
        return self.judged.plus(self.unjudged).plus(self.visible).plus(self.reasoning)

    @property
    def is_priced(self) -> bool:
        """Whether anything has a price: where nothing has, it is not known what any part cost."""
        return self.unpriced < self.rounds

    @property
    def resent_percent(self) -> int | None:
        """How much of the prompts that are judged had been sent before, by tokens; None where there are none."""
        return 100 * self.resent.tokens // self.judged.tokens if self.judged.tokens else None

    def numbers(self) -> dict[str, int]:
        """All of it as whole numbers by name, with ``_tokens`` and ``_pico`` where it is both."""
        found: dict[str, int] = {}
        for name, value in self._asdict().items():
            if isinstance(value, Amount):
                found[f"{name}_tokens"], found[f"{name}_pico"] = value
            else:
                found[name] = value
        return found


def of_numbers(numbers: Mapping[str, int]) -> ContextSums:
    """The same from what ``numbers`` gave, or from the sums of several such."""
    amounts: dict[str, Any] = {
        name: Amount(numbers.get(f"{name}_tokens", 0), numbers.get(f"{name}_pico", 0)) for name in PARTS
    }
    counts: dict[str, Any] = {name: numbers.get(name, 0) for name in ContextSums._fields if name not in PARTS}
    return ContextSums(**amounts, **counts)


class DearMessages(NamedTuple):
    """The messages that cost most, and all others in one: what they have together is what all prompts that are judged came to.

    ``others`` is how many more messages there are, ``rest`` what they came to, with what no text accounts for.
    """

    messages: list[MessageCost]
    others: int
    rest: Amount


class Context(NamedTuple):
    """What the prompts of a session's ``calls`` cost: of all, call by call, message by message; ``copies`` are results that came twice."""

    calls: Sequence[JudgedCall]
    sums: ContextSums
    splits: list[CallSplit]
    messages: list[MessageCost]
    copies: list[Copy]

    def dearest(self, most: int) -> DearMessages:
        """The messages that cost most, by tokens where they cost the same, the dearest first."""
        ordered = sorted(self.messages, key=lambda each: (-each.pico, -each.sent_tokens, each.round, each.place))
        told, sums = ordered[:most], self.sums.judged
        rest = Amount(sums.tokens - sum(each.sent_tokens for each in told), sums.pico - sum(each.pico for each in told))
        return DearMessages(told, len(ordered) - len(told), rest)


LEAST_COPY = 500
"""Characters of a result from which on it is looked at for copies, where no limit says otherwise."""


def of_session(calls: Sequence[JudgedCall], prompts: Iterable[Prompt], least_copy: int = LEAST_COPY) -> Context:
    """What the calls of a session came to, in order; ``prompts`` are theirs (``prompts.prompts``)."""
    ledger = MessageLedger(least_copy)
    by_round = iter(prompts)
    following = next(by_round, None)
    splits = []
    judged = unpriced = 0
    for call in calls:
        unpriced += call.cost is None
        if following is not None and following.call.number == call.number:
            splits.append(ledger.add(following))
            judged += 1
            following = next(by_round, None)
        else:
            splits.append(call_split.unjudged(call))
    amounts: dict[str, Any] = {name: _sum(splits, name) for name in PARTS}
    sums = ContextSums(
        *(len(splits), len(splits) - judged, unpriced),
        **amounts,
        full_price=sum(each.full_price for each in splits),
    )
    return Context(calls, sums, splits, ledger.messages(), ledger.copies())


def _sum(splits: Sequence[CallSplit], name: str) -> Amount:
    amounts = [getattr(each, name) for each in splits]
    return Amount(sum(each.tokens for each in amounts), sum(each.pico for each in amounts))
