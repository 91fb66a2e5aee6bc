"""What do the calls that are meant add up to, in all, by model, consumer, seller, route and tool, and by time?"""

from __future__ import annotations

from datetime import timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_monitor.base import periods
from session_monitor.base.periods import DAY, HOUR, MONTH
from session_monitor.index.access import ask
from session_monitor.index.keeper import Keeper
from session_monitor.reports.report import Report
from session_monitor.reports.selected import naming
from session_monitor.reports.selected.filters import ALL, Selection
from session_monitor.reports.sums import breakdown
from tests.support import report_oracle
from tests.support.calls import BOOK
from tests.support.indexes import BATCHES, HALF_HOUR, STEPS, Agent, Step, contents, opened, silent
from tests.support.report_oracle import SELECTIONS, plain
from tests.support.stored_rounds import keep, round_of

ZONES = ("UTC", "Asia/Shanghai", "Asia/Kathmandu", "America/New_York")


def kept(folder, batches):
    """A monitor's passes over some batches, one after the other."""
    agent = Agent(folder)
    keeper = Keeper(str(folder), BOOK, silent)
    for batch in batches:
        keeper.before()
        keeper.after(agent.store(batch))
        keeper.settle()
    assert keeper.problem is None
    keeper.close()
    return agent


def assert_equal(found, calls, meant):
    """All answers of a report are those that a look at each call gives."""
    chosen = report_oracle.meant_calls(calls, meant)

    overview = found.overview(meant)
    assert plain(overview.sessions, overview.sums) == report_oracle.sums(chosen)
    for key in naming.COLUMNS:
        totals = found.by_name(key, meant)
        expected = report_oracle.grouped(chosen, lambda call, key=key: getattr(call, key))
        assert {row.name: plain(row.sessions, row.sums) for row in totals.rows} == expected
        assert plain(totals.sessions, totals.sums) == report_oracle.sums(chosen)
        costs = [row.sums.spending.pico for row in totals.rows]
        assert costs == sorted(costs, reverse=True)
        assert len({row.name for row in totals.rows}) == len(totals.rows)
    tools = found.by_tool(meant)
    assert {row.tool: row[1:] for row in tools} == report_oracle.by_tool(chosen)
    assert [row.calls for row in tools] == sorted((row.calls for row in tools), reverse=True)


def assert_equal_by_time(found, calls, meant, unit, zone):
    """The same for a kind of spans, each of which is cut to the time that is meant and holds its calls."""
    where = periods.zone(zone)
    totals = found.by_time(unit, where, meant)

    chosen = [call for call in report_oracle.meant_calls(calls, meant) if call.at is not None]
    rows = [(row.span.name, plain(row.sessions, row.sums), row.models) for row in totals.rows]
    assert rows == report_oracle.by_time(chosen, unit, where)
    assert plain(totals.sessions, totals.sums) == report_oracle.sums(chosen)
    by_names = {key: found.by_time_and_name(unit, where, key, meant) for key in naming.COLUMNS}
    for each in by_names.values():
        assert plain(each.sessions, each.sums) == report_oracle.sums(chosen)
    for row in totals.rows:
        of_span = [call for call in chosen if row.span.start <= call.at < row.span.end]
        assert row.sums.calls == len(of_span)
        for key in naming.COLUMNS:
            by_name = [each.row for each in by_names[key].rows if each.span == row.span]
            expected = report_oracle.grouped(of_span, lambda call, key=key: getattr(call, key))
            assert {each.name: plain(each.sessions, each.sums) for each in by_name} == expected
        assert meant.since is None or row.span.start >= meant.since
        assert meant.until is None or row.span.end <= meant.until


