"""What do people ask about their sessions?"""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta, timezone

import pytest

from session_monitor import days, report
from session_monitor.checkpoint import Checkpoint
from session_monitor.ingest import Ingest
from session_monitor.store import Store
from tests import calls
from tests.calls import BOOK


@pytest.fixture
def folder(tmp_path):
    """Three sessions, of which ``b`` is the latest and ``c`` the largest."""
    calls = [("a", "09:00:00", 1), ("b", "09:00:15.5", 2), ("c", "09:00:15", 30), ("a", "08:00:00", 4)]
    log, output = tmp_path / "access.log", tmp_path / "sessions"
    with open(log, "w", encoding="utf-8") as file:
        for number, (session_id, time, tokens) in enumerate(calls):
            call = {"session_id": session_id, "model": "m", "input_token": tokens, "output_token": 1}
            call.update(cached_tokens=1, messages=[{"role": "user", "content": text} for text in "xyz"[: number + 1]])
            file.write(json.dumps({"ai_log": json.dumps(call), "start_time": f"2026-02-01T{time}Z"}) + "\n")
    output.mkdir()
    Ingest([str(log)], Store(str(output)), Checkpoint(str(output / ".state.json"), str(output))).poll()
    return str(output)


def ids(answer):
    """The rows' ids, in their order."""
    return [row.fields["session_id"] for row in answer.rows]


def test_sessions_are_rows(folder):
    """A row has the session's times, counts, tokens and models, and not its rounds."""
    (row,) = (row for row in report.Report(folder, BOOK).sessions().rows if row.fields["session_id"] == "a")

    assert row.fields == {
        "session_id": "a",
        "created_at": "2026-02-01T08:00:00Z",
        "updated_at": "2026-02-01T09:00:00Z",
        "messages_count": 2,
        "failed_count": 0,
        "total_input_tokens": 5,
        "total_output_tokens": 2,
        "total_reasoning_tokens": 0,
        "total_cached_tokens": 2,
        "total_cache_write_tokens": 0,
        "total_tokens": 7,
        "model": "m",
        "models": ["m"],
    }


@pytest.mark.parametrize(("sort_by", "order"), [("updated", ["b", "c", "a"]), ("tokens", ["c", "a", "b"])])
def test_sessions_are_sorted_and_limited(folder, sort_by, order):
    """The largest comes first, half a second counts, and a limit leaves the total as it is."""
    assert ids(report.Report(folder, BOOK).sessions(sort_by=sort_by)) == order
    assert ids(report.Report(folder, BOOK).sessions(sort_by=sort_by, limit=2)) == order[:2]
    assert report.Report(folder, BOOK).sessions(limit=1).total == 3


def test_moments_sort_by_time():
    """A fraction comes after the second it belongs to, and no time before all."""
    times = ["2026-02-01T09:00:16Z", "2026-02-01T09:00:15.5Z", "2026-02-01T09:00:15Z", None]

    assert sorted(times, key=report.moment) == times[::-1]


def test_files_that_are_no_sessions(folder, tmp_path):
    """What is no session file is named apart and not counted; hidden files and other names are nobody's business."""
    for name in ("broken.json", ".hidden.json", "notes.txt"):
        (tmp_path / "sessions" / name).write_text("{}", encoding="utf-8")
    (tmp_path / "sessions" / "folder.json").mkdir()

    answer = report.Report(folder, BOOK).sessions()

    assert sorted(answer.damaged) == ["broken.json", "folder.json"]
    assert answer.total == 3


def test_no_folder(tmp_path):
    """A folder that is not there is told from one without sessions."""
    with pytest.raises(report.NoSuchFolder):
        report.Report(str(tmp_path / "none"), BOOK).sessions()
    with pytest.raises(report.NoSuchFolder):
        report.Report(str(tmp_path / "none"), BOOK).overview(1)

    assert report.Report(str(tmp_path), BOOK).sessions() == report.Sessions([], 0, [])


