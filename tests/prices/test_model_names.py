"""Which model does a name mean?

data/names.json holds, for each key, names that mean the ``same`` model; for each canonical name, names of that model as it
is ``sold`` by one seller; for some names all the ``keys``
under which a price is looked for; names that lead to a key once they have been ``undated``; and such as ``never`` do.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.prices import model_names
from session_monitor.prices.model_names import EXACT, UNDATED

NAMES = json.loads((Path(__file__).parent / "data" / "names.json").read_text(encoding="utf-8"))
ORDINARY = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,5}([-._ ][A-Za-z0-9]{1,4}){0,5}", fullmatch=True)
ANY = st.text(st.characters(exclude_categories=[]), max_size=60) | ORDINARY


def pairs(part):
    """Each key of a part of the data with each of its names."""
    return [(key, name) for key, names in NAMES[part].items() for name in names]


@pytest.mark.parametrize(("key", "name"), pairs("same"))
def test_names_of_one_model_fold_into_one(key, name):
    """What stands round a name and how it is spelled does not change the model."""
    assert model_names.model_key(name) == key


@pytest.mark.parametrize(("key", "name"), pairs("sold"))
def test_name_that_shows_its_seller_has_a_key_of_that_seller(key, name):
    """What one who sells others' models takes is told from what their makers do, by the form of the name."""
    assert model_names.canonical(name) == key
    assert model_names.canonical(key) == key


@pytest.mark.parametrize("key", NAMES["same"])
def test_canonical_name_is_its_own(key):
    """A canonical name is left alone: keys of a price list mean the same before and after they are read."""
    assert model_names.canonical(key) == key


@pytest.mark.parametrize(("name", "keys"), NAMES["keys"].items())
def test_keys_come_best_first(name, keys):
    """What the name itself means comes first, then the same without its date, its tag, or both."""
    assert list(model_names.candidates(name)) == [(key, kind) for kind, those in keys.items() for key in those]


@pytest.mark.parametrize(("key", "name"), pairs("undated"))
def test_date_or_tag_is_dropped(key, name):
    """A model without a price of its own has that of the model without date and tag, and it shows."""
    assert (key, UNDATED) in model_names.candidates(name)


@pytest.mark.parametrize(("key", "name"), pairs("never"))
def test_likeness_is_no_sameness(key, name):
    """No name leads to a model that merely begins, or looks, like it."""
    assert key not in dict(model_names.candidates(name))


@given(ANY)
def test_keys_are_never_empty_and_each_comes_once(name):
    """Whatever a log calls a model: the name itself is a key, each comes once, the exact ones first, and none is empty."""
    candidates = list(model_names.candidates(name))
    keys = [key for key, _ in candidates]
    itself = model_names.model_key(name)

    assert (itself, EXACT) in candidates or itself == ""
    assert len(set(keys)) == len(keys)
    assert all(keys)
    assert [kind for _, kind in candidates] == sorted(kind for _, kind in candidates)


@given(ANY)
def test_spelling_does_not_matter(name):
    """Capitals, and a provider before the name, change nothing."""
    plain = model_names.canonical(name)

    assert model_names.canonical(name.lower()) == plain
    assert (
        model_names.canonical(f"provider/{name}") == plain
        or name != name.strip()
        or model_names.is_on_own_machine(name)
    )


@pytest.mark.parametrize(
    ("name", "is_own"),
    [
        ("/models/Qwen3-32B", True),
        ("./qwen3-32b.gguf", True),
        ("../qwen3-32b.gguf", True),
        ("~/models/qwen3-32b", True),
        ("file:///models/qwen3-32b", True),
        ("%2Fmodels%2Fqwen3-32b", True),
        ("ollama/deepseek-r1", True),
        ("ollama_chat/llama3.1:8b", True),
        ("vLLM/deepseek-v3", True),
        ("hosted_vllm/Qwen/Qwen3-32B", True),
        ("local/gpt-4o", True),
        ("lmstudio/gemma-3-27b-it", True),
        ("llama.cpp/qwen3-32b", True),
        ("C:\\models\\qwen3-32b", True),
        ("c:/models/qwen3-32b", True),
        ("\\\\server\\models\\qwen3-32b", True),
        ("localhost:11434/gpt-4o", True),
        ("http://127.0.0.1:8000/gpt-4o", True),
        ("docker_model_runner/gpt-oss-120b", True),
        ("llamafile/gpt-oss-120b", True),
        ("triton/qwen3-max", True),
        ("hf.co/unsloth/gpt-oss-120b", True),
        ("mlx-community/gpt-oss-120b", True),
        ("ollama", False),
        ("ollama/", False),
        ("localmodel/gpt-4o", False),
        ("openrouter/ollama/gpt-4o", False),
        ("/", False),
        ("~anthropic/claude-sonnet-4.5", False),
        ("Qwen/Qwen3-32B", False),
        ("models/gemini-2.5-pro", False),
        ("arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0", False),
    ],
)
def test_a_model_on_a_machine_of_ones_own(name, is_own):
    """A path on a machine, and a name that a server of one's own has, are told from a vendor's name with slashes in it."""
    assert model_names.is_on_own_machine(name) == is_own


@given(ORDINARY, st.sampled_from("-._ "))
def test_separators_are_all_the_same(name, separator):
    """A dot, a space and an underline are hyphens, wherever they cannot stand for a provider's name."""
    words = [word for word in name.replace(".", "-").replace("_", "-").replace(" ", "-").split("-") if word]

    if separator != ".":
        assert model_names.canonical(separator.join(words)) == model_names.canonical("-".join(words))
    assert model_names.canonical("x1" + separator + separator.join(words)) == "-".join(["x1", *words]).lower()


@given(ORDINARY)
def test_name_is_folded_once(name):
    """Folding a folded name changes nothing."""
    once = model_names.canonical(name)

    assert model_names.canonical(once) == once
