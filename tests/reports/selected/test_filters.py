"""Which moment and how much money does a person mean?"""

from __future__ import annotations

import contextlib
import re
import time
from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.base import periods, timestamps
from session_monitor.reports.selected import filters
from session_monitor.reports.selected.filters import ALL, BadMomentError, Selection

NOW = datetime(2026, 2, 2, 17, 30, 15, 250_000, tzinfo=timezone.utc)


def at(text):
    """Milliseconds since 1970 of a time in UTC."""
    return int(datetime.fromisoformat(text + "+00:00").timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "zone", "start", "end"),
    [
        ("2026-02-01", "UTC", "2026-02-01T00:00:00", "2026-02-02T00:00:00"),
        ("20260201", "UTC", "2026-02-01T00:00:00", "2026-02-02T00:00:00"),
        ("2026-02-01", "Asia/Shanghai", "2026-01-31T16:00:00", "2026-02-01T16:00:00"),
        ("2026-02-01", "Asia/Kathmandu", "2026-01-31T18:15:00", "2026-02-01T18:15:00"),
        ("2026-03-08", "America/New_York", "2026-03-08T05:00:00", "2026-03-09T04:00:00"),
        ("2025-12-31", "UTC", "2025-12-31T00:00:00", "2026-01-01T00:00:00"),
        ("2028-02-29", "UTC", "2028-02-29T00:00:00", "2028-03-01T00:00:00"),
        ("today", "UTC", "2026-02-02T00:00:00", "2026-02-03T00:00:00"),
        ("today", "Asia/Shanghai", "2026-02-02T16:00:00", "2026-02-03T16:00:00"),
        ("Yesterday", "UTC", "2026-02-01T00:00:00", "2026-02-02T00:00:00"),
        (" yesterday ", "America/New_York", "2026-02-01T05:00:00", "2026-02-02T05:00:00"),
    ],
)
def test_days(text, zone, start, end):
    """A day is meant from its beginning, or to its end, in the zone that is asked for."""
    where = periods.zone(zone)

    assert filters.moment(text, NOW, where) == at(start)
    assert filters.moment(text, NOW, where, is_end=True) == at(end)


@pytest.mark.parametrize(
    ("text", "zone", "moment"),
    [
        ("2026-02-01T09:30:00Z", "Asia/Shanghai", "2026-02-01T09:30:00"),
        ("2026-02-01T09:30:00z", "UTC", "2026-02-01T09:30:00"),
        ("2026-02-01T09:30:00+08:00", "UTC", "2026-02-01T01:30:00"),
        ("2026-02-01T09:30:00-05:30", "UTC", "2026-02-01T15:00:00"),
        ("2026-02-01T09:30:00", "Asia/Shanghai", "2026-02-01T01:30:00"),
        ("2026-02-01T09:30", "UTC", "2026-02-01T09:30:00"),
        ("2026-02-01 09:30", "Asia/Kathmandu", "2026-02-01T03:45:00"),
        ("2026-07-01T09:30", "America/New_York", "2026-07-01T13:30:00"),
        ("2026-02-01T09:30:15.5Z", "UTC", "2026-02-01T09:30:15.500"),
        ("2026-02-01T09:30:15.1239999999Z", "UTC", "2026-02-01T09:30:15.123"),
        ("0s", "UTC", "2026-02-02T17:30:15.250"),
        ("90s", "UTC", "2026-02-02T17:28:45.250"),
        ("30m", "Asia/Shanghai", "2026-02-02T17:00:15.250"),
        ("24h", "UTC", "2026-02-01T17:30:15.250"),
        ("7d", "UTC", "2026-01-26T17:30:15.250"),
        ("2W", "UTC", "2026-01-19T17:30:15.250"),
    ],
)
def test_moments(text, zone, moment):
    """A time is meant to the millisecond, in its own zone or else in the one that is asked for, as a beginning or an end."""
    assert filters.moment(text, NOW, periods.zone(zone)) == at(moment)
    assert filters.moment(text, NOW, periods.zone(zone), is_end=True) == at(moment)


def test_times_of_this_machine(monkeypatch):
    """Without a zone days and times are this machine's."""
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    found = [filters.moment(text, NOW, None) for text in ("2026-02-01", "today", "2026-02-01T09:30")]
    monkeypatch.undo()
    time.tzset()

    assert found == [at("2026-01-31T16:00:00"), at("2026-02-02T16:00:00"), at("2026-02-01T01:30:00")]


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "soon", "tomorrow", "now", "2026", "2026-02", "2026-2-1", "26-02-01", "01.02.2026", "1767225600"),
        *(
            "2026-02-30",
            "2026-13-01",
            "0000-01-01",
            "2026-02-01T25:00",
            "2026-02-01T09:30:61",
            "2026-02-01T09:30+99:00",
        ),
        *("7", "d", "-7d", "7 d", "7y", "1.5h", "1000000s", "999999w", "٣d", "7d 3h"),
        *(
            "2026-02-01Z",
            "2026-02-01+08:00",
            "2026-W05-1",
            "2026-02-01T",
            "T09:30",
            "x" * 10_000,
            "\0",
            "2026-02-01\n2026-02-02",
        ),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "local"])