def test_overview_sums_up(folder):
    """All sessions together, and the rows of the latest."""
    found = report.Report(folder, BOOK).overview(1)

    assert (found.sessions, found.sums.input_tokens, found.sums.output_tokens) == (3, 37, 4)
    assert (found.sums.cached_tokens, found.sums.reasoning_tokens) == (4, 0)
    assert [row.fields["session_id"] for row in found.latest] == ["b"]
    assert report.count(folder) == 3


def test_one_session(folder):
    """A session is its row and its rounds, with what was new in each or with all that was sent."""
    new = report.Report(folder, BOOK).session("a", full_messages=False)
    full = report.Report(folder, BOOK).session("a", full_messages=True)

    assert new.row.fields["session_id"] == "a"
    assert [len(entry["messages"]) for entry, _ in new.rounds] == [1, 2]
    assert [len(entry["messages"]) for entry, _ in full.rounds] == [1, 3]


@pytest.mark.parametrize("session_id", ["", "A", "../sessions/a", ".", "x" * 5000, "a\0", "\udcff"])
def test_no_such_session(folder, session_id):
    """An id that is not there gives None, however it is spelled."""
    assert report.Report(folder, BOOK).session(session_id, full_messages=True) is None


def test_no_session_without_a_folder(tmp_path):
    """Where the folder is missing, or is a file, there is no session either."""
    (tmp_path / "file").touch()

    assert report.Report(str(tmp_path / "none"), BOOK).session("a", full_messages=True) is None
    assert report.Report(str(tmp_path / "file"), BOOK).session("a", full_messages=True) is None


def test_near_misses(tmp_path):
    """Ids that contain the text come first, then those spelled alike, with their true spelling and not too many."""
    log, output = tmp_path / "access.log", tmp_path / "sessions"
    names = ["agent:main/x", "agent:mian/x", "other", *(f"many-{number}" for number in range(9))]
    calls = ({"ai_log": json.dumps({"session_id": name, "model": "m"})} for name in names)
    log.write_text("".join(json.dumps(call) + "\n" for call in calls), encoding="utf-8")
    output.mkdir()
    Ingest([str(log)], Store(str(output)), Checkpoint(str(output / ".state.json"), str(output))).poll()

    assert report.Report(str(output), BOOK).near_misses("MAIN") == ["agent:main/x"]
    assert report.Report(str(output), BOOK).near_misses("main/") == ["agent:main/x"]
    assert set(report.Report(str(output), BOOK).near_misses("agent:mani/x")) == {"agent:main/x", "agent:mian/x"}
    assert len(report.Report(str(output), BOOK).near_misses("many")) == 5
    assert report.Report(str(output), BOOK).near_misses("quite different") == []


# -- By date -----------------------------------------------------------------------------------------------------------


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
    where = days.zone(zone)

    found = report.Report(str(output), BOOK).by_date(days.last(10, date(2026, 4, 2), where))

    expected = {}
    for n, time in enumerate(times):
        row = expected.setdefault(time.astimezone(where).date(), (set(), [], set()))
        row[0].add(n % 3)
        row[1].append(n)
        row[2].add(n % 2)
    assert [(row.date, row.sessions, row.sums.calls, len(row.models)) for row in found.rows] == [
        (day, len(sessions), len(numbers), len(models)) for day, (sessions, numbers, models) in sorted(expected.items())
    ]
    assert sum(row.sums.spending.pico for row in found.rows) == found.sums.spending.pico > 0
    assert (found.sessions, found.sums.calls) == (3, 600)


def test_days_without_calls(folder):
    """Days on which nothing happened are left out; when there was something is told."""
    found = report.Report(folder, BOOK).by_date(days.last(3, date(2026, 3, 1), days.zone("UTC")))

    assert (found.rows, found.sessions, found.sums.calls) == ([], 0, 0)
    assert days.date_of(found.newest, days.zone("UTC")) == date(2026, 2, 1)
