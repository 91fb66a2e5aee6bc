"""What a person writes becomes a budget, or a mistake in words; a file gives back what was put in it."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.base.periods import TimeSpan
from session_monitor.budgets import budget
from session_monitor.budgets.budget import PERIODS, Budget, BudgetMistakeError
from session_monitor.prices.money import PICO

NOW = int(datetime(2026, 2, 1, 17, 45, tzinfo=timezone.utc).timestamp() * 1000)
"""A Sunday; in Shanghai it is Monday already."""
HOUR, DAY = 3_600_000, 86_400_000


def made(period="daily", amount="5", tokens=None, warn="80%", **words):
    """A budget of what a person wrote."""
    return budget.made(period, amount, tokens, warn, **{"name": "all", **words})


@pytest.mark.parametrize(
    ("period", "amount", "cost", "per"),
    [
        ("daily", "5", 5 * PICO, None),
        ("monthly", "$0.50", PICO // 2, None),
        ("session", " 2 ", 2 * PICO, None),
        ("total", "0.000000000001", 1, None),
        ("rate", "1/h", PICO, "h"),
        ("rate", "$20/d", 20 * PICO, "d"),
    ],
)
def test_amounts(period, amount, cost, per):
    """Dollars are exact, and a rate says for what."""
    found = made(period, amount)

    assert (found.period, found.cost, found.per) == (period, cost, per)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"amount": "five"}, "no amount"),
        ({"amount": "-5"}, "no amount"),
        ({"amount": "0"}, "above 0"),
        ({"amount": None}, "needs an amount"),
        ({"period": "rate", "amount": "1/w"}, "no rate"),
        ({"period": "rate", "amount": "1"}, "no rate"),
        ({"tokens": "1e3"}, "no number of tokens"),
        ({"tokens": 0}, "no number of tokens"),
        ({"tokens": True}, "no number of tokens"),
        ({"warn": "0%"}, "no share"),
        ({"warn": "101%"}, "no share"),
        ({"name": "a b"}, "needs a name"),
        ({"name": "../x"}, "needs a name"),
        ({"name": ""}, "needs a name"),
        ({"timezone": "Mars/Olympus"}, "no time zone"),
    ],
)
def test_mistakes_are_told(words, said):
    """What is wrong, in words."""
    with pytest.raises(BudgetMistakeError, match=said):
        made(**words)


@pytest.mark.parametrize(
    ("period", "zone", "name", "start", "length"),
    [
        ("daily", "UTC", "2026-02-01", "2026-02-01T00:00", DAY),
        ("daily", "Asia/Shanghai", "2026-02-02", "2026-02-01T16:00", DAY),
        ("daily", "+05:45", "2026-02-01", "2026-01-31T18:15", DAY),
        ("weekly", "UTC", "2026-W05", "2026-01-26T00:00", 7 * DAY),
        ("weekly", "Asia/Shanghai", "2026-W06", "2026-02-01T16:00", 7 * DAY),
        ("monthly", "UTC", "2026-02", "2026-02-01T00:00", 28 * DAY),
    ],
)
def test_the_span_of_a_period(period, zone, name, start, length):
    """Days, weeks and months are those of the zone that is named."""
    begin = int(datetime.fromisoformat(f"{start}+00:00").timestamp() * 1000)

    assert made(period, timezone=zone).span(NOW) == TimeSpan(name, begin, begin + length)


def test_the_span_of_others():
    """A rate looks back from now; all time, and each session's own, have no edge."""
    hour, day = (made("rate", f"1/{per}").span(NOW) for per in "hd")

    assert (hour.start, day.start) == (NOW - HOUR, NOW - DAY)
    assert hour.start < NOW < hour.end
    assert made("total").span(NOW) is None
    assert made("session").span(NOW) is None


PATTERNS = st.none() | st.text(min_size=1, max_size=9).filter(str.strip)
BUDGETS = st.builds(
    Budget,
    name=st.text("abcXYZ019._-", min_size=1, max_size=64),
    period=st.sampled_from(PERIODS),
    cost=st.integers(1, 10**18),
    tokens=st.none() | st.integers(1, 10**15 - 1),
    consumer=PATTERNS,
    model=PATTERNS,
    session_id=PATTERNS,
    warn=st.integers(1, 100),
    zone=st.sampled_from(("local", "UTC", "+08:00")),
)


@given(BUDGETS, st.booleans())
def test_a_file_gives_back_what_was_put_in_it(one, is_of_tokens):
    """Whatever a budget is of, its words are those of the same budget."""
    one = one._replace(per="d" if one.period == "rate" else None)
    if is_of_tokens:
        one = one._replace(cost=None, tokens=one.tokens or 1)

    assert budget.of_json(one.to_json()) == one


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (["daily", 5], "must be an object"),
        ({"name": "a"}, "one period"),
        ({"name": "a", "daily": "1", "weekly": "5"}, "this one has 2"),
        ({"name": "a", "dayly": "1"}, "'dayly' is no word of a budget"),
        ({"name": "a", "daily": "1", "model": 7}, "model must be a text"),
        ({"name": 7, "daily": "1"}, "name must be a text"),
        ({"name": "a", "daily": {}}, "no amount"),
    ],
)
def test_a_file_with_a_mistake_says_where(document, said):
    """Nothing is guessed, whatever stands in it."""
    with pytest.raises(BudgetMistakeError, match=said):
        budget.of_json(document)
