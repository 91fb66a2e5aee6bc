"""How long calls took: held against plain Python over each call, whatever is asked for."""

from __future__ import annotations

import math
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_monitor.index.check import IndexCheck
from session_monitor.index.tables import latencies
from session_monitor.index.tables.schema import LATENCY_SPANS, SLOT
from session_monitor.reports.report import Report
from session_monitor.reports.selected import latency
from session_monitor.reports.selected.filter_sql import SelectionSql
from session_monitor.reports.selected.filters import ALL, Selection
from session_monitor.reports.selected.latency import Percentiles
from session_monitor.reports.sums import comparison
from tests.reports.sums.test_breakdown import kept
from tests.support import report_oracle
from tests.support.calls import BOOK
from tests.support.indexes import BATCHES, Agent, Step, caught_up, opened
from tests.support.report_oracle import SELECTIONS

OFF = 0.008
"""How far a value may be from the true one."""
SPAN = LATENCY_SPANS[0] * SLOT


def expected(values):
    """The two values as ``statistics`` has them for ranks that are those of a call, and how many there are."""
    ordered = sorted(values)
    if not ordered:
        return 0, None, None
    p95 = ordered[math.ceil(len(ordered) * 0.95 - 1e-9) - 1]
    return len(ordered), statistics.median_low(ordered), p95


def assert_near(found, values, *, off=OFF):
    """The percentiles are those of the values."""
    calls, *true = expected(values)
    assert found.calls == calls
    for told, value in zip(found[1:], true):
        assert told == value if value is None else abs(told - value) <= max(0.5, off * value), (found, true)


def assert_equal(found, calls, *, off=OFF):
    """How long some calls took is what a look at each of them gives."""
    ended = {
        each: [call.entry for call in calls if report_oracle._outcome(call.entry) == each] for each in ("ok", "failed")
    }
    times = [(found.first_token, "ok", "first_token_ms"), (found.duration, "ok", "duration_ms")]
    for each, end, name in [*times, (found.failed, "failed", "duration_ms")]:
        assert_near(each, [entry[name] for entry in ended[end] if entry.get(name) is not None], off=off)
    written, milliseconds = speed_of(ended["ok"])
    assert found.speed.per_second == (pytest.approx(1000 * written / milliseconds, abs=0.01) if milliseconds else None)


def assert_gateway(found, calls, *, off=OFF):
    """What calls took besides the wait for their upstream is what a look at each of those that ended well gives."""
    ended_well = [call.entry for call in calls if report_oracle._outcome(call.entry) == "ok"]
    assert_near(found.gateway, [each for each in map(beside_upstream, ended_well) if each is not None], off=off)


def beside_upstream(entry):
    """What a call took besides the wait for its upstream: a stream until its first token; None where that is not told."""
    until = {"stream": "first_token_ms", "normal": "duration_ms"}.get(entry["response_type"])
    if until not in entry or "upstream_ms" not in entry:
        return None
    return max(entry[until] - entry["upstream_ms"], 0)


def speed_of(entries):
    """The tokens that calls which ended well wrote behind their first one, and in how many milliseconds."""
    told = list(filter(tells_speed, entries))
    return sum(each["output_tokens"] for each in told), sum(
        each["duration_ms"] - each["first_token_ms"] for each in told
    )


def tells_speed(entry):
    """A call says how quickly its model wrote: it tells both times, and all that was written between them."""
    is_told = entry["output_tokens"] and not {"no_tokens", "at_least", "partly_told", "answered_by"} & entry.keys()
    first, whole = entry.get("first_token_ms"), entry.get("duration_ms")
    return bool(is_told and first is not None and whole is not None and first < whole)


# -- buckets -----------------------------------------------------------------------------------------------------------


@given(st.one_of(st.integers(0, 300), st.integers(0, 10**7), st.integers(0, 10**12)))
def test_a_bucket_stands_for_what_is_near(milliseconds):
    """The value of a bucket is less than 0.8 % from all that are in it, and buckets are in the order of their values."""
    bucket = latencies.bucket_of(milliseconds)

    assert abs(latencies.value_of(bucket) - milliseconds) <= OFF * milliseconds
    assert bucket <= latencies.bucket_of(milliseconds + 1) <= bucket + 1
    if milliseconds < 128:
        assert latencies.value_of(bucket) == milliseconds


@pytest.mark.parametrize("milliseconds", [-5, 1 << 60])
def test_what_no_clock_measures_has_a_bucket(milliseconds):
    """A value below nothing, or of millions of years, is counted at the end that it is beyond."""
    assert latencies.bucket_of(milliseconds) == latencies.bucket_of(0 if milliseconds < 0 else 1 << 40)


