"""What did a call cost, by the reckoning of others?

genai-prices is a library with a price table and a calculator of its own.  By its prices, ours must come to the same
costs, to the last digit.
"""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from session_monitor.calls import usage
from session_monitor.calls.usage import Reported, Usage
from session_monitor.own_prices import price_check
from session_monitor.prices import money
from session_monitor.prices.book import Book
from session_monitor.prices.cost import Call
from session_monitor.prices.price_list import PriceList
from tests.support.needs import need_module

ROUNDS = json.loads(
    (Path(__file__).parent.parent / "prices" / "data" / "worked-rounds.json").read_text(encoding="utf-8")
)
MODELS = ["gpt-4o", "o1", "claude-sonnet-4-5-20250929", "gemini-2.5-pro", "grok-4"]
PROVIDERS = dict(zip(MODELS, ["openai", "openai", "anthropic", "google", "x-ai"]))
FIELDS = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cache_read": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
}
NUMBERS = st.integers(0, 3) | st.integers(0, 10**6) | st.sampled_from([200_000, 200_001])


@pytest.fixture(scope="module")
def genai():
    """The library."""
    return need_module("genai_prices", since=(3, 11))


def theirs(genai, call):
    """What the library says that a call cost."""
    tokens = genai.Usage(
        input_tokens=call.usage.input_tokens,
        cache_read_tokens=call.usage.cache_read,
        cache_write_tokens=call.usage.cache_write,
        output_tokens=call.usage.output_tokens,
    )
    at = datetime.fromisoformat(call.at.replace("Z", "+00:00"))
    return genai.calc_price(tokens, call.model, provider_id=PROVIDERS[call.model], genai_request_timestamp=at)


def list_of(model, their_prices):
    """The library's prices as a list of ours."""
    prices = {name: getattr(their_prices, field) for name, field in FIELDS.items() if getattr(their_prices, field)}
    row = {name: str(getattr(price, "base", price)) for name, price in prices.items()}
    tiers = {}
    for name, price in prices.items():
        for tier in getattr(price, "tiers", ()):
            tiers.setdefault(tier.start, {"above": tier.start})[name] = str(tier.price)
    row["tiers"] = [tiers[start] for start in sorted(tiers)]
    key = model.replace(".", "-")
    price_check.check({"schema": 1, "models": {key: {"prices": [row]}}})
    return PriceList("theirs", {key: {"prices": [row]}})


@pytest.mark.parametrize(
    "name", [each["name"] for each in ROUNDS if each["name"][:2] in {"1:", "2:", "3:", "4:", "6:"}]
)
def test_worked_round_costs_the_same_by_their_calculator(genai, name):
    """From the counts that the provider reported: our cost, theirs, and the one on paper are one number."""
    [each] = [each for each in ROUNDS if each["name"] == name]
    tokens = usage.normalise(Reported(**each["reported"]), each["model"])
    call = Call(each["model"], f"{each['at']}T12:00:00Z", tokens)
    expected = theirs(genai, call)
    ours = Book([list_of(call.model, expected.model_price)]).price(call)

    assert Decimal(money.plain(ours.pico)) == expected.total_price == Decimal(each["cost_usd"])


@pytest.mark.parametrize("model", MODELS)
@given(st.builds(Usage, NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS))
def test_any_call_costs_the_same_by_their_calculator(genai, model, tokens):
    """Whatever kinds a call used, on both sides of a tier: both calculators come to the same."""
    if model != "claude-sonnet-4-5-20250929":  # the others have no price for writing to a cache
        tokens = Usage(tokens.fresh_input, tokens.cache_read, 0, tokens.visible_output, tokens.reasoning)
    assume(tokens.total_tokens)  # theirs takes nothing told for nothing used
    call = Call(model, "2026-03-01T12:00:00Z", tokens)
    expected = theirs(genai, call)
    ours = Book([list_of(model, expected.model_price)]).price(call)

    assert Fraction(ours.pico, money.PICO) == Fraction(expected.total_price)
