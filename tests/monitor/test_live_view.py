"""What does the monitor show on a terminal while it is at work?"""

from __future__ import annotations

import re

import pytest

from session_monitor.base import timestamps
from session_monitor.calls.coverage import Coverage
from session_monitor.ingest.ingest import Ingest
from session_monitor.ingest.poll import Poll
from session_monitor.insight import all_findings
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.monitor import live_view
from session_monitor.monitor.live_view import LiveView
from session_monitor.reports.report import Report
from session_monitor.sessions.store import Store
from session_monitor.sessions.summary import Summary
from session_monitor.text.live_frame import FrameTotals, SessionLine
from session_monitor.totals.spending import Spending
from session_monitor.totals.usage_totals import Sums
from tests.support import calls, insights
from tests.support.calls import BOOK
from tests.support.command_line import line, sessions
from tests.support.talking import NOW

NO_BURN = "$0.00 an hour (no calls in the last 10 minutes)"


class Screen:
    """A terminal that keeps what was drawn last."""

    def __init__(self):
        self.lines = []

    def size(self):
        return 120, 40

    def draw(self, lines):
        self.lines = lines


ENDS = {
    "whole": {},
    "left": {"flags": "DC", "response_type": "stream", "llm_service_duration": 900},
    "cut": {"flags": "DC", "response_type": "stream"},
    "failed": {"code": "500", "input_token": None, "output_token": None, "total_token": None},
    "silent": {"flags": "DC", "input_token": None, "output_token": None, "total_token": None},
}


def test_what_is_not_whole_is_told(tmp_path):
    """Beside the sums of before and now stand calls that failed or were left, and tokens that are not known."""
    log, folder = tmp_path / "access.log", tmp_path / "sessions"
    folder.mkdir()

    def monitor():
        return Ingest([str(log)], Store(str(folder)), Checkpoint(str(folder / ".state.json"), str(folder)), book=BOOK)

    log.write_bytes(calls.line("s", model="gpt-4o", **ENDS["cut"]) + b"\n")
    monitor().poll()
    screen = Screen()
    view = LiveView(screen, [str(log)], lambda: Report(str(folder), BOOK, now=NOW), lambda: 0.0)
    with log.open("ab") as file:
        file.writelines(calls.line("s", model="gpt-4o", **more) + b"\n" for more in ENDS.values())

    view.polled(monitor().poll())

    shown = [line.strip() for line in screen.lines]
    assert "Total Input:          40 tokens" in shown
    assert "(tokens of 1 call are not told, of 2 calls are a lower bound)" in shown
    (cost,) = (line for line in shown if line.startswith("Total Cost:"))
    assert cost.split(maxsplit=2)[2].startswith("at least $")
    assert cost.endswith("+ 1 round unpriced (1 without tokens)")
    assert any("5 calls (1 failed, 3 left)" in line for line in shown)


@pytest.fixture
def view(tmp_path, monkeypatch):
    """A view over a folder without sessions, with what it draws: each time a ``FrameData``; its clock stands still."""
    drawn = []
    monkeypatch.setattr(live_view.live_frame, "frame", lambda data, *_size: drawn.append(data) or [])
    clock = [1000.0]
    made = LiveView(Screen(), ["a.log"], lambda: Report(str(tmp_path), BOOK, now=NOW), lambda: clock[0])
    made.drawn, made.clock = drawn, clock
    return made


def summary(updated_at, rounds=1):
    """A session that was called last at this time."""
    return Summary(
        updated_at=updated_at, messages_count=rounds, total_input_tokens=10, total_output_tokens=5, model="m"
    )


def poll_of(*, rounds=0, sessions=0, lines=0, read=0, to_read=0):
    """A poll that found so much new."""
    poll = Poll()
    poll.new_sessions, poll.bytes_read, poll.bytes_to_read = sessions, read, to_read
    poll.coverage = Coverage(lines=lines, calls=rounds, failed=1, left=2, passed_over={"a": 3, "b": 4})
    poll.sums = Sums(rounds, 0, 0, 10 * rounds, 5 * rounds, 3, 0, 2, 0, Spending(pico=rounds * 10**12, rounds=rounds))
    poll.problems, poll.notices = ["problem"], ["notice"]
    return poll


def test_it_is_drawn_no_more_often_than_one_can_see(view):
    """Batches come faster; the end of a poll is drawn whenever it comes."""
    for seconds in (0.0, 0.1, 0.1, 0.1):
        view.clock[0] += seconds
        view.batch(Poll(), {})
    assert len(view.drawn) == 2
    view.polled(Poll())
    assert len(view.drawn) == 3
    view.clock[0] += 0.1
    view.batch(Poll(), {})
    assert len(view.drawn) == 3


def test_what_is_shown_of_a_poll(view):
    """All that it found, how fast it is, what a person should hear, and which logs it is about."""
    view.clock[0] += 2
    view.batch(
        poll_of(rounds=4, sessions=2, lines=10, read=1000, to_read=5000), {"s": summary("2026-02-01T09:30:15Z", 4)}
    )
    (shown,) = view.drawn

    assert (shown.known, shown.lines, shown.calls, shown.failed, shown.left, shown.passed_over) == (2, 10, 4, 1, 2, 7)
    assert (shown.behind_bytes, shown.bytes_per_second, shown.lines_per_second, shown.seconds_left) == (4000, 500, 5, 8)
    assert (shown.logs, shown.notes, shown.at_work) == (["a.log"], ["problem", "notice"], True)
    assert shown.totals == FrameTotals(40, 20, 3, 2, "$4.00", "", NO_BURN)
    assert shown.sessions == [SessionLine("s", "2026-02-01T09:30:15Z", 4, 10, 5, "m")]


