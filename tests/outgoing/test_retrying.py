"""Who failed is tried again later each time."""

from __future__ import annotations

from session_monitor.outgoing import retrying


def test_back_off():
    """1, 2, 4 … 300 seconds, a fifth more or less."""
    middle = [retrying.back_off(tries, 0.5) for tries in range(1, 60)]
    assert middle[:10] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]
    assert set(middle[9:]) == {300}
    assert (retrying.back_off(1, 0), retrying.back_off(12, 1)) == (0.8, 360)
