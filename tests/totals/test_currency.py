"""In which currency is a cost shown?"""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.prices import money
from session_monitor.totals import wording
from session_monitor.totals.currency import DOLLARS, DisplayCurrency
from tests.support.priced import unpriced

YUAN = DisplayCurrency("CNY", "0.14")
RATES = st.integers(1, 10**9).map(lambda micro: money.plain(micro * 10**6))
PICO = st.integers(-(10**18), 10**18) | st.integers(-(10**6), 10**6)


@pytest.mark.parametrize(
    ("pico", "text"),
    [
        (10**12, "7.14 CNY"),
        (0, "0.00 CNY"),
        (-(10**12), "-7.14 CNY"),
        (10**18, "7,142,857.14 CNY"),
        (10**9, "0.00714 CNY"),
        (14 * 10**10, "1.00 CNY"),
        (1, "0.000000000007 CNY"),
    ],
)
def test_amounts_are_shown_with_their_currency(pico, text):
    """An amount names its currency by three letters behind it, and has as many decimals as one in dollars."""
    assert YUAN.shown(pico) == text


@given(PICO, RATES)
def test_rounded_once_from_the_exact_amount(pico, usd):
    """What is shown is the nearest to the exact quotient, not to one that was rounded before."""
    currency = DisplayCurrency("XXX", usd)
    exact = Fraction(pico, 10**12) / Fraction(usd)

    plain = Fraction(currency.plain(pico))
    assert abs(plain - exact) <= Fraction(1, 2 * 10**12)
    text = currency.shown(pico).removesuffix(" XXX").replace(",", "")
    decimals = len(text.partition(".")[2])
    assert abs(Fraction(text) - exact) <= Fraction(1, 2 * 10**decimals)
    assert Fraction(text) == round(exact * 10**decimals) / Fraction(10**decimals)


@given(PICO)
def test_dollars_stay_as_they_are(pico):
    """Where no currency is asked for, everything is as it was."""
    assert DOLLARS.shown(pico) == money.shown(pico)
    assert DOLLARS.plain(pico) == money.plain(pico)
    assert money.of_plain(money.plain(pico)) == pico
    value = {"cost_usd": "1", "rows": [{"low_usd": None}]}
    assert DOLLARS.beside(value) is value


def test_amounts_stand_beside_dollars():
    """In JSON each amount in dollars stays, and has its amount in the currency beside it, however deep it stands."""
    value = {
        "cost_usd": "0.07",
        "cost_parts_usd": {"fresh_input": "0.07"},
        "price": {"tier_above": 0},
        "rows": [{"low_usd": None, "high_usd": "-0.14"}],
        "usd": "0.14",
    }

    assert list(YUAN.beside(value).items()) == [
        ("cost_usd", "0.07"),
        ("cost_cny", "0.5"),
        ("cost_parts_usd", {"fresh_input": "0.07"}),
        ("cost_parts_cny", {"fresh_input": "0.5"}),
        ("price", {"tier_above": 0}),
        ("rows", [{"low_usd": None, "low_cny": None, "high_usd": "-0.14", "high_cny": "-1"}]),
        ("usd", "0.14"),
    ]


def test_sums_in_words():
    """What is not in a sum is told with it, in any currency."""
    spent = unpriced("qwen-long", dollars=7)

    assert wording.shown(spent, YUAN) == "50.00 CNY + 1 round unpriced (qwen-long)"
    assert wording.short(spent, YUAN).lstrip("~") == "50.00 CNY+"
    assert YUAN.rate == "at 0.14 USD for 1 CNY, as you stated"
