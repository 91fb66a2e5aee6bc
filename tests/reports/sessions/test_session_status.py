"""How a session stands follows from its calls and the moment alone; what the log does not tell is not known."""

from __future__ import annotations

import pytest

from session_monitor.base import timestamps
from session_monitor.reports.report import Report
from session_monitor.reports.selected import states
from session_monitor.reports.sessions import session_status
from tests.support.calls import BOOK
from tests.support.command_line import line, sessions

NOW = timestamps.milliseconds("2026-02-01T12:00:00Z")


@pytest.fixture
def report(tmp_path):
    """A session of a morning, one whose calls have no time, and one that talked just now."""
    undated = {"start_time": "-", "response_code": "0"}
    lines = [
        *(line("morning", number, outer={"start_time": f"2026-02-01T0{number}:30:00Z"}) for number in (1, 2, 3)),
        line("undated", outer=undated),
        line("now", outer={"start_time": "2026-02-01T11:50:00.250Z"}),
        line("ahead", outer={"start_time": "2026-02-01T12:01:00Z"}),
    ]
    return Report(str(sessions(tmp_path / "sessions", *lines)), BOOK, now=NOW)


def status(report, session_id, *, is_archived=False):
    """How it stands."""
    stale = states.stale_before(None, NOW)
    return report.ask(
        lambda index: session_status.session_status(index, session_id, NOW, is_archived=is_archived, stale_before=stale)
    )


def test_of_times(report):
    """One that is silent ran until its last call; the hour before that one begins with the hour's first moment."""
    found = status(report, "morning")

    assert (found.state, found.running, found.idle) == ("idle", 2 * 3_600_000, 85 * 360_000)
    assert found.last_hour.calls == 2
    assert found.last_error is None


def test_without_times(report):
    """Nothing is said of them; a failure without a code has none."""
    told = status(report, "undated").to_json()

    assert (told["state"], told["running_seconds"], told["idle_seconds"], told["last_hour"]) == (
        "idle",
        None,
        None,
        None,
    )
    assert told["last_error"]["at"] is None


def test_at_work(report):
    """It runs until now; a clock that goes ahead makes nothing negative."""
    assert (status(report, "now").state, status(report, "now").running) == ("active", 10 * 60_000 - 250)
    assert (status(report, "ahead").state, status(report, "ahead").running, status(report, "ahead").idle) == (
        "active",
        0,
        0,
    )
    assert status(report, "now", is_archived=True).state == "ended"
    assert status(report, "nobody") is None


def test_silent_ones_are_counted(report):
    """Before a moment, or from one to another, and without those that ended; one without a time is not known to be silent."""

    def silent(*asked):
        return report.ask(lambda index: session_status.silent_since(index, *asked))

    assert silent(NOW, []) == 2
    assert silent(NOW, ["morning", "nobody"]) == 1
    assert silent(NOW, [], NOW - 3_600_000) == 1
    assert silent(NOW + 3_600_000, []) == 3
