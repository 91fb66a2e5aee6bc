"""What is one run of the monitor on one data folder: from its beginning to its last word?"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import time
from typing import TYPE_CHECKING

from session_monitor.base import data_folder, files, last_run, settings, timestamps
from session_monitor.base.last_run import LastRun
from session_monitor.base.signals import Signals, stopping
from session_monitor.calls.coverage import Coverage
from session_monitor.index import keeper
from session_monitor.ingest.ingest import Ingest, Processes
from session_monitor.ingest.poll import Poll
from session_monitor.log import rotation
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.own_prices.current_book import CurrentBook
from session_monitor.prices import price_list
from session_monitor.prices.book import Book
from session_monitor.sessions import store, write_lock
from session_monitor.sessions.store import Store
from session_monitor.sessions.summary import Summary
from session_monitor.text import humanize

from .display import Journal, Progress, Show, summary
from .voice import Voice

if TYPE_CHECKING:
    from session_monitor.reports.report import Report

    from .alerting import Alerting
    from .piped_log import PipedLog
    from .replicating import Replicating
    from .telemetry import Telemetry

OK, FAILED = 0, 1
"""Exit codes of a run."""
STANDARD_INPUT = "-"
"""What is read in place of a log."""

_MIXED = (
    "standard input holds what was read before, and other lines between that, so that the new ones cannot be told: it was "
    "not read. Pipe the log of each container by itself, each in a run of its own"
)


class Monitor:
    """One run of the monitor on one output folder."""

    def __init__(self, options: argparse.Namespace, say: Voice) -> None:
        """The folder is locked already."""
        self._options = options
        self._say = say
        self._is_piped = options.log_path == [STANDARD_INPUT]
        self._input = data_folder.input_file(options.output_dir)
        self._logs: list[str] = [self._input] if self._is_piped else options.log_path
        self._signals = Signals()
        self._started = time.monotonic()
        state_file = options.state_file or data_folder.state_file(options.output_dir)
        self._checkpoint = Checkpoint(state_file, options.output_dir)
        self._forget_input()  # of a run that was killed
        if self._checkpoint.problem:
            say.aloud(
                f"the state file {state_file} {self._checkpoint.problem}; it was set aside. The logs are read from "
                "their beginning, and what the sessions have already is not counted twice"
            )
        elif self._checkpoint.is_copy:
            say.aloud(
                f"the state file {state_file} is a copy, and may know more than the sessions beside it. The logs are "
                "read from their beginning, and what the sessions have already is not counted twice"
            )
        elif not self._checkpoint.views:
            self._begin(state_file)
        self._tell_of_writers()
        self._before = last_run.read(options.output_dir)
        self._run = LastRun([STANDARD_INPUT] if self._is_piped else self._logs, options.state_file)
        if not self._run.is_where(self._before):  # before the index takes the folder as it is
            last_run.keep(options.output_dir, self._run, self._before)
            self._before = last_run.read(options.output_dir)
        self._prices = CurrentBook(options.output_dir, os.environ)
        self._tell_of_prices()
        self._covered, self._is_unknown_told = Coverage(), False
        self._reads_recorded = self._is_piped  # what is piped is read alone
        self._is_cron = False
        self._is_single = True
        self._show: Show = Progress(None, time.monotonic)
        self._alerting: Alerting | None = None
        self._telemetry = self._sending() if options.otlp else None
        self._replicating = self._shipping() if options.ship else None
        self._lock = write_lock.MonitorsLock(options.output_dir)  # before the index takes the folder as it is
        with contextlib.ExitStack() as undo:
            self._index = keeper.Keeper(options.output_dir, self._priced_by, self._making_index)
            undo.callback(self._index.close)
            self._ingest = self._reading(options)
            undo.pop_all()

    def _sending(self) -> Telemetry:
        from .telemetry import Telemetry  # noqa: PLC0415 -- few send spans

        return Telemetry(self._options.output_dir, self._options.otlp, os.environ, lambda: self._prices.book)

    def _shipping(self) -> Replicating:
        from .replicating import Replicating  # noqa: PLC0415 -- few ship

        options = self._options
        return Replicating(options.output_dir, options.ship, options.gateway, os.environ, lambda: self._prices.book)

    def _reading(self, options: argparse.Namespace) -> Ingest:
        """What is read where, and what becomes of it.  Raises ``OSError`` where the folder may not be written to."""
        return Ingest(
            self._logs,
            Store(options.output_dir, full_messages=options.messages == "full", lock=self._lock.held),
            self._checkpoint,
            book=self._book,
            index=self._index,
            session_key=options.session_key,
            chain=options.chain,
            allowed=self._allowed(),
            is_piped=self._is_piped,
            known_in=options.output_dir,
            jobs=Processes(options.jobs, lock=self._lock.shared, ending=self._signals.ending),
            stop=self._signals.stop,
            on_writing=self._telemetry.announce if self._telemetry else None,
            on_commit=self._batch,
        )

    def _allowed(self) -> list[str]:
        """The folders that logs must lie beneath, that of recorded calls among them; none where any will do."""
        if self._is_piped:
            return []
        named = rotation.allowed_folders(self._options.allow_dir or (), os.environ)
        recorded = os.path.dirname(data_folder.recorded_log(self._options.output_dir))
        return [*named, os.path.realpath(recorded)] if named else []

    @property
    def _book(self) -> Book | None:
        """What calls cost; a mistake in a person's own list is no reason not to read the log."""
        return None if self._prices.mistake else self._prices.book

    def _tell_of_prices(self) -> None:
        if self._prices.mistake:
            self._say.aloud(f"costs are not shown: {self._prices.mistake}. Correct it there, or take the file away")

    def _begin(self, state_file: str) -> None:
        """Without read positions: the folder is new, or they were lost."""
        folder = self._options.output_dir
        if store.count(folder):
            self._say.aloud(
                f"there are sessions and no state file {state_file}; the logs are read from their beginning, and what "
                "the sessions have already is not counted twice"
            )
        elif data_folder.is_unused(folder) and files.close_to_others(folder) and not self._say.quiet:
            self._say.aloud(f"{folder} is new: from now on only this user may look into it (mode 700)")

    def _tell_of_writers(self) -> None:
        """Others who can put their own files in the place of the folder's; a group may be meant to."""
        folder = self._options.output_dir
        who = data_folder.other_writers(folder)
        if who and not (who == data_folder.GROUP and self._say.quiet):
            self._say.aloud(f"{who} may exchange what is in {folder}, and read it: run 'chmod 700' on it")

    def run(self, *, follow: bool) -> int:
        """Poll once or until the end is asked for; returns the exit code."""
        self._is_single = not (follow or self._is_piped)
        self._is_cron = self._say.quiet and self._is_single
        with self._signals.catch(), contextlib.closing(self._index):
            if self._is_single:
                return self._once()
            return self._until_input_ends() if self._is_piped else self._follow()

    @property
    def _priced_by(self) -> Book:
        """The prices for the index."""
        return self._book or Book([price_list.shipped()])

    def _making_index(self, done: int, total: int) -> None:
        if sys.stderr.isatty() and not self._say.quiet and total:
            end = "\r\x1b[K" if done >= total else ""
            print(f"\rmaking the index: {100 * done // total} %\x1b[K{end}", end="", file=sys.stderr, flush=True)

    def _batch(self, poll: Poll, sessions: dict[str, Summary]) -> None:
        if self._telemetry:
            self._telemetry.settle()
        if self._options.verbose:
            for session_id, session in sessions.items():
                self._say.aloud(f"{session_id}: {humanize.counted(session.messages_count, 'round')}")
        self._show.batch(poll, sessions)

    def _once(self) -> int:
        if sys.stderr.isatty() and not self._say.quiet:
            self._show = Progress(sys.stderr, time.monotonic)
        poll = self._polled()
        self._show.polled(poll)
        self._end_sending(poll)
        self._tell_of_lacks(poll)
        self._say.troubles(poll)
        self._close(poll)
        if self._signals.received:
            return 128 + self._signals.received
        return FAILED if poll.problems else OK

    def _tell_of_lacks(self, poll: Poll) -> None:
        """Say which logs are not there, or hold no call; of one who is to be quiet, once a day: cron sends it as a mail."""
        if poll.problems:  # what lacks cannot be told from what could not be read: what was known of it stays
            return
        covered = self._ingest.coverage
        found = poll.logs_found - poll.recorded_found
        has_no_gateway = poll.recorded_found and self._logs == settings.LOG_PATH.built_in
        is_as_usual = found and len(self._logs) == 1 and (covered.calls or not covered.lines)
        if has_no_gateway or is_as_usual:
            self._run.lacks = []
        else:
            from . import lacks  # noqa: PLC0415 -- as below

            lacking = lacks.of_pass(self._logs, found, covered)
            self._run.lacks = lacking.facts
            is_new = self._run.is_to_be_said(self._before, timestamps.now())
            if lacking.said and (is_new or not self._say.quiet) and lacking.said not in poll.notices:
                poll.notices.append(lacking.said)
        last_run.keep(self._options.output_dir, self._run, self._before)

    def _follow(self) -> int:
        total = Poll()
        lines_only = self._say.quiet or self._options.verbose or os.environ.get("TERM") == "dumb"
        on_terminal = sys.stdout.isatty() and not lines_only
        with contextlib.ExitStack() as stack:
            self._show = self._live_view(stack) if on_terminal else Journal(self._logs, self._say)
            while not self._signals.stop():
                poll = self._poll_again()
                total.add(poll)
                self._show.polled(poll)
                self._signals.sleep(self._options.refresh_interval)
        self._end_sending(total)
        self._close(total)
        return OK

    def _until_input_ends(self) -> int:
        """Read what comes in on standard input, as it comes; returns the exit code."""
        from .piped_log import PipedLog  # noqa: PLC0415 -- as below

        if sys.stdin.isatty():
            self._say.aloud("standard input is this terminal; what comes is read until Ctrl-D")
        elif sys.stderr.isatty() and not self._say.quiet:
            self._show = Progress(sys.stderr, time.monotonic)
        total = Poll()
        with contextlib.closing(PipedLog(self._options.output_dir, sys.stdin.fileno(), self._signals.sleep)) as log:
            is_read = self._read_input(log, total)
        self._end_sending(total)
        self._forget_input()
        self._checkpoint.save()
        self._close(total)
        if self._signals.received:
            return 128 + self._signals.received
        return OK if is_read else FAILED

    def _read_input(self, log: PipedLog, total: Poll) -> bool:
        """Count all that comes to the total; False where it cannot be read to its end, as a person is told then."""
        from session_monitor.log.piped import MixedError  # noqa: PLC0415 -- as below

        while not (log.has_ended or self._signals.stop()):
            log.take(self._options.refresh_interval, self._signals.stop)
            try:
                poll = self._polled_input(log)
            except MixedError:
                self._say.aloud(_MIXED)
                return False
            self._say.troubles(poll)
            total.add(poll)
            if poll.problems:
                return False
        return True

    def _polled_input(self, log: PipedLog) -> Poll:
        """What can be read by now of standard input."""
        if not log.is_readable(self._checkpoint.view(self._options.session_key).generations):
            return Poll()
        if log.has_ended:
            self._ingest.input_has_ended()
        poll = self._polled()
        self._show.polled(poll)
        if log.has_ended and poll.behind and not self._signals.stop():
            rest = humanize.counted(poll.behind, "byte")
            poll.notices.append(
                f"standard input ended in the middle of a line: {rest} were not read, and are once it is whole"
            )
        return poll

    def _forget_input(self) -> None:
        """Standard input is kept no longer, and is not missed."""
        self._checkpoint.release(self._input)
        files.remove(self._input)

    def _live_view(self, stack: contextlib.ExitStack) -> Show:
        """A view on the terminal, which is given back with the stack."""
        from session_monitor.text.screen import Screen  # noqa: PLC0415 -- as above

        from .live_view import LiveView  # noqa: PLC0415 -- cron's pass every minute shows none

        screen = stack.enter_context(Screen(sys.stdout))
        stack.enter_context(stopping(screen.give_back, screen.take))
        return LiveView(
            screen,
            self._logs,
            self._asked,
            time.monotonic,
            is_priced=lambda: self._book is not None,
            is_kept=lambda: not self._index.problem,
        )

    def _asked(self) -> Report:
        """The answers of this moment."""
        from session_monitor.reports.report import Report  # noqa: PLC0415 -- as above

        return Report(self._options.output_dir, self._priced_by, now=timestamps.now())

    def _poll_again(self) -> Poll:
        """A poll that survives a bad day: what could not be written now is read again next time."""
        try:
            return self._polled()
        except OSError as error:
            failed = Poll()
            failed.at_least = True  # what it had committed by then is told nowhere
            place = os.fsdecode(error.filename or self._options.output_dir)
            failed.problem(f"{error.strerror}: {place}; trying again")
            return failed

    def _polled(self) -> Poll:
        if self._prices.look():
            self._tell_of_prices()
            self._ingest.book = self._book
            if self._book:
                self._index.price_with(self._book)
        if not self._reads_recorded and data_folder.has_recorded(self._options.output_dir):
            self._ingest.read_recorded(data_folder.recorded_log(self._options.output_dir))
            self._reads_recorded = True
        before = self._index.change
        poll = self._ingest.poll()
        self._tell_of_unknown(poll)
        if self._index.problem:
            poll.notices.append(f"the index cannot be kept ({self._index.problem}); questions make one for themselves")
        self._look_for_alerts(poll, before)
        with contextlib.suppress(OSError):
            data_folder.looked(self._options.output_dir)
        if self._telemetry:
            self._telemetry.after(poll, is_following=not self._is_single)
        if self._replicating:
            self._replicating.after(poll, self._index.change, is_following=not self._is_single)
        return poll

    def _look_for_alerts(self, poll: Poll, before: object) -> None:
        """Tell of what has to be told by now, where anybody set what that is.

        ``before`` is the mark of the index before the poll.
        """
        folder = self._options.output_dir
        if not data_folder.is_watched(folder):
            return
        from session_monitor.alerts import gate  # noqa: PLC0415 -- as above

        done = gate.Done(
            *(poll.sums.spending.pico, poll.sums.total_tokens, poll.sums.failed, poll.sums.spending.unpriced_rounds),
            lost_bytes=self._ingest.coverage.lost_bytes,
            is_stuck=poll.lacks_logs or (poll.behind > 0 and not poll.bytes_read),
            before=None if poll.at_least else before,
            change=self._index.change,
        )
        try:
            is_open = gate.is_open(folder, done, self._prices.state, timestamps.now())
        except OSError as error:
            poll.notices.append(f"alerts: {error.filename}: {error.strerror}")
            return
        if self._alerting is None and (is_open or gate.is_waiting(folder)):
            from .alerting import Alerting  # noqa: PLC0415 -- as above

            self._alerting = Alerting(folder, self._asked, is_following=not self._is_single)
        if self._alerting is not None:
            self._alerting.after(poll, done if is_open else None, self._prices.state)

    def _end_sending(self, poll: Poll) -> None:
        """Give what waits to be told or sent a while."""
        if self._alerting is not None:
            self._alerting.close(poll)
        if self._telemetry is not None:
            self._telemetry.close(poll, is_told_to_end=bool(self._signals.received))
        if self._replicating is not None:
            self._replicating.close(poll, is_told_to_end=bool(self._signals.received))

    def _tell_of_unknown(self, poll: Poll) -> None:
        """Where what was read is none of a gateway's, say so once: of this run, or of all runs if this one read little."""
        self._covered.add(poll.coverage)
        if self._is_unknown_told or not poll.coverage.passed_over or self._is_cron:
            return
        from . import unknown_lines  # noqa: PLC0415 -- as above

        logs = [] if self._is_piped else self._logs
        warnings = [unknown_lines.warning(each, logs) for each in (self._covered, self._ingest.coverage)]
        said = next(filter(None, warnings), None)
        if said:
            self._is_unknown_told = True
            poll.notices.append(said)

    def _count(self) -> int:
        """How many sessions there are; from the index, unless a new one would have to be made for that."""
        if self._index.problem:
            return store.count(self._options.output_dir)
        return self._asked().overview().sessions

    def _close(self, poll: Poll) -> None:
        if not self._say.quiet:
            sessions = self._count()
            try:
                seconds = time.monotonic() - self._started
                print("\n".join(summary(poll, sessions, seconds, priced=self._book is not None)), flush=True)
            except BrokenPipeError:
                stop_telling()


def stop_telling() -> None:
    """Nobody reads stdout any more; Python would complain about that once more at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
