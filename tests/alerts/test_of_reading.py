"""Bytes that were lost are told as often as there are more of them; a log that grows unread, after so many minutes."""

from __future__ import annotations

import pytest

from session_monitor.alerts import of_reading, rules
from session_monitor.alerts.of_reading import LogReading

USUAL = rules.of_document({}).rules
MINUTE = 60_000


def test_what_was_lost():
    """What is so is another thing once more is lost."""
    (told,) = of_reading.conditions(LogReading(2048), USUAL, 0)
    (more,) = of_reading.conditions(LogReading(4096), USUAL, 0)

    assert (told.severity, told.kind, told.happened) == ("critical", "error", True)
    assert told.text.startswith("2.05 kB of the log were gone before they could be read")
    assert told.key != more.key
    assert list(of_reading.conditions(LogReading(2048), {}, 0)) == []
    assert list(of_reading.conditions(LogReading(), USUAL, 0)) == []


@pytest.mark.parametrize(("minutes", "is_told"), [(14, False), (15, True), (90, True)])
def test_a_log_that_grows_unread(minutes, is_told):
    """Not before the minutes of its rule have gone by."""
    told = list(of_reading.conditions(LogReading(0, 1), USUAL, 1 + minutes * MINUTE))

    assert [each.rule for each in told] == ["unread_log"] * is_told


@pytest.mark.parametrize(("is_stuck", "since"), [(False, None), (True, 7)])
def test_since_when_a_log_is_unread(is_stuck, since):
    """Since the first poll of those in a row that read nothing though there was something, or could not."""
    first = LogReading().after(lost_bytes=3, is_stuck=is_stuck, now=7)
    again = first.after(lost_bytes=3, is_stuck=is_stuck, now=9)

    assert first == again == LogReading(3, since)