@settings(max_examples=30)
@given(BATCHES, st.lists(SELECTIONS, min_size=1, max_size=5))
def test_sums_are_those_of_the_calls(tmp_path_factory, batches, selections):
    """Whatever is asked for, in all, by model, by consumer and by tool, is what the session files' rounds add up to."""
    folder = tmp_path_factory.mktemp("sessions")
    kept(folder, batches)
    calls = report_oracle.calls_of(folder, BOOK)
    found = Report(str(folder), BOOK)
    for meant in (ALL, *selections):
        assert_equal(found, calls, meant)


@settings(max_examples=40)
@given(
    BATCHES,
    st.lists(st.tuples(SELECTIONS, st.sampled_from(periods.UNITS), st.sampled_from(ZONES)), min_size=1, max_size=6),
)
def test_sums_by_time_are_those_of_the_calls(tmp_path_factory, batches, questions):
    """Each hour, day, week and month of a zone has the calls of its time, also where clocks change, and none twice."""
    folder = tmp_path_factory.mktemp("sessions")
    kept(folder, batches)
    calls = report_oracle.calls_of(folder, BOOK)
    found = Report(str(folder), BOOK)
    for meant, unit, zone in questions:
        assert_equal_by_time(found, calls, meant, unit, zone)
        assert_equal_by_time(found, calls, ALL, unit, zone)


@settings(max_examples=15)
@given(BATCHES, st.lists(STEPS, max_size=6), st.integers(0, 2), SELECTIONS)
def test_answers_after_files_came_and_went(tmp_path_factory, batches, more, gone, meant):
    """After passes of a monitor that was killed in the last, and files that went, answers are of what is there now."""
    folder = tmp_path_factory.mktemp("sessions")
    agent = kept(folder, batches)
    killed = Keeper(str(folder), BOOK, silent)
    killed.before()
    agent.store(more)
    killed.close()
    for path in sorted(folder.glob("*.json"))[:gone]:
        path.unlink()
    calls = report_oracle.calls_of(folder, BOOK)
    found = Report(str(folder), BOOK, now=meant.now)

    assert_equal(found, calls, meant)
    assert_equal_by_time(found, calls, meant, DAY, "Asia/Kathmandu")
    listed = found.sessions(meant)
    assert {row.fields["session_id"] for row in listed.rows} == {
        call.session for call in report_oracle.meant_calls(calls, meant)
    }
    assert listed.meant == len(listed.rows)
    assert listed.total == len({call.session for call in calls})
    if meant.status:
        assert {row.fields["status"] for row in listed.rows} <= {meant.status}
    with opened(folder) as anew:
        anew.catch_up(silent)
        assert ask(str(folder), BOOK, contents, silent) == contents(anew)


def test_models_of_a_span_are_those_of_sessions_that_are_there(tmp_path):
    """Where a session's file is gone, its models are not named any more beside others of the same time."""
    kept(tmp_path, [[Step("a", model="gpt-4o"), Step("b", model="qwen3-max")]])
    assert [row.models for row in Report(str(tmp_path), BOOK).by_time(DAY, timezone.utc).rows] == [
        ["gpt-4o", "qwen3-max"]
    ]
    (tmp_path / "a.json").unlink()

    assert [row.models for row in Report(str(tmp_path), BOOK).by_time(DAY, timezone.utc).rows] == [["qwen3-max"]]
    assert list(Report(str(tmp_path), BOOK).known("model")) == ["qwen3-max"]


# -- the edges, by name ------------------------------------------------------------------------------------------------


def test_a_model_with_a_price_is_not_said_to_have_none(tmp_path):
    """What tells too little of its tokens has no cost, yet its model has a price: alike from the index's sums and its rounds."""
    rounds = (
        round_of(1),
        round_of(2, partly_told=True),
        round_of(3, no_tokens=True),
        round_of(4, model="nobody-knows-it"),
    )
    report = Report(str(keep(tmp_path, "s", *rounds)), BOOK)
    found = [
        report.overview().sums.spending,
        report.by_name("model").sums.spending,
        report.by_name("model", Selection(outcome="ok")).sums.spending,
        report.sessions().rows[0].spending,
    ]

    assert [each.unpriced_models for each in found] == [{"nobody-knows-it": 1}] * len(found)
    assert {(each.unpriced_rounds, each.without_tokens, each.partly_told) for each in found} == {(3, 1, 1)}


