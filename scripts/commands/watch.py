"""watch and tail: what is going on just now?"""

from __future__ import annotations

import argparse
import contextlib
import os
import select
import shutil
import signal
import sys
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Any, Callable, Protocol

from session_monitor.base import files, timestamps
from session_monitor.conversations import conversation, follow
from session_monitor.conversations.conversation import Session, Wanted
from session_monitor.conversations.follow import Pause
from session_monitor.conversations.transcript import Transcript
from session_monitor.index import database
from session_monitor.prices import book, own_lists
from session_monitor.prices.book import Outcome
from session_monitor.reports.report import Overview, Report, SessionRow
from session_monitor.text import humanize, live_frame, safe
from session_monitor.text.safe import Screen

from .shared import parsers, which
from .shared.parsers import Failure, to_json

LATEST = 200
"""Sessions that a view may show; how many it does is the terminal's height."""
LATEST_IN_JSON = 10
LEAST_INTERVAL, LARGEST_INTERVAL = 0.2, 86_400
_NOT_AT_WORK = "no monitor is at work here"
_ELSEWHERE = 100, 40
"""Columns and rows of a view that is printed where there is no terminal."""


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the commands."""
    _add_watch(commands, shared)
    _add_tail(commands, shared)


def _add_interval(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--interval",
        type=_interval,
        default=1.0,
        metavar="SECONDS",
        help=f"seconds between two looks, at least {LEAST_INTERVAL} (default: 1)",
    )


def _interval(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not LEAST_INTERVAL <= seconds <= LARGEST_INTERVAL:
        wrong = f"{text!r} is no number of seconds from {LEAST_INTERVAL} to {LARGEST_INTERVAL:,}"
        raise argparse.ArgumentTypeError(wrong)
    return seconds


# -- between two looks -------------------------------------------------------------------------------------------------


class Reports:
    """The answers of each moment, by the prices of that moment.

    By older ones the index would be priced anew at each look, and by the monitor back again.  While a changed price
    list has a mistake, which ``problem`` tells, the prices stay as they were.
    """

    def __init__(self, folder: str, now: Callable[[], int] = parsers.now) -> None:
        """``now`` gives milliseconds since 1970."""
        self.folder = folder
        self.now = now
        self.problem = ""
        self._state = own_lists.state(folder, os.environ)
        self._book = parsers.book(folder)
        parsers.sessions_of(folder, self._book).overview()  # says how far it is where there is no index yet

    def __call__(self) -> Report:
        """The answers of now."""
        state = own_lists.state(self.folder, os.environ)
        if state != self._state:
            self._state = state
            try:
                self._book = parsers.book(self.folder)
                self.problem = ""
            except Failure as mistake:
                self.problem = str(mistake)
        return Report(self.folder, self._book, now=self.now())

    def is_at_work(self) -> bool:
        """Whether a monitor is at work on the folder."""
        return files.is_locked(os.path.join(self.folder, database.LOCK))


@contextlib.contextmanager
def pausing(options: argparse.Namespace) -> Iterator[Pause]:
    """Waits of ``--interval``, shorter where the window changes its size; no second look with ``--once``.

    SIGTERM and SIGHUP end the command as Ctrl-C does, so that the terminal is given back.
    """
    if options.once:
        yield lambda: False
        return
    read, write = os.pipe()
    os.set_blocking(write, False)
    wakeup = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    ends = [each for each in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(each) != signal.SIG_IGN]  # nohup
    before = {number: signal.signal(number, _end) for number in ends}
    before[signal.SIGWINCH] = signal.signal(signal.SIGWINCH, lambda _number, _frame: None)
    waiting = select.poll()
    waiting.register(read, select.POLLIN)
    if not sys.stdout.isatty():
        waiting.register(sys.stdout.fileno(), 0)

    def pause() -> bool:
        for descriptor, _ in waiting.poll(options.interval * 1000):
            if descriptor != read:  # nobody reads what comes any more
                raise BrokenPipeError
            os.read(read, 1024)
        return True

    try:
        yield pause
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(wakeup)
        os.close(read)
        os.close(write)


def _end(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


# -- watch -------------------------------------------------------------------------------------------------------------


def _add_watch(commands: Any, shared: argparse.ArgumentParser) -> None:
    about = "show the sessions, or one of them, as they talk, until Ctrl-C"
    examples = ("watch", "watch last --interval 5", "watch --once")
    command = parsers.command(commands, (shared,), "watch", about, *examples)
    command.description += (
        " This is no monitor: main.py is what reads the log. Without a terminal it prints one line for each change, "
        "with --json one object a line."
    )
    command.add_argument("session_id", nargs="?", metavar="SESSION_ID", help=f"one session: {which.SESSION}")
    _add_interval(command)
    command.add_argument("--once", action="store_true", help="print what there is now, and end")
    command.set_defaults(run=_watch)


class Subject(Protocol):
    """What is watched: as a picture, as a line, or as JSON."""

    def frame(self, columns: int, rows: int) -> list[str]:
        """At most so many lines, none wider than that."""

    def line(self) -> str:
        """The same in one line."""

    def json(self) -> dict[str, Any]:
        """The same for a script."""


def _watch(options: argparse.Namespace) -> None:
    reports = Reports(options.data_dir)
    subject: Subject = Everything(options, reports)
    if options.session_id is not None:
        subject = OneSession(reports, parsers.meant(reports(), options.session_id))
    with pausing(options) as pause:
        watch(options, subject, pause)


def watch(options: argparse.Namespace, subject: Subject, pause: Pause) -> None:
    """Show it until there is no other look."""
    if options.json:
        for text in follow.changes(follow.looks(lambda: to_json(subject.json()), pause)):
            print(text, flush=True)
    elif options.once:
        columns, rows = shutil.get_terminal_size(_ELSEWHERE)
        # The prompt comes below.
        print("\n".join(subject.frame(columns, rows - 1)))
    elif sys.stdout.isatty() and os.environ.get("TERM") != "dumb":
        with Screen(sys.stdout) as screen:
            for lines in follow.looks(lambda: subject.frame(*screen.size()), pause):
                screen.draw(lines)
    else:
        for text in follow.changes(follow.looks(subject.line, pause)):
            print(text, flush=True)


class Everything:
    """All sessions of the folder."""

    def __init__(self, options: argparse.Namespace, reports: Reports) -> None:
        self._options = options
        self._reports = reports

    def frame(self, columns: int, rows: int) -> list[str]:
        """The live view, as the monitor itself has it."""
        return live_frame.frame(self._view(self._reports().overview(latest=LATEST)), columns, rows)

    def line(self) -> str:
        """The live view in one line."""
        view = self._view(self._reports().overview())
        return live_frame.plain(view) if view.at_work else f"{live_frame.plain(view)}; {_NOT_AT_WORK}"

    def json(self) -> dict[str, Any]:
        """The sums, and the latest sessions."""
        found = self._reports().overview(latest=LATEST_IN_JSON)
        return {
            "monitor_at_work": self._reports.is_at_work(),
            "newest": None if found.newest is None else timestamps.rfc3339(found.newest),
            "sessions": found.sessions,
            **found.sums.to_json(),
            "latest": [row.to_json() for row in found.latest],
        }

    def _view(self, found: Overview) -> live_frame.View:
        sums, covered = found.sums, parsers.coverage_of(self._options)
        notes = (
            [] if found.newest is None else [f"newest call: {timestamps.local_time(timestamps.rfc3339(found.newest))}"]
        )
        return live_frame.View(
            sessions=[live_frame.SessionLine.of(row.fields) for row in found.latest],
            active=found.sessions,
            totals=live_frame.Totals(
                sums.input_tokens,
                sums.output_tokens,
                sums.cached_tokens,
                sums.reasoning_tokens,
                sums.spending.shown(),
            ),
            lines=covered.lines if covered else None,
            calls=covered.calls if covered else 0,
            passed_over=sum(covered.passed_over.values()) if covered else 0,
            behind_bytes=0,
            lines_per_second=0.0,
            bytes_per_second=0.0,
            seconds_left=None,
            logs=[],
            notes=[*notes, *filter(None, [self._reports.problem])],
            now=timestamps.rfc3339(self._reports.now()),
            at_work=self._reports.is_at_work(),
        )


class OneSession:
    """One session: what it adds up to, and its latest rounds."""

    def __init__(self, reports: Reports, session_id: str) -> None:
        self._reports = reports
        self._session_id = session_id

    def frame(self, columns: int, rows: int) -> list[str]:
        """The sums above as many of the latest rounds as fit, the newest last."""
        transcript = Transcript(columns, messages=False)
        try:
            found = self._found(Wanted(newest=max(1, rows // _LEAST_OF_A_ROUND)))
            blocks = [list(transcript.round(entry, outcome)) for entry, outcome in found.rounds]
        except FileNotFoundError:
            raise gone(self._session_id) from None
        rule = "━" * columns
        name = safe.cut_middle(safe.cell(self._session_id), columns - 3)
        ago = self._ago(found.row)
        head = [f"🔍 {name}", rule, f"💬 {_counted(found.row)}{ago}", f"📈 {_spent(found.row)}", rule]
        foot = [safe.cut_middle(safe.cell(note), columns) for note in self._notes()]
        lines = [*head, *latest_that_fit(blocks, rows - len(head) - len(foot)), *foot]
        return [safe.cut_end(line, columns) for line in lines][: max(rows, 0)]

    def line(self) -> str:
        """The sums in one line."""
        row = self._found(Wanted(newest=1)).row
        last = f"last call {timestamps.local_time(row.fields['updated_at'])}"
        return "; ".join([safe.cell(self._session_id), _counted(row), _spent(row), last, *self._notes()])

    def json(self) -> dict[str, Any]:
        """The session as ``list`` has it."""
        return {"monitor_at_work": self._reports.is_at_work(), **self._found(Wanted(newest=1)).row.to_json()}

    def _found(self, wanted: Wanted) -> Session:
        found = conversation.of(self._reports(), self._session_id, full_messages=False, rounds=wanted)
        if found is None:
            raise gone(self._session_id)
        return found

    def _ago(self, row: SessionRow) -> str:
        updated = timestamps.milliseconds(row.fields["updated_at"])
        return "" if updated is None else f", {humanize.ago((self._reports.now() - updated) / 1000)}"

    def _notes(self) -> list[str]:
        idle = [] if self._reports.is_at_work() else [_NOT_AT_WORK]
        return [*idle, *filter(None, [self._reports.problem])]


_LEAST_OF_A_ROUND = 4
"""Lines that a round takes at least."""


def _counted(row: SessionRow) -> str:
    failed = f" ({humanize.count(row.fields['failed_count'])} failed)" if row.fields["failed_count"] else ""
    models = ", ".join(map(safe.cell, row.fields["models"]))
    return f"{humanize.counted(row.fields['messages_count'], 'round')}{failed}{', ' if models else ''}{models}"


def _spent(row: SessionRow) -> str:
    tokens = {kind: humanize.count(row.fields[f"total_{kind}_tokens"]) for kind in _KINDS}
    told = "{input} in ({cached} cached), {output} out ({reasoning} reasoning)".format(**tokens)
    return f"{told}, {row.spending.shown()}"


_KINDS = ("input", "cached", "output", "reasoning")


def latest_that_fit(blocks: Sequence[list[str]], room: int) -> list[str]:
    """The last blocks in so many lines, an empty one between them; of one that is too long by itself, its beginning."""
    shown: list[str] = []
    for block in reversed(blocks):
        more = [*block, "", *shown] if shown else block
        if len(more) > room:
            break
        shown = more
    if shown or not blocks or room < 1:
        return shown
    return [*blocks[-1][: room - 1], f"    … {humanize.counted(len(blocks[-1]) - room + 1, 'more line')}"]


# -- tail --------------------------------------------------------------------------------------------------------------


def _add_tail(commands: Any, shared: argparse.ArgumentParser) -> None:
    about = "print the latest rounds of a session, then each new one as it comes, until Ctrl-C"
    examples = ("tail last", "tail last --rounds last:10 --messages none", "tail last --once --json")
    command = parsers.command(commands, (shared,), "tail", about, *examples)
    command.description += " With --json it prints one object a line, a round each."
    command.add_argument("session_id", metavar="SESSION_ID", help=which.SESSION)
    command.add_argument(
        "--rounds",
        type=which.rounds,
        default=Wanted(newest=3),
        metavar="WHICH",
        help="with which to begin: 14, 10-20, 10-, last:5 (default: last:3)",
    )
    _add_interval(command)
    command.add_argument(
        "--messages", choices=("new", "none"), default="new", help="each round's new messages, or none (default: new)"
    )
    command.add_argument("--full", action="store_true", help="do not shorten long texts")
    command.add_argument("--once", action="store_true", help="print what there is now, and end")
    command.set_defaults(run=_tail)


def _tail(options: argparse.Namespace) -> None:
    reports = Reports(options.data_dir)
    session_id = parsers.meant(reports(), options.session_id)
    if not (options.once or reports.is_at_work()):
        parsers.complain(f"{_NOT_AT_WORK}: new rounds come when main.py reads them")
    with pausing(options) as pause:
        tail(options, reports, session_id, pause)


def tail(options: argparse.Namespace, reports: Callable[[], Report], session_id: str, pause: Pause) -> None:
    """Print its rounds until there is no other look."""
    if not options.json:
        _print_heading(options, session_id)
    try:
        for entry, outcome in follow.rounds(reports, session_id, options.rounds, pause):
            for line in _printed(options, entry, outcome):
                print(line)
            sys.stdout.flush()
    except follow.Gone:
        raise gone(session_id) from None


def _print_heading(options: argparse.Namespace, session_id: str) -> None:
    columns, heading = parsers.columns(options), f"📝 {safe.cell(session_id)}"
    for line in [heading] if columns is None else safe.wrap(heading, columns, "   "):
        print(parsers.paint(options)(safe.BOLD, line))


def _printed(options: argparse.Namespace, entry: dict[str, Any], outcome: Outcome) -> Iterator[str]:
    """A round as text, in the width that the terminal has now, or as JSON."""
    with_messages = options.messages != "none"
    if options.json:
        shown = {key: value for key, value in entry.items() if with_messages or not key.startswith("messages")}
        yield to_json({**shown, **book.to_json(outcome)})
        return
    yield ""
    paint = parsers.paint(options)
    yield from Transcript(parsers.columns(options), messages=with_messages, full=options.full, paint=paint).round(
        entry, outcome
    )


def gone(session_id: str) -> Failure:
    """The session is there no more."""
    message = f"the session {safe.cell(session_id)} is there no more; 'list' shows those that are"
    return Failure("session_not_found", message, parsers.NOT_FOUND)
