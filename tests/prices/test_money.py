"""How is money counted and written?"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from session_monitor.prices import money

AMOUNTS = st.integers(-(10**14), 10**14) | st.integers(-(10**40), 10**40)


# --- Prices -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("price", "pico"),
    [
        ("0", 0),
        ("0.000000", 0),
        ("2.5", 2_500_000),
        ("2.50", 2_500_000),
        ("0.000001", 1),
        ("0.004687", 4687),
        ("60", 60_000_000),
        ("007", 7_000_000),
        ("999999.999999", 999_999_999_999),
    ],
)
def test_price_is_a_whole_number_of_pico_dollars(price, pico):
    """Dollars per million tokens become pico-dollars per token, without a rest."""
    assert money.per_token(price) == pico


@pytest.mark.parametrize(
    "price",
    [
        *(
            "",
            " ",
            "1 ",
            " 1",
            "1\n",
            ".5",
            "1.",
            "-1",
            "+1",
            "1e3",
            "1,5",
            "1,000",
            "0x10",
            "1_000",
            "$1",
            "nan",
            "inf",
        ),
        *("0.0000001", "1.0000000", "1000000", "9" * 5000, "１", "٣", "1.²", "one"),
        *(None, True, 1, 0, 2.5, b"1", ["1"], {"input": "1"}, Decimal(1)),
    ],
    ids=lambda price: f"{type(price).__name__}-{str(price)[:9]!a}",
)
def test_anything_else_is_no_price(price):
    """A price is plain decimal text with at most six decimals; a number is none, for it may have been rounded."""
    with pytest.raises(ValueError, match="is no price: it must be text like"):
        money.per_token(price)


@given(st.integers(0, 10**6 - 1), st.integers(0, 6), st.data())
def test_price_is_exact(whole, decimals, data):
    """A price for a million tokens is what a million tokens cost, to the last digit."""
    rest = data.draw(st.integers(0, 10**decimals - 1))
    price = f"{whole}.{rest:0{decimals}d}" if decimals else str(whole)

    assert Fraction(money.per_token(price) * 10**6, money.PICO) == Fraction(price)


@given(st.integers(-(10**20), 10**20), st.decimals(0, 1000, places=4))
def test_times_a_decimal_number(amount, factor):
    """It is what exact fractions make of it, rounded to the nearest, halves to the even one."""
    assert money.times(amount, str(factor)) == round(amount * Fraction(str(factor)))


@pytest.mark.parametrize(
    ("amount", "whole"),
    [("1/2", 0), ("3/2", 2), ("5/2", 2), ("-1/2", 0), ("-3/2", -2), ("499999/1000000", 0), ("500001/1000000", 1)],
)
def test_rounding_goes_to_the_nearest(amount, whole):
    """Halves go to the even neighbour, so that many of them do not add up to a drift."""
    assert money.rounded(Fraction(amount)) == whole


# --- As exact text ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pico", "text"),
    [
        (0, "0"),
        (1, "0.000000000001"),
        (19_760_000_000, "0.01976"),
        (500_000_000_000, "0.5"),
        (-500_000_000_000, "-0.5"),
        (12 * money.PICO, "12"),
        (100 * money.PICO, "100"),
        (-1_000_000 * money.PICO, "-1000000"),
        (10**29 + 1, "100000000000000000.000000000001"),
    ],
)
def test_plain_is_decimal_text(pico, text):
    """Dollars are written without exponent, thousands or trailing zeros, however many or few."""
    assert money.plain(pico) == text


@given(AMOUNTS)
@example(2**53 * 999_999_999_999_999)
def test_plain_loses_nothing(pico):
    """The text is the amount itself, and there is only one way to write it."""
    text = money.plain(pico)

    assert Fraction(text) * money.PICO == pico
    assert re.fullmatch(r"0|-?(0|[1-9]\d*)(\.\d*[1-9])?", text)


# --- For people -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pico", "text"),
    [
        (0, "$0.00"),
        (1, "$0.000000000001"),
        (19_760_000_000, "$0.0198"),
        (20_000_000_000, "$0.0200"),
        (123_000_000_000, "$0.123"),
        (500_000_000_000, "$0.500"),
        (999_600_000_000, "$1.000"),
        (money.PICO, "$1.00"),
        (1_234_567_890_000_000, "$1,234.57"),
        (-1_500_000_000_000, "-$1.50"),
        (-1_976_000_000, "-$0.00198"),
    ],
)
def test_shown_has_as_many_decimals_as_say_something(pico, text):
    """Two decimals from a dollar on, three digits below it."""
    assert money.shown(pico) == text


@given(AMOUNTS)
@example(1)
@example(-1)
@example(10**10 - 1)
@example(money.PICO - 1)
def test_shown_is_near_and_never_nothing(pico):
    """What is shown is within one in a hundred of the amount, without exponent, and 0 for nothing alone."""
    text = money.shown(pico)
    assert re.fullmatch(r"-?\$(\d{1,3})(,\d{3})*\.\d{2,12}", text)

    dollars = Fraction(text.replace("$", "").replace(",", ""))
    assert (dollars == 0) == (pico == 0)
    assert abs(dollars * money.PICO - pico) * 100 <= abs(pico)
    assert text.startswith("-") == (pico < 0)


@pytest.mark.parametrize(
    ("dollars", "shown"),
    [
        (["0.0708", "0.867", "21.22"], ["$0.07", "$0.87", "$21.22"]),
        (["0.108", "0.0000185", "0.00208", "0"], ["$0.1080", "<$0.0001", "$0.0021", "$0.0000"]),
        (["1234.5", "300", "20"], ["$1,234.50", "$300.00", "$20.00"]),
        (["120", "0.004", "0.0041"], ["$120.0000", "$0.0040", "$0.0041"]),
        (["0", "0"], ["$0.00", "$0.00"]),
        ([], []),
        (["0.000000000001"], ["$0.000000000001"]),
        (["-0.00001", "5"], [">-$0.001", "$5.000"]),
    ],
)
def test_a_column_has_as_many_decimals_in_each_row(dollars, shown):
    """Four digits of the largest and two of the middle one are shown, of all alike; a little is never nothing."""
    picos = [money.of_plain(each) for each in dollars]
    decimals = money.column_decimals(picos)

    assert [money.shown(pico, decimals) for pico in picos] == shown


@given(st.lists(AMOUNTS, min_size=1))
def test_amounts_of_a_column_compare(picos):
    """Each has the same number of decimals, and is within half a step of what it is, or says that it is less than one."""
    decimals = money.column_decimals(picos)

    for pico in picos:
        text = money.shown(pico, decimals)
        assert len(text.rpartition(".")[2]) == decimals
        dollars = Fraction(re.sub(r"[<>$,]", "", text))
        step = Fraction(1, 10**decimals)
        assert abs(dollars - Fraction(pico, money.PICO)) <= (step if text[0] in "<>" else step / 2)
        assert (text[0] in "<>") == (0 < abs(pico) * 2 * 10**decimals <= money.PICO)
