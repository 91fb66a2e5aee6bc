#!/usr/bin/env python3
"""Reads a Higress gateway's access log and keeps what each agent session said and used."""

from __future__ import annotations

import argparse
import contextlib
import errno
import gc
import os
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

if sys.version_info < (3, 9):  # noqa: UP036 -- in words, before an older one fails at what it does not know
    sys.exit(f"main.py: this is Python {sys.version.split()[0]}: run it with Python 3.9 or newer")

if __name__ == "__main__":
    gc.disable()  # until all is loaded: none of that is garbage, and looking for some takes a tenth as long as loading it

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "scripts"))

from session_monitor import __version__
from session_monitor.base import data_folder, files, settings
from session_monitor.base.signals import Signals, stopping, unharmed
from session_monitor.calls.coverage import Coverage
from session_monitor.index import keeper
from session_monitor.log import rotation
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.monitor.display import Journal, Progress, Show, summary
from session_monitor.monitor.ingest import Ingest
from session_monitor.monitor.poll import Poll
from session_monitor.monitor.voice import Voice
from session_monitor.own_prices.current_book import CurrentBook
from session_monitor.prices import price_list
from session_monitor.prices.book import Book
from session_monitor.sessions import store, write_lock
from session_monitor.sessions.store import Store
from session_monitor.sessions.summary import Summary
from session_monitor.text import humanize
from session_monitor.text.help import HelpFormatter

if TYPE_CHECKING:
    from session_monitor.monitor.piped_log import PipedLog

OK, FAILED, INTERRUPTED = 0, 1, 130
STANDARD_INPUT = "-"

_MIXED = (
    "standard input holds what was read before, and other lines between that, so that the new ones cannot be told: it was "
    "not read. Pipe the log of each container by itself, each in a run of its own"
)

_EXAMPLES = f"""\
examples:
  python3 main.py --log-path /var/log/proxy/access.log
  python3 main.py --log-path /var/log/proxy/access.log --session-key 'agent:main:*'
  kubectl logs -n higress-system deploy/higress-gateway | python3 main.py --log-path -
  python3 main.py --log-path '/var/log/gateway-*/access.log' --output-dir /var/lib/sessions --follow
  * * * * * python3 /path/to/main.py --log-path /var/log/proxy/access.log --output-dir /var/lib/sessions --quiet

environment:
  {rotation.ALLOW_VARIABLE}   folders as for --allow-dir, separated by '{os.pathsep}'; --allow-dir goes first
  {settings.variable("data_dir")}, {settings.variable("log_path")}   instead of --output-dir and --log-path; so do config
      files, which 'cli.py config path' names

exit codes: 0 done (also: no log yet, another monitor is at work), 1 something could not be read or written,
2 wrong arguments, 130 or 143 one pass was interrupted (what it had read is kept)
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the monitor; returns its exit code."""
    with unharmed():
        top = parser()
        options = top.parse_args(arguments)
        options.log_path = options.log_path or settings.LOG_PATH
        try:
            settings.settle(vars(options), os.environ)
        except (settings.BadConfigError, OSError) as mistake:
            top.error(str(mistake))
        return _run(options)


