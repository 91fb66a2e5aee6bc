"""With which call did the turn of a call begin?

A turn is what a person asks, and all calls until the next question: those in which the agent brings what its tools said.
Conversations that a session has side by side have their turns each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from session_monitor.sessions import message_history, rounds

if TYPE_CHECKING:
    from session_monitor.sessions.stored_round import StoredRound

LONGEST = 500
"""Rounds of a session after which it is not known any more with which one a turn began: nobody reads back further."""


class _Beginning(NamedTuple):
    number: int
    log: Sequence[Any]


class Turns:
    """The turns of one session, whose rounds are asked about in their order; others may lie between."""

    def __init__(self, file: BinaryIO) -> None:
        """``file`` is the session's; where it stands is changed."""
        self._file = file
        self._last = 0
        self._began: dict[int, _Beginning | None] = {}

    def began(self, stored: StoredRound, start: int) -> Sequence[Any] | None:
        """Where the line of the first call of a round's turn stood in the log; None where that is not known.

        ``start`` is the round's first byte.  What the log tells nothing of is a turn by itself.
        """
        thread, number = message_history.thread_of(stored), stored["round"]
        if number != self._last + 1:
            self._began.clear()  # what began in those between is not known
        self._last = number
        if stored["question"] != "":
            self._began[thread] = _Beginning(number, stored["log"])
        elif thread not in self._began:
            self._began[thread] = self._looked_up(stored, thread, start)
        found = self._began[thread]
        return found.log if found and number - found.number <= LONGEST else None

    def _looked_up(self, stored: StoredRound, thread: int, start: int) -> _Beginning | None:
        """The beginning as the rounds before tell it: where none asks anything, the conversation's first, as if that were the session's."""
        number, first = stored["round"], stored["log"]
        for earlier in rounds.before(self._file, start):
            if number - earlier["round"] > LONGEST:
                return None
            if message_history.thread_of(earlier) == thread:
                first = earlier["log"]
                if earlier["question"] != "":
                    return _Beginning(earlier["round"], first)
        return _Beginning(1, first)
