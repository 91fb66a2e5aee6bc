"""What did a call cost, by which list, which model and which row?"""

from __future__ import annotations

import itertools
import json
import random
from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from session_monitor.calls.usage import OPEN_CACHE, TokenParts, Usage
from session_monitor.prices import cost, model_names, money, price_list
from session_monitor.prices.book import Book
from session_monitor.prices.cost import USUAL, Call, CallColumns, Traits, Unpriced
from session_monitor.prices.price_list import PriceList
from session_monitor.totals.spending import Spending
from tests.support.price_oracle import place_of, prices_at, rate_of
from tests.support.priced import ROUNDS, SMALL, SMALL_BOOK, a_list, call, row, usd, worked

SHIPPED = price_list.shipped()
BOOKS = {"small": Book([SMALL]), "shipped": Book([SHIPPED])}


# --- Worked rounds ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("each", ROUNDS, ids=lambda each: each["name"])
@pytest.mark.parametrize("book", BOOKS)
def test_worked_round_costs_what_it_does_on_paper(book, each):
    """From the counts that a provider reports to the cost, exactly, by the small list as by the shipped one."""
    outcome = BOOKS[book].price(worked(each))
    seller_notes = [cost.SELLER_UNKNOWN] if book == "shipped" and not model_names.seller_of(each["model"]) else []

    assert (usd(outcome), sorted(outcome.notes), outcome.above) == (
        each["cost_usd"],
        sorted(each.get("notes", []) + seller_notes),
        each.get("tier_above", 0),
    )
    assert sum(outcome.parts) == outcome.pico


def amount(outcome):
    """Less of a cost, as it is told of many calls."""
    if isinstance(outcome, Unpriced):
        return None, None, (), None
    return outcome.pico, outcome.saved, outcome.notes, outcome.at_stake


PLAIN, CACHED = {"input": "1", "output": "5"}, {"cache_read": "0.25", "cache_write": "2", "reasoning": "3"}
EXPLICIT = {**CACHED, "cache_read_explicit": "0.125"}
TIERS = [{"above": 10, "input": "7"}]
MANY_PRICES = {"plain": PLAIN, "cached": {**PLAIN, **CACHED}, "explicit": {**PLAIN, **EXPLICIT}}
MANY_PRICES["hour"] = {**PLAIN, **CACHED, "cache_write_1h": "4"}
MANY_PRICES["tiers"] = {**PLAIN, "tiers": TIERS}


def test_many_calls_cost_what_each_of_them_does():
    """Column by column it is the same cost, also of a model and a day that were asked for before."""
    book = Book([PriceList("x", models={name: {"prices": [prices]} for name, prices in MANY_PRICES.items()})])
    kinds = (
        (0, 7),
        (0, 7),
        (0, 7),
        (0, 7),
        (0, 7),
        (False, True),
        (None, TokenParts(1, 2, 3, 4, 1, 2, 4)),
        ((), OPEN_CACHE),
    )
    usages = [Usage(*counts) for counts in itertools.product(*kinds)]
    calls = [
        Call(model, at, usage, *told)
        for model in (*MANY_PRICES, "unknown", None)
        for at in ("2026-02-01T09:30:15Z", None)
        for usage in usages
        for told in ((True, False, False), (False, False, False), (True, True, False), (True, False, True))
    ]
    traits = [Traits(each.usage.explicit_cache, each.usage.notes, *each[3:6]) for each in calls]
    columns = [
        (each.model, each.at, *each.usage[:5], each.usage.parts, None if trait == USUAL else trait)
        for each, trait in zip(calls, traits)
    ]

    assert list(book.amounts(CallColumns(*zip(*columns)))) == [amount(book.price(each)) for each in calls]


# --- Which row, tier and kind -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("book", BOOKS)
def test_session_over_models_days_and_tiers_is_priced_round_by_round(book):
    """A session that changes its model, crosses a price change and a tier: each round at its own model, day and tier."""
    kinds = {"fresh_input": 1000, "visible_output": 100}
    rounds = [
        (call("o3", "2025-06-09T23:59:59.999Z", **kinds), "0.014"),
        (call("o3", "2025-06-10T00:00:00Z", **kinds), "0.0028"),
        (call("gpt-4o", "2025-06-10T00:00:01Z", **kinds), "0.0035"),
        (call("qwen3-max", "2026-04-01T08:00:00Z", fresh_input=32_000, visible_output=100), "0.039"),
        (call("qwen3-max", "2026-04-01T08:01:00Z", fresh_input=32_001, visible_output=100), "0.0780024"),
        (call("qwen3-max", "2026-04-01T08:02:00Z", fresh_input=128_000, visible_output=100), "0.3084"),
        (call("qwen3-max", "2026-04-01T08:03:00Z", fresh_input=128_001, visible_output=100), "0.385503"),
    ]
    total = Spending()
    for each, expected in rounds:
        outcome = BOOKS[book].price(each)
        assert usd(outcome) == expected
        total.count(each, outcome)

    assert money.plain(total.pico) == "0.8312054"


