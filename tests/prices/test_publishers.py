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


def test_every_model_of_the_shipped_list_is_found_by_its_own_name():
    """No row is shut out by who stands in its name."""
    models = price_list.shipped().models
    names = [(name, key) for key in models for name in models[key]["names"]]

    assert [(name, key) for name, key in names if BOOK.find(name).key != key] == []


def test_publishers_are_of_known_vendors():
    """A name for publishing belongs to a vendor that has prices."""
    vendors = {entry["vendor"] for entry in price_list.shipped().models.values()}

    assert sellers.table_of_sellers()["publishers"].keys() <= vendors
