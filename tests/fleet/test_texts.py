"""What was said is read from the database as it is from session files; what was not shipped is not made up."""

from __future__ import annotations

import contextlib
import json

import pytest

from session_monitor.base import mounts
from session_monitor.fleet import home
from session_monitor.prices import cost
from session_monitor.reports.report import Report
from session_monitor.sessions import title
from session_monitor.sessions.rounds import all_rounds, open_session, rounds_at
from tests.support import fleets
from tests.support.calls import BOOK
from tests.support.indexes import Agent, Step, caught_up, opened

NOW = 1_770_000_000_000
ODD = 'a/b "c"\n\\\udcff会话'
STEPS = [
    Step(ODD, NOW),
    Step(ODD, NOW + 1, tool="exec 'rm'"),
    Step(ODD, NOW + 2, tool_failed=True, aside=True),
    Step(ODD, NOW + 3, forgets=True, cached=40),
    Step("b", NOW, model=None, failed=True),
]


@pytest.fixture
def both(tmp_path, fleet, environment):
    """A folder, and what stands for the database that has its rounds and what was said in them."""
    own = tmp_path / "own"
    own.mkdir()
    with opened(own) as index:
        Agent(own).store(STEPS)
        fleet.put(*fleets.rows_of(caught_up(index), "gw", has_texts=True))
    folder = home.mounted(fleet.address, environment)
    mounts.of(folder).follow(folder, BOOK)
    return str(own), folder


def reports(both):
    """The answers of both."""
    return [Report(folder, BOOK) for folder in both]


def read(folder, report, session_id):
    """All rounds of a session, as its file has them."""
    with open_session(folder, report.session(session_id).file) as file:
        return list(all_rounds(file))


@pytest.mark.parametrize("session_id", [ODD, "b"])
def test_rounds_are_those_of_the_file(both, session_id):
    """Each one, whole, whatever is in it; and each by the place that the index names."""
    own, fleet = (read(folder, report, session_id) for folder, report in zip(both, reports(both)))
    assert fleet == own
    report = reports(both)[1]
    places = report.places(session_id, 1, None, None)
    with open_session(both[1], places[0].file) as file:
        assert list(rounds_at(file, places)) == own


def test_titles(both):
    """A list tells what a session began with, by one question for what was said."""
    own, fleet = ([title.of_file(folder, report.session(ODD).file)] for folder, report in zip(both, reports(both)))
    assert fleet == own
    assert own[0]


def test_where_nothing_was_shipped_nothing_is_told(tmp_path, fleet, environment):
    """A round is there with what it used, at what it cost, and without content."""
    with opened(tmp_path) as index:
        Agent(tmp_path).store(STEPS)
        fleet.put(*fleets.rows_of(caught_up(index), "gw"))
        own = [read(str(tmp_path), Report(str(tmp_path), BOOK), name) for name in (ODD, "b")]
    folder = home.mounted(fleet.address, environment)
    mounts.of(folder).follow(folder, BOOK)
    report = Report(folder, BOOK)
    for name, rounds in zip((ODD, "b"), own):
        for stored, there in zip(rounds, read(folder, report, name)):
            assert (there["question"], there["messages"], there["no_content"]) == (None, [], True)
            for each in ("round", "input_tokens", "output_tokens", "total_tokens", "model", "outcome", "response_code"):
                assert there.get(each) == stored.get(each), each
            assert there.get("thread") == stored.get("thread")
            assert cost.call_of(there) == cost.call_of(stored)
    assert "secret" not in json.dumps(read(folder, report, ODD))
    fleet.asked.clear()
    assert title.of_file(folder, report.session("b").file) is None


def test_a_session_that_is_gone(both, fleet):
    """Whoever still has its file's name hears that it is there no more."""
    folder = both[1]
    file = Report(folder, BOOK).session("b").file
    fleet.put(fleets.gone([json.loads(json.dumps({"gateway": "gw", "session": "b", "number": 1, "month": 202602}))], 9))
    with pytest.raises(FileNotFoundError), contextlib.closing(open_session(folder, file)):
        pass
