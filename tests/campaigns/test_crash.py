"""Kills, failing disks and power failures at every moment, with an exact account; ``tests.campaigns.crash`` does more of them."""

from __future__ import annotations

import random
import sys

import pytest

from tests.campaigns.crash import kills, mistakes, points, power
from tests.campaigns.crash.disk import Disk


def test_a_run_may_end_at_any_operation(tmp_path, capfd):
    """Killed at, or failing from, any file operation, a run leaves what the next one makes whole, each call once."""
    tally = points.points(tmp_path, 1, stride=29)

    assert tally.failures == []
    assert tally.done["operations"] >= 300
    assert tally.done["kills"] >= tally.done["operations"] // 29
    assert "was set aside" in capfd.readouterr().err  # as the course means it at its end


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere one process reads alone")
def test_those_who_read_for_a_run_may_end_at_any_operation(tmp_path):
    """The same at any operation of any of several processes that take in what is new, and where one dies alone."""
    tally = points.points(tmp_path, 2, stride=97, jobs=2)

    assert tally.failures == []
    assert tally.done["operations"] >= 300


@pytest.mark.parametrize("jobs", [1, 2])
def test_the_power_may_fail_at_any_operation(tmp_path, jobs):
    """Whatever part of what was not synced reached the disk, the next run gives each call once and unchanged."""
    tally = power.power(tmp_path, 3, 150, jobs)

    assert tally.failures == []
    assert sum(tally.done.values()) == 150


def test_the_program_may_be_killed_at_any_moment(tmp_path):
    """Killed at random, alone or among others, while the log grows and is rotated, it ends with each call once."""
    tally = kills.kills(tmp_path, 4, 8)

    assert tally.failures == []
    assert tally.done[kills.AT_WORK] >= 8


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere one process reads alone")
def test_those_who_read_for_the_program_may_be_killed_at_any_moment(tmp_path):
    """The same where several processes take in the log: killed with the program or without it, they lose nothing."""
    tally = kills.kills(tmp_path, 4, 8, jobs=3)

    assert tally.failures == []
    assert tally.done[kills.AT_WORK] >= 8


@pytest.mark.parametrize("mistake", mistakes.BROKEN)
def test_mistakes_are_noticed(mistake):
    """What would lose a call or count it twice does not pass these tests."""
    assert mistakes.first_failure(mistake, 3)  # a seed with which each is met early


def test_a_power_failure_keeps_what_was_synced():
    """The disk that is made up for a test has all of what was synced, and of the rest anything from nothing to all."""
    disk = Disk({"old": b"a" * 1000})
    for event in [
        ("create", "new"),
        ("write", 2, b"b" * 1000, 0),
        ("fsync", 2),
        ("fsync folder",),
        ("write", 2, b"c" * 1000, 500),
        ("rename", "old", "moved"),
    ]:
        disk.record(*event)
    found = [disk.after_power_loss(len(disk.events), random.Random(seed)) for seed in range(100)]

    assert {tuple(sorted(each)) for each in found} == {("new", "old"), ("moved", "new")}
    assert {each.get("old", each.get("moved")) for each in found} == {b"a" * 1000}
    assert all(each["new"].startswith(b"b" * 500) for each in found)
    assert {b"b" * 1000, b"b" * 500 + b"c" * 1000} < {each["new"] for each in found}
