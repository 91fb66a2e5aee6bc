"""A session is active, idle, stale or ended: by its last call, and by what a person said."""

from __future__ import annotations

import pytest

from session_monitor.reports.selected import states

MINUTE, HOUR = 60_000, 3_600_000
NOW = 1_770_000_000_000


@pytest.mark.parametrize(
    ("ago", "expected"),
    [
        (-MINUTE, "active"),
        (0, "active"),
        (15 * MINUTE, "active"),
        (15 * MINUTE + 1, "idle"),
        (12 * HOUR, "idle"),
        (12 * HOUR + 1, "stale"),
    ],
)
def test_by_its_last_call(ago, expected):
    """To the millisecond; one that is archived has ended, whenever that was."""
    stale = states.stale_before(None, NOW)

    assert states.state(NOW - ago, is_archived=False, now=NOW, stale=stale) == expected
    assert states.state(NOW - ago, is_archived=True, now=NOW, stale=stale) == "ended"


def test_one_without_a_time_is_not_said_to_be_stale():
    """Nobody knows when it talked."""
    assert states.state(None, is_archived=False, now=NOW, stale=NOW) == "idle"


def test_a_mark_makes_younger_ones_stale():
    """Those that were silent when somebody gave them up; older ones are so anyway, and an active one is active."""
    assert states.stale_before(None, NOW) == NOW - 12 * HOUR
    assert states.stale_before(NOW - HOUR, NOW) == NOW - HOUR
    assert states.stale_before(NOW - 48 * HOUR, NOW) == NOW - 12 * HOUR
    assert states.stale_before(NOW, NOW) == NOW - 15 * MINUTE
    assert states.stale_before(None, NOW, max_age=MINUTE) == NOW - 15 * MINUTE
