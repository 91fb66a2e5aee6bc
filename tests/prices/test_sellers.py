"""Who sold a call?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.calls.usage import Usage
from session_monitor.prices import price_list, sellers
from session_monitor.prices.book import Book
from session_monitor.prices.cost import UNKNOWN_MODEL, Call, Unpriced
from session_monitor.prices.sellers import OWN_MACHINE, Told

WORDS = {
    "outbound|443||llm-dashscope.internal.dns": "dashscope",
    "outbound|443||llm-azure-openai.internal.dns": "azure",
    "outbound|443|v1|my.openai.azure.com": "azure",
    "outbound|443||llm-aws-claude.internal.dns": "bedrock",
    "outbound|443||bedrock-runtime.us-east-1.amazonaws.com": "bedrock",
    "outbound|443||llm-together-ai.internal.dns": "together",
    "outbound|443||api.deepseek.com": "deepseek",
    "outbound|11434||ollama.default.svc.cluster.local": OWN_MACHINE,
    "llm-vllm-qwen": OWN_MACHINE,
    "llm-lm-studio": OWN_MACHINE,
    "outbound|8080||llama-cpp.internal.dns": OWN_MACHINE,
    "outbound|8080||tgi-llama.internal.dns": OWN_MACHINE,
    "outbound|443||api.x.ai": "xai",
    "outbound|443||api.z.ai": "zai",
    "LLM-OpenRouter-Claude": "openrouter",
    "outbound|443||llm-x.internal.dns": None,
    "ai-route-openaix": None,
    "": None,
}
"""Names of clusters and routes, and whose word stands in each."""
FORMS = {
    "bedrock/anthropic.claude-sonnet-5": "bedrock",
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0": "bedrock",
    "claude-sonnet-5@default": "vertex",
    "deepseek-v3.2-maas": "vertex",
    "azure/gpt-4o": "azure",
    "openrouter/anthropic/claude-sonnet-5": "openrouter",
    "accounts/fireworks/models/deepseek-v3": "fireworks",
    "@cf/meta/llama-3": "cloudflare",
    "replicate/meta/llama-4-maas": "replicate",
    "watsonx/meta-llama/llama-3-3-70b-instruct": "watsonx",
    "vercel_ai_gateway/openai/gpt-4o": "vercel",
    "moonshot/kimi-k2@2407": "moonshot",
    "gpt-4.1": None,
    "openai/gpt-4o": None,
    "deepseek-ai/deepseek-v3": None,
    "my-azure/gpt-4o": None,
}
"""Names of models, and whose form each has."""


@pytest.mark.parametrize(("name", "seller"), WORDS.items())
def test_words_of_clusters_and_routes(name, seller):
    """A seller's word tells, alone or among others; who sells others' models comes before a maker, a machine of one's own first."""
    assert sellers.of_words(name) == seller


@pytest.mark.parametrize(("name", "seller"), FORMS.items())
def test_forms_of_names(name, seller):
    """Only a form that no other seller uses tells; what stands before a name counts before what stands behind it."""
    assert sellers.of_name(name) == seller


def test_the_way_of_a_call():
    """A person's patterns come first, in their order; then the cluster tells, and then the route."""
    patterns = {"*llm-x*": "azure", "*": "groq"}

    assert sellers.of_call("llm-x", None, patterns) == Told("azure", is_said=True)
    assert sellers.of_call(None, "llm-x", patterns) == Told("azure", is_said=True)
    assert sellers.of_call("llm-openai", "llm-y", patterns) == Told("groq", is_said=True)
    assert sellers.of_call("llm-openai", "route-azure", {"llm": "groq"}) == Told("openai")
    assert sellers.of_call("llm-y", "route-azure", {}) == Told("azure")
    assert sellers.of_call(None, None, {"*": "groq"}) is None


def test_a_service_inside_kubernetes():
    """What it is called after may be a model that it runs: nothing tells who sold it, but a server of one's own, or a person."""
    cluster = "outbound|80||deepseek.default.svc.cluster.local"

    assert sellers.of_call(cluster, None, {}) is None
    assert sellers.of_call(cluster, "ai-route-deepseek", {}) is None
    assert sellers.of_call("outbound|80||vllm-qwen.default.svc.cluster.local", None, {}) == Told(OWN_MACHINE)
    assert sellers.of_call(cluster, None, {"*deepseek*": "deepseek"}) == Told("deepseek", is_said=True)


@pytest.mark.parametrize("name", ["azure::gpt-4o", "azure:::gpt-4o", "::gpt-4o", "1h ::::gpt-4o", "gpt-4o::x"])
@pytest.mark.parametrize("cluster", [None, "llm-openai"])
def test_a_name_that_looks_as_if_it_were_put_together(name, cluster):
    """A model that is called so in the log is none that has a price, whoever sold it."""
    book = Book([price_list.shipped()])
    call = Call(name, "2026-02-01T09:30:15Z", Usage(10, visible_output=5), cluster=cluster)

    assert book.price(call) == Unpriced(UNKNOWN_MODEL)


@given(st.sampled_from(sorted(sellers.titles())), st.booleans(), st.text(st.characters(exclude_characters=":")))
def test_a_model_with_who_sold_it(seller, is_said, model):
    """What was put together comes apart again; a name that nobody put together is a name."""
    told = Told(seller, is_said)

    assert sellers.split(sellers.sold_by(told, model)) == (told, model)
    assert sellers.split(sellers.sold_by(None, model)) == (None, model)
    assert sellers.split(f"nobody::{model}") == (None, f"nobody::{model}")


def test_seller_is_known_by_its_words():
    """Whoever names a seller may say its word, its name, or one that clusters have, in any capitals."""
    known = {
        "OpenAI": "openai",
        " together ai ": "together",
        "AWS": "bedrock",
        "Z.ai": "zai",
        "Azure": "azure",
        "own_machine": "own_machine",
        "vLLM": "own_machine",
        "x": None,
    }

    assert {text: sellers.meant(text) for text in known} == known
    assert all(sellers.meant(word) == word for word in sellers.titles())