@pytest.mark.parametrize(
    ("since", "until", "calls"),
    [
        (1, 2, 1),  # a millisecond inside of a half hour
        (HALF_HOUR - 1, HALF_HOUR + 1, 2),
        (HALF_HOUR, HALF_HOUR + 1, 1),
        (None, HALF_HOUR, 3),
        (None, HALF_HOUR + 1, 4),
        (HALF_HOUR - 1, None, 3),
        (HALF_HOUR + 1, None, 1),
        (None, None, 5),
        (100 * HALF_HOUR, None, 0),
    ],
)
@pytest.mark.parametrize("unit", periods.UNITS)
def test_moments_on_the_edges_of_half_hours(tmp_path, since, until, calls, unit):
    """A call counts from its own millisecond on, and not from the one at which the time that is meant ends."""
    Agent(tmp_path).store([Step("a", at) for at in (0, 1, HALF_HOUR - 1, HALF_HOUR, HALF_HOUR + 1)])
    found = Report(str(tmp_path), BOOK)
    meant = Selection(since=since, until=until)

    assert found.overview(meant).sums.calls == calls
    for zone in ("UTC", "Asia/Kathmandu"):
        assert sum(row.sums.calls for row in found.by_time(unit, periods.zone(zone), meant).rows) == calls


@pytest.mark.parametrize("since", [None, HALF_HOUR, HALF_HOUR + 1, 2 * HALF_HOUR - 1])
@pytest.mark.parametrize("until", [None, 3 * HALF_HOUR, 3 * HALF_HOUR + 5, 2 * HALF_HOUR])
def test_who_talks_often_in_a_half_hour_that_a_time_cuts(tmp_path, since, until):
    """A session counts once, whether its calls lie on an edge of the time, within it, or both."""
    minutes = {"edge": (1, 2, 29, 29), "both": (0, 5, 29, 31, 40, 62), "within": (33, 34), "late": (61, 62)}
    steps = [
        Step(session, HALF_HOUR + at * 60_000, model)
        for session, times in minutes.items()
        for at in times
        for model in ("gpt-4o", "gpt-4")
    ]
    Agent(tmp_path).store(sorted(steps, key=lambda step: step.at))
    calls = report_oracle.calls_of(tmp_path, BOOK)

    for models in ((), ("gpt-4",)):
        assert_equal(Report(str(tmp_path), BOOK), calls, Selection(since=since, until=until, models=models))


def test_a_session_of_two_rows_counts_once_in_all(tmp_path):
    """Rows of two models, consumers or days both have a session that has calls in both; together it is one."""
    Agent(tmp_path).store([Step("a", 0, "gpt-4o", "x"), Step("a", 3 * 86_400_000, "qwen3-max", "y")])
    found = Report(str(tmp_path), BOOK)

    for totals in (found.by_name("model"), found.by_name("consumer"), found.by_time(DAY, timezone.utc)):
        assert [row.sessions for row in totals.rows] == [1, 1]
        assert totals.sessions == 1


def test_calls_without_a_time(tmp_path):
    """A call whose time the log does not tell is in no hour or day, and in all other sums."""
    Agent(tmp_path).store([Step("a", None), Step("b", 0)])
    found = Report(str(tmp_path), BOOK)

    assert found.overview().sums.calls == 2
    totals = found.by_time(MONTH, timezone.utc)
    assert [(row.span.name, row.sums.calls) for row in totals.rows] == [("1970-01", 1)]
    assert (totals.sessions, totals.sums.calls) == (1, 1)


