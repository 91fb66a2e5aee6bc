"""What becomes of one line of a log?"""

from __future__ import annotations

import json

import pytest

from session_monitor.calls.coverage import Coverage
from session_monitor.ingest import intake
from session_monitor.ingest.intake import Intake
from session_monitor.sessions.store import Store
from tests.support import calls

PLACE = ("g1", 0, 100)


@pytest.fixture
def store(tmp_path):
    """An empty folder's."""
    return Store(str(tmp_path))


def taken(store, line, session_key=None):
    """What is counted of one line, and which sessions the store then has something of."""
    coverage = Coverage()
    Intake(store, session_key).take(line, PLACE, coverage)
    _, written = store.flush()
    return coverage, [each.session_id for each in written]


def test_a_call_goes_to_its_session(store):
    """A call is counted, and its session gets it, also where a hole of NUL bytes stands before it."""
    coverage, sessions = taken(store, b"\0" * 5000 + calls.line("s", code="500"))

    assert coverage == Coverage(lines=1, calls=1, failed=1)
    assert sessions == ["s"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [(None, "too_long"), (b"", "empty"), (b"\0\0", "nul_bytes"), (b'{"ai_log":"-"}', "not_llm"), (b"no", "no_ai_log")],
)
def test_what_is_no_call_is_told_why(store, line, reason):
    """A line that is passed over is counted by its reason, and no session gets anything."""
    assert taken(store, line) == (Coverage(lines=1, passed_over={reason: 1}), [])


@pytest.mark.parametrize(("key", "is_meant"), [("agent:a", True), ("agent:*", True), ("agent", False), ("*:b", False)])
def test_only_the_sessions_that_are_meant(store, key, is_meant):
    """An id or a pattern of ids chooses; calls of others are counted as theirs."""
    coverage, sessions = taken(store, calls.line("agent:a"), key)

    assert sessions == (["agent:a"] if is_meant else [])
    assert coverage == Coverage(lines=1, **({"calls": 1} if is_meant else {"passed_over": {"other_session": 1}}))


@pytest.mark.parametrize(
    ("line", "is_whole"), [(calls.line("s"), True), (calls.line("s")[:-1], False), (b"\0" + calls.line("s"), True)]
)
def test_a_line_that_lacks_only_its_newline(line, is_whole):
    """It is whole when it is JSON to its end."""
    assert intake.is_whole(line) == is_whole


@pytest.mark.parametrize("is_chained", [False, True])
def test_a_call_without_an_id(store, is_chained):
    """Its history tells its session only where that is wanted; else it is kept with the others of that day."""
    coverage = Coverage()
    Intake(store, None, chain=is_chained).take(calls.line(None, ["hi"]), PLACE, coverage)
    (written,) = store.flush()[1]

    assert coverage.session_from_conversation == is_chained
    assert coverage.without_session_id == (not is_chained)
    assert written.session_id.startswith("inferred:") == is_chained


# -- line by line ------------------------------------------------------------------------------------------------------


def in_docker(text, *, is_end=True):
    """A line, or a piece of one, as Docker's driver keeps it."""
    record = {"log": text + "\n" * is_end, "stream": "stdout", "time": "2026-02-01T09:30:15Z"}
    return json.dumps(record).encode()


def fed(store, *lines):
    """What is counted of lines that come one after the other, and after each whether it waits."""
    coverage, joining, waits = Coverage(), Intake.joining(), []
    reading = Intake(store, None)
    for number, line in enumerate(lines):
        waits.append(not reading.take_next(line, joining, ("g1", 100 * number, 100 * number + 100), coverage))
    return coverage, waits, (reading, joining)


def test_lines_are_taken_as_they_come(store):
    """Those of the gateway, those that an engine put around them, and what is too long."""
    coverage, waits, _ = fed(store, calls.line("s"), None, in_docker(calls.line("t").decode()), b"no")

    assert coverage == Coverage(lines=4, calls=2, passed_over={"too_long": 1, "no_ai_log": 1})
    assert waits == [False] * 4


def test_a_line_in_pieces_is_taken_with_its_last(store):
    """What comes behind its beginning waits for it, be it a line of the gateway's own; then all are taken, in their order."""
    text = calls.line("s").decode()
    pieces = in_docker(text[:60], is_end=False), in_docker(text[60:])
    coverage, waits, _ = fed(store, pieces[0], calls.line("t"), pieces[1])

    assert (coverage, waits) == (Coverage(lines=2, calls=2), [True, True, False])
    assert sorted(each.session_id for each in store.flush()[1]) == ["s", "t"]


def test_a_line_whose_rest_never_comes(store):
    """It is taken as far as it goes when nothing more is to be expected, and so is what waits behind it."""
    text = calls.line("s").decode()
    coverage, waits, (reading, joining) = fed(store, in_docker(text[:60], is_end=False), calls.line("t"))
    assert (coverage, waits) == (Coverage(), [True, True])

    reading.take_rest(joining, "g1", coverage)

    assert (coverage.lines, coverage.calls, sum(coverage.passed_over.values())) == (2, 1, 1)
    assert [each.session_id for each in store.flush()[1]] == ["t"]


def test_where_memory_is_short_for_a_line(store, monkeypatch):
    """It is taken without what is heavy in it, and costs no other one."""
    reading, coverage = Intake(store, None), Coverage()
    monkeypatch.setattr(reading._reader, "parse", lambda *_: (_ for _ in ()).throw(MemoryError))
    reading.take(calls.line("s"), PLACE, coverage)

    assert coverage.calls == 1
    assert [each.session_id for each in store.flush()[1]] == ["s"]


@pytest.mark.parametrize(
    ("key", "meant"), [(None, True), ("a[1]", True), ("a*", True), ("a1", False), ("A*", False), ("", False)]
)
def test_whether_a_run_is_about_a_session(key, meant):
    """By its id to the letter, also where that looks like a pattern, or by a pattern."""
    assert intake.is_meant("a[1]", key) == meant
