"""Which model's prices does a name stand for?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.prices import cost, model_names, price_list
from session_monitor.prices.book import Book
from session_monitor.prices.cost import ALIAS, OVERRIDE, THIRD, Cost, Unpriced
from session_monitor.prices.price_list import PriceList
from tests.support.priced import SMALL, a_list, call, row

SHIPPED = price_list.shipped()
BOOK = Book([SHIPPED])


@pytest.mark.parametrize(
    ("name", "key", "kind"),
    [
        ("gpt-4o", "gpt-4o", model_names.EXACT),
        ("openai/GPT-4o", "gpt-4o", model_names.EXACT),
        ("gpt-4o-2031-01-01", "gpt-4o", model_names.UNDATED),
        ("m-1", "m-1", OVERRIDE),
        ("M-1-latest", "m-1", OVERRIDE),
        ("mine", "gpt-4o", ALIAS),
        ("models/Mine", "gpt-4o", ALIAS),
        ("yours", "m-1", ALIAS),
        ("resold-1", "resold-1", THIRD),
    ],
)
def test_match_says_how(name, key, kind):
    """Prices are found by the name, by the name without its date, by a second name, or by one's own list: it shows."""
    third = {"vendor": "openrouter", "prices": [row()]}
    shipped = SHIPPED._replace(models={**SHIPPED.models, "resold-1": third})
    own = a_list(row(), aliases={"mine": "gpt-4o", "yours": "m-1"})
    matched = Book([own, shipped]).find(name)

    assert (matched.name, matched.key, matched.kind) == (name, key, kind)


def test_alias_of_nothing_is_unknown():
    """A second name for a model without a price has none either, and does not fall back on its own."""
    book = Book([PriceList("own.json", aliases={"gpt-4o": "no-such-model"}), SHIPPED])

    assert book.find("gpt-4o") is None
    assert book.price(call("gpt-4o", fresh_input=1)) == Unpriced(cost.UNKNOWN_MODEL)


def test_upper_model_hides_a_lower_alias():
    """Whose price it is, is decided by the upper list, whether it has the name as a model or as an alias."""
    lower = a_list(row("2"), aliases={"mine": "gpt-4o"})

    assert Book([a_list(row("7"), name="mine"), lower, SHIPPED]).find("mine").key == "mine"
    assert Book([PriceList("own.json", aliases={"m-1": "o3"}), lower, SHIPPED]).find("m-1").key == "o3"


def test_all_models_and_aliases_are_told_once():
    """Each model is told with the list that counts for it, in order; each second name with what it stands for."""
    upper = a_list(row(), path="upper.json", name="gpt-4o", aliases={"mine": "o1"})
    book = Book([upper, SMALL._replace(aliases={"mine": "o3", "other": "o3"})])

    told = book.models()
    assert [each.key for each in told] == sorted(SMALL.models)
    assert {each.origin for each in told if each.key == "gpt-4o"} == {"upper.json"}
    assert book.aliases() == {"mine": "o1", "other": "o3"}


@given(st.text(st.characters(exclude_categories=[]), max_size=40))
def test_any_name_is_priced_or_not(name):
    """Whatever a log calls a model, it has a price or it has none."""
    outcome = BOOK.price(call(name, fresh_input=1))

    assert isinstance(outcome, Cost) == (bool(name) and BOOK.find(name) is not None)


def test_shipped_models_are_found_by_all_of_their_names():
    """Each name that a shipped model lists leads to it, and to no other."""
    names = {name: key for key, entry in SHIPPED.models.items() for name in [key, *entry.get("names", [])]}
    by_name = {name: BOOK.find(name) for name in names}

    assert {name: each and each.key for name, each in by_name.items()} == names
    assert {each.kind for each in by_name.values()} == {model_names.EXACT, THIRD}
