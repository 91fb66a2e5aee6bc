"""What do the costs of many calls add up to, and what is not in the sum?"""

from __future__ import annotations

import copy
import json
from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from session_monitor.calls.usage import Usage
from session_monitor.prices import cost, money
from session_monitor.prices.cost import Call, Cost, Unpriced
from session_monitor.totals import wording
from session_monitor.totals.spending import Noted, Spending
from tests.support import priced
from tests.support.priced import MANY, SMALL_BOOK, unpriced


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
        Call("no-such-model", None, Usage(), has_tokens=False, is_free=True),
        Call("local-llama", None, Usage(1), at_least=True),
        Call("no-such-model", None, Usage(2), at_least=True),
    ]
    total = priced.spent(SMALL_BOOK, calls)

    assert total == Spending(
        pico=3_750_000_000 + 2_500_000_000 + 1_440_000_000,
        rounds=11,
        unpriced_rounds=6,
        unpriced_tokens=1513,
        without_tokens=1,
        unpriced_models={"qwen-long": 2, "no model": 1, "deepseek-chat": 1, "no-such-model": 1},
        saved_pico=1_250_000_000 + 960_000_000,
        noted={
            "undated": Noted(1, 2_500_000_000),
            "no_time": Noted(3, 3_940_000_000),
            "cache_read_by_vendor": Noted(1, 1_440_000_000),
        },
        assumed=Noted(3, 3_940_000_000),
        at_least=2,
    )
    assert total.to_json() == {
        "cost_usd": "0.00769",
        "at_least": 2,
        "without_tokens": 1,
        "unpriced_rounds": 6,
        "unpriced_tokens": 1513,
        "unpriced_models": ["deepseek-chat", "no model", "no-such-model", "qwen-long"],
        "cache_savings_usd": "0.00221",
        "assumed_rounds": 3,
        "assumed_usd": "0.00394",
        "cost_notes": {
            "undated": {"rounds": 1, "cost_usd": "0.0025"},
            "no_time": {"rounds": 3, "cost_usd": "0.00394"},
            "cache_read_by_vendor": {"rounds": 1, "cost_usd": "0.00144"},
        },
    }


@given(MANY)
def test_nothing_is_counted_as_free_that_is_not_known(calls):
    """Each call is in the sum or among those without a price, with all of its tokens."""
    total = priced.spent(SMALL_BOOK, calls)
    outcomes = [(call, SMALL_BOOK.price(call)) for call in calls]
    unknown = [(call, outcome) for call, outcome in outcomes if isinstance(outcome, Unpriced)]

    assert total.rounds == len(calls)
    assert total.pico == sum(outcome.pico for _, outcome in outcomes if isinstance(outcome, Cost))
    assert total.unpriced_rounds == len(unknown)
    assert total.unpriced_tokens == sum(call.usage.total_tokens for call, _ in unknown)
    assert total.unpriced_rounds == sum(total.unpriced_models.values()) + total.without_tokens + total.partly_told
    assert total.partly_told == sum(outcome.reason == cost.PARTLY_TOLD for _, outcome in unknown)
    assert total.without_tokens == sum(outcome.reason == cost.NO_TOKENS for _, outcome in unknown)
    assert total.at_least == sum(call.at_least for call in calls)


@given(MANY)
def test_each_note_has_its_calls(calls):
    """Of each note it is told which calls have it and what these cost; and of all assumptions, with each call once."""
    total = priced.spent(SMALL_BOOK, calls)
    costs = [each for each in map(SMALL_BOOK.price, calls) if isinstance(each, Cost)]

    for note in cost.NOTES:
        having = [each for each in costs if note in each.notes]
        stakes = [each.at_stake or 0 for each in having if note in cost.OTHER_READINGS]
        assert total.noted.get(note, Noted()) == (len(having), sum(each.pico for each in having), sum(stakes))
    assumed = [each for each in costs if set(each.notes) - cost.STATED]
    assert total.assumed == (
        len(assumed),
        sum(each.pico for each in assumed),
        sum(each.at_stake or 0 for each in assumed),
    )


def test_what_a_person_stated_is_no_assumption():
    """A note of what was stated is told, and is no share that was assumed."""
    total = Spending(rounds=3, pico=7)
    total.note([cost.CONVERTED], Noted(1, 3))
    total.note([cost.CONVERTED, cost.UNDATED], Noted(2, 4))

    assert total.noted == {cost.CONVERTED: Noted(3, 7), cost.UNDATED: Noted(2, 4)}
    assert total.assumed == Noted(2, 4)


@given(st.lists(MANY, max_size=4), st.randoms(use_true_random=False))
def test_sums_do_not_depend_on_order_or_grouping(groups, chance):
    """Calls add up to the same one by one, by sessions, and by sessions in any order."""
    whole = priced.spent(SMALL_BOOK, [call for group in groups for call in group])
    parts = [priced.spent(SMALL_BOOK, group) for group in groups]
    chance.shuffle(parts)

    assert reduce(added, parts, Spending()) == whole


def test_sums_read_alike_in_whichever_order_they_were_added_up():
    """An index that is made anew meets the calls in another order: the text of the answer is the same."""
    first, second = (Spending(rounds=1, pico=4), Spending(rounds=1, pico=4))
    first.note([cost.CONVERTED], Noted(1, 4))
    second.note([cost.UNDATED], Noted(1, 4))

    one, other = added(first, second), added(second, first)
    assert json.dumps(one.to_json()) == json.dumps(other.to_json())
    assert wording.notes(one) == wording.notes(other)


@given(MANY, MANY, MANY)
def test_adding_is_commutative_and_associative(first, second, third):
    """``a + b`` is ``b + a``, ``(a + b) + c`` is ``a + (b + c)``, and adding nothing changes nothing."""
    one, two, three = (priced.spent(SMALL_BOOK, calls) for calls in (first, second, third))

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


@given(MANY)
def test_json_says_null_where_nothing_is_priced(calls):
    """``cost_usd`` is the priced part as decimal text; a sum of which nothing is known is null, never 0."""
    total = priced.spent(SMALL_BOOK, calls)
    document = json.loads(json.dumps(total.to_json()))

    assert (document["cost_usd"] is None) == (0 < total.rounds == total.unpriced_rounds)
    assert document["cost_usd"] in (None, money.plain(total.pico))