def _run(options: argparse.Namespace) -> int:
    if options.state_file and _looks_like_a_session(options.state_file, options.output_dir):
        parser().error("in the output folder, the name of a --state-file must begin with a dot: others are sessions")
    if STANDARD_INPUT in options.log_path and (len(options.log_path) > 1 or options.follow):
        parser().error("--log-path - is read until it ends, and alone: without other logs, and without --follow")
    # A daemon may be started without them; a log must not be opened in their place.
    sys.stdout, sys.stderr = (stream or open(os.devnull, "w") for stream in (sys.stdout, sys.stderr))  # noqa: SIM115
    follow = options.follow or (sys.stdout.isatty() and not options.once)
    for stream in (sys.stdout, sys.stderr):  # a locale without Chinese is no reason to fail
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    say = Voice(quiet=options.quiet)
    if options.log_path == [STANDARD_INPUT] and sys.stdin is None:
        say.aloud("standard input is closed: there is nothing to read")
        return FAILED
    try:
        files.make_folder(options.output_dir)
        data_folder.check_whose(options.output_dir)
        with files.lock(os.path.join(options.output_dir, data_folder.LOCK), _about()):
            return Monitor(options, say).run(follow=follow)
    except files.LockHeldError as held:
        if not options.quiet:
            say.aloud(f"another monitor is at work on {options.output_dir} ({held}); there is nothing to do")
        return OK
    except BrokenPipeError:
        _stop_telling()
        return OK
    except OSError as error:
        say.aloud(_in_words(error, options))
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(
        description=__doc__,
        epilog=_EXAMPLES,
        formatter_class=HelpFormatter,
        allow_abbrev=False,
    )
    add = top.add_argument
    add(
        "--log-path",
        action="append",
        metavar="PATH",
        help="access log to read, with its rotated siblings; may be a glob and may be given several times; - is standard input "
        f"(default: {settings.LOG_PATH.told})",
    )
    add(
        "--output-dir",
        default=settings.DATA_DIR,
        metavar="DIR",
        help=f"where sessions are kept (default: {settings.DATA_DIR.told})",
    )
    add("--session-key", metavar="ID", help="only sessions with this id; a shell pattern works too (default: all)")
    add(
        "--chain",
        action="store_true",
        help="join calls without any session id by their growing history; such a session is marked as inferred",
    )
    add("--state-file", metavar="FILE", help="where read positions are kept (default: <output-dir>/.state.json)")
    add("--refresh-interval", type=_seconds, default=1.0, metavar="SECONDS", help="seconds between polls (default: 1)")
    mode = top.add_mutually_exclusive_group()
    mode.add_argument("--follow", action="store_true", help="keep polling (default where stdout is a terminal)")
    mode.add_argument("--once", action="store_true", help="one pass, then exit (default elsewhere: cron, a pipe)")
    add(
        "--allow-dir",
        action="append",
        metavar="DIR",
        help="read only logs whose real path lies under this folder; may be given several times (default: any)",
    )
    add(
        "--messages",
        choices=("new", "full"),
        default="new",
        help="what a round keeps of its messages: the new ones, or all that were sent again (default: new)",
    )
    voice = top.add_mutually_exclusive_group()
    voice.add_argument("--quiet", action="store_true", help="say nothing but what went wrong")
    voice.add_argument("--verbose", action="store_true", help="name the sessions of each batch, without the live view")
    add("--version", action="version", version=f"agent-session-monitor {__version__}")
    return top


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return seconds


def _looks_like_a_session(state_file: str, output_dir: str) -> bool:
    folder, name = os.path.split(os.path.realpath(state_file))
    return folder == os.path.realpath(output_dir) and name.endswith(".json") and not name.startswith(".")


def _about() -> str:
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return f"pid {os.getpid()} on {os.uname().nodename}, since {now}"


def _in_words(error: OSError, options: argparse.Namespace) -> str:
    if isinstance(error, files.OddFileError):
        return str(error)
    named = os.fsdecode(error.filename or options.output_dir)
    return f"{error.strerror or error}: {named}. {_advice(options, error)}"


def _advice(options: argparse.Namespace, error: OSError) -> str:
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return "This process may open too few files: raise its limit (ulimit -n, LimitNOFILE)."
    choice = "--output-dir or --state-file" if options.state_file else "--output-dir"
    return f"See that this user can write there and that there is room, or name another place with {choice}."


