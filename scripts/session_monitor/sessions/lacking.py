"""Which sessions lack rounds that they had once, and are the logs being read again for them?

Their files went back: somebody put them back from a backup, or the folder is a copy.  What they lack comes from the logs
again, as far as these still have it; when all of them were read, the rest is lost.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .round_counts import RoundCounts


class Lacking:
    """What is known of the sessions of one folder."""

    def __init__(self) -> None:
        self.is_rereading = False
        """Whether the logs are read again, or were as far as they could be, and ``settle`` was not called since."""
        self.is_awaiting = False
        """Whether ``wait_for`` was called, and nothing was discarded since."""
        self.comes_all = False
        """Whether the logs are read from their beginning, so that whatever a session lacks will come, or is lost."""
        self._known: dict[str, int | None] = {}  # how many rounds sessions lack; None for whatever they lack
        self._written: dict[str, tuple[bytes, int]] = {}  # of those that were written: their files' names, and the same

    def read_again(self) -> None:
        """From now on logs are read from their beginning: whatever a session lacks will come, or is lost."""
        self.is_rereading = self.comes_all = True

    def all_was_read_that_could_be(self) -> None:
        """What sessions are known to lack by now may come from the other logs; one that lacks more went back since."""
        self.comes_all = False

    def wait_for(self, lacking: Mapping[str, int | None]) -> None:
        """The logs were read again for these sessions, which lack so many rounds, or None for any number."""
        self.is_rereading = self.is_awaiting = True
        self._known.update(lacking)

    def comes(self, session_id: str, rounds: int) -> bool:
        """Whether so many rounds that a session lacks will come, as far as any log has them."""
        known = self._known.get(session_id, -1)
        return self.comes_all or known is None or rounds <= known

    def wrote(self, session_id: str, name: bytes, rounds: int) -> None:
        """A session's file was written, and lacks so many rounds now."""
        self._written[session_id] = name, rounds
        self._known[session_id] = rounds

    @property
    def sessions(self) -> dict[str, int]:
        """How many rounds those that were written lack."""
        return {session_id: rounds for session_id, (_, rounds) in self._written.items()}

    @property
    def lost(self) -> dict[str, int]:
        """When all logs were read again: how many calls of which session files did not come."""
        return {os.fsdecode(name): rounds for name, rounds in self._written.values() if rounds}

    def settle(self, counts: RoundCounts) -> None:
        """They are missed no more; where any is lost, that counts as a flush.  Raises ``OSError``."""
        lost = [(name, rounds) for name, rounds in self._written.values() if rounds]
        if lost:
            counted = ((name, counts.of(name), rounds) for name, rounds in lost)
            left = [
                (name, each._replace(rounds=max(0, each.rounds - rounds))) for name, each, rounds in counted if each
            ]
            counts.begin_flush()
            counts.put(left)
        self._known.clear()
        self._written.clear()
        self.is_rereading = self.is_awaiting = self.comes_all = False

    def discard(self) -> None:
        """What was added to sessions since they were written is forgotten."""
        self._known.clear()
        self.is_awaiting = False

    def forget(self) -> None:
        """Others changed session files: what is known of them is of no use any more."""
        self._written.clear()
