"""What does the monitor show on a terminal while it is at work?"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from typing import Callable

from session_monitor.ingest.poll import Poll
from session_monitor.insight.all_findings import RecentFindings
from session_monitor.reports import report
from session_monitor.reports.live import MINUTES, LiveNow, LiveSessions
from session_monitor.sessions.summary import Summary
from session_monitor.text import live_frame
from session_monitor.text import screen as text_screen
from session_monitor.totals import usage_totals, wording

from .display import Pace

REDRAW_SECONDS = 0.2
LATEST_SESSIONS = 200


class LiveView:
    """On a terminal: the sessions as they talk."""

    def __init__(
        self,
        screen: text_screen.Screen,
        logs: Sequence[str],
        reports: Callable[[], report.Report],
        clock: Callable[[], float],
        *,
        is_priced: Callable[[], bool] = lambda: True,
        is_kept: Callable[[], bool] = lambda: True,
    ) -> None:
        """Begins with what the output folder holds; ``reports`` gives the answers of each moment.

        These are asked again at the end of each poll as long as the index that they come from ``is_kept``.
        """
        self._screen = screen
        self._logs = logs
        self._clock = clock
        self._pace = Pace(clock)
        self._drawn = 0.0
        self._reports, self._is_priced, self._is_kept = reports, is_priced, is_kept
        self._rows = LiveSessions()
        self._found = RecentFindings()
        self._latest: dict[str, live_frame.SessionLine] = {}
        self._before = Poll()
        overview = self._look()
        self._known, self._sums = overview.sessions, overview.sums

    def _look(self) -> report.Overview:
        """Take in what each of the latest sessions cost, and what goes on just now."""
        columns, rows = self._screen.size()
        asked = self._reports()
        now = LiveNow(*asked.live(latest=min(max(rows, 1), LATEST_SESSIONS), minutes=MINUTES))
        lines = self._rows.lines(asked, now.overview, columns)
        self._found.look(asked)
        told = (replace(line, findings=self._found.of(line.session_id)) for line in lines)
        self._latest.update((line.session_id, line if self._is_priced() else replace(line, cost=None)) for line in told)
        self._active: int | None = now.active
        self._burn: str | None = now.burn_rate()
        return now.overview

    def batch(self, poll: Poll, sessions: dict[str, Summary]) -> None:
        """Take in the sessions of a batch, and draw if it is time to."""
        for session_id, summary in sessions.items():
            known = self._latest.get(session_id)
            fields = {**vars(summary), "session_id": session_id}
            # What it cost before is nearly what it costs now, unless very much is still to be read.
            cost = known.cost if known and not poll.behind else None
            title, findings = (known.title, known.findings) if known else ("", "")
            line = live_frame.SessionLine.of(fields, cost=cost, title=title)
            self._latest[session_id] = replace(line, findings=findings)
        if len(self._latest) > 2 * LATEST_SESSIONS:
            self._latest = {line.session_id: line for line in self._sorted()}
        if self._clock() - self._drawn >= REDRAW_SECONDS:
            self._draw(poll)

    def polled(self, poll: Poll) -> None:
        """Draw what the poll left, and count it to what was before."""
        self._active = self._burn = None
        overview = None
        if self._is_kept():
            with contextlib.suppress(report.NoSuchFolderError):  # which the next poll tells
                overview = self._look()
        self._draw(poll)
        self._before.add(poll)
        if overview and poll.at_least:  # the index knows the rest
            self._known, self._sums = overview.sessions, overview.sums
            self._before.new_sessions, self._before.sums = 0, usage_totals.NOTHING
        self._pace = Pace(self._clock)

    def _sorted(self) -> list[live_frame.SessionLine]:
        lines = sorted(self._latest.values(), key=lambda line: report.moment(line.updated_at), reverse=True)
        return lines[:LATEST_SESSIONS]

    def _draw(self, poll: Poll) -> None:
        self._drawn = self._clock()
        now = Poll()
        now.add(self._before)
        now.add(poll)
        pace = self._pace.of(poll)
        view = live_frame.FrameData(
            sessions=self._sorted(),
            known=self._known + now.new_sessions,
            active=self._active,
            totals=self._totals(now),
            lines=now.coverage.lines,
            calls=now.coverage.calls,
            failed=now.coverage.failed,
            left=now.coverage.left,
            passed_over=sum(now.coverage.passed_over.values()),
            behind_bytes=poll.behind,
            lines_per_second=pace.lines_per_second,
            bytes_per_second=pace.bytes_per_second,
            seconds_left=pace.seconds_left,
            logs=self._logs,
            notes=[*poll.problems, *now.notices],
            now=datetime.now(timezone.utc).isoformat(),
            findings=str(self._found),
        )
        self._screen.draw(live_frame.frame(view, *self._screen.size()))

    def _totals(self, since: Poll) -> live_frame.FrameTotals:
        total = usage_totals.added([self._sums, since.sums])
        return live_frame.FrameTotals(
            total.input_tokens,
            total.output_tokens,
            total.cached_tokens,
            total.reasoning_tokens,
            wording.shown(total.spending) if self._is_priced() else None,
            wording.unknown_tokens(total.spending),
            self._burn if self._is_priced() else None,
        )
