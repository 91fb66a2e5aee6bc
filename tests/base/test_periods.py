"""Spans of time of any time zone, as moments."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.base import periods
from session_monitor.base.periods import DAY, HOUR, MONTH, WEEK

ZONES = ["UTC", "Asia/Shanghai", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe"]
FORMATS = {HOUR: "%Y-%m-%d %H:00", DAY: "%Y-%m-%d", WEEK: "%G-W%V", MONTH: "%Y-%m"}
MOMENTS = st.integers(
    int(datetime(1990, 1, 1, tzinfo=timezone.utc).timestamp()) * 1000,
    int(datetime(2037, 12, 31, tzinfo=timezone.utc).timestamp()) * 1000,
)


def at(text):
    """Milliseconds since 1970 of a time in UTC."""
    return int(datetime.fromisoformat(text + "+00:00").timestamp() * 1000)


@given(st.sampled_from(ZONES), st.sampled_from(periods.UNITS), MOMENTS)
def test_a_moment_lies_in_its_span(name, unit, moment):
    """Whatever the zone and the season, a moment lies in its span, whose name is what a clock there shows."""
    span = periods.span_of(unit, moment, periods.zone(name))

    assert span.start <= moment < span.end
    assert span.name == datetime.fromtimestamp(moment // 1000, ZoneInfo(name)).strftime(FORMATS[unit])


@given(st.sampled_from(ZONES), st.sampled_from([DAY, WEEK, MONTH]), MOMENTS)
def test_spans_follow_each_other(name, unit, moment):
    """Each ends where the next begins, also where a clock is changed, and all moments in one agree about it."""
    where = periods.zone(name)
    span = periods.span_of(unit, moment, where)
    following = periods.span_of(unit, span.end, where)

    assert following.start == span.end
    assert following.name > span.name
    assert periods.span_of(unit, span.start, where) == span == periods.span_of(unit, span.end - 1, where)


@given(st.sampled_from(ZONES[:-1]), MOMENTS)
def test_hours_follow_each_other(name, moment):
    """Where clocks change by whole hours, each hour has sixty minutes and ends where the next one begins."""
    where = periods.zone(name)
    span = periods.span_of(HOUR, moment, where)

    assert span.end - span.start == 3_600_000
    assert periods.span_of(HOUR, span.start, where) == span == periods.span_of(HOUR, span.end - 1, where)
    assert periods.span_of(HOUR, span.end, where).start == span.end


@pytest.mark.parametrize(
    ("zone", "unit", "moment", "name", "start", "end"),
    [
        ("UTC", DAY, "2026-02-01T12:00:00", "2026-02-01", "2026-02-01T00:00:00", "2026-02-02T00:00:00"),
        ("Asia/Shanghai", DAY, "2026-02-01T16:00:00", "2026-02-02", "2026-02-01T16:00:00", "2026-02-02T16:00:00"),
        ("Asia/Shanghai", DAY, "2026-02-01T15:59:59.999", "2026-02-01", "2026-01-31T16:00:00", "2026-02-01T16:00:00"),
        # Half and quarter hours beside UTC.
        ("Asia/Kolkata", HOUR, "2026-02-01T18:30:00", "2026-02-02 00:00", "2026-02-01T18:30:00", "2026-02-01T19:30:00"),
        (
            "Asia/Kathmandu",
            HOUR,
            "2026-02-01T18:14:59",
            "2026-02-01 23:00",
            "2026-02-01T17:15:00",
            "2026-02-01T18:15:00",
        ),
        ("Asia/Kathmandu", DAY, "2026-02-01T18:15:00", "2026-02-02", "2026-02-01T18:15:00", "2026-02-02T18:15:00"),
        # A day of 23 hours, one of 25, one of 24 and a half; the hour that comes twice.
        ("America/New_York", DAY, "2026-03-08T12:00:00", "2026-03-08", "2026-03-08T05:00:00", "2026-03-09T04:00:00"),
        ("America/New_York", DAY, "2026-11-01T12:00:00", "2026-11-01", "2026-11-01T04:00:00", "2026-11-02T05:00:00"),
        ("Australia/Lord_Howe", DAY, "2026-04-04T18:00:00", "2026-04-05", "2026-04-04T13:00:00", "2026-04-05T13:30:00"),
        (
            "America/New_York",
            HOUR,
            "2026-11-01T05:30:00",
            "2026-11-01 01:00",
            "2026-11-01T05:00:00",
            "2026-11-01T06:00:00",
        ),
        (
            "America/New_York",
            HOUR,
            "2026-11-01T06:30:00",
            "2026-11-01 01:00",
            "2026-11-01T06:00:00",
            "2026-11-01T07:00:00",
        ),
        # A midnight that a clock leaves out: the day begins at one.
        ("America/Sao_Paulo", DAY, "2018-11-04T12:00:00", "2018-11-04", "2018-11-04T03:00:00", "2018-11-05T02:00:00"),
        # Weeks from Monday on, months of any length, and both across a year's end.
        ("UTC", WEEK, "2026-02-01T12:00:00", "2026-W05", "2026-01-26T00:00:00", "2026-02-02T00:00:00"),
        ("UTC", WEEK, "2027-01-03T23:59:59", "2026-W53", "2026-12-28T00:00:00", "2027-01-04T00:00:00"),
        ("UTC", WEEK, "2024-12-30T00:00:00", "2025-W01", "2024-12-30T00:00:00", "2025-01-06T00:00:00"),
        ("Asia/Shanghai", WEEK, "2026-12-31T15:59:59", "2026-W53", "2026-12-27T16:00:00", "2027-01-03T16:00:00"),
        ("UTC", MONTH, "2028-02-29T23:59:59", "2028-02", "2028-02-01T00:00:00", "2028-03-01T00:00:00"),
        ("UTC", MONTH, "2026-12-31T23:59:59", "2026-12", "2026-12-01T00:00:00", "2027-01-01T00:00:00"),
        ("Asia/Shanghai", MONTH, "2025-12-31T16:00:00", "2026-01", "2025-12-31T16:00:00", "2026-01-31T16:00:00"),
        ("America/New_York", MONTH, "2026-03-15T00:00:00", "2026-03", "2026-03-01T05:00:00", "2026-04-01T04:00:00"),
    ],
)
def test_spans(zone, unit, moment, name, start, end):
    """Hours, days, weeks and months begin and end when a calendar of the place says so."""
    assert periods.span_of(unit, at(moment), periods.zone(zone)) == periods.TimeSpan(name, at(start), at(end))


@given(st.sampled_from(ZONES), st.dates(date(1990, 1, 1), date(2037, 12, 31)))
def test_days_begin_at_their_first_moment(name, day):
    """Where a day begins it is that day, and a millisecond before it is the one before."""
    where = periods.zone(name)
    start = periods.start_of(day, where)

    assert periods.date_of(start, where) == day
    assert periods.date_of(start - 1, where) == day - timedelta(1)


def test_the_local_zone(monkeypatch):
    """Without a name the spans are this machine's."""
    moment = at("2026-02-01T16:30:00")
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    local = [periods.span_of(unit, moment, periods.zone("local")) for unit in periods.UNITS]
    begins = periods.start_of(date(2026, 2, 1), None)
    monkeypatch.undo()
    time.tzset()

    where = periods.zone("Asia/Shanghai")
    assert local == [periods.span_of(unit, moment, where) for unit in periods.UNITS]
    assert begins == periods.start_of(date(2026, 2, 1), where)


