"""Which rows of the index does a selection mean?"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_monitor.reports.selected.filter_sql import SelectionSql
from session_monitor.reports.selected.filters import ALL, Selection
from tests.support import report_oracle
from tests.support.calls import BOOK
from tests.support.indexes import BATCHES, EDGES, HALF_HOUR, Agent, Step, opened
from tests.support.report_oracle import SELECTIONS


def stored(folder, batches, found):
    """All calls of some batches, which a monitor told the index of one by one."""
    agent = Agent(folder)
    for batch in batches:
        agent.store(batch, found)
    return report_oracle.calls_of(folder, BOOK)


def rounds(found, where):
    """Session and number of the rounds that a condition means."""
    return set(
        found.db.execute(
            f"SELECT session_id, number FROM (SELECT * FROM round WHERE {where}) AS r JOIN session ON id = r.session"
        )
    )


@settings(max_examples=40)
@given(BATCHES, st.lists(SELECTIONS, min_size=1, max_size=8))
def test_rows_are_those_that_are_meant(tmp_path_factory, batches, selections):
    """The sessions and the rounds of a selection are those that a look at each call finds."""
    folder = tmp_path_factory.mktemp("sessions")
    with opened(folder) as found:
        calls = stored(folder, batches, found)
        for meant in selections:
            selected = SelectionSql(found, meant)

            listed = found.db.execute(f"SELECT session_id FROM session WHERE {selected.sessions()}")
            assert {session for (session,) in listed} == report_oracle.having_such(calls, meant)
            expected = {(call.session, call.entry["round"]) for call in report_oracle.meant_calls(calls, meant)}
            assert rounds(found, selected.rounds(meant.since, meant.until)) == expected


@settings(max_examples=40)
@given(BATCHES, SELECTIONS, st.lists(st.tuples(EDGES, EDGES).map(sorted), max_size=4))
def test_sources_hold_each_call_once(tmp_path_factory, batches, meant, spans):
    """The sums that a span of time is taken from, whole half hours and edges, have each of its calls exactly once."""
    folder = tmp_path_factory.mktemp("sessions")
    with opened(folder) as found:
        calls = stored(folder, batches, found)
        for start, end in [(None, None), *spans, *((start, None) for start, _ in spans)]:
            selected = SelectionSql(found, meant)
            sources = selected.between(start, end)
            number = sum(found.db.execute(f"SELECT {each.summed} FROM {each.rows}").fetchone()[0] for each in sources)
            sessions = {
                session for each in sources for (session,) in found.db.execute(f"SELECT session FROM {each.sessions}")
            }
            counted = [found.db.execute(each.distinct).fetchone()[0] for each in sources if each.distinct]

            expected = report_oracle.meant_calls(calls, meant._replace(since=start, until=end))
            assert number == len(expected)
            assert len(sessions) == len({call.session for call in expected})
            assert len(sources) > 1 or counted in ([], [len(sessions)])


@pytest.mark.parametrize(
    ("meant", "kinds"),
    [
        (ALL, ["total"]),
        (Selection(models=("gpt-*",)), ["total"]),
        (Selection(since=HALF_HOUR), ["slot"]),
        (Selection(since=HALF_HOUR, until=5 * HALF_HOUR), ["slot"]),
        (Selection(since=HALF_HOUR + 1, consumers=("x",)), ["slot", "round"]),
        (Selection(since=1, until=5 * HALF_HOUR + 1), ["slot", "round", "round"]),
        (Selection(since=1, until=2), ["slot", "round"]),
        (Selection(sessions=("a",)), ["round"]),
        (Selection(min_cost=0, since=0), ["round"]),
        (Selection(outcome="left"), ["round"]),
    ],
)
def test_the_best_source_is_taken(tmp_path, meant, kinds):
    """Sums are taken where they stand ready: rounds are gone through for chosen sessions and broken half hours only."""
    with opened(tmp_path) as found:
        Agent(tmp_path).store([Step("a", 0), Step("b", 9 * HALF_HOUR)], found)

        assert [source.rows.split()[0] for source in SelectionSql(found, meant).sources()] == kinds


@pytest.mark.parametrize("meant", [Selection(sessions=("a",)), Selection(outcome="left")])
def test_rounds_are_not_gone_through_for_each_of_many_spans(tmp_path, meant):
    """Whoever asks of one span after the other gets the rounds that are meant in the order of their time, all of them."""
    with opened(tmp_path) as found:
        steps = [Step("a", n * HALF_HOUR // 3, ends=("left", "whole")[n % 2]) for n in (*range(20), -6)]
        Agent(tmp_path).store([*steps, Step("a", None, ends="left"), Step("b", 7)], found)
        selected = SelectionSql(found, meant)
        calls = report_oracle.meant_calls(report_oracle.calls_of(tmp_path, BOOK), meant)

        for start, end in [(None, 0), (0, HALF_HOUR), (HALF_HOUR, 2 * HALF_HOUR), (2 * HALF_HOUR, None), (None, None)]:
            (source,) = selected.between(start, end)
            (number,) = found.db.execute(f"SELECT count(*) FROM {source.rows}").fetchone()
            within = report_oracle.meant_calls(calls, meant._replace(since=start, until=end))
            assert number == len(within) > 0
        plan = found.db.execute(f"EXPLAIN QUERY PLAN SELECT 1 FROM {selected.between(0, 1)[0].rows}").fetchall()
        assert "USING INDEX" in plan[0][3] or "USING COVERING INDEX" in plan[0][3]


@pytest.mark.parametrize(
    ("name", "ids"), [("a", {"a"}), ("[x]", {"[x]", "x"}), ("a*", {"a", "a*b", "a'b"}), ("A", set())]
)
def test_ids_and_patterns(tmp_path, name, ids):
    """A session is meant by its id to the letter, also where that has a pattern's signs, or by a pattern."""
    with opened(tmp_path) as found:
        Agent(tmp_path).store([Step(each) for each in ("a", "[x]", "x", "a*b", "a'b", "'; --")], found)

        sql = f"SELECT session_id FROM session WHERE {SelectionSql(found, Selection(sessions=(name,))).sessions()}"
        assert {session for (session,) in found.db.execute(sql)} == ids