@pytest.mark.parametrize(
    ("day", "dollars", "notes"),
    [
        ("2026-08-10", "1", []),
        ("2026-08-11", "1", []),  # the old price was seen on this day
        ("2026-08-12", "1", [cost.PRICE_MAY_HAVE_CHANGED]),
        ("2026-09-28", "1", [cost.PRICE_MAY_HAVE_CHANGED]),
        ("2026-09-29", "3", []),
    ],
)
def test_price_that_changed_nobody_knows_when(day, dollars, notes):
    """Between the day when a price was seen last and the one when another was, either may have held: a note says so."""
    seen = row("3", **{"from": "2026-09-29"}, dated="seen", after="2026-08-11")
    book = Book([a_list(row("1"), seen)])
    outcome = book.price(call("m-1", f"{day}T12:00:00Z", fresh_input=10**6))

    assert (usd(outcome), list(outcome.notes)) == (dollars, notes)


def test_price_that_changed_on_a_day_that_is_stated():
    """Where a source states the day there is nothing to be told; nor of a call without a time, which has the latest price."""
    stated = row("3", **{"from": "2026-09-29"}, dated="source")
    seen = row("4", **{"from": "2026-10-29"}, dated="seen", after="2026-10-11")
    book = Book([a_list(row("1"), stated, seen)])

    assert book.price(call("m-1", "2026-09-28T12:00:00Z", fresh_input=1)).notes == ()
    assert book.price(call("m-1", None, fresh_input=1)).notes == (cost.NO_TIME,)


def test_day_before_the_first_row_has_no_price():
    """Nothing is priced by what came into force later."""
    assert SMALL_BOOK.price(call("deepseek-chat", "2025-02-07T23:59:59Z", fresh_input=1)) == Unpriced(
        cost.NO_PRICE_THEN
    )
    assert usd(SMALL_BOOK.price(call("deepseek-chat", "2025-02-08T00:00:00Z", fresh_input=1))) == "0.00000027"


def test_call_without_time_has_the_latest_price():
    """A call that tells no time is priced at the latest row, outside of all windows, with a note."""
    outcome = SMALL_BOOK.price(call("deepseek-chat", None, fresh_input=100))
    assert (usd(outcome), outcome.notes, outcome.row["from"]) == ("0.000028", ("no_time",), "2025-12-01")

    night = SMALL_BOOK.price(call("night-1", None, fresh_input=1))
    assert (usd(night), night.notes) == ("0.000004", ("no_time",))


# --- What is not priced, and what is free -----------------------------------------------------------------------------


@pytest.mark.parametrize("model", [None, "no-such-model", "gpt-4o", "deepseek-chat"])
@pytest.mark.parametrize("has_tokens", [True, False])
@pytest.mark.parametrize("usage", [Usage(), Usage(1000)])
def test_call_that_is_free_costs_nothing(model, has_tokens, usage):
    """A call that was refused, or that the gateway answered by itself, costs nothing whatever its model."""
    outcome = SMALL_BOOK.price(Call(model, "2020-01-01T00:00:00Z", usage, has_tokens, is_free=True))

    assert (outcome.pico, outcome.notes, outcome.prices) == (0, (), None)
    assert cost.to_json(outcome) == {"cost_usd": "0"}


@pytest.mark.parametrize("has_tokens", [True, False])
def test_nothing_told_is_no_price(has_tokens):
    """Tokens that are not told, or told as none where there was an answer, are no price of 0."""
    assert SMALL_BOOK.price(Call("gpt-4o", None, Usage(), has_tokens)) == Unpriced(cost.NO_TOKENS)


# --- Another currency -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "rate"),
    [
        ("2025-12-31T23:59:59Z", "0.14"),
        ("2026-01-01T00:00:00Z", "0.14"),
        ("2026-05-31T23:59:59Z", "0.14"),
        ("2026-06-01T00:00:00Z", "0.137931"),
        (None, "0.137931"),
    ],
)
def test_currency_is_converted_at_the_days_rate(at, rate):
    """Prices in yuan cost what they were worth on the day; before the first known rate, that one counts."""
    kinds = {"fresh_input": 3, "cache_read": 7, "cache_write": 11, "visible_output": 13, "reasoning": 17}
    outcome = SMALL_BOOK.price(call("qwen-in-yuan", at, **kinds))
    yuan = {"fresh_input": "0.5", "cache_read": "0.1", "cache_write": "0.625", "visible_output": "2", "reasoning": "2"}
    exact = {kind: number * Fraction(yuan[kind]) * Fraction(rate) * 10**6 for kind, number in kinds.items()}

    assert outcome.parts._asdict() == {kind: round(pico) for kind, pico in exact.items()}
    assert outcome.pico == sum(outcome.parts)
    assert outcome.notes == (cost.CONVERTED,) if at else (cost.NO_TIME, cost.CONVERTED)
    assert outcome.saved == round((7 * Fraction("0.4") - 11 * Fraction("0.125")) * Fraction(rate) * 10**6)


