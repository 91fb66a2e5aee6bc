"""What is a call's cost, and what is told of how it came about?"""

from __future__ import annotations

import json

import pytest

from session_monitor.calls import ai_log
from session_monitor.calls.usage import Usage
from session_monitor.prices import cost, price_list
from session_monitor.prices.book import Book
from session_monitor.prices.cost import Call, Unpriced
from session_monitor.sessions.record import entry_of
from tests.support import calls
from tests.support.priced import ROUNDS, SMALL_BOOK, a_list, call, row, worked

STORED = {
    "model": "gpt-4o",
    "timestamp": "2026-11-22T12:00:00Z",
    "response_type": "stream",
    "input_tokens": 1000,
    "output_tokens": 5,
    "reasoning_tokens": 0,
    "cached_tokens": 0,
    "total_tokens": 1005,
}
SHIPPED_BOOK = Book([price_list.shipped()])


@pytest.mark.parametrize("each", ROUNDS, ids=lambda each: each["name"])
def test_stored_round_costs_the_same(each):
    """A round costs the same whether it is priced from its log line or from what was stored of it."""
    names = {"input": "input_token", "output": "output_token", "total": "total_token", "cached": "cached_tokens"}
    names.update(
        reasoning="reasoning_tokens", input_details="input_token_details", output_details="output_token_details"
    )
    attributes = {name: each["reported"].get(key) for key, name in names.items()}
    parsed = ai_log.parse(calls.line("s", start_time=f"{each['at']}T12:00:00Z", model=each["model"], **attributes))
    facts, rest = entry_of(parsed, 1, ("g", 0, 1), 0)
    stored = json.loads(json.dumps({**facts, **rest}))

    assert cost.call_of(stored)._replace(usage=None) == worked(each)._replace(usage=None)
    assert SHIPPED_BOOK.price(cost.call_of(stored)) == SHIPPED_BOOK.price(worked(each))


@pytest.mark.parametrize(
    ("each", "reason"),
    [
        (Call(None, None, Usage(1)), cost.NO_MODEL),
        (Call("", None, Usage(1)), cost.NO_MODEL),
        (Call("no-such-model", None, Usage(1)), cost.UNKNOWN_MODEL),
        (Call("gpt-4o-mini", None, Usage(1)), cost.UNKNOWN_MODEL),
        (Call("/", None, Usage(1)), cost.UNKNOWN_MODEL),
        (Call("deepseek-chat", "2024-12-31T23:59:59Z", Usage(1)), cost.NO_PRICE_THEN),
        (Call("gpt-4o", None, Usage(), has_tokens=False), cost.NO_TOKENS),
        (Call(None, None, Usage(), has_tokens=False), cost.NO_TOKENS),
        (Call("gpt-4o", None, Usage()), cost.NO_TOKENS),
        (Call("no-such-model", None, Usage()), cost.NO_TOKENS),
        (Call("gpt-4o", None, Usage(1), partly_told=True), cost.PARTLY_TOLD),
        (Call("no-such-model", None, Usage(1), partly_told=True), cost.PARTLY_TOLD),
    ],
)
def test_unknown_cost_has_a_reason(each, reason):
    """What is not known is no cost of 0: it says why, in a word and in a sentence."""
    outcome = SMALL_BOOK.price(each)

    assert outcome == Unpriced(reason)
    assert cost.to_json(outcome) == {"cost_usd": None, "unpriced": reason}
    assert cost.UNPRICED[reason]


@pytest.mark.parametrize(
    ("told", "has_tokens", "is_free"),
    [
        ({}, True, False),
        ({"outcome": "failed", "response_code": 500}, True, False),
        ({"outcome": "left", "total_tokens": 0}, False, False),
        ({"outcome": "ok", "no_tokens": True}, False, False),
        ({"outcome": "failed", "response_code": 200, "no_tokens": True}, False, False),
        ({"outcome": "failed", "response_code": 0, "no_tokens": True}, False, False),
        ({"outcome": "failed", "response_code": 400, "no_tokens": True}, False, True),
        ({"response_type": "error", "response_code": 503, "total_tokens": 0}, False, True),
        ({"outcome": "ok", "answered_by": "cache", "total_tokens": 0, "model": None}, True, True),
    ],
)
def test_what_a_stored_round_costs_by_how_it_ended(told, has_tokens, is_free):
    """A round is free where it was refused or the gateway answered it, else not priced where tokens are not told."""
    call = cost.call_of({**STORED, **told})

    assert (call.has_tokens, call.is_free) == (has_tokens, is_free)
    outcome = SMALL_BOOK.price(call)
    if is_free:
        assert outcome == cost.FREE
    elif not has_tokens:
        assert outcome == Unpriced(cost.NO_TOKENS)
    else:
        assert outcome.pico > 0


def test_a_lower_bound_is_told():
    """A round of which only a part of the tokens is known is priced by that, and its call says so."""
    whole, part = cost.call_of(STORED), cost.call_of({**STORED, "at_least": True})

    assert (whole.at_least, part.at_least) == (False, True)
    assert SMALL_BOOK.price(whole) == SMALL_BOOK.price(part)


def test_cost_in_json_says_why():
    """A cost names its parts, what the cache spared, and the row that it follows."""
    document = cost.to_json(SMALL_BOOK.price(worked(ROUNDS[2])))

    assert document == {
        "cost_usd": "0.03165",
        "cost_parts_usd": {
            "fresh_input": "0.00015",
            "cache_read": "0.012",
            "cache_write": "0.0075",
            "visible_output": "0.012",
        },
        "cache_savings_usd": "0.1065",
        "price": {
            "model": "claude-sonnet-4-5-20250929",
            "match": "override",
            "vendor": "anthropic",
            "seller": None,
            "from": None,
            "tier_above": 0,
            "source": None,
        },
        "cost_notes": ["cache_write_5m"],
        "other_reading_usd": "0.03615",
    }


def test_savings_that_are_not_known_are_left_out():
    """Where the cache's price is assumed to be the input's, nothing is said of savings."""
    book = Book([a_list(row())])

    assert "cache_savings_usd" not in cost.to_json(book.price(call("m-1", cache_read=1)))


@pytest.mark.parametrize(
    "note",
    [
        *("CACHE_READ_AS_INPUT", "CACHE_READ_BY_VENDOR", "CACHE_WRITE_AS_INPUT", "CACHE_WRITE_BY_VENDOR"),
        *("CACHE_WRITE_5M", "THIRD_PARTY_PRICE", "UNDATED", "NO_TIME", "CONVERTED"),
        *("CACHE_INSIDE", "CACHE_IN_ONE"),
    ],
)
def test_each_note_has_words(note):
    """Each thing that may be assumed can be told to people."""
    assert cost.NOTES[getattr(cost, note)]
