"""How do tokens and rates become money?"""

from __future__ import annotations

import pytest

from session_monitor.calls.usage import TokenParts
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


CACHES = {"cache_read": "0.1", "cache_write": "1.25", "cache_write_1h": "2"}
OWN = {**CACHES, "audio_input": "40", "audio_output": "80", "image_input": "10", "image_output": "30"}


@pytest.mark.parametrize(
    ("parts", "micro", "notes"),
    [
        ({"audio_input": 800}, 200 + 800 * 40 + 1250 + 100 * 2, ["cache_write_5m"]),
        ({"image_input": 800, "audio_input": 100}, 100 + 800 * 10 + 100 * 40 + 1250 + 100 * 2, ["cache_write_5m"]),
        ({"audio_output": 60, "image_output": 40}, 1000 + 1250 + 60 * 80 + 40 * 30, ["cache_write_5m"]),
        ({"cache_write_5m": 1000}, 1000 + 1250 + 100 * 2, []),
        ({"cache_write_1h": 1000}, 1000 + 2000 + 100 * 2, []),
        ({"cache_write_1h": 300, "cache_write_5m": 700}, 1000 + 600 + 875 + 100 * 2, []),
        ({"cache_write_1h": 300}, 1000 + 600 + 875 + 100 * 2, ["cache_write_5m"]),
        ({"cache_write_mixed": 1000}, 1000 + 2000 + 100 * 2, ["cache_write_mixed"]),
    ],
)
def test_each_part_of_a_kind_has_its_price(parts, micro, notes):
    """Audio, images and what is kept for an hour cost what the row says; it is only noted what is not told."""
    book = Book([a_list(row(**OWN))])
    kinds = {"fresh_input": 1000, "cache_write": 1000, "visible_output": 100}

    outcome = book.price(call("m-1", parts=TokenParts(**parts), **kinds))

    assert (outcome.pico, list(outcome.notes)) == (micro * 10**6, notes)
    assert sum(outcome.parts) == outcome.pico
    assert outcome.saved == 1000 * 10**6 - outcome.parts.cache_write


@pytest.mark.parametrize(
    ("prices", "parts", "notes"),
    [
        ({}, {"audio_input": 5, "audio_output": 5}, {"audio_as_text"}),
        ({"audio_input": "1"}, {"audio_input": 5}, set()),
        ({}, {"image_input": 5, "image_output": 5}, {"image_as_text"}),
        ({}, {"cache_write_1h": 100}, {"cache_write_as_input"}),
        ({"cache_write": "1"}, {"cache_write_1h": 100}, {"cache_write_1h_as_5m"}),
        ({"cache_write": "1"}, {"cache_write_mixed": 100}, {"cache_write_1h_as_5m"}),
        ({"cache_write": "1", "cache_write_1h": "1"}, {"cache_write_mixed": 100}, set()),
    ],
)
def test_part_without_a_price_costs_as_the_rest_and_is_noted(prices, parts, notes):
    """Where a row has no price for a part it costs as the kind that it is a part of does, and that is told once."""
    book = Book([a_list(row("1", "1", **prices))])

    outcome = book.price(call("m-1", fresh_input=10, cache_write=100, visible_output=10, parts=TokenParts(**parts)))

    assert outcome.pico == 120 * 10**6
    assert set(outcome.notes) - {"cache_write_as_input"} == notes - {"cache_write_as_input"}
    assert len(outcome.notes) == len(set(outcome.notes))


def test_vendor_rule_for_an_hour_holds():
    """What a vendor takes for an hour in general holds where a row has no price for it."""
    rules = {"somebody": {"cache_write": "1.25x", "cache_write_1h": "2x"}}
    book = Book([a_list(row("1", "1"), vendor_defaults=rules)])

    outcome = book.price(call("m-1", cache_write=100, parts=TokenParts(cache_write_1h=60)))

    assert (outcome.pico, list(outcome.notes)) == (170 * 10**6, ["cache_write_by_vendor"])


@pytest.mark.parametrize(("audio", "notes"), [("1", []), ("40", ["cached_media"])])
def test_audio_beside_a_cache_is_noted_where_its_price_differs(audio, notes):
    """How much of it came from the cache is not told, which is of no matter where it costs as text does."""
    book = Book([a_list(row("1", "1", cache_read="1", audio_input=audio))])

    outcome = book.price(call("m-1", fresh_input=10, cache_read=5, parts=TokenParts(audio_input=10)))

    assert list(outcome.notes) == notes


def test_tiers_windows_and_currencies_hold_for_parts_too():
    """A tier replaces the price of a part, keeps it where it says nothing of it, and all of it is converted at once."""
    tiers = [{"above": 10, "input": "3", "audio_input": "7"}, {"above": 20, "input": "4"}]
    rates = {"CNY": [{"from": "2026-01-01", "usd": "0.5"}]}
    book = Book([a_list(row("1", "1", audio_input="5", tiers=tiers, currency="CNY"), rates=rates)])

    costs = [book.price(call("m-1", fresh_input=n, parts=TokenParts(audio_input=1))).pico for n in (10, 11, 21)]

    assert costs == [(9 + 5) * 500_000, (30 + 7) * 500_000, (80 + 7) * 500_000]
