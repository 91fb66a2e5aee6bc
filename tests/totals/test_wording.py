"""How is a sum of costs told to people, so that it never looks whole where a part of it is not known?"""

from __future__ import annotations

import pytest
from hypothesis import given

from session_monitor.calls.usage import Usage
from session_monitor.prices import cost, money
from session_monitor.prices.cost import Call
from session_monitor.totals import wording
from session_monitor.totals.spending import Noted, Spending
from tests.support import priced
from tests.support.priced import MANY, SMALL_BOOK, unpriced


def a_part(*models):
    """The cost of calls without a price, beside a dollar at least."""
    dollar = Call("gpt-4o", None, Usage(400_000), at_least=True)
    return priced.spent(SMALL_BOOK, [dollar, *(Call(model, None, Usage(1000)) for model in models)])


@pytest.mark.parametrize(
    ("total", "shown", "short"),
    [
        (Spending(), "$0.00", "$0.00"),
        (unpriced(dollars=1), "$1.00", "~$1.00"),
        (unpriced("qwen-long", dollars=2), "$2.00 + 1 round unpriced (qwen-long)", "~$2.00+"),
        (unpriced(*["qwen-long"] * 4, dollars=1), "$1.00 + 4 rounds unpriced (qwen-long)", "~$1.00+"),
        (unpriced("qwen-long"), "1 round unpriced (qwen-long)", "-"),
        (unpriced(None, dollars=1), "$1.00 + 1 round unpriced (no model)", "~$1.00+"),
        (unpriced(dollars=1, without_tokens=1200), "$1.00 + 1,200 rounds unpriced (1,200 without tokens)", "~$1.00+"),
        (
            unpriced("b-1", "a-1", "b-1", dollars=1, without_tokens=2),
            "$1.00 + 5 rounds unpriced (b-1, a-1, 2 without tokens)",
            "~$1.00+",
        ),
        (unpriced("d", "c", "b", "a", dollars=1), "$1.00 + 4 rounds unpriced (a, b, c, d)", "~$1.00+"),
        (unpriced("e", "d", "e", "c", "b", "a"), "6 rounds unpriced (e, a, b, 2 more models)", "-"),
        (priced.spent(SMALL_BOOK, [Call("local-llama", None, Usage(1))]), "$0.00", "~$0.00"),
        (a_part(), "at least $1.00", "≥~$1.00"),
        (a_part("qwen-long"), "at least $1.00 + 1 round unpriced (qwen-long)", "≥~$1.00+"),
        (
            priced.spent(SMALL_BOOK, [Call("qwen-long", None, Usage(1), at_least=True)]),
            "1 round unpriced (qwen-long)",
            "-",
        ),
    ],
)
def test_text_tells_what_is_not_in_the_sum(total, shown, short):
    """A sum for people never looks whole where a part of it is not known: it says how much is missing, and of whom."""
    assert (wording.shown(total), wording.short(total)) == (shown, short)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("bad\x1b[2Jname", "bad\\x1b[2Jname"),
        ("two\nlines", "two lines"),
        ("\u202eback", "\\u202eback"),
        ("\ud800", "\\ud800"),
    ],
)
def test_names_from_a_log_are_clean_in_texts(name, text):
    """A model's name cannot steer the terminal that it is shown in."""
    total = unpriced(name, dollars=1)

    assert wording.shown(total) == f"$1.00 + 1 round unpriced ({text})"
    assert total.to_json()["unpriced_models"] == [name]


@given(MANY)
def test_words_say_what_json_says(calls):
    """A column has a dash where ``cost_usd`` is null; a sum with a part that is not priced shows that, long and short."""
    total = priced.spent(SMALL_BOOK, calls)

    assert (wording.short(total) == "-") == (total.to_json()["cost_usd"] is None)
    assert ("unpriced" in wording.shown(total)) == (total.unpriced_rounds > 0) == (wording.short(total)[-1] in "+-")
    is_known = total.unpriced_rounds < total.rounds
    assert wording.shown(total).startswith("at least ") == (is_known and total.at_least > 0)
    assert wording.short(total).startswith("≥") == (is_known and total.at_least > 0)
    assert ("~" in wording.short(total)) == (total.assumed.rounds > 0)
    assert len(wording.assumed(total)) == len(total.noted) + (total.assumed.rounds > 0)


def test_a_column_of_costs_stands_digit_below_digit():
    """Marks stand outside of the digits, which are as many in each row; what is not known has none."""
    parts = [
        Spending(pico=21_220 * 10**9, rounds=2, unpriced_rounds=1),
        Spending(pico=867 * 10**9, rounds=1, at_least=1, assumed=Noted(1)),
        Spending(pico=10**6, rounds=1),
        Spending(rounds=1, unpriced_rounds=1),
    ]

    assert wording.short_column(parts) == ["$21.22+", "≥~$0.87 ", "<$0.01 ", "- "]
    assert wording.short_column(parts[1:]) == ["≥~$0.8670", "<$0.0001", "-"]
    assert wording.short_column([]) == []


def test_a_share_that_was_assumed_is_told():
    """Of a sum it is told how much of it rests on an assumption, and then why, the dearest first; what was stated is not."""
    total = Spending(rounds=20, pico=3 * money.PICO)
    total.note([cost.UNDATED], Noted(12, money.PICO))
    total.note([cost.UNDATED, cost.CONVERTED], Noted(3, money.PICO))

    assert wording.assumed(total) == [
        "~ assumed in part: $2.00 of $3.00, 15 rounds",
        f"  assumed in 15 rounds, $2.00: {cost.NOTES[cost.UNDATED]}",
        f"  stated in 3 rounds, $1.00: {cost.NOTES[cost.CONVERTED]}",
    ]
    assert wording.assumed(Spending(rounds=1, pico=1)) == []