def _stop_telling() -> None:
    """Nobody reads stdout any more; Python would complain about that once more at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


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
        self._prices = CurrentBook(options.output_dir, os.environ)
        self._tell_of_prices()
        self._covered, self._is_unknown_told = Coverage(), False
        self._show: Show = Progress(None, time.monotonic)
        with contextlib.ExitStack() as undo:
            self._index = keeper.Keeper(options.output_dir, self._priced_by, self._making_index)
            undo.callback(self._index.close)
            self._ingest = self._reading(options)
            undo.pop_all()

    def _reading(self, options: argparse.Namespace) -> Ingest:
        """What is read where, and what becomes of it.  Raises ``OSError`` where the folder may not be written to."""
        return Ingest(
            self._logs,
            Store(
                options.output_dir,
                full_messages=options.messages == "full",
                lock=write_lock.MonitorsLock(options.output_dir).held,
            ),
            self._checkpoint,
            book=self._book,
            index=self._index,
            session_key=options.session_key,
            chain=options.chain,
            allowed=[] if self._is_piped else rotation.allowed_folders(options.allow_dir or (), os.environ),
            is_piped=self._is_piped,
            stop=self._signals.stop,
            on_commit=self._batch,
        )

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
        with self._signals.catch(), contextlib.closing(self._index):
            if self._is_piped:
                return self._until_input_ends()
            return self._follow() if follow else self._once()

    @property
    def _priced_by(self) -> Book:
        """The prices for the index."""
        return self._book or Book([price_list.shipped()])

    def _making_index(self, done: int, total: int) -> None:
        if sys.stderr.isatty() and not self._say.quiet and total:
            end = "\r\x1b[K" if done >= total else ""
            print(f"\rmaking the index: {100 * done // total} %\x1b[K{end}", end="", file=sys.stderr, flush=True)

    def _batch(self, poll: Poll, sessions: dict[str, Summary]) -> None:
        if self._options.verbose:
            for session_id, session in sessions.items():
                self._say.aloud(f"{session_id}: {humanize.counted(session.messages_count, 'round')}")
        self._show.batch(poll, sessions)

    def _once(self) -> int:
        if sys.stderr.isatty() and not self._say.quiet:
            self._show = Progress(sys.stderr, time.monotonic)
        poll = self._polled()
        self._show.polled(poll)
        absent = [] if poll.problems or self._say.quiet else self._absent(poll)
        if absent:
            self._say.aloud(f"nothing yet: there is no {' or '.join(absent)}")
        self._say.troubles(poll)
        self._close(poll)
        if self._signals.received:
            return 128 + self._signals.received
        return FAILED if poll.problems else OK

    def _absent(self, poll: Poll) -> list[str]:
        """The logs of which there is no file: one of several may be mistyped.  To look takes long beside many siblings."""
        if not poll.logs_found or len(self._logs) == 1:
            return [] if poll.logs_found else self._logs
        return [log for log in self._logs if not rotation.find([log], on_error=lambda _error: None)]

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
        self._close(total)
        return OK

    def _until_input_ends(self) -> int:
        """Read what comes in on standard input, as it comes; returns the exit code."""
        from session_monitor.monitor.piped_log import PipedLog  # noqa: PLC0415 -- as below

        if sys.stdin.isatty():
            self._say.aloud("standard input is this terminal; what comes is read until Ctrl-D")
        elif sys.stderr.isatty() and not self._say.quiet:
            self._show = Progress(sys.stderr, time.monotonic)
        total = Poll()
        with contextlib.closing(PipedLog(self._options.output_dir, sys.stdin.fileno(), self._signals.sleep)) as log:
            is_read = self._read_input(log, total)
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
        from session_monitor.monitor.live_view import LiveView  # noqa: PLC0415 -- cron's pass every minute shows none
        from session_monitor.text.screen import Screen  # noqa: PLC0415 -- as above

        screen = stack.enter_context(Screen(sys.stdout))
        stack.enter_context(stopping(screen.give_back, screen.take))
        return LiveView(screen, self._logs, self._options.output_dir, self._book, time.monotonic)

    def _poll_again(self) -> Poll:
        """A poll that survives a bad day: what could not be written now is read again next time."""
        try:
            return self._polled()
        except OSError as error:
            failed = Poll()
            place = os.fsdecode(error.filename or self._options.output_dir)
            failed.problem(f"{error.strerror}: {place}; trying again")
            return failed

    def _polled(self) -> Poll:
        if self._prices.look():
            self._tell_of_prices()
            self._ingest.book = self._book
            if self._book:
                self._index.price_with(self._book)
        poll = self._ingest.poll()
        self._tell_of_unknown(poll)
        if self._index.problem:
            poll.notices.append(f"the index cannot be kept ({self._index.problem}); questions make one for themselves")
        return poll

    def _tell_of_unknown(self, poll: Poll) -> None:
        """Where what was read is none of a gateway's, say so once: of this run, or of all runs if this one read little."""
        self._covered.add(poll.coverage)
        if self._is_unknown_told or not poll.coverage.passed_over:
            return
        from session_monitor.monitor import unknown_lines  # noqa: PLC0415 -- as above

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
        from session_monitor.reports import report  # noqa: PLC0415 -- as above

        return report.Report(self._options.output_dir, self._priced_by).overview().sessions

    def _close(self, poll: Poll) -> None:
        if not self._say.quiet:
            sessions = self._count()
            try:
                seconds = time.monotonic() - self._started
                print("\n".join(summary(poll, sessions, seconds, priced=self._book is not None)), flush=True)
            except BrokenPipeError:
                _stop_telling()


if __name__ == "__main__":
    gc.freeze()
    gc.enable()
    sys.exit(main())
