"""Which orders of sessions were asked for, and how do they follow what comes?"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_monitor.index.keeper import Keeper
from session_monitor.notes import notes_file
from session_monitor.reports.report import Report
from session_monitor.reports.selected.filters import Selection
from session_monitor.reports.sessions import kept_orders, session_order
from session_monitor.reports.sessions.kept_orders import KeptOrders
from session_monitor.reports.sessions.session_order import SORT_KEYS
from session_monitor.sessions import file_names
from tests.support.calls import BOOK
from tests.support.indexes import BATCHES, Agent, Step, silent
from tests.support.report_oracle import SELECTIONS

SOME = Selection(models=("gpt-4o",))


@pytest.fixture
def made(monkeypatch):
    """How often an order was made from all that is meant."""
    times = []
    make = session_order.all_numbers
    monkeypatch.setattr(session_order, "all_numbers", lambda *asked: times.append(1) or make(*asked))
    return times


@pytest.fixture
def talked(tmp_path):
    """Three sessions, the later ones of more tokens, and what makes further calls in the folder."""
    agent = Agent(tmp_path)
    passed(agent, [Step(name, at, tokens=100 * (at + 1)) for at, name in enumerate("abc")])
    return agent


def passed(agent, steps):
    """A monitor's pass over some calls."""
    keeper = Keeper(agent.folder, BOOK, silent)
    keeper.before()
    keeper.after(agent.store(steps))
    keeper.settle()
    assert keeper.problem is None
    keeper.close()


def ids(report, selection=SOME, **page):
    """The sessions of a page."""
    return [row.fields["session_id"] for row in report.sessions(selection, **page).rows]


@settings(max_examples=40)
@given(BATCHES, st.lists(SELECTIONS, min_size=1, max_size=3), st.lists(st.integers(0, 9), max_size=5), st.data())
def test_a_kept_order_is_the_one_that_would_be_made(tmp_path_factory, batches, selections, gone, data):
    """Whatever comes, goes and is asked for, in any order of sessions: each page is what it is without anything kept."""
    folder = tmp_path_factory.mktemp("sessions")
    orders = KeptOrders(data.draw(st.sampled_from([3, 100])))
    agent = Agent(folder)
    for at, batch in enumerate(batches):
        passed(agent, batch)
        files = sorted(filter(file_names.is_session, os.listdir(folder)))
        if at < len(gone) and gone[at] < len(files):
            (folder / files[gone[at]]).unlink()
        for meant in selections:
            for sort_by in SORT_KEYS:
                reverse = data.draw(st.booleans())
                for page in ({}, {"limit": 2}, {"limit": 2, "offset": 1}):
                    asked = {"sort_by": sort_by, "reverse": reverse, **page}
                    plain = Report(str(folder), BOOK).sessions(meant, **asked)
                    assert Report(str(folder), BOOK, orders=orders).sessions(meant, **asked) == plain


def test_a_second_page_is_a_part_of_what_is_kept(talked, made):
    """Another page of the same question, forwards or backwards, goes through nothing once more; another question does."""
    orders = KeptOrders()

    def page(selection=SOME, **page):
        return ids(Report(talked.folder, BOOK, orders=orders), selection, **page)

    assert [page(sort_by="tokens", limit=1, offset=at) for at in range(4)] == [["c"], ["b"], ["a"], []]
    assert page(sort_by="tokens", reverse=True, limit=2) == ["a", "b"]
    assert len(made) == 1
    page(sort_by="cost")
    page(Selection(since=1), sort_by="cost")
    assert len(made) == 3


def test_what_all_sessions_are_sorted_by_is_kept_by_nobody(talked, made):
    """The index has all sessions in each order, and those since a moment in that of their last calls."""
    report = Report(talked.folder, BOOK, orders=KeptOrders())

    assert ids(report, Selection(), sort_by="cost", limit=1, offset=1) == ["b"]
    assert ids(report, Selection(since=1), limit=1, offset=1) == ["b"]
    assert made == []


def test_a_session_that_goes_on_takes_its_new_place(talked, made):
    """Of rounds that come only their sessions are looked at, wherever they stand then; new ones are there as well."""
    orders = KeptOrders()
    assert ids(Report(talked.folder, BOOK, orders=orders), sort_by="tokens") == ["c", "b", "a"]
    passed(talked, [Step("a", 9, tokens=900), Step("new", 1, tokens=150), Step("other", 1, model="qwen3-max")])

    found = Report(talked.folder, BOOK, orders=orders).sessions(SOME, sort_by="tokens")
    assert [row.fields["session_id"] for row in found.rows] == ["a", "c", "b", "new"]
    assert (found.meant, found.total) == (4, 5)
    assert len(made) == 1


def test_a_session_that_goes_is_gone(talked, made):
    """All others keep their places, also where another one comes at the same time."""
    orders = KeptOrders()
    assert ids(Report(talked.folder, BOOK, orders=orders), sort_by="tokens") == ["c", "b", "a"]
    (Path(talked.folder) / "b.json").unlink()
    assert ids(Report(talked.folder, BOOK, orders=orders), sort_by="tokens") == ["c", "a"]

    (Path(talked.folder) / "c.json").unlink()
    passed(talked, [Step("new", 1, tokens=50)])
    assert ids(Report(talked.folder, BOOK, orders=orders), sort_by="tokens") == ["a", "new"]
    assert len(made) == 1


def test_where_much_has_changed_an_order_is_made_anew(talked, made, monkeypatch):
    """A look at each session that changed is quicker only while these are few."""
    monkeypatch.setattr(kept_orders, "MOST_CHANGED", 1)
    orders = KeptOrders()
    ids(Report(talked.folder, BOOK, orders=orders))
    passed(talked, [Step("a", 9), Step("b", 8)])

    assert ids(Report(talked.folder, BOOK, orders=orders)) == ["a", "b", "c"]
    assert len(made) == 2


def test_what_is_noted_counts_at_once(talked, made):
    """Where what people note says which sessions are meant, an order holds as long as their notes do."""
    orders, starred = KeptOrders(), Selection(is_starred=True)
    for expected in ([], ["b"]):
        assert ids(Report(talked.folder, BOOK, orders=orders), starred) == expected
        assert ids(Report(talked.folder, BOOK, orders=orders), starred) == expected
        with notes_file.changing(talked.folder) as noted:
            noted.put("b", noted.of("b")._replace(starred=True))
    assert len(made) == 2


def test_memory_is_bounded(talked, made):
    """What was asked for longest ago goes first; an order that is larger than the room is not kept."""
    orders = KeptOrders(most=6)
    for sort_by in ("tokens", "cost", "tokens", "updated", "tokens", "cost"):
        ids(Report(talked.folder, BOOK, orders=orders), sort_by=sort_by)
    assert len(made) == 4
    small = KeptOrders(most=2)
    for _ in range(2):
        ids(Report(talked.folder, BOOK, orders=small))
    assert len(made) == 6


def test_questions_without_an_answer_are_bounded_as_well(talked, made, monkeypatch):
    """Who asks about another time each minute and finds nothing fills no memory."""
    monkeypatch.setattr(kept_orders, "MOST_ORDERS", 2)
    orders = KeptOrders()
    for since in (10, 11, 12, 12, 11, 10):
        assert ids(Report(talked.folder, BOOK, orders=orders), SOME._replace(since=since)) == []
    assert len(made) == 4
