"""What does a call cost as a person says that its cache is to be read?"""

from __future__ import annotations

from fractions import Fraction

import pytest

from session_monitor.calls import usage as usages
from session_monitor.calls.usage import TokenParts, Usage
from session_monitor.index.tables import round_costs, schema
from session_monitor.own_prices import own_lists
from session_monitor.prices import assumptions, cost, money
from session_monitor.prices.book import Book
from session_monitor.prices.cost import AS_STATED, Call
from session_monitor.prices.price_list import PriceList
from tests.support.priced import a_list, row

CLAUDE = row("3", "15", cache_read="0.3", cache_write="3.75", cache_write_1h="6")
TIERED = {**CLAUDE, "tiers": [{"above": 10**6, "input": "6"}]}
AT = "2026-11-22T12:00:00Z"
WRITES = Usage(1000, 0, 300, 50)
INSIDE = Usage(100, 900, 0, 50, notes=(usages.CONVERTED_CACHE,))
IN_ONE = Usage(1000, 900, 0, 50, notes=(usages.CACHE_IN_ONE,))


def priced(usage, *rules, model="m-1", consumer=None, prices=CLAUDE):
    """What a call cost by a book with these rules: fractions of a dollar, notes, and what is at stake."""
    outcome = Book([a_list(prices, assume=rules)]).price(Call(model, AT, usage, consumer=consumer))
    return Fraction(outcome.pico, money.PICO), outcome.notes, outcome.at_stake


def dollars(*counts):
    """Tokens in fractions of a dollar; ``counts`` are fresh, read, written for 5 minutes and 1 hour, out."""
    names = ("input", "cache_read", "cache_write", "cache_write_1h", "output")
    return sum(number * Fraction(CLAUDE[name]) for number, name in zip(counts, names)) / 10**6


@pytest.mark.parametrize("prices", [CLAUDE, TIERED])
@pytest.mark.parametrize(
    ("usage", "rule", "expected"),
    [
        (WRITES, {"cache_write": "1h"}, (1000, 0, 0, 300, 50)),
        (WRITES, {"cache_write": "5m"}, (1000, 0, 300, 0, 50)),
        (INSIDE, {"cache": "inside"}, (100, 900, 0, 0, 50)),
        (INSIDE, {"cache": "beside"}, (1000, 900, 0, 0, 50)),
    ],
)
def test_as_stated(prices, usage, rule, expected):
    """The price is that of the reading that was stated, to the last digit; then nothing is at stake, and one note says so."""
    assert priced(usage, rule, prices=prices) == (dollars(*expected), (AS_STATED,), None)


@pytest.mark.parametrize(
    ("usage", "rule"),
    [
        (WRITES._replace(parts=TokenParts(cache_write_5m=300)), {"cache_write": "1h"}),
        (WRITES._replace(parts=TokenParts(cache_write_1h=300)), {"cache_write": "5m"}),
        (INSIDE._replace(notes=()), {"cache": "beside"}),
        (Usage(1000, 900, 0, 50), {"cache": "beside", "cache_write": "1h"}),
        (WRITES, {"cache": "beside"}),
        (INSIDE, {"cache_write": "1h"}),
        (IN_ONE, {"cache": "inside"}),
    ],
)
def test_what_the_log_tells_is_not_overruled(usage, rule):
    """A rule decides what is open, and nothing else."""
    assert priced(usage, rule) == priced(usage)


def test_the_rest_of_what_was_written():
    """Of writes of which a part is told, the rest is as stated."""
    part = WRITES._replace(parts=TokenParts(cache_write_5m=100))

    assert priced(part, {"cache_write": "1h"}) == (dollars(1000, 0, 100, 200, 50), (AS_STATED,), None)


def test_what_stays_open_is_told_by_what_is_stated():
    """Where all of one number may have been written, it would have been for as long as a person says."""
    spent, notes, at_stake = priced(IN_ONE, {"cache_write": "1h"})

    assert (spent, notes) == (dollars(1000, 900, 0, 0, 50), (cost.CACHE_IN_ONE,))
    assert Fraction(at_stake, money.PICO) == dollars(0, -900, 0, 900)


