"""What does one poll do?

    1 look      which generation is in which file                       tail
    2 read      the whole lines behind each generation's offset         tail
    3 take      line -> call -> its session, in memory                  joined_lines, intake, short_lines, ai_log, store
    4 commit    session files first, synced; then the read positions    store, checkpoint

A batch of lines goes through 2 to 4 together, so memory stays bounded and a stop loses nothing.  Whatever ends the
process between two steps, the next poll reads from the last commit, and the session files drop what they have.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Callable, NamedTuple

from session_monitor.calls.coverage import Coverage
from session_monitor.log import tail
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.log.generation import Generation
from session_monitor.log.log_file import LogFile, TruncatedError
from session_monitor.log.look import Look
from session_monitor.log.tail import LookAgain, Tail
from session_monitor.prices.book import Book
from session_monitor.sessions.opening import InTheWay, SetAside, WentBack
from session_monitor.sessions.store import Store
from session_monitor.sessions.summary import Coming, Summary
from session_monitor.sessions.write_lock import Outdated

from .commit import Committer, LineBatch, WritingAlone
from .index_keeper import IndexKeeper, NoIndex
from .poll import Poll

if TYPE_CHECKING:
    from session_monitor.log.joined_lines import Joining

    from .intake import Intake
    from .rereading import Rereading

BATCH_LOG_BYTES = 32 << 20
BATCH_SESSION_BYTES = 8 << 20
BATCH_SESSIONS = 1024
LINES_BETWEEN_LOOKS = 500
TRIES = 10
"""How often one poll looks again when the files change while they are read."""
MOST_IN_THE_WAY = 1000
"""So many things one poll takes out of the way of session files, one look each."""
MOST_UNREADABLE = 1000
"""So many files of logs one poll finds to be unreadable, one look each, and reads the others."""
FAR_BEHIND = 64 << 20
"""Bytes that are still to be read, from which on it is worth while that several processes read them."""
SETTLING_SECONDS = 0.05
"""How long it waits before that: a rotation renames its files within milliseconds."""

_NO_PRICES = Book([])
_READ_AGAIN = "its rounds are read again from the logs that are still there"


class Processes(NamedTuple):
    """How many processes take in a log, 0 for one a core, and from how many unread bytes on more than one do.

    ``lock`` makes the lock on session files one that they hold as well while it is held; ``ending`` lets a function be
    called where its block still runs some seconds after an end was asked for.
    """

    number: int = 0
    far_behind: int = FAR_BEHIND
    lock: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext
    ending: Callable[[Callable[[], None]], AbstractContextManager[None]] = lambda _: contextlib.nullcontext()


class _PassedOver(Exception):  # noqa: N818 -- a reason to look again
    """A file of a log cannot be read, and is left alone for the rest of the poll."""


class Ingest:
    """The way from logs to session files, one poll at a time."""

    def __init__(  # noqa: PLR0913 -- the parts that one poll ties together
        self,
        patterns: Sequence[str],
        store: Store,
        checkpoint: Checkpoint,
        *,
        book: Book | None = None,
        index: IndexKeeper | None = None,
        session_key: str | None = None,
        chain: bool = False,
        allowed: Sequence[str] = (),
        stop: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], int] = time.time_ns,
        sleep: Callable[[float], None] = time.sleep,
        is_piped: bool = False,
        on_writing: Callable[[list[Coming]], None] | None = None,
        known_in: str | None = None,
        jobs: Processes | None = None,
        on_commit: Callable[[Poll, dict[str, Summary]], None] = lambda _poll, _sessions: None,
    ) -> None:
        """``book`` prices the new rounds, and may be changed between two polls; without one none of them is priced.

        With ``chain`` calls without any session id are joined by their growing history.  ``allowed`` are the real
        folders that logs must lie beneath, if any are given.  ``stop`` is asked between lines; ``on_writing`` hears of
        what is about to be written, ``on_commit`` of each batch, with the sessions that it wrote.

        ``known_in`` is the data folder whose recorded calls are not counted once more where a gateway logged them, too.

        ``jobs`` says how many processes take in a log that is far ahead of what was read; without, this one does it alone.

        With ``is_piped`` the log is what came in on standard input; ``clock`` gives monotonic seconds, ``now``
        nanoseconds since 1970 as files have them, ``sleep`` waits for some seconds.
        """
        self.book = book
        self._index = index or NoIndex()
        self._sleep = sleep
        self._store = store
        self._checkpoint = checkpoint
        self._view = checkpoint.view(session_key)
        self._session_key = session_key
        self._chain = chain
        self._stop = stop
        self._committer = Committer(
            *(store, checkpoint, self._view, self._index), on_writing=on_writing, on_commit=on_commit
        )
        self._tail = Tail(
            patterns,
            self._view,
            elsewhere=lambda: checkpoint.elsewhere(self._view),
            allowed=allowed,
            is_whole=self._is_whole,
            clock=clock,
            now=now,
            is_piped=is_piped,
        )
        self._recorded: str | None = None
        self._known_in = known_in
        self._jobs = jobs or Processes(1)
        self._marks: frozenset[int] = frozenset()
        self._marks_state: object = None
        self._batch = LineBatch()
        self._rereading: Rereading | None = None  # where session files lack what they had once, or may
        self._is_kept = False  # whether the last pass went well to its end
        self._intake: Intake | None = None
        self._joining: Joining | None = None
        if checkpoint.is_copy:
            self._read_again()

    @property
    def coverage(self) -> Coverage:
        """All that was ever read with this filter."""
        return self._view.coverage

    def read_recorded(self, log: str) -> None:
        """Read the log of calls that no gateway logged, too, from now on."""
        self._recorded = os.path.realpath(log)
        self._tail.read_also(self._recorded)

    def input_has_ended(self) -> None:
        """All that comes in on standard input is there, and the next poll reads its last line also without a newline."""
        self._tail.has_ended = True

    def poll(self) -> Poll:
        """Read all that is there now.  Raises ``OSError`` where the output folder fails."""
        poll = Poll()
        self._index.begin()
        self._tail.begin()
        tries, in_the_way, unreadable = TRIES, MOST_IN_THE_WAY, MOST_UNREADABLE
        while tries:
            look = Look()
            try:
                if self._pass(poll, look):
                    if look.is_measured or self._stop():
                        break
                    continue  # the next look takes its share of what is compressed, and what the log has by then
            except InTheWay as odd:
                in_the_way -= 1
                if self._make_way(poll, odd) and in_the_way > 0:
                    continue
            except SetAside:  # of each file that happens once
                if not self._stop():
                    continue
            except _PassedOver:
                unreadable -= 1
                if unreadable > 0 and not self._stop():
                    continue
            tries -= 1
            self._sleep(SETTLING_SECONDS)
        return poll

    def _make_way(self, poll: Poll, odd: InTheWay) -> bool:
        """Take a thing out of the way of a session; False where others changed session files just then."""
        self._read_again()
        self._checkpoint.save()
        try:
            done = self._store.make_way(odd)
        except Outdated:
            self._index.outdated()
            return False
        poll.problem(f"{done}; {_READ_AGAIN}")
        return True

    def _pass(self, poll: Poll, look: Look) -> bool:
        """One look and all that it finds; False where another look is needed."""
        self._joining = None
        try:
            try:
                self._tail.look(look)
            finally:  # a look that must be taken again has told its losses already
                poll.hear(look)
            poll.saw(look, self._recorded)
            self._read_look(poll, look)
            self._index.settle()
            if self._store.problem:
                poll.problem(self._store.problem)
        except (LookAgain, TruncatedError) as changed:
            self._drop_batch()
            self._tail.changed(look, str(changed))
            return False
        except Outdated:
            self._drop_batch()
            self._index.outdated()
            return False
        except SetAside as aside:
            # It would have been met before, had any of its lines been read again by now.
            if self._store.lacking.comes_all:
                self._drop_batch()
            else:
                self._read_again()
            poll.problem(f"a session file could not be read and was set aside as {aside}; {_READ_AGAIN}")
            raise
        except WentBack as told:
            self._read_again()
            poll.notices.append(f"{told}: perhaps a backup was put back; the logs that are still there are read again")
            return False
        except InTheWay:
            self._drop_batch()
            raise
        except OSError as error:
            self._drop_batch()
            if not self._tail.pass_over(look, error.filename):
                raise
            poll.unread_log(tail.unreadable(error.filename, error))
            raise _PassedOver from None
        finally:
            look.close()
            self._store.close()
        return True

    def _read_again(self) -> None:
        """The next pass reads all logs from their beginning."""
        self._drop_batch()
        self._rereading = self._rereading or self._new_rereading()
        self._rereading.begin()

    def _new_rereading(self) -> Rereading:
        from .rereading import Rereading  # noqa: PLC0415 -- hardly ever

        return Rereading(self._store, self._checkpoint, self._view, self._session_key, self._index.outdated)

    def _read_look(self, poll: Poll, look: Look) -> None:
        """Read what a look found, and keep how far; where nothing has changed since the last pass there is nothing to keep."""
        if self._checkpoint.to_look_at:
            self._rereading = self._rereading or self._new_rereading()
        again = self._rereading
        is_kept, self._is_kept = self._is_kept and look.is_as_before and not again, False
        if not is_kept:
            self._store.committed = self._committer.positions
            self._store.committed_flushes = self._checkpoint.flushes
            self._checkpoint.save()  # new generations are known before their first line is applied
            if again:
                again.await_rounds()
                self._store.read_before = again.read_before
            self._read_all(poll, look)
        with self._store.changing():  # also without new lines: the index must hear of what others changed
            if again and again.ends(poll, look, is_stopped=self._stop()):
                self._rereading = None
            elif (
                self._committer.lags
                and not again
                and look.complete
                and not self._stop()
                and self._checkpoint.has_one_view()
            ):
                self._checkpoint.flushes = self._store.flushes  # all that there is was read
                self._committer.lags = False
            if not is_kept:
                self._checkpoint.save()  # also how long a rotated file has been quiet
        self._is_kept = True

    # -- 2 read, 3 take ------------------------------------------------------------------------------------------------

    def _read_all(self, poll: Poll, look: Look) -> None:
        number = self._processes(look, self._jobs)
        if number > 1:
            self._read_together(poll, look, number)
        for generation, file in look.unread:
            if self._stop():
                break
            self._read(poll, generation, file)
        self._commit(poll)
        poll.is_stopped = self._stop()

    def _processes(self, look: Look, jobs: Processes) -> int:
        """How many processes are to read what a look found: several, where it is much, and nothing is odd about it."""
        if jobs.number == 1 or sum(tail.unread(*pair) for pair in look.unread) <= jobs.far_behind:
            return 1
        is_odd = self._rereading or self._tail.is_piped or self._store.lacking.is_rereading
        if is_odd or any(self._recorded_elsewhere(file) for _, file in look.unread):
            return 1
        from session_monitor.base import side_by_side  # noqa: PLC0415 -- hardly ever

        return (jobs.number or side_by_side.workers()) if side_by_side.can_fork() else 1

    def _read_together(self, poll: Poll, look: Look, number: int) -> None:
        """Read by so many processes, as far as they go; what they leave is read by this one, and so is what lies behind that."""
        from .shares import SessionShare  # noqa: PLC0415 -- as above
        from .together import OddError, Team, Together  # noqa: PLC0415
        from .worker import ShareTaker  # noqa: PLC0415

        self._store.discard()  # nothing was added, and others are going to write
        workers = [
            ShareTaker(
                SessionShare(each, number),
                look.unread,
                self._store.of_a_share(),
                self.book or _NO_PRICES,
                session_key=self._session_key,
                chain=self._chain,
                tells_coming=self._committer.on_writing is not None,
            )
            for each in range(number)
        ]
        with self._jobs.lock(), contextlib.ExitStack() as stack:
            try:
                team = stack.enter_context(contextlib.closing(Team(workers)))
            except OSError:  # too little memory, or too many processes
                return
            stack.enter_context(self._jobs.ending(team.give_up))
            together = Together(team, self._store, self._committer, self._stop)
            try:
                for position, (generation, file) in enumerate(look.unread):
                    if not generation.unterminated:
                        together.read(poll, position, generation, file, is_priced=self.book is not None)
                    if self._stop():
                        return
                    if tail.unread(generation, file):
                        self._read(poll, generation, file)
                        self._commit(poll)
                        together.forget()
            except OddError as odd:
                self._drop_batch()
                if odd.args:
                    poll.notices.append(str(odd))

    def _read(self, poll: Poll, generation: Generation, file: LogFile) -> None:
        if self._intake is None:
            from .intake import Intake  # noqa: PLC0415 -- most passes find nothing new

            self._intake = Intake(self._store, self._session_key, chain=self._chain)
        self._intake.recorded = self._recorded_elsewhere(file)
        self._joining = joining = self._intake.joining()
        gid, read, end, sealed = generation.gid, generation.offset, 0, self._tail.is_sealed(generation, file)
        batch = coverage = None
        repeated = Coverage()  # of lines that are covered already
        for number, (start, end, data, is_rest) in enumerate(self._tail.lines(generation, file, sealed=sealed), 1):
            if batch is not self._batch or coverage is None:
                batch = self._batch
                coverage = batch.coverage.setdefault(gid, Coverage())
            covered = coverage if start >= generation.read_before else repeated
            if is_rest:
                if data:
                    poll.notices.append(f"{file.place.path}: a line went on after it had been taken as complete")
            elif not self._intake.take_next(data, joining, (gid, start, end), covered):
                continue  # what is held will be read again, and is not counted yet
            del data  # or a long line would still take room when the next is read
            batch.advance(generation, file, read, end)
            read = end
            if self._is_full():
                self._commit(poll)
                self._intake.recorded = self._recorded_elsewhere(file)
            if number % LINES_BETWEEN_LOOKS == 0 and self._stop():
                return
        # What was piped may come again, and go on then.
        if sealed and joining.waiting and coverage and not self._tail.is_piped:
            self._intake.take_rest(joining, gid, coverage if read >= generation.read_before else repeated)
            self._batch.advance(generation, file, read, end)

    def _recorded_elsewhere(self, file: LogFile) -> Collection[int]:
        """The marks of the calls that were recorded, for a gateway's file: it may have logged them, too."""
        if self._known_in is None or file.place.log == self._recorded:
            return ()
        from session_monitor.recording import known_calls  # noqa: PLC0415 -- as above

        state = known_calls.state_in(self._known_in)
        if state != self._marks_state:
            self._marks, self._marks_state = known_calls.up_to_date(self._known_in), state
        return self._marks

    # -- 4 commit ------------------------------------------------------------------------------------------------------

    def _is_full(self) -> bool:
        return (
            self._batch.bytes >= BATCH_LOG_BYTES
            or self._store.pending_bytes >= BATCH_SESSION_BYTES
            or self._store.touched >= BATCH_SESSIONS
        )

    def _commit(self, poll: Poll) -> None:
        batch, book = self._batch, self.book
        if batch.ends or self._store.touched:
            self._committer.commit(
                poll, batch, WritingAlone(self._store, book or _NO_PRICES), is_priced=book is not None
            )
            self._batch = LineBatch()

    def _drop_batch(self) -> None:
        self._batch = LineBatch()
        self._store.discard()

    def _is_whole(self, line: bytes) -> bool:
        from . import intake  # noqa: PLC0415 -- few lines lack their newline

        return intake.is_whole(line, self._joining)
