"""Prices are told of the model that a name means, and of those in whose names a text is."""

from __future__ import annotations

from session_monitor.asked import model_prices
from session_monitor.prices.price_list import SHIPPED
from tests.support.calls import BOOK


def test_those_with_a_text_in_their_name():
    """By the model's name, a second one, or its vendor's."""
    found = [model.key for model in model_prices.with_name(BOOK, "gpt-4o")]
    assert "gpt-4o" in found
    assert all(model_prices.to_json(model)["origin"] == "shipped" for model in model_prices.with_name(BOOK, "gpt-4o"))
    assert len(model_prices.with_name(BOOK, "")) == len(list(BOOK.models()))
    assert model_prices.with_name(BOOK, "no such model") == []


def test_the_row_of_today():
    """Of several rows the one whose day has come last; none where all are to come."""
    model = BOOK.find("gpt-4o")
    assert model.origin == SHIPPED
    own = model._replace(
        entry={**model.entry, "prices": [{"input": "1"}, {"from": "2020-01-01"}, {"from": "2999-01-01"}]}
    )
    assert model_prices.in_force(own) == {"from": "2020-01-01"}
    assert model_prices.in_force(own._replace(entry={"prices": [{"from": "2999-01-01"}]})) is None


def test_near_names_and_other_sellers():
    """A name that is misspelt has near ones, and a model others who sell it."""
    assert model_prices.nearest(BOOK, "GPT-4oo")[0] == "gpt-4o"
    assert "azure/gpt-4o" in model_prices.sold_elsewhere(BOOK, BOOK.find("gpt-4o"))
    assert "gpt-4o" in model_prices.sold_elsewhere(BOOK, BOOK.find("azure/gpt-4o"))
