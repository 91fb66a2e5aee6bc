"""Which pattern or second name that a person stated holds for a name?"""

from __future__ import annotations

import fnmatch
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.prices import model_names, own_words, price_list
from session_monitor.prices.book import Book
from session_monitor.prices.cost import ALIAS, OVERRIDE, PATTERN
from session_monitor.prices.price_list import PriceList

SHORT = st.text("ab*?", max_size=5)


def entry(price="1"):
    """A model with one row."""
    return {"prices": [{"input": price, "output": "0"}]}


def found(name, *lists):
    """By which key and how a name is priced, over the shipped list."""
    prices = Book([*lists, price_list.undecoded()]).find(name)
    return prices and (prices.key, prices.kind)


# --- Patterns ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "name", "does_fit"),
    [
        ("ft:gpt-4o*", "ft:gpt-4o-mini-2024-07-18:acme::abc", True),
        ("FT:GPT-4O*", " ft:gpt-4o ", True),
        ("ft:gpt-4o*", "openai/ft:gpt-4o:acme", True),
        ("ft:gpt-4o*", "my-ft:gpt-4o", False),
        ("gpt-4.?", "gpt-4-1", True),
        ("gpt-4.?", "gpt-4.1-mini", False),
        ("gpt-[45]?", "gpt-4o", True),
        ("*", "/models/Qwen3", True),
        ("us.anthropic.*", "us.anthropic.claude-sonnet-4-20250514-v1:0", True),
        ("bedrock/claude-*", "us.anthropic.claude-sonnet-4-20250514-v1:0", True),
        ("azure/*", "gpt-4o", False),
    ],
)
def test_pattern_fits_a_name_as_logged_or_by_its_key(pattern, name, does_fit):
    """In capitals or not, and whichever separators there are."""
    assert own_words.fits(pattern, own_words.forms(name)) is does_fit


def test_pattern_fits_who_sold_it():
    """What a cluster tells of the seller is in front of the key, as in a name that tells it."""
    prices = PriceList("own", patterns={"azure/gpt*": entry(), "own_machine/*": entry("0")})

    assert found("azure::gpt-4o", prices) == ("azure/gpt*", PATTERN)
    assert found("own_machine:::gpt-4o", prices) == ("own_machine/*", PATTERN)
    assert found("ollama/gpt-4o", prices) == ("own_machine/*", PATTERN)
    assert found("gpt-4o", prices) == ("gpt-4o", model_names.EXACT)


def test_very_name_goes_before_a_pattern():
    """Of whichever list, and by any of its spellings; a name with another date or tag does not."""
    pattern, exact = (
        PriceList("folder", patterns={"claude*": entry()}),
        PriceList("person", {"claude-4-sonnet": entry()}),
    )
    exact = exact._replace(models={"claude-sonnet-4": entry()})

    assert found("eu.anthropic.claude-4-sonnet", pattern, exact) == ("claude-sonnet-4", OVERRIDE)
    assert found("claude-sonnet-4-20250514", pattern, exact) == ("claude*", PATTERN)


def test_of_equals_the_data_folders_counts_and_then_the_first():
    """Where two have as many characters that are no wildcards."""
    folder, person = (
        PriceList("a", patterns={"g*4o": entry(), "*gpt": entry()}),
        PriceList("b", patterns={"gpt*": entry()}),
    )

    assert found("gpt-4o", folder, person) == ("g*4o", PATTERN)
    assert found("gpt-4o", person, folder) == ("gpt*", PATTERN)


@given(SHORT, SHORT, st.text("ab", max_size=6))
def test_what_covers_a_pattern_fits_all_that_it_does(wide, narrow, name):
    """No name fits the narrower one alone."""
    if own_words.covers(wide, narrow) and fnmatch.fnmatchcase(name, narrow):
        assert fnmatch.fnmatchcase(name, wide)


@pytest.mark.parametrize(
    ("wide", "narrow"), [("*", "a"), ("*", "*"), ("*eu*", "x-eu-*"), ("a?", "ab"), ("a*", "a[bc]"), ("*a*", "a*?")]
)
def test_wider_pattern_is_known(wide, narrow):
    """Those that people write are told apart, and not the other way round but for the same one."""
    assert own_words.covers(wide, narrow)
    assert own_words.covers(narrow, wide) is (wide == narrow)


# --- Second names -----------------------------------------------------------------------------------------------------


def test_alias_is_followed_to_its_end():
    """From list to list; a model of one's own ends the way, and a seller's name may stand for the plain one."""
    folder = PriceList("a", aliases={"a": "B", "gpt-4o": "azure/gpt-4o"})
    person = PriceList("b", {"stop": entry()}, aliases={"b": "c", "c": "stop", "m": "gpt-4o"})

    assert own_words.way("A", [folder, person]) == (["A", "B", "c", "stop"], False)
    assert own_words.way("m", [folder, person]) == (["m", "gpt-4o", "azure/gpt-4o"], False)
    assert found("a", folder, person) == ("stop", ALIAS)
    assert found("gpt-4o", folder)[1] == ALIAS


NAMES = st.sampled_from(["a", "b", "c", "azure/a", "azure/b", "d"])


@given(st.dictionaries(NAMES.map(model_names.canonical), NAMES), st.dictionaries(NAMES, st.just(entry())), NAMES)
def test_way_ends(aliases, models, name):
    """Whatever stands for whatever: it is finite, and begins with the name."""
    passed, _ = own_words.way(name, [PriceList("a", models), PriceList("b", aliases=aliases)])

    assert passed[0] == name
    assert len(passed) <= len(aliases) + 1


def test_wildcards_are_known():
    """A bracket alone makes no pattern, as names may have one."""
    assert [own_words.is_pattern(each) for each in ("a*", "?", "gpt-4o[1m]")] == [True, True, False]
    assert [own_words.literal_length(each) for each in ("a*b?", "[ab]c*", "[]a]*", "*")] == [2, 1, 0, 0]
    assert re.search(r"\s", "".join(own_words.forms(" A "))) is None
