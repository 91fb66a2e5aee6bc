"""A budget that a growing log crosses is told once, whatever kills the monitor; ``python3 -m tests.campaigns.alert_passes`` does so more often."""

from __future__ import annotations

from tests.campaigns.alert_passes import EXPECTED, crossed


def test_one_warning_and_one_breach(tmp_path):
    """In passes of cron of which some are killed, to a receiver that fails twice."""
    found = crossed(tmp_path, 8)

    assert found.wrong == []
    assert found.taken.keys() == EXPECTED.keys()


def test_without_any_kill_each_comes_once(tmp_path):
    """The receiver has one of each."""
    assert crossed(tmp_path, 0).taken == EXPECTED
