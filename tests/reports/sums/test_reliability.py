"""How quickly and reliably calls were answered: held against plain Python over each call."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_monitor.base import periods
from session_monitor.prices.cost import Cost
from session_monitor.reports.report import Report
from session_monitor.reports.selected.filters import ALL, Selection
from session_monitor.reports.sums import reliability
from session_monitor.reports.sums.reliability import Lost
from tests.reports.selected.test_latency import OFF, assert_equal, assert_gateway
from tests.reports.sums.test_breakdown import kept
from tests.support import report_oracle
from tests.support.calls import BOOK
from tests.support.command_line import line, sessions
from tests.support.indexes import BATCHES
from tests.support.report_oracle import SELECTIONS

ZONES = ("UTC", "Asia/Kathmandu", "America/New_York")


def name_of(call, by, zone):
    """What a call is told under."""
    if by == reliability.UPSTREAM:
        return call.entry.get("upstream_cluster")
    if by != reliability.HOUR:
        return getattr(call, by)
    return None if call.at is None else f"{datetime.fromtimestamp(call.at / 1000, timezone.utc).astimezone(zone):%H}:00"


def lost(calls):
    """What was paid for and lost of some calls."""
    paid = [
        call
        for call in calls
        if report_oracle._outcome(call.entry) != "ok" and call.entry["total_tokens"] and "answered_by" not in call.entry
    ]
    priced = [call.outcome.pico for call in paid if isinstance(call.outcome, Cost)]
    return Lost(len(paid), sum(call.entry["total_tokens"] for call in paid), sum(priced), len(paid) - len(priced))


@settings(max_examples=12)
@given(BATCHES, SELECTIONS, st.sampled_from(ZONES))
def test_rows_are_what_a_look_at_each_call_gives(tmp_path_factory, batches, selection, zone_name):
    """Calls, ends, codes, what was lost and how long it took, by each of the groups and in all, whatever is asked for."""
    folder = tmp_path_factory.mktemp("sessions")
    kept(folder, batches)
    calls, zone = report_oracle.calls_of(folder, BOOK), periods.zone(zone_name)
    report = Report(str(folder), BOOK)
    for meant in (ALL, selection):
        chosen = report_oracle.meant_calls(calls, meant)
        for by in reliability.GROUPS:
            off = 0 if by == reliability.HOUR or meant.is_of_sessions else OFF
            found = report.reliability(by, zone, meant)
            groups = report_oracle._groups(chosen, lambda call, by=by: name_of(call, by, zone))
            assert {row.name for row in found.rows} == groups.keys()
            for row in found.rows:
                check(row, groups[row.name], off)
            check(found.total, chosen, OFF)


def check(row, calls, off):
    """A row is what its calls add up to."""
    ended = Counter(report_oracle._outcome(call.entry) for call in calls)
    assert (row.calls, row.failed, row.left) == (len(calls), ended["failed"], ended["left"])
    assert row.codes == Counter(
        call.entry.get("response_code") for call in calls if report_oracle._outcome(call.entry) == "failed"
    )
    assert row.response_flags == Counter(
        call.entry.get("response_flags") for call in calls if report_oracle._outcome(call.entry) == "failed"
    )
    assert row.lost == lost(calls)
    assert_equal(row.latency, calls, off=off)
    assert_gateway(row.latency, calls, off=off)


def failing(cluster, model=None):
    """What a call that failed has: no tokens, and mostly no model."""
    outer = {"response_code": "503", "upstream_cluster": cluster}
    return {"outer": outer, "model": model, "input_token": None, "output_token": None}


@pytest.mark.parametrize(
    ("failed", "answered", "expected"),
    [
        (failing("one"), {"outer": {"upstream_cluster": "two"}}, 1),
        (failing("one"), {"outer": {"upstream_cluster": "one"}}, 0),
        (failing("one", "m-1"), {"outer": {"upstream_cluster": "one"}, "model": "m-2"}, 1),
        (failing(None), {"outer": {"upstream_cluster": "two"}}, 0),
        (failing("one"), failing("two"), 0),
        (failing("one"), {"outer": {"upstream_cluster": "two"}, "messages": [{"role": "user", "content": "x"}] * 3}, 0),
    ],
    ids=["another upstream", "the same one", "another model", "not told where", "failed as well", "says more"],
)
def test_sent_again_elsewhere(tmp_path, failed, answered, expected):
    """A call that failed counts where the session's next one sends as much, and another upstream or model answers it."""
    said = {"messages": [{"role": "user", "content": "x"}]}
    lines = (line("a", number, **{**said, **each}) for number, each in enumerate((failed, answered), 1))
    report = Report(str(sessions(tmp_path / "sessions", *lines)), BOOK)

    found = report.reliability("upstream", None, ALL)

    assert found.total.failed_over == sum(row.failed_over for row in found.rows) == expected


def test_what_other_ends_have_is_not_told_of_these(tmp_path):
    """Where calls are meant that ended well, none failed and nothing was lost."""
    folder = sessions(tmp_path / "sessions", line("a", 1, **failing("one")), line("a", 2))

    found = Report(str(folder), BOOK).reliability("model", None, Selection(outcome="ok"))

    assert (found.total.calls, found.total.failed, found.total.codes, found.total.lost) == (1, 0, {}, Lost())


def test_the_longest(tmp_path):
    """The longest of all is told beside what most do not exceed; of no calls none."""
    lines = (line("a", number, llm_service_duration=1000 * number) for number in range(1, 6))
    report = Report(str(sessions(tmp_path / "sessions", *lines)), BOOK)
    (row,) = report.reliability("hour", None, ALL).rows

    assert (row.latency.duration.p50, row.latency.duration.longest) == (3000, 5000)
    assert row.to_json()["latency"]["first_token_max_ms"] is None
