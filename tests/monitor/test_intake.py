"""What becomes of one line of a log?"""

from __future__ import annotations

import pytest

from session_monitor.calls.coverage import Coverage
from session_monitor.monitor import intake
from session_monitor.monitor.intake import Intake
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

    assert coverage == Coverage(calls=1, failed=1)
    assert sessions == ["s"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [(None, "too_long"), (b"", "empty"), (b"\0\0", "nul_bytes"), (b'{"ai_log":"-"}', "not_llm"), (b"no", "no_ai_log")],
)
def test_what_is_no_call_is_told_why(store, line, reason):
    """A line that is passed over is counted by its reason, and no session gets anything."""
    assert taken(store, line) == (Coverage(passed_over={reason: 1}), [])


@pytest.mark.parametrize(("key", "is_meant"), [("agent:a", True), ("agent:*", True), ("agent", False), ("*:b", False)])
def test_only_the_sessions_that_are_meant(store, key, is_meant):
    """An id or a pattern of ids chooses; calls of others are counted as theirs."""
    coverage, sessions = taken(store, calls.line("agent:a"), key)

    assert sessions == (["agent:a"] if is_meant else [])
    assert coverage == (Coverage(calls=1) if is_meant else Coverage(passed_over={"other_session": 1}))


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
