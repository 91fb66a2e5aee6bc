"""What does the monitor show on a terminal while it is at work?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Callable

from session_monitor.prices import price_list
from session_monitor.prices.book import Book
from session_monitor.reports import report
from session_monitor.sessions.summary import Summary
from session_monitor.text import live_frame
from session_monitor.text import screen as text_screen
from session_monitor.totals import usage_totals, wording

from .display import Pace
from .poll import Poll

REDRAW_SECONDS = 0.2
LATEST_SESSIONS = 200


class LiveView:
    """On a terminal: the sessions as they talk."""

    def __init__(
        self,
        screen: text_screen.Screen,
        logs: Sequence[str],
        output_dir: str,
        book: Book | None,
        clock: Callable[[], float],
    ) -> None:
        """Begins with what the output folder holds."""
        self._screen = screen
        self._logs = logs
        self._clock = clock
        self._pace = Pace(clock)
        self._drawn = 0.0
        overview = report.Report(output_dir, book or Book([price_list.shipped()])).overview(latest=LATEST_SESSIONS)
        self._known, self._sums = overview.sessions, overview.sums
        self._has_prices = book is not None
        self._latest = {
            row.fields["session_id"]: _line(row.fields["session_id"], row.fields) for row in overview.latest
        }
        self._before = Poll()

    def batch(self, poll: Poll, sessions: dict[str, Summary]) -> None:
        """Take in the sessions of a batch, and draw if it is time to."""
        for session_id, summary in sessions.items():
            self._latest[session_id] = _line(session_id, vars(summary))
        if len(self._latest) > 2 * LATEST_SESSIONS:
            self._latest = {line.session_id: line for line in self._sorted()}
        if self._clock() - self._drawn >= REDRAW_SECONDS:
            self._draw(poll)

    def polled(self, poll: Poll) -> None:
        """Draw what the poll left, and count it to what was before."""
        self._draw(poll)
        self._before.add(poll)
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
            active=self._known + now.new_sessions,
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
        )
        self._screen.draw(live_frame.frame(view, *self._screen.size()))

    def _totals(self, since: Poll) -> live_frame.FrameTotals:
        total = usage_totals.added([self._sums, since.sums])
        return live_frame.FrameTotals(
            total.input_tokens,
            total.output_tokens,
            total.cached_tokens,
            total.reasoning_tokens,
            wording.shown(total.spending) if self._has_prices else None,
            wording.unknown_tokens(total.spending),
        )


def _line(session_id: str, row: dict[str, object]) -> live_frame.SessionLine:
    return live_frame.SessionLine(
        session_id,
        row["updated_at"],  # type: ignore[arg-type]
        row["messages_count"],  # type: ignore[arg-type]
        row["total_input_tokens"],  # type: ignore[arg-type]
        row["total_output_tokens"],  # type: ignore[arg-type]
        row["model"],  # type: ignore[arg-type]
    )
