"""How is a number written for a person?"""

from __future__ import annotations

from datetime import timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.text import humanize

MANY = {"failed": 1200, "left": 3}


@pytest.mark.parametrize(("number", "text"), [(0, "0"), (999, "999"), (1250, "1,250"), (-4240, "-4,240")])
def test_count_parts_thousands(number, text):
    """A comma stands between thousands."""
    assert text == humanize.count(number)


@pytest.mark.parametrize(("number", "text"), [(0, "0 calls"), (1, "1 call"), (1250, "1,250 calls")])
def test_counted_names_one_and_many(number, text):
    """One of a thing is named in the singular, any other number in the plural."""
    assert text == humanize.counted(number, "call")


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (12_345_678, "12.3 MB"),
        (120_400_000, "120 MB"),
        (999_499, "999 kB"),
        (999_500, "1 MB"),
        (2.5e18, "2,500 PB"),
    ],
)
def test_size_has_three_digits_and_a_unit(number, text):
    """A size reads as three significant digits in the unit that keeps it below a thousand."""
    assert text == humanize.size(number)


@given(st.integers(min_value=0, max_value=10**17))
def test_size_is_short(number):
    """No size below 100 PB takes more than seven columns."""
    assert len(humanize.size(number)) <= 7


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0 s"),
        (0.2, "0 s"),
        (41, "41 s"),
        (59.6, "1 min"),
        (200, "3 min 20 s"),
        (3600, "1 h"),
        (3605, "1 h"),
        (7500, "2 h 5 min"),
        (273_600, "3 d 4 h"),
    ],
)
def test_duration_names_two_units(seconds, text):
    """A span is told in its two largest neighbouring units, and a negative one as nothing."""
    assert text == humanize.duration(seconds)


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        ({}, ""),
        ({"failed": 0, "left": 0}, ""),
        ({"failed": 0, "left": 1}, " (1 left)"),
        (MANY, " (1,200 failed, 3 left)"),
    ],
)
def test_bracketed_tells_what_there_is(counts, text):
    """Things of which there is none are not named, and where there are none at all nothing is said."""
    assert humanize.bracketed(counts) == text


@pytest.mark.parametrize(("seconds", "text"), [(-1, "0 s ago"), (12, "12 s ago"), (200, "3 min ago")])
def test_ago_names_one_unit(seconds, text):
    """What is past is told in its largest unit alone."""
    assert text == humanize.ago(seconds)


NOON = 1_769_947_200_000
"""12:00 UTC on 2026-02-01."""


@pytest.mark.parametrize(
    ("before", "hours", "text"),
    [
        (12, 0, "12 s ago"),
        (-30, 0, "0 s ago"),
        (3599, 0, "59 min ago"),
        (3600, 0, "today 11:00"),
        (12 * 3600, 0, "today 00:00"),
        (12 * 3600 + 1, 0, "yesterday 23:59"),
        (12 * 3600 + 1, 8, "today 07:59"),
        (36 * 3600 + 1, 0, "2026-01-30 23:59"),
        (-7200, 0, "today 14:00"),
        (-13 * 3600, 0, "2026-02-02 01:00"),
        (-(10**15), 0, "-"),
    ],
)
def test_moments_are_told_as_people_say_them(before, hours, text):
    """Within the hour how long ago; else by the day in that zone, also of a clock that is ahead of ours."""
    told = humanize.moments(NOON, timezone(timedelta(hours=hours)))

    assert told(NOON - 1000 * before) == text
