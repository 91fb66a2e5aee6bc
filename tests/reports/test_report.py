"""What do people ask about their sessions?"""

from __future__ import annotations

import functools
import os
from datetime import date, datetime, timedelta, timezone

import pytest

from session_monitor.base import periods
from session_monitor.ingest.ingest import Ingest
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.reports import report
from session_monitor.reports.report import Report
from session_monitor.reports.selected import naming
from session_monitor.reports.selected.filters import Selection
from session_monitor.reports.sessions.session_list import SessionList
from session_monitor.sessions.store import Store
from tests.support import calls
from tests.support.calls import BOOK
from tests.support.indexes import Agent, Step


def at(text):
    """Milliseconds since 1970 of a time in UTC."""
    return int(datetime.fromisoformat(text + "+00:00").timestamp() * 1000)


def test_moments_sort_by_time():
    """A fraction comes after the second it belongs to, and no time before all."""
    times = ["2026-02-01T09:00:16Z", "2026-02-01T09:00:15.5Z", "2026-02-01T09:00:15Z", None]

    assert sorted(times, key=report.moment) == times[::-1]


def test_no_folder(tmp_path):
    """A folder that is not there is told from one without sessions."""
    with pytest.raises(report.NoSuchFolderError):
        Report(str(tmp_path / "none"), BOOK).sessions()

    assert Report(str(tmp_path), BOOK).sessions() == SessionList([], 0, 0, [])
    assert Report(str(tmp_path), BOOK).overview(latest=1)[2:] == ([], None, None)


def test_overview_sums_up(folder):
    """All sessions together, from when to when there are calls, and the rows of the latest."""
    found = Report(folder, BOOK).overview(latest=1)

    assert (found.sessions, found.sums.calls, found.sums.input_tokens, found.sums.output_tokens) == (3, 4, 37, 4)
    assert (found.sums.cached_tokens, found.sums.reasoning_tokens) == (4, 0)
    assert [row.fields["session_id"] for row in found.latest] == ["b"]
    assert (found.oldest, found.newest) == (at("2026-02-01T08:00:00"), at("2026-02-01T09:00:15.500"))


def test_overview_of_what_is_left(folder):
    """What was taken away is in no answer any more: not in sums, not in the span of time, not among known names."""
    found = Report(folder, BOOK)
    Agent(folder).store([Step("old", at("2020-01-01T00:00:00"), "gone", "away")])
    assert found.overview().oldest == at("2020-01-01T00:00:00")
    assert (found.known("model"), found.known("consumer")) == (["gone", "m"], ["away"])
    os.unlink(os.path.join(folder, "old.json"))

    overview = found.overview()
    assert (overview.sessions, overview.oldest) == (3, at("2026-02-01T08:00:00"))
    assert (found.known("model"), found.known("consumer")) == (["m"], [])


@pytest.mark.parametrize("name", ["none", "file"])
def test_no_session_without_a_folder(tmp_path, name):
    """Where the folder is missing, or is a file, every question says so."""
    (tmp_path / "file").touch()
    found = Report(str(tmp_path / name), BOOK)
    questions = (
        found.sessions,
        lambda: found.session("a"),
        lambda: found.named("a"),
        lambda: found.near_misses("a"),
        lambda: found.places("a", None, None, None),
        *(found.overview, *(functools.partial(found.by_name, column) for column in naming.COLUMNS), found.by_tool),
        lambda: found.by_time("day", None),
        lambda: found.known("model"),
    )
    for question in questions:
        with pytest.raises(report.NoSuchFolderError):
            question()


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"])
def test_days_add_up_to_their_calls(tmp_path, zone):
    """In every zone a day has the calls of that day by their own times, its sessions counted once, and its models."""
    start = datetime(2026, 3, 27, tzinfo=timezone.utc)
    times = [start + timedelta(minutes=minute * 11, seconds=minute % 60) for minute in range(600)]
    made = [
        calls.line("abc"[n % 3], model=f"gpt-4o{'-mini' * (n % 2)}", start_time=time.strftime("%Y-%m-%dT%H:%M:%SZ"))
        for n, time in enumerate(times)
    ]
    log, output = tmp_path / "access.log", tmp_path / "sessions"
    log.write_bytes(b"".join(line + b"\n" for line in made))
    output.mkdir()
    Ingest([str(log)], Store(str(output)), Checkpoint(str(output / ".state.json"), str(output))).poll()
    where = periods.zone(zone)

    found = Report(str(output), BOOK).by_time(periods.DAY, where)

    expected = {}
    for n, time in enumerate(times):
        row = expected.setdefault(str(time.astimezone(where).date()), (set(), [], set()))
        row[0].add(n % 3)
        row[1].append(n)
        row[2].add(n % 2)
    assert [(row.span.name, row.sessions, row.sums.calls, len(row.models)) for row in found.rows] == [
        (day, len(sessions), len(numbers), len(models)) for day, (sessions, numbers, models) in sorted(expected.items())
    ]
    assert sum(row.sums.spending.pico for row in found.rows) == found.sums.spending.pico > 0
    assert (found.sessions, found.sums.calls) == (3, 600)


def test_days_without_calls(folder):
    """Days on which nothing happened are left out; when there was something is told."""
    meant = Selection(since=at("2026-02-27T00:00:00"), until=at("2026-03-02T00:00:00"))

    found = Report(folder, BOOK).by_time(periods.DAY, timezone.utc, meant)

    assert (found.rows, found.sessions, found.sums.calls) == ([], 0, 0)
    assert periods.date_of(Report(folder, BOOK).overview(meant).newest, timezone.utc) == date(2026, 2, 1)
