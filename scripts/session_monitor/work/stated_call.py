"""How does a call that somebody states become a line of the recorded log, and what does it cost?"""

from __future__ import annotations

import operator
import uuid
from typing import Any, NamedTuple, Optional

from session_monitor.calls import ai_log
from session_monitor.calls.round import Round
from session_monitor.calls.usage import LARGEST_COUNT, Usage
from session_monitor.prices import cost, money
from session_monitor.prices.book import Book
from session_monitor.prices.cost import Outcome
from session_monitor.recording import log_line, recorded_log
from session_monitor.recording.recorded_call import RecordedCall
from session_monitor.sessions import record

SOURCE = "stated"
"""Who recorded such a call."""
STATED_COST = "stated_cost_usd"
"""The attribute with the cost that was stated."""
_PATH = "/v1/chat/completions"  # by which a reader of the log knows it as a call
LONGEST_PROVIDER, LONGEST_MODEL = 100, 200
"""Characters."""


class BadCallError(ValueError):
    """What is stated of a call cannot be: says why."""


class NoTokensError(BadCallError):
    """Too little is stated of tokens."""


class StatedTokens(NamedTuple):
    """The tokens of a call; None for what is not stated.

    ``cached`` and ``cache_write`` are a part of the ``prompt``, ``reasoning`` is one of the ``completion``.
    """

    prompt: Optional[int] = None  # noqa: UP045 -- a NamedTuple's types are asked for at run time, in Python 3.9, too
    completion: Optional[int] = None  # noqa: UP045
    total: Optional[int] = None  # noqa: UP045
    cached: Optional[int] = None  # noqa: UP045
    cache_write: Optional[int] = None  # noqa: UP045
    reasoning: Optional[int] = None  # noqa: UP045

    def sorted_out(self) -> Usage | None:
        """By kinds; None where only a total is stated, whose split nobody knows.  Raises ``BadCallError``."""
        prompt, completion, _, *parts = self.filled()
        cached, written, reasoning = (part or 0 for part in parts)
        if prompt is None or completion is None:
            if self.total is None:
                raise NoTokensError(
                    "state the prompt's and the completion's tokens (0 where there are none), or a total"
                )
            if cached or written or reasoning:
                raise NoTokensError("parts of the prompt or the completion need these beside them, not only a total")
            return None
        if cached + written > prompt:
            raise BadCallError(
                f"{cached + written:,} tokens from a cache or to one are more than the prompt's {prompt:,}, which holds them"
            )
        if reasoning > completion:
            raise BadCallError(f"{reasoning:,} tokens of reasoning are more than the completion's {completion:,}")
        return Usage(prompt - cached - written, cached, written, completion - reasoning, reasoning)

    def filled(self) -> StatedTokens:
        """The same with what follows of it: of prompt, completion and total two tell the third.  Raises ``BadCallError``."""
        told = StatedTokens(*map(_count, self._fields, self))
        prompt, completion = told._of_total(told.prompt, told.completion), told._of_total(told.completion, told.prompt)
        if prompt is None or completion is None:
            return told
        if told.total not in (None, prompt + completion):
            raise BadCallError(f"a total of {told.total:,} is not {prompt:,} and {completion:,}")
        return told._replace(prompt=prompt, completion=completion, total=prompt + completion)

    def _of_total(self, known: int | None, other: int | None) -> int | None:
        if known is not None or other is None or self.total is None:
            return known
        if other > self.total:
            raise BadCallError(f"{other:,} tokens are more than the total of {self.total:,}")
        return self.total - other


def _count(name: str, told: object) -> int | None:
    """A whole number, of whichever type; None for what is not stated.  Raises ``BadCallError``."""
    if told is None:
        return None
    name = name.replace("_", " ")
    try:
        number = operator.index(None if isinstance(told, bool) else told)  # type: ignore[arg-type]
    except TypeError:
        raise BadCallError(f"{name}: {told!r} is no whole number of tokens") from None
    if not 0 <= number <= LARGEST_COUNT:
        raise BadCallError(f"{name}: no call has {number:,} tokens")
    return number


class StatedCall(NamedTuple):
    """One stated call.  ``cost_usd`` is what somebody says it cost, as a plain number; ``call_id`` what its provider calls it."""

    session_id: str
    provider: str
    model: str
    tokens: StatedTokens
    agent: Optional[str] = None  # noqa: UP045 -- as above
    cost_usd: Optional[str] = None  # noqa: UP045
    call_id: Optional[str] = None  # noqa: UP045

    def recorded(self, moment: int) -> RecordedCall:
        """The call as it is recorded.  Raises ``BadCallError``."""
        provider = _checked("provider", self.provider, LONGEST_PROVIDER)
        model = _checked("model", self.model, LONGEST_MODEL)
        usage = self.tokens.sorted_out()
        more: dict[str, Any] = {"provider": provider}
        if usage is None:
            more["total_token"] = self.tokens.filled().total
        if self.cost_usd is not None:
            more[STATED_COST] = self.cost_usd
        return RecordedCall(
            *(self.session_id, moment, _PATH, SOURCE),
            agent=self.agent,
            model=model,
            host=provider.lower(),
            call_id=self.call_id or f"stated-{uuid.uuid4().hex}",
            usage=usage,
            more=more,
        )


def _checked(name: str, text: str, longest: int) -> str:
    if not isinstance(text, str):
        raise BadCallError(f"the {name}'s name is no text: {text!r}")
    text = text.strip()
    if not text or text == "-":
        raise BadCallError(f"the {name} has no name")
    if len(text) > longest:
        raise BadCallError(f"the {name}'s name has {longest} characters at most; this has {len(text)}")
    if not text.isprintable():
        raise BadCallError(f"the {name}'s name has no control characters")
    return text


def record_line(folder: str, call: RecordedCall) -> bytes:
    """Put a call on disk, in the recorded log of a data folder; returns its line.  Raises ``OSError``."""
    line = log_line.line(call)
    recorded_log.append(folder, [line])
    return line


def priced(line: bytes, book: Book) -> Outcome:
    """What the call of a recorded line costs, as it will in its session."""
    call = ai_log.parse(line.rstrip(b"\n"))
    if not isinstance(call, Round):  # which a line of ours never is
        raise TypeError(call)
    facts, rest = record.entry_of(call, 1, ("", 0, 0), 0)
    return book.price(cost.call_of({**facts, **rest}))


def checked_cost(text: str) -> str:
    """A stated cost in dollars, as it is kept.  Raises ``BadCallError``."""
    from decimal import Decimal, InvalidOperation  # noqa: PLC0415 -- few state one

    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or not 0 <= number < 10**6:
        raise BadCallError(f"{text!r} is no cost in dollars, such as 0.025")
    return money.plain(int(number * money.PICO))
