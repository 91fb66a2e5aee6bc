"""Which calls do sessions lack that they had once, and which of them come when the logs are read again?

That begins where a session file was put back from a backup or set aside, and where the state file is a copy.  It may
take several runs, and those with another filter have sessions of their own.
"""

from __future__ import annotations

import sys
from typing import Callable

from session_monitor.log.checkpoint import Checkpoint, LogView
from session_monitor.log.look import Look
from session_monitor.sessions.store import Store

from .intake import is_meant
from .poll import Poll

ALL = sys.maxsize
"""As the flush up to which losses were told: a count of rounds is older than what was told, and less is told, not more."""
MOST_NAMED = 10
"""So many session files are named of those that lost calls."""


class Rereading:
    """One reading again, from when it is known to be needed until all logs were read."""

    def __init__(
        self,
        store: Store,
        checkpoint: Checkpoint,
        view: LogView,
        session_key: str | None,
        outdated: Callable[[], None],
    ) -> None:
        """``view`` has the read positions of runs with this session key; ``outdated`` lets the index know."""
        self._store = store
        self._checkpoint = checkpoint
        self._view = view
        self._session_key = session_key
        self._outdated = outdated
        self._knows_new_lines = checkpoint.flushes == store.flushes
        self._rewound = self._take_stock()

    def begin(self) -> None:
        """The next pass reads all logs from their beginning.  Raises ``OSError``."""
        self._knows_new_lines &= self._checkpoint.flushes == self._store.flushes
        if self._store.flushes < self._checkpoint.losses_told:
            self._checkpoint.losses_told = ALL  # also when the table has caught up
        self._checkpoint.rewind()
        self._rewound = self._take_stock()
        if not self._store.lacking.is_rereading:
            self._outdated()
        self._store.lacking.read_again()

    def read_before(self, session_id: str, gid: str) -> int:
        """Up to where lines of a generation may be among those that a session had once, by whichever run they came there.

        Read positions that do not follow the last flush do not tell: then any line may, and less is told as lost.
        """
        runs = [ends for key, ends in self._rewound.items() if is_meant(session_id, key or None)]
        if not runs or not self._knows_new_lines:  # none of which there is a position can have written to it
            return sys.maxsize
        return max(ends.get(gid, 0) for ends in runs)

    def _take_stock(self) -> dict[str, dict[str, int]]:
        """Up to where each generation had been read when it was last rewound, by runs with each filter that read any."""
        read = {key: view.generations for key, view in self._checkpoint.views.items()}
        return {
            key: {each.gid: each.read_before for each in generations}
            for key, generations in read.items()
            if any(each.known_to for each in generations)
        }

    def _are_others_behind(self) -> bool:
        """Whether runs with another filter have not read again what they had read: their positions do not tell more yet."""
        others = (
            each for view in self._checkpoint.views.values() if view is not self._view for each in view.generations
        )
        return any(not each.gone and each.offset < each.read_before for each in others)

    def await_rounds(self) -> None:
        """Open the sessions that are known to lack something, as far as this run is about them.

        Raises as ``Store.add`` does.
        """
        lacking = self._checkpoint.to_look_at
        meant = {each: missing for each, missing in lacking.items() if is_meant(each, self._session_key)}
        if meant and not self._store.lacking.is_awaiting:
            self._outdated()
            self._store.wait_for(meant)

    def ends(self, poll: Poll, look: Look, *, is_stopped: bool) -> bool:
        """Whether a pass that made this look, and was stopped or not, was the last one that is needed."""
        lacking = self._store.lacking
        if not lacking.is_rereading:
            return False
        found = {generation.gid for generation, _ in look.found}
        others = [each for each in self._view.generations if not each.gone and each.gid not in found]
        if look.complete and not is_stopped and not any(each.offset < each.read_before for each in others):
            self._settle(poll)
            return True
        # A later run goes on with it.
        if look.is_measured and not is_stopped:
            lacking.all_was_read_that_could_be()
        self._checkpoint.to_look_at.update(lacking.sessions)
        return False

    def _settle(self, poll: Poll) -> None:
        """All logs were read again: what did not come back is lost, and told this once."""
        lost = self._store.lacking.lost
        told = {} if self._checkpoint.losses_told == ALL else lost
        poll.notices += _in_words(told)
        self._view.past.lost_calls += sum(told.values())
        poll.coverage.lost_calls += sum(told.values())
        for session_id in [each for each in self._checkpoint.to_look_at if is_meant(each, self._session_key)]:
            del self._checkpoint.to_look_at[session_id]
        flushes = self._store.flushes + bool(lost)  # as ``settle`` will leave it
        if lost or self._checkpoint.losses_told == ALL:
            self._checkpoint.losses_told = flushes
        if not self._are_others_behind():
            self._checkpoint.flushes = flushes
        self._checkpoint.save()  # first, or what was told could be forgotten
        self._store.settle()


def _in_words(lost: dict[str, int]) -> list[str]:
    """What a person should hear of lost calls, which are counted by the names of their session files."""
    named = list(lost.items())[:MOST_NAMED]
    texts = [
        f"{calls} {'calls are' if calls > 1 else 'call is'} lost: {name} had more rounds once, and no log that is left "
        "has them"
        for name, calls in named
    ]
    if len(lost) > MOST_NAMED:
        texts.append(f"more calls are lost, of {len(lost) - MOST_NAMED} other session files")
    return texts
