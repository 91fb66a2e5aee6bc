"""Moments of times in session files, and back."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.base import timestamps


@given(st.datetimes())
def test_a_moment_comes_back(when):
    """Milliseconds of a log's time and back give that time, at every edge of the calendar."""
    text = when.strftime("%m-%dT%H:%M:%S")
    text = f"{when.year:04d}-{text}.{when.microsecond // 1000:03d}Z"

    assert timestamps.rfc3339(timestamps.milliseconds(text)) == text


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.5Z", 500),
        ("1970-01-02T00:00:01.123456789Z", 86_401_123),
        ("1969-12-31T23:59:59.999Z", -1),
        (None, None),
    ],
)
def test_moments(text, moment):
    """Fractions of any length count to the millisecond; no time stays none."""
    assert timestamps.milliseconds(text) == moment


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-02-01T09:30:15Z", "2026-02-01T17:30:15+08:00"),
        ("2026-02-01T16:00:00.75Z", "2026-02-02T00:00:00+08:00"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
        (None, "-"),
    ],
)
def test_local_times(monkeypatch, text, shown):
    """A time is shown in this machine's zone, to the second; off the calendar it stays, and none is a dash."""
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    try:
        assert timestamps.local_time(text) == shown
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("value", "in_utc"),
    [
        ("2026-02-01T09:30:15Z", "2026-02-01T09:30:15Z"),
        ("2026-02-01T09:30:15.123456789Z", "2026-02-01T09:30:15.123456789Z"),
        ("2026-02-01T17:30:15.5+08:00", "2026-02-01T09:30:15.5Z"),
        ("2026-02-01 01:30:15-0800", "2026-02-01T09:30:15Z"),
        ("2026-02-30T09:30:15Z", None),
        ("2026-02-01T09:30:15", None),
        ("0001-01-01T00:00:00+08:00", None),
        (1769938215, "2026-02-01T09:30:15Z"),
        ("1769938215", "2026-02-01T09:30:15Z"),
        ("1769938215.250", "2026-02-01T09:30:15.25Z"),
        (1769938215123, "2026-02-01T09:30:15.123Z"),
        ("1769938215123", "2026-02-01T09:30:15.123Z"),
        (176993821, None),
        ("17699382151234", None),
        ("１７６９９３８２１５", None),
        (True, None),
        (None, None),
    ],
)
def test_times_in_utc(value, in_utc):
    """A time of any zone, or in seconds or milliseconds since 1970, is told in UTC with its fraction; what is none is none."""
    assert timestamps.utc(value) == in_utc


def test_now_lies_between_two_looks_at_the_clock():
    """This moment, in milliseconds."""
    before = int(time.time() * 1000)
    assert before <= timestamps.now() <= time.time() * 1000 + 1
