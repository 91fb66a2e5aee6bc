"""watch: what is going on just now, in all sessions or in one?"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

from session_monitor.base import timestamps
from session_monitor.calls.coverage import Coverage
from session_monitor.conversations import conversation, follow
from session_monitor.conversations.conversation import Conversation, Wanted
from session_monitor.conversations.follow import Pause
from session_monitor.conversations.transcript import Transcript
from session_monitor.insight.all_findings import RecentFindings
from session_monitor.reports.live import MINUTES, LiveNow, LiveSessions
from session_monitor.reports.sessions.session_rows import SessionRow
from session_monitor.text import humanize, live_frame, safe, width
from session_monitor.text.screen import Screen, terminal_size
from session_monitor.totals import wording
from session_monitor.totals.currency import DOLLARS, DisplayCurrency

from .shared import currencies, parsers
from .shared.data import Data, meant
from .shared.failures import gone
from .shared.looking import NOT_AT_WORK, Reports, add_interval, pausing
from .shared.output import Output

LATEST = 200
"""Sessions that a view may show; how many it does is the terminal's height."""
LATEST_IN_JSON = 10
_ELSEWHERE = 100, 40
"""Columns and rows of a view that is printed where there is no terminal."""


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command."""
    about = "show the sessions, or one of them, as they talk, until Ctrl-C"
    examples = ("watch", "watch last --interval 5", "watch --once")
    command = parsers.command(commands, (shared, currencies.parser()), "watch", about, *examples)
    command.description += (
        " This is no monitor: main.py is what reads the log. Without a terminal it prints one line for each change, "
        "with --json one object a line."
    )
    command.add_argument("session_id", nargs="?", metavar="SESSION_ID", help=f"one session: {parsers.SESSION}")
    add_interval(command)
    command.add_argument("--once", action="store_true", help="print what there is now, and end")
    command.set_defaults(run=_watch)


def _watch(options: argparse.Namespace, output: Output, data: Data) -> None:
    reports = Reports(data)
    subject: Subject = Everything(reports, output.currency)
    if options.session_id is not None:
        subject = OneSession(reports, meant(reports(), options.session_id), output.currency)
    with pausing(options.interval, once=options.once) as pause:
        watch(output, subject, pause, once=options.once)


class Subject(Protocol):
    """What is watched: as a picture, as a line, or as JSON."""

    def frame(self, columns: int, rows: int) -> list[str]:
        """At most so many lines, none wider than that."""

    def line(self) -> str:
        """The same in one line."""

    def json(self) -> dict[str, Any]:
        """The same for a script."""


def watch(output: Output, subject: Subject, pause: Pause, *, once: bool) -> None:
    """Show it until there is no other look."""
    if output.is_json:
        for text in follow.changes(follow.looks(lambda: output.line(subject.json()), pause)):
            print(text, flush=True)
    elif once:
        columns, rows = terminal_size(*_ELSEWHERE)
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

    def __init__(self, reports: Reports, currency: DisplayCurrency = DOLLARS) -> None:
        self._reports = reports
        self._currency = currency
        self._sessions = LiveSessions(currency)
        self._found = RecentFindings()

    def frame(self, columns: int, rows: int) -> list[str]:
        """The live view, as the monitor itself has it."""
        return live_frame.frame(self._view(min(LATEST, max(rows, 1)), columns), columns, rows)

    def line(self) -> str:
        """The live view in one line."""
        view = self._view()
        return live_frame.plain(view) if view.at_work else f"{live_frame.plain(view)}; {NOT_AT_WORK}"

    def json(self) -> dict[str, Any]:
        """The sums, and the latest sessions."""
        now = LiveNow(*self._reports().live(latest=LATEST_IN_JSON, minutes=MINUTES))
        overview = now.overview
        return {
            "monitor_at_work": self._reports.is_at_work(),
            "newest": None if overview.newest is None else timestamps.rfc3339(overview.newest),
            "sessions": overview.sessions,
            "active_now": now.active,
            "burn_rate": now.burn_rate_to_json(),
            **overview.sums.to_json(),
            "latest": [row.to_json() for row in overview.latest],
        }

    def _view(self, latest: int = 0, columns: int = 0) -> live_frame.FrameData:
        report = self._reports()
        now = LiveNow(*report.live(latest=latest, minutes=MINUTES))
        overview = now.overview
        sums, covered = overview.sums, self._reports.data.coverage()
        read = covered or Coverage()
        notes = [self._reports.problem] if self._reports.problem else []
        if not self._currency.is_dollars:
            notes.insert(0, f"costs are {self._currency.rate}")
        if overview.newest is not None:
            notes.insert(0, f"newest call: {timestamps.local_time(timestamps.rfc3339(overview.newest))}")
        self._found.look(report)
        lines = self._sessions.lines(report, overview, columns)
        return live_frame.FrameData(
            sessions=[replace(line, findings=self._found.of(line.session_id)) for line in lines],
            known=overview.sessions,
            active=now.active,
            totals=live_frame.FrameTotals(
                sums.input_tokens,
                sums.output_tokens,
                sums.cached_tokens,
                sums.reasoning_tokens,
                wording.shown(sums.spending, self._currency),
                wording.unknown_tokens(sums.spending),
                now.burn_rate(self._currency),
            ),
            lines=covered.lines if covered else None,
            calls=read.calls,
            failed=read.failed,
            left=read.left,
            passed_over=sum(read.passed_over.values()),
            behind_bytes=0,
            lines_per_second=0.0,
            bytes_per_second=0.0,
            seconds_left=None,
            logs=[],
            notes=notes,
            now=timestamps.rfc3339(self._reports.now()),
            at_work=self._reports.is_at_work(),
            findings=str(self._found),
        )


class OneSession:
    """One session: what it adds up to, and its latest rounds."""

    def __init__(self, reports: Reports, session_id: str, currency: DisplayCurrency = DOLLARS) -> None:
        self._reports = reports
        self._currency = currency
        self._session_id = session_id

    def frame(self, columns: int, rows: int) -> list[str]:
        """The sums above as many of the latest rounds as fit, the newest last."""
        transcript = Transcript(columns, messages=False, currency=self._currency)
        try:
            talk = self._latest(max(1, rows // _LEAST_OF_A_ROUND))
            blocks = [list(transcript.round(entry, outcome)) for entry, outcome in talk.rounds]
        except FileNotFoundError:
            raise gone(self._session_id) from None
        rule = "━" * columns
        name = width.cut_middle(safe.cell(self._session_id), columns - 3)
        ago = self._ago(talk.row)
        head = [f"🔍 {name}", rule, f"💬 {_counted(talk.row)}{ago}", f"📈 {_spent(talk.row, self._currency)}", rule]
        foot = [width.cut_middle(safe.cell(note), columns) for note in self._notes()]
        lines = [*head, *latest_that_fit(blocks, rows - len(head) - len(foot)), *foot]
        return [width.cut_end(line, columns) for line in lines][: max(rows, 0)]

    def line(self) -> str:
        """The sums in one line."""
        row = self._latest(1).row
        last = f"last call {timestamps.local_time(row.fields['updated_at'])}"
        return "; ".join(
            [safe.cell(self._session_id), _counted(row), _spent(row, self._currency), last, *self._notes()]
        )

    def json(self) -> dict[str, Any]:
        """The session as ``list`` has it."""
        return {"monitor_at_work": self._reports.is_at_work(), **self._latest(1).row.to_json()}

    def _latest(self, number: int) -> Conversation:
        """The session with so many of its rounds."""
        rounds = Wanted(newest=number)
        talk = conversation.of(self._reports(), self._session_id, full_messages=False, rounds=rounds)
        if talk is None:
            raise gone(self._session_id)
        return talk

    def _ago(self, row: SessionRow) -> str:
        updated = timestamps.milliseconds(row.fields["updated_at"])
        return "" if updated is None else f", {humanize.ago((self._reports.now() - updated) / 1000)}"

    def _notes(self) -> list[str]:
        idle = [] if self._reports.is_at_work() else [NOT_AT_WORK]
        rate = None if self._currency.is_dollars else f"costs are {self._currency.rate}"
        return [*idle, *filter(None, [rate, self._reports.problem])]


_LEAST_OF_A_ROUND = 4
"""Lines that a round takes at least."""


def _counted(row: SessionRow) -> str:
    not_well = humanize.bracketed({how: row.fields[f"{how}_count"] for how in ("failed", "left")})
    models = ", ".join(map(safe.cell, row.fields["models"]))
    rounds = humanize.counted(row.fields["messages_count"], "round")
    return f"{rounds}{not_well}{', ' if models else ''}{models}"


def _spent(row: SessionRow, currency: DisplayCurrency) -> str:
    cells = wording.token_cells([row.fields[f"total_{kind}_tokens"] for kind in _KINDS], row.spending)
    if row.fields["total_cached_tokens"] is None:
        cells[1] = "not told how many"
    told = "{} in ({} cached), {} out ({} reasoning)".format(*cells)
    unknown = wording.unknown_tokens(row.spending)
    return f"{told}{f' ({unknown})' if unknown else ''}, {wording.shown(row.spending, currency)}"


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
