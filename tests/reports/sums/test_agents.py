"""What agents add up to: held against plain Python over each call, whatever is asked for."""

from __future__ import annotations

from datetime import timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_monitor.base.periods import DAY, HOUR
from session_monitor.reports.report import Report
from session_monitor.reports.selected.filters import ALL
from session_monitor.reports.sums.agents import agent_of, by_prefix
from tests.reports.sums.test_breakdown import kept
from tests.support import report_oracle
from tests.support.calls import BOOK
from tests.support.indexes import BATCHES
from tests.support.report_oracle import SELECTIONS, plain


def two_groups(session_id):
    """Some of the sessions have a name together, and some have none."""
    return {"a": "one", "b/c": "two", "会话": "one"}.get(session_id)


@settings(max_examples=40)
@given(BATCHES, st.lists(SELECTIONS, min_size=1, max_size=4))
def test_agents_add_up_to_what_their_calls_do(tmp_path_factory, batches, selections):
    """Each name has the sums of the calls of its sessions that are meant; all together are those of all calls."""
    folder = tmp_path_factory.mktemp("sessions")
    kept(folder, batches)
    calls = report_oracle.calls_of(folder, BOOK)
    report = Report(str(folder), BOOK)
    for meant in (ALL, *selections):
        chosen = report_oracle.meant_calls(calls, meant)
        found = report.by_agent(two_groups, meant)

        expected = report_oracle.grouped(chosen, lambda call: two_groups(call.session))
        assert {row.name: plain(row.sessions, row.sums) for row in found.rows} == expected
        assert plain(found.sessions, found.sums) == report_oracle.sums(chosen)
        costs = [row.sums.spending.pico for row in found.rows]
        assert costs == sorted(costs, reverse=True)


@settings(max_examples=15)
@given(BATCHES, SELECTIONS, st.sampled_from([DAY, HOUR]))
def test_agents_in_each_span(tmp_path_factory, batches, meant, unit):
    """In each span a name has the sums of its calls of that time; calls without a time are in none."""
    folder = tmp_path_factory.mktemp("sessions")
    kept(folder, batches)
    calls = report_oracle.calls_of(folder, BOOK)
    chosen = [call for call in report_oracle.meant_calls(calls, meant) if call.at is not None]
    found = Report(str(folder), BOOK).by_time_and_agent(unit, timezone.utc, two_groups, meant)
    spans = {(row.span.start, row.span.end) for row in found.rows}

    assert plain(found.sessions, found.sums) == report_oracle.sums(chosen)
    for start, end in spans:
        within = [call for call in chosen if start <= call.at < end]
        of_span = {each.row.name: each.row for each in found.rows if each.span.start == start}
        expected = report_oracle.grouped(within, lambda call: two_groups(call.session))
        assert {name: plain(row.sessions, row.sums) for name, row in of_span.items()} == expected


@pytest.mark.parametrize(
    ("session_id", "agent"),
    [
        ("agent:main:discord:channel:146", "main"),
        ("agent:ops:subagent:0c2f", "ops"),
        ("agent:a\nb:x", "a\nb"),
        ("agent:main", None),
        ("agent::x", None),
        ("myagent:main:x", None),
        ("Agent:main:x", None),
        ("9c1f4e52-8a37", None),
        ("", None),
    ],
)
def test_the_agent_of_a_session(session_id, agent):
    """OpenClaw's ids name it behind ``agent:``; other ids name none."""
    assert agent_of(session_id) == agent


@pytest.mark.parametrize(
    ("session_id", "parts", "delimiter", "prefix"),
    [
        ("team/a/17", 1, "/", "team"),
        ("team/a/17", 2, "/", "team/a"),
        ("team/a/17", 3, "/", None),
        ("agent:main:discord:channel:146", 3, ":", "agent:main:discord"),
        ("user--7--x", 2, "--", "user--7"),
        ("/x", 1, "/", ""),
        ("plain", 1, ":", None),
    ],
)
def test_the_prefix_of_a_session(session_id, parts, delimiter, prefix):
    """It is the first parts of an id, where something stands behind them: an id that is no longer names itself alone."""
    assert by_prefix(parts, delimiter)(session_id) == prefix
