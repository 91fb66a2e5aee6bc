"""What of a call's tokens and money is for what was sent before, what for what is new, what for the answer?"""

from __future__ import annotations

from typing import NamedTuple

from session_monitor.insight.basis.call import JudgedCall


class Amount(NamedTuple):
    """Tokens, and pico-dollars; of a call without a price 0 of these."""

    tokens: int = 0
    pico: int = 0

    def plus(self, other: Amount) -> Amount:
        """Both in one."""
        return Amount(self.tokens + other.tokens, self.pico + other.pico)


NONE = Amount()


class CallSplit(NamedTuple):
    """A call's tokens and money in parts that add up to it exactly.

    ``resent_read`` is what had been sent before and came from a cache, ``resent_paid`` what had been sent before and did not, ``new`` the
    rest of the prompt, wherever it came from; ``unjudged`` is a prompt of which nobody knows what it said.  ``full_price`` is what all that had been sent before
    would have cost without a cache.
    """

    round: int
    resent_read: Amount = NONE
    resent_paid: Amount = NONE
    new: Amount = NONE
    visible: Amount = NONE
    reasoning: Amount = NONE
    unjudged: Amount = NONE
    full_price: int = 0

    @property
    def resent(self) -> Amount:
        """All that had been sent before."""
        return self.resent_read.plus(self.resent_paid)


def unjudged(call: JudgedCall) -> CallSplit:
    """The parts of a call without content."""
    parts = _parts(call)
    answer = _answer(call, parts)
    return CallSplit(call.number, NONE, NONE, NONE, *answer, Amount(call.prompt, sum(parts[:3])))


def split(call: JudgedCall, resent: int) -> CallSplit:
    """The parts of a call that sent so many tokens again, at most its prompt's.

    A prompt is read from a cache from its beginning on, what is written to one follows, and the rest is behind; what had been sent before
    stands in front of what is new.
    """
    parts = _parts(call)
    read = min(call.read, resent)
    written = min(call.written, resent - read)
    fresh = resent - read - written
    of_read = _share(parts[1], read, call.read)
    paid = _share(parts[2], written, call.written) + _share(parts[0], fresh, call.fresh)
    return CallSplit(
        call.number,
        Amount(read, of_read),
        Amount(written + fresh, paid),
        Amount(call.prompt - resent, sum(parts[:3]) - of_read - paid),
        *_answer(call, parts),
        full_price=resent * call.cost.fresh_rate if call.cost else 0,
    )


def _answer(call: JudgedCall, parts: tuple[int, int, int, int, int]) -> tuple[Amount, Amount]:
    return Amount(call.visible, parts[3]), Amount(call.reasoning, parts[4])


def _parts(call: JudgedCall) -> tuple[int, int, int, int, int]:
    """What it cost by kind, in the order of ``CostParts``: fresh, read, written, visible, reasoning."""
    return call.cost.parts if call.cost else (0, 0, 0, 0, 0)


def _share(pico: int, tokens: int, of: int) -> int:
    return pico * tokens // of if of else 0
