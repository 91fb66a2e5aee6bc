"""Is a model that a reseller's name means the one whose price is known?

Resellers that list models of many put before each who published it: ``openrouter/openai/gpt-4o``,
``together_ai/meta-llama/…``, ``accounts/fireworks/models/…``.  Anybody may publish under another's model's name:
``openrouter/somebody/gpt-4o`` is not OpenAI's, nor is what a customer of Fireworks keeps under his own account, and
neither has its price.  ``sellers.json`` says which resellers name publishers, and which names one maker publishes under.
Where a price list does not tell who published a model, any publisher is taken for it.

A person may state prices of such a model: they stand under its reseller, its publisher and its name.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

from . import model_names, price_list, sellers
from .price_list import PriceList

_ACCOUNT = re.compile(r"accounts/([^/]+)/|(?:.+/)?publishers/([^/]+)/models/")
_OWN_ACCOUNT = "fireworks"
_PLACES = ("models", "routers", "@cf", "@hf", "pro", "lora")
"""What stands where a publisher would, and is none."""


def publisher_in(name: str, seller: str | None) -> str | None:
    """Who published the model that a name means at a seller; None where the name does not tell."""
    if seller is None or not sellers.names_publishers(seller):
        return None
    name = model_names.plain(name)
    account = _ACCOUNT.match(name)
    if account:
        publisher = account[1] or account[2]
        return None if publisher == _OWN_ACCOUNT else publisher
    *before, _ = name.split("/")
    if not before or before[-1] in _PLACES:
        return None
    form = sellers.of_name(f"{before[-1]}/x")
    if form == seller or (form and len(before) == 1):  # the seller's own, as in perplexity/perplexity/glm-5.2
        return None
    return before[-1].lstrip("~")


def fits(publisher: str | None, seller: str | None, entries: Mapping[str, Mapping[str, Any]], key: str) -> bool:
    """Whether what ``publisher`` sells through a seller is the model of ``key``, as far as the price list tells."""
    if publisher is None:
        return True
    found = [entries[each] for each in (f"{seller}/{key}", key) if each in entries]
    listed = {publisher_in(name, entry.get("vendor")) for entry in found for name in entry.get("names", ())}
    known = {each for each in listed if each} | {
        each for entry in found for each in sellers.publishers_of(entry.get("vendor"))
    }
    return not known or any(not known.isdisjoint(names) for names in sellers.names_of(publisher))


def own_key(name: str) -> str:
    """The key of a name in a person's list: ``canonical``, but with the publisher of what is not its maker's model.

    >>> own_key("openrouter/openai/gpt-4o"), own_key("openrouter/somebody/gpt-4o"), own_key("accounts/acme/models/o3")
    ('openrouter/gpt-4o', 'openrouter/somebody/gpt-4o', 'fireworks/acme/o3')
    """
    seller = model_names.seller_of(name)
    publisher = publisher_in(name, seller)
    if seller is None or publisher is None or _is_maker(publisher, seller, name):
        return model_names.canonical(name)
    return key_of(seller, publisher, model_names.model_key(name))


def key_of(seller: str, publisher: str, key: str) -> str:
    """The key of what somebody publishes at a reseller under the name of another's model."""
    return f"{seller}/{publisher}/{key}"


def _is_maker(publisher: str, seller: str, name: str) -> bool:
    """Whether who published it makes the model by the shipped list; of one that is not in it, whether it makes any."""
    models = _shipped().models
    for key, _ in model_names.candidates(name):
        if key in models or f"{seller}/{key}" in models:
            return fits(publisher, seller, models, key)
    return any(publisher in names for names in sellers.table_of_sellers()["publishers"].values())


@functools.lru_cache(1)
def _shipped() -> PriceList:
    return price_list.shipped()
