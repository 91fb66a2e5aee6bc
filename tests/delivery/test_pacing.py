"""Nobody is told faster than the receiver takes it, nor forgotten too early."""

from __future__ import annotations

import pytest

from session_monitor.delivery import pacing, receivers
from tests.support.alerting import NOW, Clock


@pytest.mark.parametrize("kind", receivers.all_kinds())
def test_below_the_vendors_limit(kind):
    """Over twenty minutes of as fast as may be, no span of a vendor's holds more than its limit."""
    receiver, clock, sent = receivers.all_kinds()[kind], Clock(0), []
    bucket = pacing.Bucket(receiver.burst, receiver.a_minute, 0)
    while clock() < 1_200_000:
        clock.now += bucket.wait(clock())
        assert bucket.wait(clock()) == 0
        bucket.take(clock())
        sent.append(clock())

    for most, seconds in receiver.vendor:
        spans = (
            sum(start <= each < start + seconds * 1000 for each in sent[place : place + most + 2])
            for place, start in enumerate(sent)
        )
        assert max(spans) <= most
    assert len(sent) >= 20 * receiver.a_minute * 0.95


def test_a_clock_that_is_put_back():
    """It gives no leave to send, and takes none for long."""
    bucket = pacing.Bucket(1, 60, NOW)
    bucket.take(NOW)
    assert bucket.wait(NOW - 3_600_000) == 1000
    assert bucket.wait(NOW - 3_600_000 + 1000) == 0


@pytest.mark.parametrize(
    ("hours", "tries", "is_over"), [(0, 1, False), (23.9, 49, False), (24, 1, True), (1, 50, True)]
)
def test_given_up(hours, tries, is_over):
    """After a day, or fifty tries."""
    assert pacing.is_over(NOW, tries, NOW + round(hours * 3_600_000)) == is_over
