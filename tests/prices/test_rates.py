"""How do tokens and rates become money?"""

from __future__ import annotations

import pytest

from session_monitor.prices.book import Book
from tests.support.priced import ROUNDS, SMALL, SMALL_BOOK, a_list, call, row, usd, worked


def test_cache_reads_without_price_or_rule_cost_as_input():
    """Round 5 where nothing at all is known of Alibaba's cache: reads cost as fresh input, and it is noted."""
    book = Book([SMALL._replace(vendor_defaults={})])
    outcome = book.price(worked(next(each for each in ROUNDS if each["model"] == "Qwen3-Max")))

    assert (usd(outcome), outcome.notes, outcome.saved) == ("0.108", ("cache_read_as_input",), None)


@pytest.mark.parametrize(
    ("kinds", "above", "cost"),
    [
        ({"fresh_input": 32_000}, 0, "0.0384"),
        ({"fresh_input": 31_999, "cache_read": 1}, 0, "0.03839904"),
        ({"fresh_input": 31_999, "cache_read": 2}, 32_000, "0.07679856"),
        ({"fresh_input": 1, "cache_write": 32_000}, 32_000, "0.0960024"),
        ({"fresh_input": 32_000, "visible_output": 10**6, "reasoning": 10**6}, 0, "12.0384"),
    ],
)
def test_whole_prompt_selects_the_tier(kinds, above, cost):
    """All of the prompt counts, cache included, but nothing of the answer; what the limit names is still below it."""
    outcome = SMALL_BOOK.price(call("qwen3-max", **kinds))

    assert (outcome.above, usd(outcome)) == (above, cost)


def test_each_kind_has_its_price():
    """Fresh input, cache reads and writes, answer and reasoning: each at its own price, none twice."""
    own = row("1", "100", cache_read="10", cache_write="1000", reasoning="10000")
    outcome = Book([a_list(own)]).price(
        call("m-1", fresh_input=1, cache_read=2, cache_write=3, visible_output=4, reasoning=5)
    )

    assert outcome.parts == (1_000_000, 20_000_000, 3_000_000_000, 400_000_000, 50_000_000_000)
    assert outcome.pico == 53_421_000_000
    assert outcome.saved == 2 * (1 - 10) * 10**6 + 3 * (1 - 1000) * 10**6


def test_tier_keeps_what_it_does_not_replace():
    """A tier replaces the prices that it has; the others stay as they were in the tier below."""
    tiers = [{"above": 10, "input": "2", "cache_read": "0.2"}, {"above": 20, "output": "5"}]
    book = Book([a_list(row("1", "3", cache_read="0.1", tiers=tiers))])

    costs = [usd(book.price(call("m-1", fresh_input=each, cache_read=1, visible_output=1))) for each in (9, 10, 20)]
    assert costs == ["0.0000121", "0.0000232", "0.0000452"]


@pytest.mark.parametrize(
    ("name", "kinds", "explicit", "pico", "notes"),
    [
        ("qwen3-max", {"cache_read": 10}, False, 2_400_000, ["cache_read_by_vendor"]),
        ("qwen3-max", {"cache_read": 10}, True, 1_200_000, ["cache_read_by_vendor"]),
        ("qwen3-max", {"cache_write": 10}, True, 15_000_000, ["cache_write_by_vendor"]),
        ("gpt-4o", {"cache_read": 10}, True, 12_500_000, []),
        ("gpt-4o", {"cache_write": 10}, False, 25_000_000, ["cache_write_as_input"]),
        ("qwen-turbo", {"visible_output": 10, "reasoning": 10}, False, 7_000_000, []),
        ("claude-sonnet-4-5-20250929", {"cache_write": 10}, False, 37_500_000, ["cache_write_5m"]),
        ("us-claude-sonnet-4-5-20250929", {"cache_write": 10}, False, 41_250_000, []),
        ("local-llama", {"fresh_input": 10, "visible_output": 10}, False, 0, []),
    ],
)
def test_price_that_lacks_is_assumed_and_noted(name, kinds, explicit, pico, notes):
    """A cache's price is the row's, else by the vendor's rule, else that of input; a note says which was assumed."""
    outcome = SMALL_BOOK.price(call(name, explicit_cache=explicit, **kinds))

    assert (outcome.pico, list(outcome.notes)) == (pico, notes)
    assert (outcome.saved is None) == ("cache_write_as_input" in notes)


@pytest.mark.parametrize(("explicit", "pico"), [(False, 300), (True, 200)])
def test_explicit_cache_has_its_own_price(explicit, pico):
    """A read from a cache that the caller asked for has the row's price for it, where there is one."""
    book = Book([a_list(row(cache_read="0.0003", cache_read_explicit="0.0002"))])

    assert book.price(call("m-1", cache_read=1, explicit_cache=explicit)).pico == pico


@pytest.mark.parametrize(
    ("at", "fresh", "output", "read"),
    [
        ("2026-11-20T00:00:00Z", 2, 4, 2),  # a Friday
        ("2026-11-20T01:29:59.999Z", 2, 4, 2),
        ("2026-11-20T01:30:00Z", 4, 8, 2),
        ("2026-11-20T16:29:59Z", 4, 8, 2),
        ("2026-11-20T16:30:00Z", 1, 8, 0.5),
        ("2026-11-20T23:59:59.999Z", 1, 8, 0.5),
        ("2026-11-21T00:00:00Z", 0.5, 0.5, 0.5),
        ("2026-11-21T12:00:00Z", 0.5, 0.5, 0.5),
        ("2026-11-22T23:59:59Z", 0.5, 0.5, 0.5),
        ("2026-11-23T00:00:00Z", 2, 4, 2),
        ("2026-11-23T12:00:00Z", 4, 8, 2),
    ],
)
def test_window_holds_from_its_first_minute_to_its_last(at, fresh, output, read):
    """A window holds at its hours of its days, in UTC: the first minute is in it, the last named is not, 24:00 is midnight."""
    outcome = SMALL_BOOK.price(call("night-1", at, fresh_input=1, cache_read=1, visible_output=1))

    assert outcome.parts[:2] == (fresh * 10**6, read * 10**6)
    assert outcome.parts.visible_output == output * 10**6


def test_tier_holds_in_a_window_too():
    """A long prompt costs what its tier says, at every hour."""
    outcome = SMALL_BOOK.price(
        call("night-1", "2026-11-20T00:00:00Z", fresh_input=1000, cache_read=1, visible_output=1)
    )

    assert (outcome.above, outcome.parts.fresh_input, outcome.parts.cache_read) == (1000, 40_000_000_000, 2_000_000)


def test_conversion_rounds_once_for_each_kind():
    """A kind is rounded after its tokens are counted, not before: a million times half a pico-dollar is not nothing."""
    rates = {"CNY": [{"from": "2026-01-01", "usd": "0.5"}]}
    book = Book([a_list(row("0.000001", "0.000001", currency="CNY"), rates=rates)])

    assert book.price(call("m-1", fresh_input=10**6, visible_output=1)).parts == (500_000, 0, 0, 0, 0)
    assert book.price(call("m-1", fresh_input=3, visible_output=3)).pico == 4
