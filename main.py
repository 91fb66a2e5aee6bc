#!/usr/bin/env python3
"""Reads a Higress gateway's access log and keeps what each agent session said and used."""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import select
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Callable, Protocol, TextIO

if __name__ == "__main__":
    gc.disable()  # until all is loaded: none of that is garbage, and looking for some takes a tenth as long as loading it

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "scripts"))

from session_monitor import __version__
from session_monitor.base import files
from session_monitor.index import keeper
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.monitor.ingest import Ingest, Poll
from session_monitor.monitor.pace import Pace
from session_monitor.prices import money, own_lists, price_list
from session_monitor.prices.book import Book
from session_monitor.prices.price_list import BadPriceList
from session_monitor.prices.spending import Spending
from session_monitor.sessions import store, write_lock
from session_monitor.sessions.session_file import Summary
from session_monitor.sessions.store import Store
from session_monitor.text import humanize, safe
from session_monitor.text.help import HelpFormatter

if TYPE_CHECKING:
    from types import FrameType

OK, FAILED, INTERRUPTED = 0, 1, 130
ALLOW_VARIABLE = "SESSION_MONITOR_ALLOW_DIRS"
_ADVICE_ON_LOGS = (
    "for what was not read: let this user read the logs and their folders, allow them with --allow-dir, or name others "
    "with --log-path"
)

_EXAMPLES = f"""\
examples:
  python3 main.py --log-path /var/log/proxy/access.log
  python3 main.py --log-path /var/log/proxy/access.log --session-key 'agent:main:*'
  python3 main.py --log-path '/var/log/gateway-*/access.log' --output-dir /var/lib/sessions --follow
  * * * * * python3 /path/to/main.py --log-path /var/log/proxy/access.log --output-dir /var/lib/sessions --quiet

environment:
  {ALLOW_VARIABLE}   folders as for --allow-dir, separated by '{os.pathsep}'; --allow-dir goes first

exit codes: 0 done (also: no log yet, another monitor is at work), 1 something could not be read or written,
2 wrong arguments, 130 or 143 one pass was interrupted (what it had read is kept)
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the monitor; returns its exit code."""
    options = parser().parse_args(arguments)
    if options.state_file and _looks_like_a_session(options.state_file, options.output_dir):
        parser().error("in the output folder, the name of a --state-file must begin with a dot: others are sessions")
    # A daemon may be started without them; a log must not be opened in their place.
    sys.stdout, sys.stderr = (stream or open(os.devnull, "w") for stream in (sys.stdout, sys.stderr))  # noqa: SIM115
    follow = options.follow or (sys.stdout.isatty() and not options.once)
    for stream in (sys.stdout, sys.stderr):  # a locale without Chinese is no reason to fail
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    say = Voice(quiet=options.quiet)
    try:
        files.make_folder(options.output_dir)
        with files.lock(os.path.join(options.output_dir, ".lock"), _about()):
            return Monitor(options, say).run(follow=follow)
    except files.Held as held:
        if not options.quiet:
            say.aloud(f"another monitor is at work on {options.output_dir} ({held}); there is nothing to do")
        return OK
    except BrokenPipeError:
        _stop_telling()
        return OK
    except OSError as error:
        say.aloud(f"{error.strerror or error}: {error.filename or options.output_dir}. {_advice(options)}")
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
        help="access log to read, with its rotated siblings; may be a glob and may be given several times "
        "(default: /var/log/higress/access.log)",
    )
    add("--output-dir", default="./sessions", metavar="DIR", help="where sessions are kept (default: ./sessions)")
    add("--session-key", metavar="ID", help="only sessions with this id; a shell pattern works too (default: all)")
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
    top.set_defaults(log_path_default=["/var/log/higress/access.log"])
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


def _advice(options: argparse.Namespace) -> str:
    choice = "--output-dir or --state-file" if options.state_file else "--output-dir"
    return f"See that this user can write there and that there is room, or name another place with {choice}."


