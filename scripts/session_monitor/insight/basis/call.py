"""What is one call, as far as a rule may ask about it?"""

from __future__ import annotations

from typing import NamedTuple, Optional

from session_monitor.index.tables.schema import CACHE_UNTOLD, FAILED, LEFT, NO_CONTENT, NO_SIZE, NO_TOKENS, UNTOLD
from session_monitor.prices.cost import CostParts

from .content import Content


class CallCost(NamedTuple):
    """What a call cost in pico-dollars by kind of token, and what a token of its prompt cost: fresh, read from a cache, written to one.

    ``parts`` add up to what it cost; where audio or images have prices of their own they are not rate times tokens.  Rates that are no whole number
    of pico-dollars are rounded down.
    """

    parts: CostParts
    fresh_rate: int
    read_rate: int
    write_rate: int

    @property
    def pico(self) -> int:
        """What all of it cost."""
        return sum(self.parts)


class JudgedCall(NamedTuple):
    """One call: its row in the index, what it cost (None: not known), and what of its content matters (None: none is logged).

    ``number``, ``history``, ``sent``, ``thread`` and ``base`` are as in the index: which round of the session it is, how many of its
    messages are those of round ``base``, how many it sent, and in which conversation.  ``at`` is when it began, in milliseconds since 1970.
    ``seller`` is who sold it, as ``Book.seller_of`` has it; ``kept_seconds`` for how long what it wrote to a cache is kept, None where the log
    does not tell: 3600 or 300 where the index has such tokens among its ``parts``, the shorter one where it has both.
    """

    number: int
    at: Optional[int]  # noqa: UP045 -- a NamedTuple's types are asked for at run time, in Python 3.9, too
    model: Optional[str]  # noqa: UP045
    way: Optional[str]  # noqa: UP045
    consumer: Optional[str]  # noqa: UP045
    fresh: int
    read: int
    written: int
    visible: int
    reasoning: int
    flags: int
    code: Optional[int]  # noqa: UP045
    first_token_ms: Optional[int]  # noqa: UP045
    duration_ms: Optional[int]  # noqa: UP045
    history: int
    sent: int
    thread: int
    base: int
    seller: Optional[str] = None  # noqa: UP045
    kept_seconds: Optional[int] = None  # noqa: UP045
    cost: Optional[CallCost] = None  # noqa: UP045
    content: Optional[Content] = None  # noqa: UP045

    @property
    def prompt(self) -> int:
        """Tokens of its prompt."""
        return self.fresh + self.read + self.written

    @property
    def failed(self) -> bool:
        """Whether it failed."""
        return bool(self.flags & FAILED)

    @property
    def left(self) -> bool:
        """Whether the client closed before its end was seen."""
        return bool(self.flags & LEFT)

    @property
    def has_tokens(self) -> bool:
        """Whether all of its tokens are told."""
        return not self.flags & UNTOLD

    @property
    def has_size(self) -> bool:
        """Whether it is told how long its prompt was."""
        return not self.flags & NO_SIZE

    @property
    def tells_cache(self) -> bool:
        """Whether it is told what of its prompt came from a cache."""
        return not self.flags & (CACHE_UNTOLD | NO_TOKENS)

    @property
    def has_content(self) -> bool:
        """Whether anything that was said is logged."""
        return self.content is not None and not self.flags & NO_CONTENT

    @property
    def pico(self) -> int:
        """What it cost in pico-dollars; 0 where that is not known."""
        return self.cost.pico if self.cost else 0

    @property
    def end(self) -> int | None:
        """When it ended, in milliseconds since 1970; None where that is not told."""
        return None if self.at is None or self.duration_ms is None else self.at + self.duration_ms
