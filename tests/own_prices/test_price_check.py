"""Is this a price list?  What is wrong with those that are none stands in data/mistakes.json."""

from __future__ import annotations

import contextlib
import copy
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_monitor.calls.usage import Usage
from session_monitor.own_prices import price_check
from session_monitor.own_prices.price_check import PriceMistakeError
from session_monitor.prices import cost, price_list
from session_monitor.prices.book import Book
from session_monitor.prices.cost import Call, Unpriced
from session_monitor.prices.model_names import canonical
from session_monitor.prices.price_list import PriceList

SMALL = json.loads((Path(__file__).parent.parent / "prices" / "data" / "small.json").read_text(encoding="utf-8"))
SHIPPED = json.loads(Path(price_list.SHIPPED).read_text(encoding="utf-8"))

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 10**30) | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


@pytest.mark.parametrize(
    "document",
    [
        {"schema": 1},
        {"schema": 1, "models": {}, "aliases": {}, "rates": {}, "vendor_defaults": {}},
        {"schema": 1, "aliases": {"mine": "no-such-model"}},
        {"schema": 1, "sellers": {"*llm-eu*": "azure", "gpu": "own_machine"}},
        {"schema": 1, "assume": [{"cache_write": "1h", "cache": "beside", "model": "m-*", "consumer": "x"}]},
        {"schema": 1, "rates": {"CNY": [{"from": "2026-01-01", "usd": "0.14"}, {"from": "2026-02-01", "usd": "0.15"}]}},
        {"schema": 1, "models": {"free": {"prices": [{"input": "0", "output": "0"}]}}},
        {"schema": 1, "models": {"m-1": {"names": ["m-1", "m-2"], "prices": [{"input": "1", "output": "1"}]}}},
        SMALL,
        SHIPPED,
    ],
    ids=["empty", "parts", "alias", "sellers", "assume", "rates", "free", "names", "small", "shipped"],
)
def test_price_list_passes(document):
    """A list in the documented form has no mistake, and the one that comes with the monitor is such a list."""
    untouched = copy.deepcopy(document)

    assert price_check.check(document) is None
    assert document == untouched


def test_keys_of_the_shipped_list_are_canonical():
    """Each shipped model is found: it is looked for under canonical names alone."""
    assert {key: canonical(key) for key in SHIPPED["models"]} == {key: key for key in SHIPPED["models"]}


def test_mistake_says_the_way_to_it():
    """A mistake names what it is in, from the outside to the inside."""
    document = {"schema": 1, "models": {"m-1": {"prices": [{"input": "1", "output": "1", "windows": [{"utc": 5}]}]}}}

    with pytest.raises(PriceMistakeError, match=r"^m-1: windows: utc: must be two times of one day") as raised:
        price_check.check(document)
    assert raised.value.path[-5:] == ("prices", 0, "windows", 0, "utc")


def ways(value, way=()):
    """The way to each value inside a document."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inside:
        yield (*way, key)
        yield from ways(each, (*way, key))


WAYS = list(ways(SMALL))
VALUES = [[], {}, "", "0", "3", "0.25", "1x", "2026-04-01", "24:00", "CNY", 1, 7, 5000, ["00:00", "24:00"], [2, 3]]
CALLS = [
    Call(None, at, Usage(9, 8, 7, 6, 5, explicit_cache=explicit))
    for at in (None, "2024-01-01T00:00:00Z", "2026-11-22T23:59:59.5Z")
    for explicit in (False, True)
]


@given(st.sampled_from(WAYS), JSON | st.sampled_from(VALUES))
@settings(max_examples=300)
def test_what_passes_can_be_used(way, value):
    """Whatever stands where something else should: either the list is refused, or calls can be priced by it."""
    document = copy.deepcopy(SMALL)
    inside = document
    for step in way[:-1]:
        inside = inside[step]
    inside[way[-1]] = value

    with contextlib.suppress(PriceMistakeError):
        price_check.check(document)
        use(document)


def use(document):
    """Price some calls by a list that passed."""
    models = {canonical(name): entry for name, entry in document.get("models", {}).items()}
    book = Book([PriceList("", models, {}, document.get("rates", {}), document.get("vendor_defaults", {}))])
    outcomes = [book.price(call._replace(model=model)) for model in models for call in CALLS]
    assert all(cost.to_json(outcome) for outcome in outcomes)
    assert {outcome.reason for outcome in outcomes if isinstance(outcome, Unpriced)} <= {cost.NO_PRICE_THEN}
