"""What do the costs of many calls add up to, and what is not in the sum?"""

from __future__ import annotations

import copy
import json
from functools import reduce
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.calls.usage import Usage
from session_monitor.prices import cost, money, price_check, spending, wording
from session_monitor.prices.book import Book
from session_monitor.prices.cost import Call, Cost, Unpriced
from session_monitor.prices.spending import Spending

BOOK = Book([price_check.read(str(Path(__file__).parent / "data" / "small.json"))])

MODELS = st.sampled_from([None, "gpt-4o", "o1", "qwen3-max", "deepseek-chat", "local-llama", "qwen-long", "x\x1b[2J"])
TIMES = st.sampled_from([None, "2024-01-01T00:00:00Z", "2025-06-01T00:00:00Z", "2026-06-01T12:00:00Z"])
NUMBERS = st.integers(0, 3) | st.integers(0, 10**6)
USAGES = st.builds(Usage, NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.booleans())
CALLS = st.builds(Call, MODELS, TIMES, USAGES, st.just(True), st.booleans()) | st.builds(
    Call, MODELS, TIMES, st.just(Usage()), st.booleans(), st.booleans()
)
MANY = st.lists(CALLS, max_size=8)


def unpriced(*models, dollars=0, without_tokens=0):
    """Calls of models without a price, beside one that cost so many dollars and some that told no tokens."""
    calls = [Call(model, None, Usage(1000)) for model in models]
    calls += [Call("gpt-4o", None, Usage(400_000 * dollars))] * bool(dollars)
    calls += [Call("gpt-4o", None, Usage(), has_tokens=False)] * without_tokens
    return spending.spent(BOOK, calls)


# --- Sums -------------------------------------------------------------------------------------------------------------


def test_sum_tells_what_it_holds_and_what_not():
    """A sum has the cost of the calls that have one, and counts the others with their tokens, models and reasons."""
    calls = [
        Call("gpt-4o", "2026-11-22T00:00:00Z", Usage(1000, cache_read=1000)),
        Call("gpt-4o-2031-01-01", None, Usage(1000)),
        Call("qwen3-max", None, Usage(1000, cache_read=1000)),
        Call("qwen-long", None, Usage(1000, visible_output=1)),
        Call("qwen-long", None, Usage(500)),
        Call(None, None, Usage(7)),
        Call("deepseek-chat", "2024-01-01T00:00:00Z", Usage(3)),
        Call("gpt-4o", None, Usage(), has_tokens=False),
        Call("no-such-model", None, Usage(), has_tokens=False, failed=True),
    ]
    total = spending.spent(BOOK, calls)

    assert total == Spending(
        pico=3_750_000_000 + 2_500_000_000 + 1_440_000_000,
        rounds=9,
        unpriced_rounds=5,
        unpriced_tokens=1511,
        without_tokens=1,
        unpriced_models={"qwen-long": 2, "no model": 1, "deepseek-chat": 1},
        saved_pico=1_250_000_000 + 960_000_000,
        assumed={"undated": 1, "no_time": 2, "cache_read_by_vendor": 1},
    )
    assert total.to_json() == {
        "cost_usd": "0.00769",
        "unpriced_rounds": 5,
        "unpriced_tokens": 1511,
        "unpriced_models": ["deepseek-chat", "no model", "qwen-long"],
        "cache_savings_usd": "0.00221",
        "cost_notes": {"undated": 1, "no_time": 2, "cache_read_by_vendor": 1},
    }


