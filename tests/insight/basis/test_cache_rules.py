"""By which rules does a provider cache prompts?"""

from __future__ import annotations

import pytest

from session_monitor.base import data_tables
from session_monitor.insight.basis import cache_rules
from session_monitor.insight.basis.cache_rules import CacheRules


@pytest.mark.parametrize(
    ("model", "seller", "name", "least", "policy"),
    [
        ("claude-opus-4-5-20251101", None, "Anthropic", 4096, "marks"),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "bedrock", "Anthropic", 1024, "marks"),
        ("claude-opus-5", "anthropic", "Anthropic", 512, "marks"),
        ("claude-3-5-haiku-latest", None, "Anthropic", 2048, "marks"),
        ("claude-some-day-9", None, "Anthropic", 4096, "marks"),
        ("gpt-5.2", "openai", "OpenAI", 1024, "prefix"),
        ("gpt-5.6", None, "OpenAI", 1024, "breakpoints"),
        ("gpt-4o", "azure", "OpenAI", 1024, "prefix"),
        ("gemini-2.5-pro", None, "Gemini", 2048, "prefix"),
        ("gemini-3-pro", "google", "Gemini", 4096, "prefix"),
        ("deepseek-chat", None, "DeepSeek", 0, "units"),
        ("deepseek-v3", "fireworks", "not known", 0, "unknown"),
        ("qwen3-max", "dashscope", "Qwen", 256, "prefix"),
        ("kimi-k2", "moonshot", "Kimi", 0, "prefix"),
        ("ollama/qwen3", None, "a server of one's own", 0, "unknown"),
        ("glm-4.6", "zhipu", "not known", 0, "unknown"),
        (None, None, "not known", 0, "unknown"),
    ],
)
def test_whose_rules_hold(model, seller, name, least, policy):
    """A model's name and who sold it tell by which rules it is cached; where nothing tells they are not known."""
    rule = CacheRules().of_call(model, seller)

    assert (rule.name, rule.least, rule.policy) == (name, least, policy)


def test_an_explicit_cache_has_rules_of_its_own():
    """Where a client asks for the cache, other rules hold than where the provider caches by itself."""
    assert CacheRules().of_call("qwen3-max", "dashscope", is_explicit=True).policy == "marks"


def test_a_persons_rows_come_first():
    """A person's own row counts before those that are shipped, whatever it is for."""
    rules = CacheRules([{"models": ["my-*", "gpt-5"], "seconds": 60}])

    assert [rules.of_call(model, None).seconds for model in ("my-model", "gpt-5", "gpt-5-mini")] == [60, 60, 300]


def test_what_is_shipped_is_right():
    """Each row has words that are known, and says how that is known, when it was looked at, and where."""
    table = data_tables.beside(cache_rules.__file__, "caches.json")
    for row in (*table["caches"], table["unknown"]):
        assert list(cache_rules.mistakes(row)) == []
        assert {"name", "policy", "evidence", "checked", "source"} <= set(row)


@pytest.mark.parametrize(
    "row",
    [
        [],
        {},
        {"models": "gpt-5"},
        {"models": ["a"], "least": 0},
        {"models": ["a"], "seconds": True},
        {"models": ["a"], "sellers": ["nobody"]},
        {"models": ["a"], "policy": "magic"},
        {"models": ["a"], "clock": ["request"]},
        {"models": ["a"], "kept": 5},
    ],
)
def test_a_row_that_is_wrong(row):
    """What is wrong with a person's row is told in words."""
    assert all(list(cache_rules.mistakes(row)))
    assert list(cache_rules.mistakes(row))
