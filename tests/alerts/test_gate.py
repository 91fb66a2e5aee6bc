"""The gate is closed only where a look would tell nothing: whatever was spent, failed, set or lost, and whoever was killed."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from session_monitor.alerts import gate
from session_monitor.alerts.gate import Done, Room
from session_monitor.alerts.watch import AlertWatch
from session_monitor.base import files
from session_monitor.budgets import budget, budget_file
from session_monitor.budgets.budget_file import Budgets
from session_monitor.delivery.outbox import Outbox
from session_monitor.index.keeper import Keeper
from session_monitor.reports.report import Report
from session_monitor.reports.selected.filters import Selection
from tests.support.calls import BOOK
from tests.support.indexes import Agent, Step, silent

NOW = 20_000 * 86_400_000
NOTHING = Done(pico=0, tokens=0, failed=0, unpriced=0, lost_bytes=0, is_stuck=False, before=5, change=5)
PRICES = (None, (1, 2))


def spent(pico=0, tokens=0, before=5, change=6, **more):
    """A poll that read calls of that much."""
    return NOTHING._replace(pico=pico, tokens=tokens, before=before, change=change, **more)


@pytest.fixture
def folder(tmp_path):
    """Somebody looked, and there is room for a hundred."""
    gate.close(str(tmp_path), Room(100, 1000, 50), NOTHING, PRICES, gate.settings(str(tmp_path)), 8)
    return str(tmp_path)


def test_as_long_as_there_is_room(folder):
    """What was spent adds up from poll to poll."""
    assert not gate.is_open(folder, NOTHING, PRICES, 9)
    assert not gate.is_open(folder, spent(60), PRICES, 9)
    assert not gate.is_open(folder, spent(39, 999, 6, 7), PRICES, 9)
    assert gate.is_open(folder, spent(1, 0, 7, 8), PRICES, 9)


@pytest.mark.parametrize(
    "done",
    [
        spent(100),
        spent(0, 1000),
        spent(failed=1),
        spent(unpriced=1),
        spent(lost_bytes=1),
        spent(is_stuck=True),
        spent(before=4),
        spent(change=None),
        spent(before=None),
    ],
)
def test_what_opens_it(folder, done):
    """Too much, what fails or has no price, what was lost; and an index that changed without anybody telling."""
    assert gate.is_open(folder, done, PRICES, 9)


def test_it_is_open_where_it_was_never_closed(tmp_path, folder):
    """Nor where the time has come, prices or budgets are others, or its file is damaged."""
    assert gate.is_open(str(tmp_path / "none"), NOTHING, PRICES, 9)
    assert gate.is_open(folder, NOTHING, PRICES, 50)
    assert gate.is_open(folder, NOTHING, (None, None), 9)
    (tmp_path / ".budgets.json").write_text("{}")
    assert gate.is_open(folder, NOTHING, PRICES, 9)
    gate.close(folder, Room(), NOTHING, PRICES, gate.settings(folder), 8)
    assert not gate.is_open(folder, spent(10**18, 10**12), PRICES, 10**15)
    for text in (
        "",
        "{}",
        "[" * 100_000,
        '{"pico": "x", "tokens": 0, "room": [1, 2, 3]}',
        '{"pico": 1, "tokens": 0, "room": []}',
    ):
        (tmp_path / ".alerts" / "room.json").write_text(text)
        assert gate.is_open(folder, NOTHING, PRICES, 9)


def test_a_clock_that_went_back_opens_it(folder):
    """What was looked at was of another day."""
    assert not gate.is_open(folder, NOTHING, PRICES, 8)
    assert gate.is_open(folder, NOTHING, PRICES, 7)


def test_what_is_set_during_a_look_opens_it(tmp_path, folder):
    """The look did not see it."""
    before = gate.settings(folder)
    (tmp_path / ".budgets.json").write_text("{}")
    gate.close(folder, Room(), NOTHING, PRICES, before, 8)
    assert gate.is_open(folder, NOTHING, PRICES, 9)


def test_where_nothing_was_read_nobody_has_to_look_again(folder):
    """Though there is no room: a budget of each session that is used up by one leaves none."""
    gate.close(folder, Room(0, 0), NOTHING, PRICES, gate.settings(folder), 8)
    assert not gate.is_open(folder, NOTHING, PRICES, 9)
    assert gate.is_open(folder, spent(0, 0), PRICES, 9)


def test_what_waits_to_be_sent(tmp_path):
    """Whatever else is there."""
    assert not gate.is_waiting(str(tmp_path))
    (tmp_path / ".alerts" / "outbox").mkdir(parents=True)
    assert not gate.is_waiting(str(tmp_path))
    (tmp_path / ".alerts" / "outbox" / "x.phone.json").write_text("{}")
    assert gate.is_waiting(str(tmp_path))


# -- against looking each time -----------------------------------------------------------------------------------------


BUDGETS = (
    budget.made("daily", "0.01", None, "80%", name="daily", timezone="UTC"),
    budget.made("monthly", "0.05", None, "50%", name="monthly", timezone="Asia/Shanghai", model="gpt*"),
    budget.made("total", None, "20000", "90%", name="tokens"),
    budget.made("session", "0.01", None, "80%", name="session"),
    budget.made("rate", "0.01/h", None, "80%", name="rate", consumer="team-*"),
)
CALLS = st.tuples(
    st.sampled_from(["a", "b/c", "会话"]),
    st.integers(0, 5_000_000).map(lambda back: NOW - back),
    st.sampled_from(["gpt-4o", "gpt-4o", "qwen3-max"]),
    st.sampled_from([None, "team-1"]),
    st.integers(100, 4000),
).map(lambda words: Step(*words))
POLLS = st.lists(st.lists(CALLS, max_size=3), min_size=1, max_size=8)


@settings(max_examples=40, deadline=None)
@given(POLLS, st.sets(st.sampled_from(BUDGETS), min_size=1), st.booleans())
def test_a_gate_that_is_closed_keeps_nothing_back(tmp_path_factory, polls, budgets, is_fresh):
    """After any poll at which it is closed, a look would have told nothing."""
    folder = str(tmp_path_factory.mktemp("gate"))
    budget_file.write(Budgets(budget_file.path_of(folder), tuple(sorted(budgets))))
    agent, closed = Agent(folder), 0
    watch = AlertWatch(folder, Outbox(folder), "here")
    with contextlib.closing(Keeper(folder, BOOK, silent)) as keeper:
        for now, calls in enumerate(polls, NOW):
            before = keeper.change
            done = _poll(keeper, agent, folder, calls)._replace(before=before, change=keeper.change)
            report = Report(folder, BOOK, now=now)
            if is_fresh:
                watch = AlertWatch(folder, Outbox(folder), "here")
            if gate.is_open(folder, done, PRICES, now):
                set_ = gate.settings(folder)
                room = watch.look(report, {"lost_bytes": 0, "is_stuck": False}, now)
                gate.close(folder, room, done, PRICES, set_, now)
            else:
                closed += 1
                watch.look(report, {"lost_bytes": 0, "is_stuck": False}, now)
                assert watch.told == []
    event(f"closed after {closed} polls")


def _poll(keeper, agent, folder, calls):
    """A poll that read these calls."""
    sums = {True: None, False: None}
    sums[False] = Report(folder, BOOK).overview(Selection()).sums
    if calls:
        keeper.before()
        keeper.after(agent.store(calls))
        keeper.settle()
    sums[True] = Report(folder, BOOK).overview(Selection()).sums
    more = {name: getattr(sums[True], name) - getattr(sums[False], name) for name in ("total_tokens", "failed")}
    spending = [sums[is_after].spending for is_after in (False, True)]
    unpriced = spending[1].unpriced_rounds - spending[0].unpriced_rounds
    return Done(
        spending[1].pico - spending[0].pico, more["total_tokens"], more["failed"], unpriced, 0, False, None, None
    )


def test_its_file_does_not_wait_for_the_disk(folder, monkeypatch):
    """A power loss may take it: then it is open."""
    monkeypatch.setattr(files.os, "fsync", lambda _: pytest.fail("it waits for the disk"))

    assert not gate.is_open(folder, spent(1), PRICES, 9)
