"""A small price list made by hand, calls to be priced by it, and rounds whose cost was worked out on paper.

They stand in prices/data: small.json, and worked-rounds.json with calls as they were reported, what they cost to the last
digit, and the notes of what had to be assumed.
"""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import strategies as st

from session_monitor.calls import usage
from session_monitor.calls.usage import Reported, Usage
from session_monitor.own_prices import price_check
from session_monitor.prices import money
from session_monitor.prices.book import Book
from session_monitor.prices.cost import SELLER_UNKNOWN, Call, Cost
from session_monitor.prices.price_list import PriceList
from session_monitor.totals.spending import Spending

DATA = Path(__file__).parent.parent / "prices" / "data"
ROUNDS = json.loads((DATA / "worked-rounds.json").read_text(encoding="utf-8"))
SMALL = price_check.read(str(DATA / "small.json"))
SMALL_BOOK = Book([SMALL])

MODELS = st.sampled_from([None, "gpt-4o", "o1", "qwen3-max", "deepseek-chat", "local-llama", "qwen-long", "x\x1b[2J"])
TIMES = st.sampled_from([None, "2024-01-01T00:00:00Z", "2025-06-01T00:00:00Z", "2026-06-01T12:00:00Z"])
NUMBERS = st.integers(0, 3) | st.integers(0, 10**6)
USAGES = st.builds(Usage, NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.booleans())
CALLS = st.builds(Call, MODELS, TIMES, USAGES, st.just(True), st.booleans(), st.booleans()) | st.builds(
    Call, MODELS, TIMES, st.just(Usage()), st.booleans(), st.booleans(), st.booleans()
)
MANY = st.lists(CALLS, max_size=8)


def unpriced(*models, dollars=0, without_tokens=0):
    """The cost of calls without a price, beside one of so many dollars and some that told no tokens."""
    calls = [Call(model, None, Usage(1000)) for model in models]
    calls += [Call("gpt-4o", None, Usage(400_000 * dollars))] * bool(dollars)
    calls += [Call("gpt-4o", None, Usage(), has_tokens=False)] * without_tokens
    return spent(SMALL_BOOK, calls)


def a_list(*rows, path="own.json", name="m-1", vendor="somebody", **more):
    """A list with one model."""
    return PriceList(path, {name: {"vendor": vendor, "prices": list(rows)}}, **more)


def row(price_in="1", price_out="2", **more):
    """A row of prices."""
    return {"from": None, "input": price_in, "output": price_out, **more}


def call(model, at="2026-11-22T12:00:00Z", **kinds):
    """A call that used tokens of some kinds."""
    return Call(model, at, Usage(**kinds))


def usd(outcome):
    """What a call cost, as text."""
    assert isinstance(outcome, Cost), outcome
    return money.plain(outcome.pico)


def worked(each):
    """The call of a worked round, from what was reported of it."""
    return Call(each["model"], f"{each['at']}T12:00:00Z", usage.normalise(Reported(**each["reported"]), each["model"]))


def one_by_one(book, calls, model):
    """What calls would have cost on another model, each priced by itself: with the cached share, and without."""
    kept, none = Spending(), Spending()
    for call in calls:
        usage = call.usage._replace(explicit_cache=False)
        parts = usage.parts and usage.parts._replace(cache_write_5m=0, cache_write_1h=0, cache_write_mixed=0)
        uncached = usage._replace(fresh_input=usage.input_tokens, cache_read=0, cache_write=0, parts=parts)
        if usage.total_tokens:
            for spent, used in ((kept, usage), (none, uncached)):
                moved = call._replace(model=model, usage=used, has_tokens=True)
                outcome = book.price(moved)
                if isinstance(outcome, Cost):  # who names a model means its maker, which is no assumption
                    notes = tuple(note for note in outcome.notes if note != SELLER_UNKNOWN)
                    outcome = outcome._replace(notes=notes)
                spent.count(moved, outcome)
    return kept, none


def spent(book, calls):
    """What calls add up to, one by one."""
    total = Spending()
    for call in calls:
        total.count(call, book.price(call))
    return total
