"""What would the same calls have cost on another model?"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from session_monitor.calls.usage import TokenParts, Usage
from session_monitor.prices import money
from session_monitor.prices.cost import Call, Cost
from session_monitor.totals import what_if, wording
from session_monitor.totals.spending import Noted
from session_monitor.totals.what_if import CallBlock
from tests.support import priced
from tests.support.priced import SMALL_BOOK, one_by_one, usd

AT = "2026-11-22T12:00:00Z"

NUMBERS = st.integers(0, 3) | st.integers(0, 10**6)
USAGES = st.builds(Usage, NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.booleans())
CALLS = st.lists(
    st.builds(
        Call,
        st.sampled_from([None, "gpt-4o", "no-such-model"]),
        st.sampled_from([None, AT, "2024-01-01T00:00:00Z", "2025-06-09T00:00:00Z"]),
        USAGES | st.just(Usage()),
        st.booleans(),
        st.booleans(),
    ),
    max_size=6,
)


def block(calls):
    """The calls that told tokens, column by column, as the index gives them."""
    told = [call for call in calls if call.usage.total_tokens]
    paid = [SMALL_BOOK.price(call) for call in told]
    return CallBlock(
        [call.at for call in told],
        [[call.usage[kind] for call in told] for kind in range(5)],
        [call.usage.parts for call in told],
        [call.is_free for call in told],
        [call.partly_told for call in told],
        [call.at_least for call in told],
        [outcome.pico if isinstance(outcome, Cost) else None for outcome in paid],
    )


def estimates(calls, *models, **stated):
    """What calls would have cost on models, then at prices that were made up."""
    return what_if.estimates(what_if.alternatives(SMALL_BOOK, models, stated), [block(calls)])


def dollars(*calls, model="gpt-4o"):
    """The lower and the upper end of what these calls would have cost on a model."""
    [estimate] = estimates(calls, model)
    return money.plain(estimate.low_pico), money.plain(estimate.high_pico)


def test_cache_makes_it_a_range():
    """The ends are the same share of the prompt from the other model's cache, and none of it."""
    call = Call("claude-sonnet-4-5-20250929", AT, Usage(1000, cache_read=8000, visible_output=100))

    assert dollars(call) == ("0.0135", "0.0235")


def test_range_is_one_number_without_cache():
    """Calls that used no cache have one cost on the other model, whatever theirs was."""
    calls = [Call(None, AT, Usage(1000, visible_output=100)), Call("no-such-model", AT, Usage(0, reasoning=100))]

    assert dollars(*calls) == ("0.0045", "0.0045")


def test_dear_cache_writes_can_be_the_upper_end():
    """Writing to a cache may cost more than it spares: then the calls without any are the lower end."""
    call = Call("gpt-4o", AT, Usage(0, cache_write=1000))

    assert dollars(call, model="claude-sonnet-4-5-20250929") == ("0.003", "0.00375")


def test_each_call_keeps_its_day_and_tier():
    """Calls are priced on the day when they were made, at the tier of their own prompt."""
    calls = [Call("gpt-4o", "2025-06-09T00:00:00Z", Usage(1000)), Call("gpt-4o", "2025-06-10T00:00:00Z", Usage(1000))]
    assert dollars(*calls, model="o3") == ("0.012", "0.012")

    calls = [Call("gpt-4o", AT, Usage(20_000, cache_read=20_000)), Call("gpt-4o", AT, Usage(20_000))]
    assert dollars(*calls, model="qwen3-max") == ("0.0816", "0.12")


def test_cache_that_was_asked_for_is_not_taken_along():
    """Another model's cache would have been its own: its price for one that was asked for does not count."""
    usage = Usage(0, cache_read=1_000_000, explicit_cache=True)

    assert dollars(Call("qwen3-max", AT, usage), model="qwen3-max") == ("0.6", "3")
    assert money.plain(SMALL_BOOK.price(Call("qwen3-max", AT, usage)).pico) == "0.3"


def test_calls_that_told_no_tokens_are_left_out():
    """Of a call without tokens nothing can be said, so it is not in the estimate at all."""
    calls = [
        Call("gpt-4o", AT, Usage(1000)),
        Call("gpt-4o", AT, Usage(), has_tokens=False),
        Call("gpt-4o", AT, Usage(), is_free=True),
        Call("gpt-4o", AT, Usage()),
    ]
    [estimate] = estimates(calls, "o1")

    assert (estimate.with_cache.rounds, estimate.without_cache.rounds) == (1, 1)
    assert (estimate.low_pico, estimate.high_pico) == (15 * 10**9, 15 * 10**9)


def test_models_are_answered_in_their_order():
    """Each model asked for has its estimate, one without a price too."""
    calls = [Call("gpt-4o", AT, Usage(1000))]
    made = estimates(calls, "o3", "no-such-model", "deepseek-chat")

    assert [(each.alternative.name, each.is_priced, each.high_pico) for each in made] == [
        ("o3", True, 2 * 10**9),
        ("no-such-model", False, 0),
        ("deepseek-chat", True, 28 * 10**7),
    ]
    assert made[1].with_cache.unpriced_models == {"no-such-model": 1}