@given(MANY)
def test_nothing_is_counted_as_free_that_is_not_known(calls):
    """Each call is in the sum or among those without a price, with all of its tokens."""
    total = spending.spent(BOOK, calls)
    outcomes = [(call, BOOK.price(call)) for call in calls]
    unknown = [(call, found) for call, found in outcomes if isinstance(found, Unpriced)]

    assert total.rounds == len(calls)
    assert total.pico == sum(found.pico for _, found in outcomes if isinstance(found, Cost))
    assert total.unpriced_rounds == len(unknown)
    assert total.unpriced_tokens == sum(call.usage.total_tokens for call, _ in unknown)
    assert total.unpriced_rounds == sum(total.unpriced_models.values()) + total.without_tokens
    assert total.without_tokens == sum(found.reason == cost.NO_TOKENS for _, found in unknown)


@given(st.lists(MANY, max_size=4), st.randoms(use_true_random=False))
def test_sums_do_not_depend_on_order_or_grouping(groups, chance):
    """Calls add up to the same one by one, by sessions, and by sessions in any order."""
    whole = spending.spent(BOOK, [call for group in groups for call in group])
    parts = [spending.spent(BOOK, group) for group in groups]
    chance.shuffle(parts)

    assert reduce(added, parts, Spending()) == whole


@given(MANY, MANY, MANY)
def test_adding_is_commutative_and_associative(first, second, third):
    """``a + b`` is ``b + a``, ``(a + b) + c`` is ``a + (b + c)``, and adding nothing changes nothing."""
    one, two, three = (spending.spent(BOOK, calls) for calls in (first, second, third))

    assert added(one, two) == added(two, one)
    assert added(added(one, two), three) == added(one, added(two, three))
    assert added(one, Spending()) == one == added(Spending(), one)


def added(one, two):
    """The sum of both; neither is changed."""
    total, before = copy.deepcopy(one), copy.deepcopy(two)
    total.add(two)
    assert two == before
    return total


def test_sum_keeps_to_itself():
    """What is added to a sum later does not change what went into it."""
    part = unpriced("a-1")
    total = Spending()
    total.add(part)
    total.add(unpriced("a-1", "b-1"))

    assert part == unpriced("a-1")


# --- As text ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("total", "shown", "short"),
    [
        (Spending(), "$0.00", "$0.00"),
        (unpriced(dollars=1), "$1.00", "$1.00"),
        (unpriced("qwen-long", dollars=2), "$2.00 + 1 round unpriced (qwen-long)", "$2.00+"),
        (unpriced(*["qwen-long"] * 4, dollars=1), "$1.00 + 4 rounds unpriced (qwen-long)", "$1.00+"),
        (unpriced("qwen-long"), "1 round unpriced (qwen-long)", "-"),
        (unpriced(None, dollars=1), "$1.00 + 1 round unpriced (no model)", "$1.00+"),
        (unpriced(dollars=1, without_tokens=1200), "$1.00 + 1,200 rounds unpriced (1,200 without tokens)", "$1.00+"),
        (
            unpriced("b-1", "a-1", "b-1", dollars=1, without_tokens=2),
            "$1.00 + 5 rounds unpriced (b-1, a-1, 2 without tokens)",
            "$1.00+",
        ),
        (unpriced("d", "c", "b", "a", dollars=1), "$1.00 + 4 rounds unpriced (a, b, c, d)", "$1.00+"),
        (unpriced("e", "d", "e", "c", "b", "a"), "6 rounds unpriced (e, a, b, 2 more models)", "-"),
        (spending.spent(BOOK, [Call("local-llama", None, Usage(1))]), "$0.00", "$0.00"),
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
def test_json_says_null_where_nothing_is_priced(calls):
    """``cost_usd`` is the priced part as decimal text; a sum of which nothing is known is null, never 0."""
    total = spending.spent(BOOK, calls)
    found = json.loads(json.dumps(total.to_json()))

    assert (found["cost_usd"] is None) == (0 < total.rounds == total.unpriced_rounds)
    assert found["cost_usd"] in (None, money.plain(total.pico))
    assert (wording.short(total) == "-") == (found["cost_usd"] is None)
    assert ("unpriced" in wording.shown(total)) == (total.unpriced_rounds > 0) == (wording.short(total)[-1] in "+-")
