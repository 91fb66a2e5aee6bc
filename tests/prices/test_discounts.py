"""Which discount that a person stated holds for a call, and what does it come to?"""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.calls.usage import TokenParts, Usage
from session_monitor.own_prices import own_lists
from session_monitor.prices import cost, money, price_list
from session_monitor.prices.book import Book
from session_monitor.prices.cost import Call, CallColumns, Traits
from session_monitor.prices.price_list import SHIPPED, PriceList
from tests.support.priced import a_list, row

SHIPPED_LIST = price_list.shipped()
MODELS = ["gpt-4o", "o3", "azure/gpt-4o", "openrouter/anthropic/claude-sonnet-4.5", "gemini-2.5-pro", "qwen3-max"]


def discount(seller, percent, **more):
    """A discount as it stands in a list."""
    return {"seller": seller, "percent": percent, **more}


def book(*given, shipped=SHIPPED_LIST, **own):
    """The shipped prices with discounts."""
    return Book([PriceList("own", discounts=given, **own), shipped])


def dollars(of, model, at="2026-11-01T00:00:00Z", **over):
    """What a million tokens of input cost."""
    return money.plain(of.price(Call(model, at, Usage(10**6), **over)).pico)


def test_discount_is_of_who_sold_it():
    """By the name or the cluster; where nothing tells, of the maker; a note says so, and of no other."""
    stated = book(discount("openai", "15"), discount("azure", "50"))

    assert dollars(stated, "gpt-4o") == "2.125"
    assert dollars(stated, "azure/gpt-4o") == "1.25"
    assert dollars(stated, "gpt-4o", cluster="outbound|443||llm-azure.internal.dns") == "1.25"
    assert dollars(stated, "claude-sonnet-4-5") == "3"
    notes = stated.price(Call("gpt-4o", "2026-11-01T00:00:00Z", Usage(1))).notes
    assert notes == (cost.SELLER_UNKNOWN, cost.DISCOUNTED)
    assert cost.DISCOUNTED not in stated.price(Call("claude-sonnet-4-5", None, Usage(1))).notes


@pytest.mark.parametrize(
    ("day", "price"),
    [("2025-12-31", "2.5"), ("2026-01-01", "2"), ("2026-03-31", "2"), ("2026-04-01", "2.5"), ("2026-05-01", "1.25")],
)
def test_discount_holds_from_and_until_its_days(day, price):
    """Both days are in it; the one that began last counts."""
    stated = book(
        discount("openai", "20", **{"from": "2026-01-01", "until": "2026-03-31"}),
        discount("openai", "50", **{"from": "2026-05-01"}),
    )

    assert dollars(stated, "gpt-4o", f"{day}T12:00:00Z") == price


def test_call_without_time_has_the_discount_without_an_end():
    """As it is priced at the latest price."""
    stated = [discount("openai", "20", until="2999-01-01"), discount("openai", "10", **{"from": "2026-01-01"})]

    assert dollars(book(*stated), "gpt-4o", None) == "2.25"
    assert dollars(book(stated[0]), "gpt-4o", None) == "2.5"


def test_most_specific_discount_counts():
    """Then the one that began last, then the data folder's, then the one stated last; 0 is none, and has no note."""
    of_some = discount("openai", "10", model="GPT-4*"), discount("openai", "0", model="o3*")
    stated = book(*of_some, discount("openai", "50", **{"from": "2026-01-01"}))
    assert [dollars(stated, model) for model in ("gpt-4o", "o3", "gpt-5")] == ["2.25", "2", "0.625"]
    assert cost.DISCOUNTED not in stated.price(Call("o3", None, Usage(1))).notes

    folder = PriceList("folder", discounts=[discount("openai", "10"), discount("openai", "20")])
    person = PriceList("person", discounts=[discount("openai", "30")])
    assert dollars(Book([folder, person, SHIPPED_LIST]), "gpt-4o") == "2"


def test_own_price_has_no_discount():
    """What one states is what one pays; the shipped rows around it keep theirs."""
    prices = Book([SHIPPED_LIST]).find("gpt-4o")
    stated = {"from": "2026-05-01", "input": "2", "output": "8", "source": "own"}
    own = own_lists.with_row(PriceList("own"), "gpt-4o", stated, None, prices, {}, "2026-05-31")
    own = own._replace(discounts=[discount("openai", "50")], patterns={"ft:*": {"prices": [row()]}})
    both = Book([own, SHIPPED_LIST])

    days = "2026-04-30", "2026-05-01", "2026-05-31", "2026-06-01"
    assert [dollars(both, "gpt-4o", f"{day}T00:00:00Z") for day in days] == ["1.25", "2", "2", "1.25"]
    assert dollars(both, "openai/ft:gpt-4o") == "1"


def test_alias_has_the_discount_of_what_it_stands_for():
    """And a discount for models with such names holds by either name."""
    stated = book(discount("openai", "20", model="gpt-4o"), aliases={"mine": "gpt-4o"})

    assert dollars(stated, "mine") == "2"


NUMBERS = st.integers(0, 10**7)
PERCENTS = st.decimals(-100, 100, places=4).map(lambda each: f"{each:f}")
PARTS = st.none() | st.builds(TokenParts, *[st.integers(0, 50)] * 4)
USAGES = st.builds(Usage, NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.booleans(), PARTS)


@given(st.sampled_from(MODELS), PERCENTS, USAGES)
def test_discount_is_exact(model, percent, usage):
    """Each kind is what is left of the full price, rounded once, and many calls cost what each of them does."""
    call = Call(model, "2026-11-01T00:00:00Z", usage)
    full = Book([SHIPPED_LIST]).price(call)
    seller = full.prices.seller or full.prices.vendor if isinstance(full, cost.Cost) else "openai"
    stated = book(discount(seller, percent))
    less = stated.price(call)
    if not isinstance(full, cost.Cost):
        assert less == full
        return
    left = 1 - Fraction(percent) / 100

    assert less.parts == tuple(round(part * left) for part in full.parts)
    assert less.pico == sum(less.parts)
    assert cost.DISCOUNTED in less.notes or left == 1
    trait = Traits(explicit_cache=True) if usage.explicit_cache else None
    columns = CallColumns(*([each] * 2 for each in (model, call.at, *usage[:5], usage.parts, trait)))
    assert list(stated.amounts(columns)) == [(less.pico, less.saved, less.notes, less.at_stake)] * 2


def test_currency_and_discount_are_multiplied():
    """A shipped row in another currency is converted and discounted at once."""
    shipped = a_list(
        row("3", currency="CNY"), path=SHIPPED, vendor="zhipu", rates={"CNY": [{"from": "2026-01-01", "usd": "0.1"}]}
    )

    assert dollars(book(discount("zhipu", "50"), shipped=shipped), "m-1") == "0.15"