@pytest.mark.parametrize(
    ("told", "name"),
    [("Asia/Shanghai", "Asia/Shanghai"), (":UTC", "UTC"), ("CET-1CEST", None), ("/etc/passwd", None), ("../x", None)],
)
def test_the_name_of_the_local_zone(monkeypatch, told, name):
    """It is what the environment names, where that is a zone's own name."""
    monkeypatch.setenv("TZ", told)
    assert periods.local_name() == name


@pytest.mark.parametrize(
    ("place", "name"),
    [("/usr/share/zoneinfo/Europe/Berlin", "Europe/Berlin"), ("/etc/localtime", None), ("/nowhere/at/all", "UTC")],
)
def test_the_name_of_the_machines_zone(monkeypatch, tmp_path, place, name):
    """Else it is that of the file that the machine has for it; without any it is UTC."""
    if place == "/etc/localtime":
        place = str(tmp_path / "copied")
        (tmp_path / "copied").write_bytes(b"TZif")
    monkeypatch.delenv("TZ", raising=False)
    monkeypatch.setattr(periods.os.path, "realpath", lambda _path: place)
    monkeypatch.setattr(periods.os.path, "exists", lambda path: path != "/nowhere/at/all")
    assert periods.local_name() == name


@pytest.mark.parametrize(
    ("text", "hours"), [("+08:00", 8), ("-03:30", -3.5), ("+0545", 5.75), ("+14:00", 14), ("-00:00", 0)]
)
def test_an_offset(text, hours):
    """Hours and minutes east of UTC are a zone whose days they begin."""
    assert periods.zone(text).utcoffset(None) == timedelta(hours=hours)
    assert periods.start_of(date(2026, 2, 1), periods.zone(text)) == 1769904000000 - hours * 3_600_000


@pytest.mark.parametrize(
    "name", ["", "Nowhere", "../etc/passwd", "Asia/Beijing\0", "x" * 5000, "+8", "+25:00", "-", "+"]
)
def test_no_such_zone(name):
    """A name that is no zone's is told as such, whatever it is."""
    with pytest.raises(periods.UnknownZoneError):
        periods.zone(name)


@pytest.mark.parametrize("moment", [10**17, -(10**17), -62_135_596_800_000, 253_402_300_799_999])
@pytest.mark.parametrize("zone", ["local", "UTC", "Asia/Shanghai", "America/New_York"])
def test_a_moment_off_the_calendar(moment, zone):
    """A moment that no calendar holds, or whose neighbour none does, lies in a span all the same."""
    where = periods.zone(zone)

    assert periods.date_of(moment, where) in (date.min, date.max)
    for unit in periods.UNITS:
        span = periods.span_of(unit, moment, where)
        assert span.start <= moment < span.end
