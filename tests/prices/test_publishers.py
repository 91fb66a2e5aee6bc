"""Is a model that a reseller's name means the one whose price is known?"""

from __future__ import annotations

import pytest

from session_monitor.prices import price_list, publishers, sellers
from session_monitor.prices.book import Book
from session_monitor.prices.cost import UNKNOWN_MODEL, Unpriced
from session_monitor.prices.price_list import PriceList
from tests.support.calls import BOOK
from tests.support.priced import call, row

PUBLISHERS = {
    ("openrouter/openai/gpt-4o", "openrouter"): "openai",
    ("OpenRouter%2FSomebody%2Fgpt-4o", "openrouter"): "somebody",
    ("openrouter/~anthropic/claude-sonnet-5", "openrouter"): "anthropic",
    ("openai/gpt-4o", "openrouter"): "openai",
    ("openrouter/gpt-4o", "openrouter"): None,
    ("gpt-4o", "openrouter"): None,
    ("accounts/fireworks/models/deepseek-v3", "fireworks"): None,
    ("fireworks_ai/accounts/fireworks/models/deepseek-v3", "fireworks"): None,
    ("accounts/acme/models/deepseek-v3", "fireworks"): "acme",
    ("@cf/meta/llama-3-8b-instruct", "cloudflare"): "meta",
    ("Pro/deepseek-ai/DeepSeek-V3", "siliconflow"): "deepseek-ai",
    ("azure/somebody/gpt-4o", "azure"): None,
    ("perplexity/perplexity/glm-5.2", "perplexity"): None,
    ("prod/gpt-4o", None): None,
}
"""Names and who sells them, and who published the model."""


@pytest.mark.parametrize(("name", "seller"), PUBLISHERS)
def test_publisher_in_a_name(name, seller):
    """It stands before the model, where a reseller writes one; a place, a seller's own word or account is none."""
    assert publishers.publisher_in(name, seller) == PUBLISHERS[name, seller]


@pytest.mark.parametrize(
    ("theirs", "somebodys"),
    [
        ("openrouter/openai/gpt-4o", "openrouter/somebody/gpt-4o"),
        ("openrouter/deepseek-ai/deepseek-r1", "openrouter/openai/deepseek-r1"),
        ("accounts/fireworks/models/deepseek-v3", "accounts/acme/models/deepseek-v3"),
        ("together/meta-llama/Llama-3.3-70B-Instruct-Turbo", "together/someone/Llama-3.3-70B-Instruct-Turbo"),
        ("openrouter/thedrummer/rocinante-12b", "openrouter/somebody/rocinante-12b"),
    ],
)
def test_another_publishers_model_has_no_price(theirs, somebodys):
    """A model that is called as another one costs nobody knows what, and it is not said that its price is another seller's."""
    assert BOOK.find(theirs) is not None
    assert BOOK.price(call(somebodys, fresh_input=1)) == Unpriced(UNKNOWN_MODEL)


def test_a_way_tells_the_reseller_of_such_a_name():
    """Where the cluster tells it, the publisher counts as well."""
    made = call("somebody/gpt-4o", fresh_input=1)._replace(cluster="llm-openrouter")

    assert BOOK.price(made) == Unpriced(UNKNOWN_MODEL)
    assert BOOK.find(BOOK.named("openai/gpt-4o", None, "llm-openrouter")) is not None


def test_what_a_person_states_holds_for_any_publisher():
    """Who states a price of a name knows whose model it is."""
    own = PriceList("own.json", {"openrouter/gpt-4o": {"prices": [row("7")]}})
    book = Book([own, price_list.shipped()])

    assert book.find("openrouter/somebody/gpt-4o").origin == "own.json"


STATED = {
    "openrouter/openai/gpt-4o": "openrouter/gpt-4o",
    "openrouter/gpt-4o": "openrouter/gpt-4o",
    "OpenRouter%2FSomebody%2Fgpt-4o": "openrouter/somebody/gpt-4o",
    "openrouter/somebody/gpt-4o:nitro": "openrouter/somebody/gpt-4o",
    "openrouter/thedrummer/rocinante-12b": "openrouter/rocinante-12b",
    "openrouter/openai/deepseek-r1": "openrouter/openai/deepseek-r1",
    "openrouter/somebody/no-such-model": "openrouter/somebody/no-such-model",
    "openrouter/openai/no-such-model": "openrouter/no-such-model",
    "accounts/fireworks/models/deepseek-v3": "fireworks/deepseek-v3",
    "accounts/acme/models/deepseek-v3": "fireworks/acme/deepseek-v3",
    "azure/somebody/gpt-4o": "azure/gpt-4o",
    "somebody/gpt-4o": "gpt-4o",
}
"""Names, and the keys that they have in a person's list."""


@pytest.mark.parametrize("name", STATED)
def test_key_in_a_persons_list(name):
    """The publisher stands in it where it is not who makes the model; a list's keys are keys of themselves."""
    key = publishers.own_key(name)

    assert key == STATED[name]
    assert publishers.own_key(key) == key


@pytest.mark.parametrize(
    ("name", "cluster", "others"),
    [
        ("openrouter/somebody/gpt-4o", None, ("openrouter/openai/gpt-4o", "openrouter/another/gpt-4o", "gpt-4o")),
        ("somebody/gpt-4o", "llm-openrouter", ("openai/gpt-4o", "another/gpt-4o", "gpt-4o")),
        ("openrouter/somebody/gpt-4o-2031-01-01", None, ("openrouter/openai/gpt-4o-2024-11-20",)),
    ],
)
def test_what_is_stated_of_a_publisher_holds_for_it_alone(name, cluster, others):
    """Also where the cluster tells the reseller: nobody else's model of that name has its price."""
    shipped = price_list.shipped()
    book = Book([PriceList("own.json", {"openrouter/somebody/gpt-4o": {"prices": [row("7")]}}), shipped])

    assert book.find(book.named(name, None, cluster)).key == "openrouter/somebody/gpt-4o"
    for other in others:
        named = book.named(other, None, cluster)
        assert book.find(named) == BOOK.find(named)


def test_every_model_of_the_shipped_list_is_found_by_its_own_name():
    """No row is shut out by who stands in its name."""
    models = price_list.shipped().models
    names = [(name, key) for key in models for name in models[key]["names"]]

    assert [(name, key) for name, key in names if BOOK.find(name).key != key] == []


def test_publishers_are_of_known_vendors():
    """A name for publishing belongs to a vendor that has prices."""
    vendors = {entry["vendor"] for entry in price_list.shipped().models.values()}

    assert sellers.table_of_sellers()["publishers"].keys() <= vendors
