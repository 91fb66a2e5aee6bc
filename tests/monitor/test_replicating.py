"""A monitor keeps a store equal to its folder, pass by pass and while it follows."""

from __future__ import annotations

import pytest

from session_monitor.ingest.poll import Poll
from session_monitor.monitor.replicating import Replicating
from tests.support.calls import BOOK
from tests.support.clickhouse_standin import ClickHouseStandIn
from tests.support.indexes import Step
from tests.support.kept_rows import Shipped, told, truth
from tests.support.waiting import until

MARCH = 1_772_913_015_000


@pytest.fixture
def server():
    """A stand-in for a ClickHouse server."""
    with ClickHouseStandIn() as stand_in:
        yield stand_in


@pytest.fixture
def folder(tmp_path):
    """A folder in which calls are stored."""
    (tmp_path / "sessions").mkdir()
    found = Shipped(tmp_path / "sessions")
    found.calls([Step(at=MARCH)])
    return found


def of_run(folder, server):
    """What one run has."""
    return Replicating(str(folder.folder), server.address, "gw", {}, lambda: BOOK)


def is_equal(folder, server):
    """Whether the store says what the folder says."""
    return told(server.kept.final()) == truth(folder.folder)


def test_a_single_pass(folder, server):
    """It sends before it ends."""
    run = of_run(folder, server)
    run.after(Poll(), 1, is_following=False)
    run.close(Poll())
    assert is_equal(folder, server)


def test_one_who_follows(folder, server):
    """A thread sends; what came last is sent at the end."""
    run, poll = of_run(folder, server), Poll()
    run.after(poll, 1, is_following=True)
    assert until(lambda: len(server.kept.rows["rounds"]) == 1, "the first round")
    folder.calls([Step(session="b", at=MARCH)])
    run.after(poll, 2, is_following=True)
    run.close(poll)
    assert is_equal(folder, server)
    assert poll.notices == []


def test_what_keeps_it_from_that(folder, server):
    """It is told once, and what waits is sent by the next run."""
    server.plays.append(516)
    run, poll = of_run(folder, server), Poll()
    run.close(poll)
    assert len(poll.notices) == 1
    assert poll.notices[0].startswith("ship: the ClickHouse refused: error 516")
