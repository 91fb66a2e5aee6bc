"""Why a time cost more or less than another."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_monitor.reports.report import Report
from session_monitor.reports.selected.filters import Selection
from session_monitor.reports.sums import drivers
from session_monitor.reports.sums.drivers import ChangeParts, Priced, split
from tests.reports.sums.test_breakdown import kept
from tests.support import report_oracle
from tests.support.calls import BOOK
from tests.support.indexes import BATCHES, EDGES

NUMBERS = st.integers(0, 5) | st.integers(0, 10**12)
SIGNED = NUMBERS | NUMBERS.map(int.__neg__)
MODELS = st.dictionaries(
    st.sampled_from(["m", "n", None]), st.builds(Priced, NUMBERS, NUMBERS, NUMBERS, NUMBERS, SIGNED)
)


@given(MODELS, MODELS)
def test_parts_add_up_to_the_difference(before, now):
    """Whatever calls add up to, also to nothing: to the last pico-dollar."""
    spent = [sum(each.pico for each in models.values() if models) for models in (before, now)]
    calls = sum(each.calls for each in before.values())

    assert sum(split(before, now)) == spent[1] - (spent[0] if calls else 0)


USUAL = Priced(calls=10, tokens=1000, cached=400, pico=5000, saved=800)


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ({"m": USUAL}, {"m": USUAL}, ChangeParts()),
        ({"m": USUAL}, {"m": Priced(20, 2000, 800, 10_000, 1600)}, ChangeParts(calls=5000)),
        ({"m": USUAL}, {"m": Priced(10, 2000, 800, 10_000, 1600)}, ChangeParts(tokens_per_call=5000)),
        ({"m": USUAL}, {"m": Priced(10, 1000, 0, 5800, 0)}, ChangeParts(cached=800)),
        ({"m": USUAL}, {"m": Priced(10, 1000, 600, 4600, 1200)}, ChangeParts(cached=-400)),
        ({"m": USUAL._replace(cached=0, saved=0)}, {"m": Priced(10, 1000, 600, 3800, 1200)}, ChangeParts(cached=-1200)),
        ({"m": USUAL}, {"m": Priced(10, 1000, 400, 7000, 800)}, ChangeParts(token_price=2000)),
        (
            {"m": USUAL, "n": Priced(10, 1000, 0, 1000, 0)},
            {"n": Priced(20, 2000, 0, 2000, 0)},
            ChangeParts(models=-4000),
        ),
        ({"m": USUAL}, {"n": Priced(10, 1000, 0, 9000, 0)}, ChangeParts(models=4000)),
        ({}, {"m": USUAL}, ChangeParts(calls=5000)),
        ({"m": USUAL}, {}, ChangeParts(calls=-5000)),
    ],
    ids=[
        *(
            "nothing",
            "more calls",
            "longer calls",
            "no cache",
            "more from a cache",
            "a cache at last",
            "a dearer price",
        ),
        *("the cheaper model", "a new model", "new", "gone"),
    ],
)
def test_one_cause_is_one_part(before, now, expected):
    """Where one thing alone has changed, all of the difference is its part."""
    assert split(before, now) == expected


@settings(max_examples=10)
@given(BATCHES, st.lists(EDGES, min_size=3, max_size=3, unique=True).map(sorted), st.integers(1, 4))
def test_rows_add_up_to_both_times(tmp_path_factory, batches, edges, limit):
    """Rows and all others are the total, which is what the calls of both times cost; parts are each one's change."""
    folder = tmp_path_factory.mktemp("sessions")
    kept(folder, batches)
    before, now = (Selection(since=since, until=until) for since, until in zip(edges, edges[1:]))
    calls = report_oracle.calls_of(folder, BOOK)
    spent = [report_oracle._pico(report_oracle.meant_calls(calls, each)) for each in (now, before)]
    for by in ("model", "consumer", "route", "vendor", "seller"):
        found = Report(str(folder), BOOK).drivers(by, now, before, limit)
        rows = [*found.rows, *([found.others] if found.others else [])]
        assert [found.total.now.spending.pico, found.total.before.spending.pico] == spent
        for row in (*rows, found.total):
            assert sum(row.parts) == row.change
        assert sum(row.change for row in rows) == found.total.change == spent[0] - spent[1]
        assert len(found.rows) <= limit
        assert sum(row.now.calls for row in rows) == len(report_oracle.meant_calls(calls, now))


@settings(max_examples=8)
@given(BATCHES, st.lists(EDGES, min_size=3, max_size=3, unique=True).map(sorted))
def test_of_tools_tokens_are_told(tmp_path_factory, batches, edges):
    """What results of each tool added to the prompts in both times; the parts are the change."""
    folder = tmp_path_factory.mktemp("sessions")
    kept(folder, batches)
    before, now = (Selection(since=since, until=until) for since, until in zip(edges, edges[1:]))
    calls = report_oracle.calls_of(folder, BOOK)
    tools = [report_oracle.by_tool(report_oracle.meant_calls(calls, each)) for each in (now, before)]
    found = Report(str(folder), BOOK).tool_drivers(now, before, 100)

    assert {each.tool for each in found} == {*tools[0], *tools[1]}
    for each in found:
        tokens = [of.get(each.tool, (0,) * 6)[4] for of in tools]
        assert [each.now.tokens, each.before.tokens] == tokens
        assert sum(each.to_json()["parts_tokens"].values()) == each.change == tokens[0] - tokens[1]


def test_groups_have_rows():
    """What a change may be told by are columns that calls are added up by, and tools."""
    assert set(drivers.GROUPS) == {"model", "consumer", "route", "tool"}
