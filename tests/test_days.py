"""Days of any time zone, as moments."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor import days

ZONES = ["UTC", "Asia/Shanghai", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe"]


@given(st.sampled_from(ZONES), st.dates(date(1990, 1, 1), date(2037, 12, 31)), st.integers(0, 86_399))
def test_a_moment_lies_in_its_day(name, day, second):
    """Whatever the zone and the season, a moment of a day lies between that day's beginning and the next one's."""
    where = days.zone(name)
    moment = datetime(day.year, day.month, day.day, tzinfo=timezone.utc) + timedelta(seconds=second)
    number = int(moment.timestamp()) * 1000

    (found,) = days.last(1, days.date_of(number, where), where)

    assert found.start <= number < found.end
    assert found.date == moment.astimezone(ZoneInfo(name)).date()


def test_days_follow_each_other():
    """The newest day comes last, and each ends where the next begins, also where a clock is changed."""
    found = days.last(400, date(2026, 4, 1), days.zone("America/New_York"))

    assert len(found) == 400
    assert found[-1].date == date(2026, 4, 1)
    assert all(one.end == other.start for one, other in zip(found, found[1:]))
    assert {(day.end - day.start) // 3_600_000 for day in found} == {23, 24, 25}


def test_the_local_zone(monkeypatch):
    """Without a name the days are this machine's."""
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    (local,) = days.last(1, date(2026, 2, 1), days.zone("local"))
    monkeypatch.undo()
    time.tzset()

    assert (local,) == tuple(days.last(1, date(2026, 2, 1), days.zone("Asia/Shanghai")))


@pytest.mark.parametrize("name", ["", "Nowhere", "../etc/passwd", "Asia/Beijing\0", "x" * 5000])
def test_no_such_zone(name):
    """A name that is no zone's is told as such, whatever it is."""
    with pytest.raises(days.UnknownZone):
        days.zone(name)


@pytest.mark.parametrize("moment", [10**17, -(10**17)])
def test_a_moment_off_the_calendar(moment):
    """A moment that no calendar holds falls on its first or last day."""
    assert days.date_of(moment, None) in (date.min, date.max)