def test_selections_one_after_the_other(tmp_path):
    """One connection answers for many selections, each for itself."""
    with opened(tmp_path) as found:
        Agent(tmp_path).store([Step("a"), Step("b")], found)
        for name in ("a", "b", "a"):
            where = SelectionSql(found, Selection(sessions=(name,))).sessions()
            assert found.db.execute(f"SELECT session_id FROM session WHERE {where}").fetchall() == [(name,)]


@pytest.mark.parametrize(("start", "end"), [(-HALF_HOUR, 0), (0, HALF_HOUR), (-1, 1), (None, 0), (0, None), (-5, None)])
def test_calls_before_1970(tmp_path, start, end):
    """Also at moments below 0 a call is in the half hour that it is in: a clock that was not set is no reason to err."""
    with opened(tmp_path) as found:
        Agent(tmp_path).store([Step("a", at) for at in (-HALF_HOUR, -HALF_HOUR + 1, -2, -1, 0, 1, HALF_HOUR)], found)
        calls = report_oracle.calls_of(tmp_path, BOOK)
        sources = SelectionSql(found, ALL).between(start, end)
        number = sum(found.db.execute(f"SELECT {each.summed} FROM {each.rows}").fetchone()[0] for each in sources)

        assert number == len(report_oracle.meant_calls(calls, Selection(since=start, until=end)))


@pytest.mark.parametrize(
    ("meant", "listed"),
    [
        (Selection(models=("gpt-4o",), outcome="failed"), {"both", "same"}),
        (Selection(models=("gpt-4o",), outcome="left"), set()),
        (Selection(models=("gpt-4o",), outcome="ok"), {"apart", "both"}),
        (Selection(models=("gpt-4o",), consumers=("x",), outcome="failed"), {"same"}),
        (Selection(outcome="failed"), {"apart", "both", "same"}),
        (Selection(models=("gpt-4o",)), {"apart", "both", "same"}),
    ],
)
def test_one_call_must_be_all_that_is_meant(tmp_path, meant, listed):
    """A session of which one call is of the model, and another one failed, has no failed call of that model."""
    with opened(tmp_path) as found:
        steps = [
            *(Step("apart", 0, "gpt-4o"), Step("apart", 1, "gpt-4", failed=True)),
            *(Step("both", 2, "gpt-4o"), Step("both", 3, "gpt-4o", failed=True)),
            Step("same", 4, "gpt-4o", "x", failed=True),
        ]
        Agent(tmp_path).store(steps, found)
        where = SelectionSql(found, meant).sessions()
        assert {each for (each,) in found.db.execute(f"SELECT session_id FROM session WHERE {where}")} == listed