@pytest.mark.parametrize("day", ["2026-04-04", "2026-10-03"])
def test_hours_of_a_zone_that_changes_by_half_an_hour(tmp_path, day):
    """Where clocks change by half an hour no call is counted in two hours, and none in no hour."""
    begin = periods.start_of(periods.date.fromisoformat(day), timezone.utc)
    Agent(tmp_path).store([Step("a", begin + n * HALF_HOUR // 2 + 1) for n in range(96)])

    totals = Report(str(tmp_path), BOOK).by_time(HOUR, periods.zone("Australia/Lord_Howe"))

    assert sum(row.sums.calls for row in totals.rows) == 96
    assert all(one.span.end <= other.span.start for one, other in zip(totals.rows, totals.rows[1:]))


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_calls_on_the_edges_of_the_calendar(tmp_path, day):
    """A log may tell the first or the last year there is: in any zone and unit each call is in one row."""
    begin = periods.start_of(periods.date.fromisoformat(day), timezone.utc)
    Agent(tmp_path).store([Step("a", begin + 1000), Step("b", begin + 86_399_999), Step("c", 0)])
    found = Report(str(tmp_path), BOOK)

    for zone in (*ZONES, "local"):
        for unit in periods.UNITS:
            assert sum(row.sums.calls for row in found.by_time(unit, periods.zone(zone)).rows) == 3


def test_the_order_of_rows(tmp_path):
    """The dearest first; of what costs the same, or nothing that is known, the one with most tokens, then by name."""
    models = [("gpt-4o-mini", 3000), ("zeta", 700), ("alpha", 700), (None, 700), ("huge", 5000), ("gpt-4o", 2000)]
    Agent(tmp_path).store([Step(f"s{n}", n, model, f"c{tokens}", tokens) for n, (model, tokens) in enumerate(models)])
    found = Report(str(tmp_path), BOOK)

    assert [row.name for row in found.by_name("model").rows] == ["gpt-4o", "gpt-4o-mini", "huge", None, "alpha", "zeta"]
    assert [row.name for row in found.by_name("consumer").rows] == ["c2000", "c3000", "c5000", "c700"]


def test_the_order_of_tools(tmp_path):
    """Those that were asked for most first, then those of which most came back, then by name."""
    called = [("once", 1), ("often", 5), ("b", 2), ("a", 2), ("c", 2)]
    came = [("c", 2, 1, 10), ("a", 1, 0, 10), ("b", 1, 0, 10)]
    rounds = [round_of(1, tools_called=called), round_of(2, tool_results=came, fresh_characters=30)]
    rows = Report(str(keep(tmp_path, "s", *rounds)), BOOK).by_tool()

    assert [row.tool for row in rows] == ["often", "c", "a", "b", "once"]
    untold = rows[0].to_json()
    assert (untold["tool"], untold["calls"], untold["measured"], untold["tokens"]) == ("often", 5, 0, None)


def test_a_row_of_time_as_json(tmp_path):
    """Its beginning is told in the zone that it was made for; at the edge of the calendar it may have none."""
    Agent(tmp_path).store([Step("a", 0)])
    where = periods.zone("Asia/Shanghai")
    (row,) = Report(str(tmp_path), BOOK).by_time(DAY, where).rows

    told = row.to_json(where)
    assert (told["date"], told["start"], told["sessions"]) == ("1970-01-01", "1970-01-01T00:00:00+08:00", 1)
    edge = row._replace(span=row.span._replace(start=10**15)).to_json(where)
    assert edge["start"] is None


@pytest.mark.parametrize("limit", [0, 1, 3])
def test_names_that_are_known(tmp_path, limit):
    """By their names, and no more than asked for."""
    Agent(tmp_path).store([Step("a", n, model) for n, model in enumerate(("c", "a", "b"))])
    assert (
        ask(str(tmp_path), BOOK, lambda index: breakdown.known(index, "model", limit), silent)
        == ["a", "b", "c"][:limit]
    )