@pytest.mark.parametrize(
    ("patterns", "model", "consumer", "fits"),
    [
        ({}, "claude-x", None, True),
        ({"model": "claude-*"}, "claude-x", None, True),
        ({"model": "CLAUDE-*"}, "Claude-X", None, True),
        ({"model": "claude-*"}, "anthropic/claude-x", None, True),
        ({"model": "claude"}, "claude-x", None, False),
        ({"consumer": "team-*"}, "claude-x", "team-a", True),
        ({"consumer": "team-*"}, "claude-x", "Team-a", False),
        ({"consumer": "*"}, "claude-x", None, False),
        ({"model": "claude-*", "consumer": "x"}, "claude-x", "x", True),
        ({"model": "claude-*", "consumer": "x"}, "claude-x", "y", False),
        ({"model": "gpt-*", "consumer": "x"}, "claude-x", "x", False),
    ],
)
def test_whose_calls_a_rule_is_for(patterns, model, consumer, fits):
    """Patterns are of whole names: a model's as the log or the price lists have it, and a consumer's to the letter."""
    prices = a_list(CLAUDE, name="claude-x", assume=({"cache_write": "1h", **patterns},))
    outcome = Book([prices]).price(Call(model, AT, WRITES, consumer=consumer))

    assert (AS_STATED in outcome.notes) == fits


def test_first_rule_that_fits_counts():
    """For each of the settings by itself: those of the data folder before those for all."""
    rules = {"cache_write": "5m", "model": "m-*"}, {"cache_write": "1h"}
    assert priced(WRITES, *rules)[0] == dollars(1000, 0, 300, 0, 50)
    assert priced(WRITES, *rules[::-1])[0] == dollars(1000, 0, 0, 300, 50)

    first, second = PriceList("a", assume=({"cache": "beside"},)), a_list(CLAUDE, assume=({"cache_write": "1h"},))
    book = Book([first, second])
    assert [(each.setting, each.origin) for each in book.assumptions] == [("cache", "a"), ("cache_write", "own.json")]
    outcome = book.price(Call("m-1", AT, Usage(10, 900, 5, 0, notes=INSIDE.notes)))
    assert Fraction(outcome.pico, money.PICO) == dollars(915, 900, 0, 5)


@pytest.mark.parametrize("prices", [CLAUDE, TIERED])
def test_many_calls_cost_what_each_of_them_does(prices):
    """Column by column it is the same cost, whichever of them a rule is for."""
    rules = {"cache_write": "1h", "consumer": "x"}, {"cache": "beside", "model": "m-1"}
    book = Book([a_list(prices, assume=rules)])
    flags = {(): 0, INSIDE.notes: schema.CONVERTED_CACHE, IN_ONE.notes: schema.CACHE_IN_ONE}
    calls = [(usage, consumer) for usage in (WRITES, INSIDE, IN_ONE, Usage(1)) for consumer in (None, "x", "y")] * 2

    names = round_costs.priced_as(book, ["m-1"] * len(calls), [None] * len(calls), [consumer for _, consumer in calls])
    tokens = [list(kind) for kind in zip(*(usage[:5] for usage, _ in calls))]
    told = [flags[usage.notes] for usage, _ in calls]
    rows = zip(*round_costs.costs(book, names, [AT] * len(calls), tokens, [None] * len(calls), told))

    for (usage, consumer), (usd, pico, _, _, stake_usd, stake_pico, notes) in zip(calls, rows):
        outcome = book.price(Call("m-1", AT, usage, consumer=consumer))
        assert usd * money.MICRO + pico == outcome.pico
        assert stake_usd * money.MICRO + stake_pico == (outcome.at_stake or 0)
        assert notes == cost.bits_of(outcome.notes)


def test_a_name_that_looks_marked():
    """A model that a stranger named so has no price, with rules and without."""
    for rules in ((), ({"cache": "beside"},)):
        book = Book([a_list(CLAUDE, assume=rules)])
        assert book.price(Call("1h :::::m-1", AT, WRITES)) == cost.Unpriced(cost.UNKNOWN_MODEL)
        assert assumptions.split("m-1") == (None, "m-1")


# -- in a person's list ------------------------------------------------------------------------------------------------


def test_the_newest_goes_first():
    """In the place of one with the same patterns, of which another setting stays."""
    prices = PriceList("x", assume=({"cache_write": "5m", "cache": "beside", "model": "a"},))
    prices = own_lists.with_assumption(prices, "cache_write", "1h", None, "x")
    prices = own_lists.with_assumption(prices, "cache_write", "1h", "a")

    assert prices.assume == (
        {"cache_write": "1h", "model": "a"},
        {"cache_write": "1h", "consumer": "x"},
        {"cache": "beside", "model": "a"},
    )


def test_taken_back():
    """By the very same patterns: all settings, or one of them where it is what one names."""
    rules = {"cache_write": "1h"}, {"cache_write": "1h", "model": "a"}, {"cache": "beside", "model": "a"}
    prices = PriceList("x", assume=rules)

    assert own_lists.without_assumptions(prices, {"cache": None, "cache_write": None}, "a").assume == rules[:1]
    assert own_lists.without_assumptions(prices, {"cache": "beside"}, "a").assume == rules[:2]
    assert own_lists.without_assumptions(prices, {"cache": "inside"}, "a").assume == rules
    assert own_lists.without_assumptions(prices, {"cache": None}, "b").assume == rules
