"""What would a call cost if what the log leaves open of its cache were the other way round?"""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.calls import usage as usages
from session_monitor.calls.usage import Reported, TokenParts, Usage
from session_monitor.prices import cost, money
from session_monitor.prices.book import Book
from session_monitor.prices.cost import Call
from session_monitor.totals import wording
from tests.support.priced import a_list, row, spent

CLAUDE = row("3", "15", cache_read="0.3", cache_write="3.75", cache_write_1h="6")
TIERED = {
    **CLAUDE,
    "tiers": [{"above": 100, "input": "6", "cache_read": "0.6", "cache_write": "7.5", "cache_write_1h": "12"}],
}
AT = "2026-11-22T12:00:00Z"
INSIDE, IN_ONE = (usages.CONVERTED_CACHE,), (usages.CACHE_IN_ONE,)
BOOK = Book([a_list(CLAUDE)])
TIERED_BOOK = Book([a_list(TIERED)])


def priced(book, *counts, **more):
    """What a call with these tokens cost."""
    return book.price(Call("m-1", AT, Usage(*counts, **more)))


def dollars(row_, *counts):
    """Tokens at these prices, in fractions of a dollar; ``counts`` are fresh, read, written for 5 minutes and 1 hour, out."""
    names = ("input", "cache_read", "cache_write", "cache_write_1h", "output")
    return sum(number * Fraction(row_[name]) for number, name in zip(counts, names)) / 10**6


def sums(outcome):
    """Both sums of a cost, exactly."""
    return Fraction(outcome.pico, money.PICO), Fraction(outcome.pico + outcome.at_stake, money.PICO)


@pytest.mark.parametrize(
    ("reported", "first", "other", "note"),
    [
        ({"cache_read_input_tokens": 900}, (100, 900, 0, 0, 50), (1000, 900, 0, 0, 50), cost.CACHE_INSIDE),
        (
            {"cache_read_input_tokens": 900, "cache_creation_input_tokens": 300},
            (1000, 900, 300, 0, 50),
            (1000, 900, 0, 300, 50),
            cost.CACHE_WRITE_5M,
        ),
        ({"cached_tokens": 4000}, (1000, 4000, 0, 0, 50), (1000, 0, 4000, 0, 50), cost.CACHE_IN_ONE),
    ],
)
def test_both_readings_of_a_call(reported, first, other, note):
    """From what a provider reports to both sums, to the last digit, with the note that says what was taken."""
    total = 1050 + sum(reported.values())
    told = usages.normalise(Reported(1000, 50, total, input_details=reported), "m-1")

    outcome = BOOK.price(Call("m-1", AT, told))

    assert sums(outcome) == (dollars(CLAUDE, *first), dollars(CLAUDE, *other))
    assert outcome.notes == (note,)
    assert cost.to_json(outcome)["other_reading_usd"] == money.plain(outcome.pico + outcome.at_stake)
    assert note in cost.OTHER_READINGS


@pytest.mark.parametrize(
    ("counts", "more"),
    [
        ((1000, 0, 0, 50), {}),
        ((1000, 900, 0, 50), {}),
        ((1000, 0, 300, 50), {"parts": TokenParts(cache_write_5m=300)}),
        ((1000, 0, 300, 50), {"parts": TokenParts(cache_write_1h=300)}),
        ((1000, 0, 0, 50), {"notes": (*INSIDE, *IN_ONE)}),
        ((1000, 900, 0, 50), {"notes": (usages.TOTAL_DIFFERS,)}),
    ],
)
def test_nothing_is_open(counts, more):
    """A call of which all is told has nothing at stake, and no other sum is told."""
    outcome = priced(BOOK, *counts, **more)

    assert outcome.at_stake is None
    assert "other_reading_usd" not in cost.to_json(outcome)


def test_a_larger_prompt_is_in_another_tier():
    """With its cache beside the input the prompt is longer, and all of it may be in a dearer tier."""
    outcome = priced(TIERED_BOOK, 20, 70, 0, 10, notes=INSIDE)

    assert sums(outcome) == (
        dollars(CLAUDE, 20, 70, 0, 0, 10),
        dollars({**CLAUDE, **TIERED["tiers"][0]}, 90, 70, 0, 0, 10),
    )


def test_the_rest_of_what_was_written():
    """Of writes of which a part is told, only the rest is at stake."""
    outcome = priced(BOOK, 1, 0, 1000, 0, parts=TokenParts(cache_write_1h=300))

    assert sums(outcome) == (dollars(CLAUDE, 1, 0, 700, 300), dollars(CLAUDE, 1, 0, 0, 1000))


def test_all_that_is_open_is_the_other_way_round():
    """Where several things are open, the other sum is that of all of them."""
    outcome = priced(TIERED_BOOK, 20, 30, 20, 0, notes=INSIDE)

    assert sums(outcome) == (dollars(CLAUDE, 20, 30, 20), dollars({**CLAUDE, **TIERED["tiers"][0]}, 70, 30, 0, 20))
    assert set(outcome.notes) == {cost.CACHE_INSIDE, cost.CACHE_WRITE_5M}


@given(*[st.integers(0, 10**6)] * 4, st.sampled_from(["0.14", "0.137001", "1"]), st.sampled_from([(), INSIDE, IN_ONE]))
def test_in_another_currency(fresh, read, written, out, rate, notes):
    """Each sum is the one that the call would have had, rounded kind by kind, had the log told that reading."""
    rates = {"CNY": [{"from": "2026-01-01", "usd": rate}]}
    book = Book([a_list({**CLAUDE, "currency": "CNY"}, rates=rates)])
    written = 0 if notes == IN_ONE else written
    outcome = priced(book, fresh, read, written, out, notes=notes)

    if outcome == cost.Unpriced(cost.NO_TOKENS) or outcome.at_stake is None:
        return
    other = (fresh + read + written if notes == INSIDE and read else fresh, read, written, out)
    parts = TokenParts(cache_write_1h=written)
    if notes == IN_ONE:
        other, parts = (fresh, 0, read, out), TokenParts(cache_write_5m=read)
    expected = book.price(Call("m-1", AT, Usage(*other, parts=parts)))
    assert outcome.pico + outcome.at_stake == expected.pico


HOUR = cost.OTHER_READINGS[cost.CACHE_WRITE_5M]


def test_what_is_at_stake_of_many():
    """Sums have it, of those calls that have any; it may be less than 0."""
    calls = [Call("m-1", AT, Usage(*each)) for each in ((1, 0, 100), (1, 5, 0), (1, 0, 10))]
    own = Book([a_list({**CLAUDE, "cache_write_1h": "1"})])

    for book, stake in ((BOOK, 110 * 2_250_000), (own, -110 * 2_750_000)):
        total = spent(book, calls)
        noted = total.noted[cost.CACHE_WRITE_5M]
        assert (noted.rounds, noted.stake, total.assumed.stake) == (2, stake, stake)
        assert noted.to_json()["other_reading_usd"] == money.plain(noted.pico + stake)
        assert [line for line in wording.noted(total) if line.endswith(f"; {money.shown(noted.pico + stake)} {HOUR}")]