def test_no_moments(text, zone):
    """What names no moment is told as such, and nothing is guessed."""
    with pytest.raises(BadMomentError):
        filters.moment(text, NOW, periods.zone(zone))


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/New_York", "+14:00", "-12:00", "local"])
def test_the_first_and_the_last_days_of_a_calendar(zone):
    """They are days as any others, also where their beginning or their end would lie outside of it in a zone."""
    days = ["0001-01-01", "0001-01-02", "2026-02-01", "9999-12-30", "9999-12-31"]
    starts, ends = (
        [filters.moment(day, NOW, periods.zone(zone), is_end=is_end) for day in days] for is_end in (False, True)
    )
    assert starts == sorted(starts)
    assert ends == sorted(ends)
    assert all(start < end for start, end in zip(starts, ends))
    assert ends[-1] == filters.END


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("0001-01-01T00:00+08:00", filters.START),
        ("9999-12-31T23:59-05:00", filters.END),
        ("9999-12-31T23:59:59.999Z", filters.END),
    ],
)
def test_moments_beyond_the_calendar_of_utc(text, meant):
    """They are its first and its last one: whatever is asked about can be told in UTC."""
    assert filters.moment(text, NOW, None) == meant
    timestamps.rfc3339(meant)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/New_York"])
def test_times_at_the_edges_of_the_machines_own_calendar(monkeypatch, zone):
    """They are times, wherever the machine stands."""
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        first, last = (filters.moment(each, NOW, None) for each in ("0001-01-01T00:00", "9999-12-31T23:59:59"))
    finally:
        monkeypatch.undo()
        time.tzset()
    assert filters.START <= first < filters.START + timestamps.DAY
    assert filters.END - timestamps.DAY < last <= filters.END


@given(st.text(alphabet="0123456789-:T.Z+dhw ", max_size=30), st.booleans())
def test_any_text_is_a_moment_or_none(text, is_end):
    """Whatever somebody types, the answer is a moment or that it is none."""
    with contextlib.suppress(BadMomentError):
        assert isinstance(filters.moment(text, NOW, timezone.utc, is_end=is_end), int)


@given(st.datetimes(timezones=st.builds(timezone, st.timedeltas(timedelta(hours=-20), timedelta(hours=20)))))
def test_milliseconds(when):
    """Milliseconds round down, on both sides of 1970."""
    since = when - datetime(1970, 1, 1, tzinfo=timezone.utc)

    assert filters.milliseconds(when) * timedelta(milliseconds=1) <= since
    assert since < (filters.milliseconds(when) + 1) * timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("text", "pico"),
    [
        ("0", 0),
        ("0.5", 5 * 10**11),
        ("0.50", 5 * 10**11),
        ("$12", 12 * 10**12),
        (" $0.000000000001 ", 1),
        ("999999999.999999999999", 10**21 - 1),
        ("007", 7 * 10**12),
    ],
)
def test_dollars(text, pico):
    """Dollars are read as they are written, to the last pico-dollar."""
    assert filters.dollars(text) == pico


@pytest.mark.parametrize(
    "text",
    [
        "",
        "$",
        "-1",
        "+1",
        ".5",
        "1.",
        "1e3",
        "1,000",
        "1_0",
        "0x1",
        "nan",
        "inf",
        "1 2",
        "€1",
        "٣",
        "9" * 10,
        "0." + "1" * 13,
    ],
)
def test_no_dollars(text):
    """What is no plain amount is refused."""
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        filters.dollars(text)


def test_sessions_or_calls():
    """A selection of all sessions is known as such, also if it chooses calls; 0 dollars choose, as far as they go."""
    assert not ALL.is_of_sessions
    assert not Selection(since=0, until=1, models=("x",), consumers=("y",)).is_of_sessions
    assert all(each.is_of_sessions for each in (Selection(("a",)), Selection(min_cost=0), Selection(status="idle")))


@pytest.mark.parametrize(
    ("since", "until", "number", "span"),
    [
        (None, None, 1, ("2026-02-10", "2026-02-11")),
        (None, None, 7, ("2026-02-04", "2026-02-11")),
        ("2026-02-08", None, 7, ("2026-02-08", "2026-02-11")),
        ("2026-01-01", None, 7, ("2026-02-04", "2026-02-11")),
        (None, "2026-02-06", 2, ("2026-02-04", "2026-02-06")),  # the end of the 5th
        (None, "2026-02-06T10:00", 2, ("2026-02-05", "2026-02-06T10:00")),
        (None, "2026-02-06T00:00:00.001", 2, ("2026-02-05", "2026-02-06T00:00:00.001")),
        (None, "2026-03-01", 2, ("2026-02-09", "2026-02-11")),  # nothing is known of days to come
    ],
)
@pytest.mark.parametrize("name", ["UTC", "Asia/Shanghai"])
def test_the_last_days(since, until, number, span, name):
    """They end today, or where an end was asked for, be it in the middle of a day; a later beginning than theirs holds."""
    zone = periods.zone(name)

    def at(text):
        """A moment in that zone."""
        return None if text is None else filters.moment(text, NOW, zone)

    asked = Selection(since=at(since), until=at(until), models=("m",))
    found = filters.recent(asked, zone, number, date(2026, 2, 10))

    assert (found.since, found.until) == tuple(map(at, span))
    assert found.models == ("m",)


@pytest.mark.parametrize("until", ["0001-01-01", "0001-01-03"])
@pytest.mark.parametrize("since", [None, "0001-01-02"])
@pytest.mark.parametrize("name", ["UTC", "Asia/Shanghai", "America/New_York"])
def test_the_last_days_of_a_calendar_that_has_not_as_many(until, since, name):
    """They begin with it, or where a beginning was asked for: an end in its first days is an end like another."""
    zone = periods.zone(name)
    end = int((datetime.fromisoformat(until) - datetime.fromisoformat("1970-01-01")).total_seconds()) * 1000
    begin = None if since is None else end - 1

    found = filters.recent(Selection(since=begin, until=end), zone, 7, date(2026, 2, 10))

    assert (found.since, found.until) == (begin, end)
