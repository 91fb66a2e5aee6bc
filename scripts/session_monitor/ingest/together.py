"""How do several processes take in a log that is far ahead of what was read?

Each goes through the same bytes and takes the calls of its own sessions (``shares``, ``worker``); no line goes from one to
another.  This process says how far they go together, and when all have taken their shares of a stretch, has them write; it
counts, keeps the read positions and writes the index, while they take the next stretch.  Anything odd, be it a damaged file, a
call of another session than its line shows, or a process that died, ends that: what was taken is dropped, and one process
alone goes on from the last commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable, TypeVar

from session_monitor.base.side_by_side import Helper, HelperDiedError
from session_monitor.calls.coverage import Coverage
from session_monitor.index.tables import rows
from session_monitor.log.generation import Generation
from session_monitor.log.log_file import LogFile
from session_monitor.sessions.store import Store
from session_monitor.sessions.summary import Coming

from .commit import Committer, LineBatch, New
from .poll import Poll
from .worker import FORGET, WRITE, ShareTaker, Stretch, Taken, Wrote

LEAST, MOST = 4 << 20, 64 << 20
"""Bytes of one stretch; at its end those that have less to do wait for the others."""
MOST_SESSIONS, MOST_BYTES = 2048, 16 << 20
"""So many sessions and bytes of them all together write at a time, more or less: a stretch is as long as the one before lets expect."""

_Result = TypeVar("_Result")


class OddError(Exception):
    """Something that one process alone must see to; the argument is what a person should hear of it, if anything."""


class Team:
    """The processes that take their shares of what one look found."""

    def __init__(self, workers: Sequence[ShareTaker]) -> None:
        """Start them.  Raises ``OSError``."""
        self._helpers: list[Helper[Stretch | str, Taken | Wrote | None]] = []
        self._is_given_up = False
        try:
            for worker in workers:
                self._helpers.append(Helper(worker.do, self._helpers))
        except BaseException:
            self.close()
            raise

    def begin(self, order: Stretch | str) -> None:
        """Let them all do this; what comes of it is to be asked for."""
        for helper in self._helpers:
            helper.give(order)

    def taken(self) -> list[Taken]:
        """What each has taken of the stretch that was begun.  Raises ``OddError``."""
        taken = self._results(Taken)
        if any(each.flaw for each in taken) or len({each.end for each in taken}) > 1:  # or the file changed meanwhile
            raise OddError
        return taken

    def write(self) -> list[Wrote]:
        """What each has written of what it had taken.  Raises ``OddError``."""
        try:
            self.begin(WRITE)
            return self._results(Wrote)
        except BaseException:  # the others must not write on when this process gives the lock back
            self.close()
            raise

    def forget(self) -> None:
        """This process has written to session files.  Raises ``OddError``."""
        self.begin(FORGET)
        self._results(type(None))

    def give_up(self) -> None:
        """Wait for them no longer: one may stand still for ever.  To be called while they are waited for, by a signal."""
        self._is_given_up = True
        for helper in self._helpers:
            helper.kill()

    def close(self) -> None:
        """End them, whatever they are at."""
        for helper in self._helpers:
            helper.end()

    def _results(self, expected: type[_Result]) -> list[_Result]:
        try:
            results = [helper.result() for helper in self._helpers]
        except HelperDiedError:
            raise OddError(_GIVEN_UP if self._is_given_up else _ENDED) from None
        return [each for each in results if isinstance(each, expected)]


_ENDED = "a process that read its share of the log was ended, and the log is read on by one alone"
_GIVEN_UP = (
    "a process that read its share of the log did not come to an end, and was killed: what it had not finished is read again "
    "by the next run"
)


class Together:
    """One reading of what a look found, by several processes."""

    def __init__(self, team: Team, store: Store, committer: Committer, stop: Callable[[], bool]) -> None:
        """``store`` is this process's own, which nothing was added to."""
        self._team = team
        self._store = store
        self._committer = committer
        self._stop = stop
        self._size = LEAST
        self._taken: list[Taken] = []
        self._next: Stretch | None = None

    def read(self, poll: Poll, position: int, generation: Generation, file: LogFile, *, is_priced: bool) -> None:
        """Take in the whole lines of the look's file with this number.  Raises ``OddError``, and as ``Committer.commit``."""
        start = generation.offset
        self._team.begin(self._stretch(position, start, self._committer.positions))
        while not self._stop():
            self._taken = self._team.taken()
            end = self._taken[0].end
            if end == start:
                return
            batch = LineBatch()
            covered = batch.coverage[generation.gid] = Coverage()
            for each in self._taken:
                covered.add(each.coverage)
            batch.advance(generation, file, start, end)
            self._grow(sum(each.sessions for each in self._taken), sum(each.bytes for each in self._taken))
            self._next = None if end >= file.size else self._stretch(position, end, {})
            self._committer.commit(poll, batch, self, is_priced=is_priced)
            if self._next is None:
                return
            start = end

    def forget(self) -> None:
        """This process has taken lines by itself, and committed them.  Raises ``OddError``."""
        self._store.discard()
        self._team.forget()

    def _stretch(self, position: int, start: int, committed: dict[str, int]) -> Stretch:
        return Stretch(position, start, self._size, committed, self._committer.flushes)

    def _grow(self, sessions: int, written: int) -> None:
        """Make the next stretch such that about as many sessions and bytes are written as may be at a time."""
        most = min(MOST_SESSIONS / max(sessions, 1), MOST_BYTES / max(written, 1), 2)
        self._size = min(max(LEAST, int(self._size * most)), MOST)

    # -- what it is to who commits ---------------------------------------------------------------------------------------

    def coming(self) -> list[Coming]:
        """See ``Writing``."""
        return [coming for each in self._taken for coming in each.coming]

    def write(self) -> New:
        """See ``Writing``."""
        wrote = self._team.write()
        self._store.keep_counts([counted for each in wrote for counted in each.flushed.counted])
        written = [session for each in wrote for session in each.flushed.written]
        # As one process meets them: sessions that are otherwise equal come in the order in which they became known.
        first_ends = [byte for each in wrote for byte in each.flushed.first_ends]
        order = sorted(range(len(written)), key=first_ends.__getitem__)
        in_order = [written[at] for at in order]
        return New(sum(each.flushed.new for each in wrote), in_order, rows.joined([each.rows for each in wrote], order))

    def is_kept(self, committed: dict[str, int]) -> None:
        """See ``Writing``: they may take the next stretch, while the index is written."""
        self._store.committed = committed
        if self._next is not None:
            self._next = self._next._replace(committed=committed, flushes=self._committer.flushes)
            self._team.begin(self._next)