def test_part_of_the_calls_may_have_a_price():
    """A model whose prices begin after some of the calls is priced for the others, and says so."""
    calls = [Call("gpt-4o", "2024-01-01T00:00:00Z", Usage(1000)), Call("gpt-4o", AT, Usage(1000))]
    [estimate] = estimates(calls, "deepseek-chat")

    assert estimate.is_priced
    assert wording.shown(estimate.with_cache) == "$0.000280 + 1 round unpriced (deepseek-chat)"


def test_no_calls_cost_nothing():
    """Calls without tokens would have cost nothing on any model; whether it has a price is told all the same."""
    made = estimates([], "gpt-4o", "no-such-model")

    assert [(each.is_priced, each.low_pico, each.high_pico) for each in made] == [(True, 0, 0), (False, 0, 0)]


def test_a_price_can_be_made_up():
    """A price that is in no list counts under the name that it was given, whatever else has that name."""
    calls = [Call("gpt-4o", AT, Usage(1000, cache_read=2000, cache_write=3000, visible_output=100, reasoning=100))]
    row = {"input": "1", "output": "10", "cache_read": "0.5", "cache_write": "2"}
    alternatives = what_if.alternatives(
        SMALL_BOOK, ["gpt-4o"], {"gpt-4o": row, "/models/x": {"input": "1", "output": "10"}}
    )
    [listed, full, plain] = what_if.estimates(alternatives, [block(calls)])

    assert listed.high_pico != full.high_pico
    assert (money.plain(full.low_pico), money.plain(full.high_pico)) == ("0.008", "0.01")
    assert (plain.alternative.name, money.plain(plain.low_pico), money.plain(plain.high_pico)) == (
        "/models/x",
        "0.008",
        "0.008",
    )
    assert plain.with_cache.noted == dict.fromkeys(("cache_write_as_input", "cache_read_as_input"), Noted(1, 8 * 10**9))


def test_difference_is_over_calls_with_a_price_both_ways():
    """Calls whose own cost is not known are in the estimate, and not in its difference to what was paid."""
    paid = Call("gpt-4o", AT, Usage(1000, cache_read=1000))
    [estimate] = estimates([paid, Call("no-such-model", AT, Usage(1000))], "o3")

    assert (estimate.with_cache.rounds, estimate.compared.rounds) == (2, 1)
    assert usd(SMALL_BOOK.price(paid)) == money.plain(estimate.compared.actual) == "0.00375"
    assert money.plain(estimate.compared.low_pico) == "-0.00125"
    assert money.plain(estimate.compared.high_pico) == "0.00025"


@given(CALLS)
def test_range_holds_the_model_itself(calls):
    """On the model that they were made on, calls cost something within the range, where no cache was asked for."""
    calls = [call._replace(model="gpt-4o", has_tokens=True) for call in calls]
    [estimate] = estimates(calls, "gpt-4o")
    cost = priced.spent(SMALL_BOOK, calls)

    assert estimate.with_cache.pico == cost.pico
    assert estimate.low_pico <= cost.pico <= estimate.high_pico


@given(CALLS, st.sampled_from(["gpt-4o", "o3", "qwen3-max", "deepseek-chat", "no-such-model"]))
def test_both_ends_hold_all_tokens(calls, model):
    """No token is lost at either end, whatever kinds the calls used."""
    [estimate] = estimates(calls, model)
    told = [call for call in calls if call.usage.total_tokens]

    assert estimate.with_cache.rounds == estimate.without_cache.rounds == len(told)
    assert estimate.with_cache.unpriced_tokens == estimate.without_cache.unpriced_tokens
    assert estimate.low_pico <= estimate.high_pico
    assert estimate.without_cache.saved_pico == 0


PARTS = st.none() | st.builds(TokenParts, *[st.integers(0, 50)] * 7)


@given(CALLS, PARTS, st.sampled_from(["gpt-4o", "o3", "qwen3-max", "deepseek-chat", "no-such-model"]))
def test_columns_say_what_each_call_says(calls, parts, model):
    """Pricing calls by columns, cached ones twice, adds up to what pricing each of them by itself does."""
    of_writes = {"cache_write_5m": 0, "cache_write_1h": 0, "cache_write_mixed": 0}
    unwritten = parts and parts._replace(**of_writes)  # what is a part of nothing is nothing
    usages = [call.usage._replace(parts=parts if call.usage.cache_write else unwritten) for call in calls]
    calls = [call._replace(usage=usage, at_least=bool(parts)) for call, usage in zip(calls, usages)]
    [estimate] = estimates(calls, model)

    assert (estimate.with_cache, estimate.without_cache) == one_by_one(SMALL_BOOK, calls, model)