def test_polls_add_up_on_the_screen(view):
    """What earlier ones found is in the sums; the pace is that of the last one, and so are the problems."""
    view.polled(poll_of(rounds=4, sessions=2, lines=10))
    view.clock[0] += 1
    view.polled(poll_of(rounds=1, sessions=1, lines=2))

    shown = view.drawn[-1]
    assert (shown.known, shown.lines, shown.calls, shown.totals.input_tokens) == (3, 12, 5, 50)
    assert (shown.lines_per_second, shown.notes) == (2, ["problem", "notice", "notice"])


def test_what_a_poll_could_not_count(tmp_path, view):
    """Where a write failed, the index knows what was written all the same, and what is shown begins anew from that."""
    view.polled(poll_of(rounds=4, sessions=2, lines=10))
    sessions(tmp_path, line("a"), line("b", 1), line("b", 2))
    poll = poll_of(rounds=1, sessions=1, lines=2)
    poll.at_least = True
    view.polled(poll)
    view.polled(poll_of(rounds=1, sessions=1, lines=2))

    shown = view.drawn[-1]
    known = Report(str(tmp_path), BOOK, now=NOW).overview()
    assert known.sessions == 2
    assert (shown.known, shown.lines, shown.calls) == (known.sessions + 1, 14, 6)
    assert shown.totals.input_tokens == known.sums.input_tokens + 10


def test_the_latest_sessions_are_shown(view, monkeypatch):
    """The latest first, so many at most, and no more than twice as many are remembered; one without a time is the last."""
    monkeypatch.setattr(live_view, "LATEST_SESSIONS", 3)
    for number in (5, 1, 8, 7, 2, 6, 3):
        view.batch(Poll(), {f"s{number}": summary(f"2026-02-01T09:30:0{number}Z")})
        assert len(view._latest) <= 6
    view.batch(Poll(), {"none": summary(None)})
    view.polled(Poll())
    assert [line.session_id for line in view.drawn[-1].sessions] == ["s8", "s7", "s6"]

    view.batch(Poll(), {"s1": summary("2026-02-01T09:30:09Z")})
    view.polled(Poll())
    assert [line.session_id for line in view.drawn[-1].sessions] == ["s1", "s8", "s7"]


def test_without_prices_there_is_no_cost(tmp_path):
    """Where the price lists cannot be used, none is made up."""
    screen = Screen()
    folder = sessions(tmp_path / "sessions", line("s", model="gpt-4"))

    def shown(*, is_priced):
        """What is drawn of a poll."""
        reports = lambda: Report(str(folder), BOOK, now=NOW)  # noqa: E731
        LiveView(screen, [], reports, lambda: 0.0, is_priced=lambda: is_priced).polled(poll_of(rounds=1))
        return "\n".join(screen.lines)

    assert not re.search(r"Cost|Burn Rate|\$", shown(is_priced=False))
    assert "Total Cost:           $1.00" in shown(is_priced=True)


def test_cost_and_what_goes_on_are_told_at_the_end_of_a_poll(tmp_path):
    """What each session cost, how many talked just now and what an hour costs come from the index, as long as it is kept."""
    folder = sessions(
        tmp_path / "sessions",
        line("old", outer={"start_time": "2026-02-01T09:00:15Z"}, model="gpt-4", question="an old question"),
        line("new", outer={"start_time": "2026-02-01T09:25:15Z"}, model="gpt-4", question="a new question"),
        line("odd", outer={"start_time": "2026-02-01T09:26:15Z"}, model="no-such-model"),
    )
    screen, is_kept = Screen(), [True]
    view = LiveView(screen, [], lambda: Report(str(folder), BOOK, now=NOW), lambda: 0.0, is_kept=lambda: is_kept[0])

    view.polled(Poll())

    assert "📊 Active Sessions: 2 of 3 (a call within 15 minutes)" in screen.lines
    burn = (
        "$0.00360 an hour (by 2 calls of the last 10 minutes; not in it: 1 round unpriced, 15 tokens (no-such-model))"
    )
    assert f"  Burn Rate:            {burn}"[:110] in "\n".join(screen.lines)
    rows = {row.split("│")[1].strip(): row for row in screen.lines if row.startswith("│")}
    assert " ~$0.0006000 " in rows["new"]
    assert "a new question" in rows["new"]
    assert re.search(r"│ +- +│", rows["odd"])

    is_kept[0] = False
    view.polled(Poll())
    assert "📊 Active Sessions: not known of 3 (a call within 15 minutes)" in screen.lines
    assert not any("Burn Rate" in each for each in screen.lines)


def test_grave_findings_are_told(tmp_path):
    """What is known of the last 24 hours stands in the head and beside its session, and nobody is judged for it."""
    now = timestamps.milliseconds("2026-11-02T10:00:00Z")
    folder = insights.folder_with(tmp_path, {"s": insights.looping(8, start="2026-11-02T09:00:00Z")})
    screen = Screen()
    view = LiveView(screen, [], lambda: Report(str(folder), BOOK, now=now), lambda: 0.0)
    view.polled(Poll())
    assert "Found" not in "".join(screen.lines)

    all_findings.across(Report(str(folder), BOOK, now=now))
    view.polled(Poll())

    assert "🔎 Findings: 1 critical in the last 24 hours" in screen.lines
    assert any("Found" in each for each in screen.lines)
    assert any("✗1" in each for each in screen.lines)