def test_upper_rate_counts():
    """A rate in a more personal list is the one that is used."""
    lower = a_list(row(currency="CNY"), rates={"CNY": [{"from": "2026-01-01", "usd": "0.2"}]})
    upper = PriceList("upper.json", rates={"CNY": [{"from": "2026-01-01", "usd": "0.1"}]})

    assert usd(Book([upper, lower]).price(call("m-1", fresh_input=10**6))) == "0.1"


# --- Which list, which name -------------------------------------------------------------------------------------------


def test_model_of_an_upper_list_hides_the_whole_model():
    """One's own model counts alone: none of the rows, tiers and kinds below shines through."""
    upper = a_list({"from": "2026-01-01", "input": "7", "output": "7"}, name="qwen3-max", path="upper.json")
    book = Book([upper, SMALL])

    assert usd(book.price(call("qwen3-max", fresh_input=200_000))) == "1.4"
    assert book.price(call("qwen3-max", cache_read=1)).notes == ("cache_read_as_input",)
    assert book.price(call("qwen3-max", "2025-12-31T00:00:00Z", fresh_input=1)) == Unpriced(cost.NO_PRICE_THEN)
    assert usd(book.price(call("gpt-4o", fresh_input=1000))) == "0.0025"


@pytest.mark.parametrize(
    ("name", "notes"),
    [
        ("gpt-4o-2031-01-01", (cost.UNDATED, cost.SELLER_UNKNOWN)),
        ("resold-1", (cost.THIRD_PARTY_PRICE, cost.SELLER_UNKNOWN)),
        ("openrouter/resold-1", ()),
        ("mine", (cost.UNDATED, cost.SELLER_UNKNOWN)),
        ("gpt-4o", (cost.SELLER_UNKNOWN,)),
        ("azure/gpt-4o", ()),
    ],
)
def test_match_is_noted_where_it_assumes_something(name, notes):
    """A price without the name's date, or a reseller's, is noted, whoever stated it."""
    models = {**SHIPPED.models, "resold-1": {"vendor": "openrouter", "prices": [row()]}}
    book = Book([PriceList("own.json", aliases={"mine": "gpt-4o-2031-01-01"}), SHIPPED._replace(models=models)])

    assert book.price(call(name, fresh_input=1)).notes == notes


def test_upper_rule_of_a_vendor_counts():
    """A vendor's rules in an upper list hide those below."""
    upper = PriceList("own.json", vendor_defaults={"dashscope": {"cache_read": "0.5x"}})
    book = Book([upper, SMALL])

    assert book.price(call("qwen3-max", cache_read=10)).pico == 6_000_000
    assert book.price(call("qwen3-max", cache_write=10)).notes == ("cache_write_as_input",)


# --- Everything at once -----------------------------------------------------------------------------------------------

CALLS_MADE = 100_000
KINDS = ("fresh_input", "cache_read", "cache_write", "visible_output", "reasoning", *TokenParts._fields)
WHOLES = ("fresh_input", "fresh_input", "visible_output", "visible_output", *["cache_write"] * 3)
"""What each part is a part of."""