def _stop_telling() -> None:
    """Nobody reads stdout any more; Python would complain about that once more at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Voice:
    """Says things to people: on stderr, each only once while it stays true."""

    def __init__(self, *, quiet: bool) -> None:
        """With ``quiet`` only what went wrong is said."""
        self.quiet = quiet
        self._said: set[str] = set()

    def aloud(self, text: str) -> None:
        """Say it."""
        print(f"main.py: {safe.clean(text)}", file=sys.stderr, flush=True)

    def troubles(self, poll: Poll) -> None:
        """Say what a person should hear of a poll, unless it was true the last time as well."""
        texts = [*poll.problems, *([_ADVICE_ON_LOGS] if poll.problems else []), *poll.notices]
        for text in texts:
            if text not in self._said:
                self.aloud(text)
        self._said = set(texts)


class Signals:
    """SIGINT, SIGTERM and SIGHUP ask for an end, a changed window size wakes the sleeper."""

    def __init__(self) -> None:
        """Nothing is caught before ``catch``."""
        self.received = 0
        self._read, self._write = os.pipe()

    def stop(self) -> bool:
        """Whether an end was asked for."""
        return self.received != 0

    @contextlib.contextmanager
    def catch(self) -> Iterator[None]:
        """Catch them while the block runs."""
        os.set_blocking(self._write, False)
        wakeup = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        before = {number: signal.signal(number, self._end) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        before[signal.SIGWINCH] = signal.signal(signal.SIGWINCH, lambda _number, _frame: None)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(wakeup)

    def _end(self, number: int, _frame: FrameType | None) -> None:
        if self.received:  # somebody insists
            raise KeyboardInterrupt
        self.received = number

    def sleep(self, seconds: float) -> None:
        """Wait, or until a signal comes."""
        if select.select([self._read], [], [], seconds)[0]:
            os.read(self._read, 1024)


class Show(Protocol):
    """What a run shows of itself while it works."""

    def batch(self, poll: Poll, sessions: dict[str, Summary]) -> None:
        """A batch was committed."""

    def polled(self, poll: Poll) -> None:
        """A poll ended."""


class Monitor:
    """One run of the monitor on one output folder."""

    def __init__(self, options: argparse.Namespace, say: Voice) -> None:
        """The folder is locked already."""
        self._options = options
        self._say = say
        self._logs: list[str] = options.log_path or options.log_path_default
        self._signals = Signals()
        self._started = time.monotonic()
        state_file = options.state_file or os.path.join(options.output_dir, ".state.json")
        self._checkpoint = Checkpoint(state_file, options.output_dir)
        if self._checkpoint.problem:
            say.aloud(
                f"the state file {state_file} {self._checkpoint.problem}; it was set aside. The logs are read from "
                "their beginning, and what the sessions have already is not counted twice"
            )
        elif not self._checkpoint.views and store.count(options.output_dir):
            say.aloud(
                f"there are sessions and no state file {state_file}; the logs are read from their beginning, and what "
                "the sessions have already is not counted twice"
            )
        self._price_state = self._price_files()
        self._book = self._prices()
        self._show: Show = Progress(None, time.monotonic)
        self._index = keeper.Keeper(options.output_dir, self._priced_by, self._making_index)
        self._ingest = Ingest(
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
            allowed=options.allow_dir or list(filter(None, os.environ.get(ALLOW_VARIABLE, "").split(os.pathsep))),
            stop=self._signals.stop,
            on_commit=self._batch,
        )

    def _prices(self) -> Book | None:
        """What calls cost; a mistake in a person's own list is no reason not to read the log."""
        try:
            return own_lists.book(self._options.output_dir, os.environ)
        except (BadPriceList, OSError) as error:
            self._say.aloud(f"costs are not shown: {error}. Correct it there, or take the file away")
            return None

    def run(self, *, follow: bool) -> int:
        """Poll once or until the end is asked for; returns the exit code."""
        with self._signals.catch(), contextlib.closing(self._index):
            return self._follow() if follow else self._once()

    @property
    def _priced_by(self) -> Book:
        """The prices for the index."""
        return self._book or Book([price_list.shipped()])

    def _making_index(self, done: int, total: int) -> None:
        if sys.stderr.isatty() and not self._say.quiet and total:
            end = "\r" if done >= total else ""
            print(f"\rmaking the index: {100 * done // total} %\x1b[K{end}", end="", file=sys.stderr, flush=True)

    def _batch(self, poll: Poll, sessions: dict[str, Summary]) -> None:
        if self._options.verbose:
            for session_id, found in sessions.items():
                self._say.aloud(f"{session_id}: {humanize.counted(found.messages_count, 'round')}")
        self._show.batch(poll, sessions)

    def _once(self) -> int:
        if sys.stderr.isatty() and not self._say.quiet:
            self._show = Progress(sys.stderr, time.monotonic)
        poll = self._polled()
        self._show.polled(poll)
        if not poll.logs_found and not poll.problems and not self._say.quiet:
            self._say.aloud(f"nothing yet: there is no {' or '.join(self._logs)}")
        self._say.troubles(poll)
        self._close(poll)
        if self._signals.received:
            return 128 + self._signals.received
        return FAILED if poll.problems else OK

    def _follow(self) -> int:
        total = Poll()
        lines_only = self._say.quiet or self._options.verbose or os.environ.get("TERM") == "dumb"
        on_terminal = sys.stdout.isatty() and not lines_only
        with safe.Screen(sys.stdout) if on_terminal else contextlib.nullcontext() as screen:
            if screen:
                from session_monitor.monitor.live_view import LiveView  # noqa: PLC0415 -- cron's pass every minute shows none

                self._show = LiveView(screen, self._logs, self._options.output_dir, self._book, time.monotonic)
            else:
                self._show = Journal(self._logs, self._say)
            while not self._signals.stop():
                poll = self._poll_again()
                total.add(poll)
                self._show.polled(poll)
                self._signals.sleep(self._options.refresh_interval)
        self._close(total)
        return OK

    def _poll_again(self) -> Poll:
        """A poll that survives a bad day: what could not be written now is read again next time."""
        try:
            return self._polled()
        except OSError as error:
            failed = Poll()
            failed.problem(f"{error.strerror}: {error.filename or self._options.output_dir}; trying again")
            return failed

    def _price_files(self) -> object:
        return own_lists.state(self._options.output_dir, os.environ)

    def _polled(self) -> Poll:
        if self._price_files() != self._price_state:
            self._price_state = self._price_files()
            self._book = self._ingest.book = self._prices()
            if self._book:
                self._index.price_with(self._book)
        poll = self._ingest.poll()
        if self._index.problem:
            poll.notices.append(f"the index cannot be kept ({self._index.problem}); questions make one for themselves")
        return poll

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


