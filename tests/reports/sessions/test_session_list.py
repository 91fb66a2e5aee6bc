"""Which sessions have calls that are meant, in which order, and what do these calls add up to in each?"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_monitor.reports.report import Report
from session_monitor.reports.selected.filters import ALL, Selection
from session_monitor.reports.sessions import session_order
from session_monitor.reports.sessions.session_order import SORT_KEYS
from session_monitor.reports.sessions.session_rows import OF_WHOLE
from session_monitor.totals import spending
from tests.reports.sums.test_breakdown import kept
from tests.support import report_oracle
from tests.support.calls import BOOK
from tests.support.indexes import BATCHES, HALF_HOUR, Agent, Step
from tests.support.report_oracle import SELECTIONS


def ids(answer):
    """The rows' ids, in their order."""
    return [row.fields["session_id"] for row in answer.rows]


def told(row):
    """What a row says of its calls, as the oracle has it of calls."""
    fields, spent = row.fields, row.spending
    return {
        "calls": fields["messages_count"],
        "failed": fields["failed_count"],
        "left": fields["left_count"],
        "input_tokens": fields["total_input_tokens"],
        "output_tokens": fields["total_output_tokens"],
        "cached_tokens": fields["total_cached_tokens"],
        "cache_write_tokens": fields["total_cache_write_tokens"],
        "reasoning_tokens": fields["total_reasoning_tokens"],
        "at least": spent.at_least,
        "pico": spent.pico,
        "saved": spent.saved_pico,
        "unpriced": (spent.unpriced_rounds, spent.unpriced_tokens),
        "unpriced models": spent.unpriced_models,
        "notes": spent.noted,
        "assumed": spent.assumed,
    }


def size(calls, sort_by):
    """What a session's calls are sorted by."""
    sums = report_oracle.sums(calls)
    tokens = sums["input_tokens"] + sums["output_tokens"]
    latest = max((call.at for call in calls if call.at is not None), default=-(10**18))
    return {"updated": latest, "cost": sums["pico"], "tokens": tokens, "rounds": len(calls)}[sort_by]


@settings(max_examples=25)
@given(BATCHES, st.lists(SELECTIONS, min_size=1, max_size=5), st.sampled_from(SORT_KEYS), st.booleans())
def test_rows_add_up_to_the_whole(tmp_path_factory, batches, selections, sort_by, reverse):
    """Whatever is meant, each session that has such calls is a row of these alone, and all rows are what the cards say."""
    folder = tmp_path_factory.mktemp("sessions")
    kept(folder, batches)
    calls = report_oracle.calls_of(folder, BOOK)
    found = Report(str(folder), BOOK)
    for meant in (ALL, *selections):
        expected = report_oracle.grouped(report_oracle.meant_calls(calls, meant), lambda call: call.session)
        chosen = {
            name: [call for call in report_oracle.meant_calls(calls, meant) if call.session == name]
            for name in expected
        }
        whole = {name: report_oracle.sums([call for call in calls if call.session == name]) for name in expected}
        listed = found.sessions(meant, sort_by=sort_by, reverse=reverse)
        overview = found.overview(meant)

        assert {row.fields["session_id"]: told(row) for row in listed.rows} == {
            name: {key: sums[key] for key in told(listed.rows[0])} for name, sums in expected.items()
        }
        assert {row.fields["session_id"]: told(row.whole)["pico"] for row in listed.rows} == {
            name: sums["pico"] for name, sums in whole.items()
        }
        assert (listed.meant, len(listed.rows)) == (overview.sessions, overview.sessions)
        assert sum(row.fields["messages_count"] for row in listed.rows) == overview.sums.calls
        assert vars(spending.added(row.spending for row in listed.rows)) == vars(overview.sums.spending)
        if sort_by != "created":
            sizes = [size(chosen[name], sort_by) for name in ids(listed)]
            assert sizes == sorted(sizes, reverse=not reverse)
        pages = [found.sessions(meant, sort_by=sort_by, reverse=reverse, limit=2, offset=at) for at in range(0, 9, 2)]
        assert [name for page in pages for name in ids(page)] == ids(listed)[:10]


@pytest.fixture
def over_days(tmp_path):
    """A session that cost most before, one that did on the second day, and one of which the second day is not the last."""
    agent = Agent(tmp_path)
    day = 48 * HALF_HOUR
    agent.store([Step("early", 0, tokens=90_000), Step("early", day, tokens=100)])
    agent.store([Step("that day", day + 1, tokens=5_000), Step("that day", day + 2, tokens=5_000)])
    agent.store([Step("later", day + 3, tokens=1_000), Step("later", 3 * day, tokens=70_000)])
    return Report(str(tmp_path), BOOK), Selection(since=day, until=2 * day)


@pytest.mark.parametrize(
    ("sort_by", "order"),
    [
        ("cost", ["that day", "later", "early"]),
        ("tokens", ["that day", "later", "early"]),
        ("rounds", ["that day", "later", "early"]),
        ("updated", ["later", "that day", "early"]),
    ],
)
def test_a_day_is_sorted_by_what_happened_in_it(over_days, sort_by, order):
    """A session that went on afterwards is there, and what it cost before or since does not count."""
    found, day = over_days

    assert ids(found.sessions(day, sort_by=sort_by)) == order
    assert ids(found.sessions(day, sort_by=sort_by, reverse=True)) == order[::-1]
    assert ids(found.sessions(day, sort_by=sort_by, limit=1, offset=1)) == order[1:2]


def test_the_whole_stands_beside(over_days):
    """A row tells the calls of the day, and under `whole` those of the session; without filters both are the same."""
    found, day = over_days
    (row,) = (row.to_json() for row in found.sessions(day).rows if row.fields["session_id"] == "later")

    assert (row["messages_count"], row["updated_at"]) == (1, "1970-01-02T00:00:00.003Z")
    assert (row["whole"]["messages_count"], row["whole"]["updated_at"]) == (2, "1970-01-04T00:00:00.000Z")
    assert float(row["cost_usd"]) < float(row["whole"]["cost_usd"])
    for row in found.sessions().rows:
        told = row.to_json()
        assert told["whole"] == {name: told[name] for name in OF_WHOLE}
    assert "whole" not in found.session("later").to_json()


@pytest.mark.parametrize("sort_by", SORT_KEYS)
def test_a_page_that_is_far_to_go_is_the_same(folder, monkeypatch, sort_by):
    """Where too many sessions would have to be looked at one by one, all that are meant are added up, to the same page."""
    asked = {"sort_by": sort_by, "limit": 2, "offset": 0}
    near = Report(folder, BOOK).sessions(Selection(models=("m",)), **asked)
    monkeypatch.setattr(session_order, "_MOST_WALKED", 2)

    assert ids(Report(folder, BOOK).sessions(Selection(models=("m",)), **asked)) == ids(near)