def made_calls(document):
    """Very many calls on all models, days, hours and sizes, those at which something changes above all."""
    chance = random.Random(20261122)
    keys = sorted(document["models"])
    days = {row["from"] for model in document["models"].values() for row in model["prices"] if row["from"]}
    days = [date.fromisoformat(day) + timedelta(off) for day in sorted(days) for off in (-1, 0, 1)]
    days = [day.isoformat() for day in [*days, *(date(2024, 1, 1) + timedelta(each) for each in range(0, 1100, 7))]]
    times = [f"T{hour:02}:{minute}Z" for hour in range(24) for minute in ("00:00", "29:59", "30:00.5", "59:59.999")]
    sizes = [0, 0, 1, 17, 999, 32_000, 32_001, 128_000, 128_001, 200_000, 200_001, 256_000, 272_001, 1_000_003]
    for number in range(CALLS_MADE):
        kinds = chance.choices(sizes, k=5)
        at = chance.choice(days) + chance.choice(times) if number % 50 else None
        parts = TokenParts(*(chance.choice((0, 1, 2)) * kinds[KINDS.index(whole)] // 6 for whole in WHOLES))
        has_parts = number % 4 == 0 and any(parts)
        yield Call(
            chance.choice(keys), at, Usage(*kinds, explicit_cache=number % 3 == 0, parts=parts if has_parts else None)
        )


OWN = {"audio_input": "40", "audio_output": "80.5", "image_input": "10.000001", "cache_write_1h": "6.25"}
"""Prices of parts, for some of the models."""


def add_prices_of_parts(document):
    """Give rows of some models some of these."""
    for number, key in enumerate(sorted(document["models"])):
        for each in document["models"][key]["prices"][: number % 3]:
            each.update(dict(list(OWN.items())[number % 5 :]))


def test_very_many_calls_add_up_to_what_fractions_say():
    """The sums by model are those of another calculation: from the file's text, in fractions, the tokens added first."""
    document = json.loads(Path(price_list.SHIPPED).read_text(encoding="utf-8"))
    for key in sorted(document["models"])[::10]:  # these have no price before that day
        document["models"][key]["prices"][0]["from"] = "2024-01-08"
    add_prices_of_parts(document)
    book = Book([SHIPPED._replace(models=document["models"])])
    spent = defaultdict(Spending)
    tokens = defaultdict(lambda: [0] * len(KINDS))
    unpriced = defaultdict(int)
    for each in made_calls(document):
        spent[each.model].count(each, book.price(each))
        kinds = each.usage
        place = place_of(document["models"][each.model], each.at, each.usage.input_tokens)
        if place is None or not kinds.total_tokens:
            unpriced[each.model] += 1
            continue
        sums = tokens[(each.model, *place, kinds.explicit_cache)]
        for n, number in enumerate([*kinds[:5], *(kinds.parts or TokenParts())]):
            sums[n] += number
        for whole, number in zip(WHOLES, kinds.parts or ()):
            sums[KINDS.index(whole)] -= number

    expected = defaultdict(Fraction)
    for (key, *place, explicit), sums in tokens.items():
        model = document["models"][key]
        known = prices_at(model, place)
        rules = document["vendor_defaults"].get(model["vendor"], {})
        for kind, count in zip(KINDS, sums):
            expected[key] += count * rate_of(known, rules, kind, explicit)

    assert {key: Fraction(each.pico, money.PICO) for key, each in spent.items()} == {
        key: expected[key] for key in spent
    }
    assert {key: each.unpriced_rounds for key, each in spent.items() if each.unpriced_rounds} == unpriced
    assert sum(each.rounds for each in spent.values()) == CALLS_MADE
    assert len(spent) == len(document["models"])
    assert unpriced


@pytest.mark.parametrize(
    ("cluster", "dollars"),
    [("said", "3"), ("llm-groq", "2"), ("llm-x", "2"), (None, "2")],
)
def test_what_a_person_says_of_a_cluster_goes_over_what_a_name_tells(cluster, dollars):
    """Who sold a call is as a person said; else as the model's name tells; only then as the cluster does."""
    models = {
        "gpt-4o": {"vendor": "openai", "prices": [row("1")]},
        "azure/gpt-4o": {"vendor": "azure", "prices": [row("2")]},
        "bedrock/gpt-4o": {"vendor": "bedrock", "prices": [row("3")]},
    }
    book = Book([PriceList("own.json", sellers={"said": "bedrock"}), SHIPPED._replace(models=models)])

    outcome = book.price(call("azure/gpt-4o", fresh_input=10**6)._replace(cluster=cluster))

    assert usd(outcome) == dollars


# --- Whose ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "cluster", "seller", "vendor"),
    [
        ("claude-sonnet-4-5", None, None, "anthropic"),
        ("claude-sonnet-4-5", "llm-anthropic", "anthropic", "anthropic"),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "x", "bedrock", "anthropic"),
        ("openrouter/openai/gpt-4o", None, "openrouter", "openai"),
        ("gpt-4o-2024-11-20", "llm-azure-openai", "azure", "openai"),
        ("no-such-model", "llm-groq", "groq", None),
        (None, "llm-groq", "groq", None),
        (None, None, None, None),
        ("mine", "llm-azure", "azure", "deepseek"),
        ("twice", None, None, "deepseek"),
    ],
)
def test_who_sold_a_call_and_who_makes_its_model(model, cluster, seller, vendor):
    """The seller is told by the name's form or by the way, also of a call without a model; the maker by the model alone."""
    book = Book([PriceList("own.json", aliases={"mine": "deepseek-chat", "twice": "mine"}), SHIPPED])

    assert book.seller_of(model, None, cluster) == seller
    assert (book.vendor_of(model) if model else None) == vendor
