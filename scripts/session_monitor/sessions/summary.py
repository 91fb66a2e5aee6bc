"""What do a session's rounds add up to, and what was just written of them?"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from . import message_history
from .threads import RememberedThread

if TYPE_CHECKING:
    from .stored_round import RoundFacts


MOST_POSITIONS = 16
"""Of so many generations of the log a footer says up to where they are applied; of those before them the rounds do.

The monitor has thousands of ends of sessions in memory: what each of them holds must not grow with the rotations.
"""


class Summary:
    """What a session's rounds add up to; the footer of its file.

    ``positions`` says for each generation of the log up to which byte it has been applied here, for the newest
    ``MOST_POSITIONS`` of them.  Of ``threads`` conversations ``history`` remembers those that went on last, the latest
    first.  ``may_have_asked`` has the ``chat_round`` of the last round that did not fail, and how many tokens its
    sequel has at least, where that round may have asked for tools.
    """

    created_at: str | None
    updated_at: str | None
    messages_count: int
    failed_count: int
    total_input_tokens: int
    total_output_tokens: int
    total_reasoning_tokens: int
    total_cached_tokens: int
    total_cache_write_tokens: int
    total_tokens: int
    model: str | None
    models: list[str]
    positions: dict[str, int]
    threads: int
    history: list[RememberedThread]
    may_have_asked: list[int] | None

    def __init__(self, **known: Any) -> None:
        """Of a session without rounds, but for what is known.  Raises ``TypeError`` for what it does not have."""
        if known.keys() != _EMPTY.keys():
            if not known.keys() <= _EMPTY.keys():
                raise TypeError(f"no such fields: {known.keys() - _EMPTY.keys()}")
            known = {**_EMPTY, "models": [], "positions": {}, **known}
        known["positions"] = {sys.intern(generation): end for generation, end in known["positions"].items()}
        known["history"] = _conversations(known)
        known["threads"] = known["threads"] or min(known["messages_count"], 1)
        for name, value in known.items():
            setattr(self, name, value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Summary) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __repr__(self) -> str:
        return f"Summary({vars(self)})"

    def add(self, facts: RoundFacts, log: Sequence[Any]) -> None:
        """Count one stored round in, by its short facts and its ``log``."""
        self.messages_count += 1
        self.threads = max(self.threads, facts.get("thread", 1))
        self.failed_count += facts["response_type"] == "error"  # of rounds with an outcome and without
        self.total_input_tokens += facts["input_tokens"]
        self.total_output_tokens += facts["output_tokens"]
        self.total_reasoning_tokens += facts["reasoning_tokens"]
        self.total_cached_tokens += facts["cached_tokens"]
        self.total_cache_write_tokens += facts.get("cache_write_tokens", 0)
        self.total_tokens += facts["total_tokens"]
        model, timestamp = facts["model"], facts["timestamp"]
        if model:
            self.model = model
            if model not in self.models:
                self.models.append(model)
        if timestamp:
            # Without its Z a time with a fraction comes behind the one without: 15 before 15.5.
            if not self.created_at or timestamp[:-1] < self.created_at[:-1]:
                self.created_at = timestamp
            if not self.updated_at or timestamp[:-1] > self.updated_at[:-1]:
                self.updated_at = timestamp
        generation, _, end = log
        if end > self.positions.get(generation, 0):
            self.positions[generation] = end
            while len(self.positions) > MOST_POSITIONS:
                del self.positions[next(iter(self.positions))]

    @property
    def knows_all_positions(self) -> bool:
        """Whether a generation that is not among ``positions`` has no rounds here."""
        return len(self.positions) < MOST_POSITIONS

    def heard(self, chat_round: int | None, facts: RoundFacts) -> None:
        """Remember of a round's call what tells whether the next one answers a tool.  A failed one is only tried again."""
        if facts["response_type"] != "error":
            self.may_have_asked = None
            if chat_round and facts["has_tool_calls"] is not False:
                said = (facts["output_tokens"] - facts["reasoning_tokens"]) // 2
                self.may_have_asked = [chat_round, facts["input_tokens"] + said]

    def is_for_tools(self, chat_round: int | None, facts: RoundFacts) -> bool:
        """Whether a call of which the log holds no messages answers a tool that the last one asked for.

        It has no more messages of the user than that one, and its prompt holds that one's and the answer.
        """
        if not self.may_have_asked or self.may_have_asked[0] != chat_round:
            return False
        return "no_tokens" in facts or facts["input_tokens"] >= self.may_have_asked[1]


def _conversations(known: dict[str, Any]) -> list[RememberedThread]:
    """Those of a footer, also of one that was written when the last round's messages alone were remembered, as a text.

    Of that one's round it does not say what its line told of tools: nothing is told of it later.
    """
    history = known["history"]
    if isinstance(history, str):
        marks = message_history.old_marks(history)
        return [RememberedThread(1, known["messages_count"], True, -1, *marks)] if history else []  # noqa: FBT003
    return [RememberedThread(*each) for each in history]


_EMPTY: dict[str, Any] = {
    "created_at": None,
    "updated_at": None,
    "messages_count": 0,
    "failed_count": 0,
    **{f"total_{kind}_tokens": 0 for kind in ("input", "output", "reasoning", "cached", "cache_write")},
    "total_tokens": 0,
    "model": None,
    "models": (),
    "positions": (),
    "threads": 0,
    "history": (),
    "may_have_asked": None,
}


PlacedFacts = tuple["RoundFacts", int, int]
"""The short facts of one round, with the first byte and the length of its line."""


class Coming(NamedTuple):
    """What is about to be written to one session file: so many rounds from number ``first`` on, from byte ``start`` on."""

    session_id: str
    file: str
    first: int
    rounds: int
    start: int


class Written(NamedTuple):
    """What is new in one session file: the facts of its new rounds, and its summary with them.

    ``size`` and ``mtime`` (nanoseconds) are the file's, ``next_byte`` is where its next round will stand.
    """

    session_id: str
    file: str
    summary: Summary
    size: int
    mtime: int
    next_byte: int
    rounds: list[PlacedFacts]