# -- what a run shows --------------------------------------------------------------------------------------------------


def summary(poll: Poll, sessions: int, seconds: float, *, priced: bool) -> list[str]:
    """The closing summary: what was read, what was found in it, what it cost, what the totals leave out."""
    covered, found, count = poll.coverage, poll.sums, humanize.count
    read = f"{humanize.counted(covered.lines, 'line')} ({humanize.size(covered.bytes)})"
    cached = f"of which {count(found.cached_tokens)} cached and {count(found.cache_write_tokens)} cache written"
    reasoning = f"of which {count(found.reasoning_tokens)} reasoning"
    return [
        f"Read {read} of {humanize.counted(poll.logs_found, 'log file')} in {seconds:.1f} s",
        f"Sessions: {count(sessions)} ({count(poll.new_sessions)} new), rounds: {count(poll.new_rounds)} new",
        f"Tokens:   {count(found.input_tokens)} input, {cached}; {count(found.output_tokens)} output, {reasoning}",
        f"Cost:     {_cost(found.spending) if priced else 'not known: see the message about the price list'}",
        f"Coverage: {'; '.join(covered.in_words())}",
    ]


def _cost(spent: Spending) -> str:
    tokens = f", {humanize.counted(spent.unpriced_tokens, 'token')} in them" if spent.unpriced_tokens else ""
    saved = f"; caching saved {money.shown(spent.saved_pico)}" if spent.saved_pico > 0 else ""
    return spent.shown() + tokens + saved


class Progress:
    """One line that says how far a long pass is."""

    def __init__(self, stream: TextIO | None, clock: Callable[[], float]) -> None:
        """The pass begins now; ``stream`` is a terminal, or None to say nothing."""
        self._stream = stream
        self._pace = Pace(clock)
        self._shown = False

    def batch(self, poll: Poll, _sessions: dict[str, Summary]) -> None:
        """Say how far it is."""
        pace = self._pace.of(poll)
        if self._stream and poll.behind:
            left = humanize.duration(pace.seconds_left or 0)
            done = f"{humanize.size(poll.bytes_read)} of {humanize.size(poll.bytes_to_read)}"
            self._stream.write(f"\r{done}, {humanize.size(pace.bytes_per_second)}/s, {left} left\x1b[K")
            self._stream.flush()
            self._shown = True

    def polled(self, _poll: Poll) -> None:
        """Take the line away again."""
        if self._stream and self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()


class Journal:
    """Without a terminal: one line for each change of state, fit for a journal."""

    def __init__(self, logs: Sequence[str], say: Voice) -> None:
        """No state has been told yet."""
        self._logs = ", ".join(logs)
        self._say = say
        self._state = ""

    def batch(self, poll: Poll, _sessions: dict[str, Summary]) -> None:
        """A batch was committed."""
        if poll.behind:
            self._enter("catching up", f": {humanize.size(poll.behind)} of {self._logs} left")

    def polled(self, poll: Poll) -> None:
        """A poll ended."""
        self._say.troubles(poll)
        if poll.problems:
            self._state = ""  # to be told again once they are gone
        elif poll.logs_found:
            self._enter("up to date", f" with {self._logs}")
        else:
            self._enter("waiting", f" for {self._logs}: it is not there yet")

    def _enter(self, state: str, rest: str) -> None:
        if state != self._state and not self._say.quiet:
            print(safe.clean(state + rest), flush=True)
        self._state = state


if __name__ == "__main__":
    gc.freeze()
    gc.enable()
    sys.exit(main())