@given(st.dictionaries(st.integers(0, 2303), st.one_of(st.integers(0, 300), st.integers(0, 2**40)), max_size=20))
def test_a_histogram_is_kept_as_it_is(histogram):
    """What is written is read again, without buckets of no calls."""
    assert dict(latencies.entries(latencies.encoded(histogram))) == {
        bucket: number for bucket, number in histogram.items() if number
    }


# -- of calls ----------------------------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(BATCHES, st.lists(SELECTIONS, min_size=1, max_size=5))
def test_percentiles_are_those_of_the_calls(tmp_path_factory, batches, selections):
    """In all, by model and by consumer: less than 0.8 % off whatever is asked for, and exact of chosen sessions."""
    folder = tmp_path_factory.mktemp("sessions")
    kept(folder, batches)
    calls = report_oracle.calls_of(folder, BOOK)
    found = Report(str(folder), BOOK)
    for meant in (ALL, *selections):
        off = 0 if meant.is_of_sessions else OFF
        chosen = report_oracle.meant_calls(calls, meant)
        told = found.ask(lambda index, meant=meant: latency.latency(SelectionSql(index, meant)))
        assert_equal(told, chosen, off=off)
        assert_gateway(told, chosen, off=off)
        assert told.speed == speed_of(call.entry for call in chosen if report_oracle._outcome(call.entry) == "ok")
        for column in ("model", "consumer"):
            sides = found.ask(lambda index, meant=meant, by=column: comparison.by_name(index, meant, by))
            assert sides.keys() == {getattr(call, column) for call in chosen}
            for name, side in sides.items():
                assert_equal(side.latency, [call for call in chosen if getattr(call, column) == name], off=off)


@settings(max_examples=15)
@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=60), st.integers(-70, 70), st.integers(0, 200))
def test_every_span_has_its_calls(tmp_path_factory, tokens, first, length):
    """Times that begin and end anywhere, over some weeks, take the calls within them once: by long spans and short ones."""
    folder = tmp_path_factory.mktemp("sessions")
    spread = 400 * SPAN
    steps = [Step(session="abc"[each % 3], at=each * 104_729 % spread - spread // 2, tokens=each) for each in tokens]
    kept(folder, [steps])
    calls = report_oracle.calls_of(folder, BOOK)
    found = Report(str(folder), BOOK)
    for start, end in ((first * SPAN, (first + length + 1) * SPAN), (first * SPAN + 77, (first + length) * SPAN + 78)):
        for since, until in ((start, end), (start, None), (None, end)):
            meant = Selection(since=since, until=until)
            told = found.ask(lambda index, meant=meant: latency.latency(SelectionSql(index, meant)))
            assert_equal(told, report_oracle.meant_calls(calls, meant))


def test_of_one_session(tmp_path):
    """The calls of a session are looked at one by one."""
    (tmp_path / "sessions").mkdir()
    kept(tmp_path / "sessions", [[Step(session="a", at=each, tokens=1000 + each) for each in range(50)]])
    calls = report_oracle.calls_of(tmp_path / "sessions", BOOK)
    one, none = Report(str(tmp_path / "sessions"), BOOK).ask(
        lambda index: comparison.of_sessions(index, ["a", "not there"])
    )

    assert none is None
    assert_equal(one.latency, calls, off=0)
    assert one.sums.calls == 50


@settings(max_examples=25)
@given(BATCHES, st.lists(st.integers(0, 3), max_size=3))
def test_what_is_taken_out_does_not_count(tmp_path_factory, batches, gone):
    """Sessions that go take their calls with them, some or very many; and an index that is made anew holds the same."""
    folder = tmp_path_factory.mktemp("sessions")
    agent = Agent(folder)
    with opened(folder) as found:
        for batch in batches:
            agent.store(batch, found)
        ids = sorted(each for (each,) in found.db.execute("SELECT id FROM session"))
        for number in {ids[each] for each in gone if each < len(ids)}:
            found._take_out([number])
        assert list(IndexCheck(found).contradictions(quick=False)) == []
        before = set(found.db.execute("SELECT level, span, ended, first_token, duration FROM latency"))
        latencies.count_again(found.db)
        assert set(found.db.execute("SELECT level, span, ended, first_token, duration FROM latency")) == before


def test_a_histogram_that_is_wrong_is_found(folder):
    """A look through the index says where histograms are not those of its rounds."""
    agent = Agent(folder)
    agent.store([Step(session="a", at=1000)])
    with opened(folder) as found:
        caught_up(found)
        found.db.execute("DELETE FROM latency WHERE level = 1")
        assert [text for text in IndexCheck(found).contradictions(quick=False) if "latency" in text]


def test_nothing_is_not_zero():
    """Of no calls nothing is told."""
    assert latency.percentiles({}) == Percentiles(0, None, None)
    assert latency.percentiles({7.5: 1}).p95 == 8
