"""How much of the log do the totals speak for?"""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.calls import ai_log, coverage
from session_monitor.calls.coverage import LABELS, Coverage
from session_monitor.calls.usage import CUT_SHORT, Usage
from session_monitor.ingest.ingest import Ingest
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.sessions.store import Store
from tests.support import calls

NUMBERS = st.integers(0, 10**9)
COVERAGES = st.builds(
    lambda counts, skipped: Coverage(**counts, passed_over=skipped),
    st.dictionaries(st.sampled_from([*Coverage().to_json().keys() - {"passed_over"}]), NUMBERS),
    st.dictionaries(st.sampled_from([*LABELS]), NUMBERS),
)


def test_in_words():
    """Calls, what they lack, and the lines that were passed over with the reasons; nothing of what did not happen."""
    covered = Coverage(calls=1200, failed=3, without_tokens=1, torn=2, lost_bytes=5_000_000, lines=1300)
    for reason in ("not_llm", "not_llm", "cut_off"):
        covered.skip(reason)

    assert covered.in_words() == [
        "1,200 calls",
        "3 failed",
        "1 without token counts (refused ones too)",
        "2 torn, with another line in them",
        "3 lines passed over (2 no LLM call, 1 cut off)",
        "at least 5 MB lost before they were read",
    ]
    assert Coverage(calls=1).in_words() == ["1 call", "0 lines passed over"]


def test_calls_that_are_not_whole_are_told():
    """Calls that were left or cut are no failures; calls that the plugin skipped come with what to do."""
    covered = Coverage(calls=9, left=4, cut_short=2, by_gateway=1)
    for answered in (True, True, False):
        covered.skip("skipped_calls", answered=answered)

    assert covered.in_words() == [
        "9 calls",
        "4 left by the client",
        "2 cut short (their tokens are a lower bound)",
        "1 answered by the gateway itself",
        "3 lines passed over (3 skipped calls)",
        "3 calls skipped by the plugin, 2 of them answered: add their paths to enable_path_suffixes (see 'doctor')",
    ]


@pytest.mark.parametrize(
    ("of_call", "count"),
    [
        ({}, {}),
        ({"outcome": "failed"}, {"failed": 1}),
        ({"outcome": "left"}, {"left": 1}),
        ({"session_id": None}, {"without_session_id": 1}),
        ({"has_tokens": False}, {"without_tokens": 1}),
        ({"timestamp": None}, {"undated": 1}),
        ({"usage": Usage(notes=(CUT_SHORT,))}, {"cut_short": 1}),
        ({"answered_by": "ai-cache"}, {"by_gateway": 1}),
        ({"session_from": "messages"}, {"session_from_conversation": 1}),
        ({"cut": ("messages",)}, {"content_cut": 1}),
        ({"left_out": ("messages",)}, {"content_left_out": 1}),
        ({"outer_broken": True}, {"outer_broken": 1}),
        ({"outer_broken": True, "torn": True}, {"outer_broken": 1, "torn": 1}),
    ],
)
def test_what_a_call_lacks_is_counted_however_whole_it_is_otherwise(of_call, count):
    """Each of these alone is counted as what it is, and as nothing else."""
    covered = Coverage()
    covered.count(ai_log.parse(calls.line("s", ["hi"]))._replace(**of_call))

    assert covered == Coverage(calls=1, **count)


@given(COVERAGES, COVERAGES)
def test_runs_add_up(one, other):
    """What two runs covered is counted together, reason by reason, and the second stays as it is."""
    before, second = one.to_json(), other.to_json()
    one.add(other)

    assert other.to_json() == second
    found = one.to_json()
    for name in before.keys() - {"passed_over"}:
        assert found[name] == before[name] + second[name]
    for reason in {**before["passed_over"], **second["passed_over"]}:
        both = [each["passed_over"].get(reason, 0) for each in (before, second)]
        assert found["passed_over"][reason] == sum(both)


@given(COVERAGES)
def test_it_comes_back_from_json(covered):
    """What was kept is read again as it was, and does not change with it afterwards."""
    found = Coverage.from_json(json.loads(json.dumps(covered.to_json())))
    kept = covered.to_json()
    covered.skip("empty")

    assert found.to_json() == kept


def test_an_unknown_count():
    """A count that there is none of is refused."""
    with pytest.raises(TypeError, match=r"^no counts: \{'miles'\}$"):
        Coverage(miles=3)


def test_the_state_of_a_monitor(tmp_path):
    """A monitor's state file tells what all its unfiltered runs covered."""
    log, folder = tmp_path / "access.log", tmp_path / "sessions"
    folder.mkdir()
    state = folder / ".state.json"
    for lines in ([calls.line("a"), b"junk"], [calls.line("b"), calls.line("b", code="500")]):
        with open(log, "ab") as file:
            file.write(b"".join(line + b"\n" for line in lines))
        Ingest([str(log)], Store(str(folder)), Checkpoint(str(state), str(folder))).poll()

    found = coverage.of_state(str(state))

    assert (found.lines, found.calls) == (4, 3)
    assert found.passed_over == {"no_ai_log": 1}


@pytest.mark.parametrize(
    "text",
    [
        *("", "null", "[]", "{}", '{"views": []}', '{"views": {"": {}}}', "[" * 100_000, "\xff"),
        '{"views": {"": {"past_coverage": {"miles": 1}, "generations": []}}}',
        '{"views": {"": {"past_coverage": null, "generations": []}}}',
    ],
)
def test_a_state_file_that_tells_nothing(tmp_path, text):
    """Where no state file tells it, how much was read is not known; that is no failure."""
    path = tmp_path / ".state.json"
    assert coverage.of_state(str(path)) is None
    path.write_bytes(text.encode("latin-1"))

    assert coverage.of_state(str(path)) is None
