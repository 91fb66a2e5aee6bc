"""What is stated of a call is counted as it is stated: nothing is guessed, and it costs what its session says afterwards."""

from __future__ import annotations

import json
import os

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from session_monitor.base import data_folder
from session_monitor.calls import ai_log
from session_monitor.prices.cost import Cost, Unpriced
from session_monitor.work import stated_call
from session_monitor.work.stated_call import BadCallError, NoTokensError, StatedCall, StatedTokens
from tests.support.calls import BOOK

NOW = 1_790_000_000_000
numbers = st.integers(0, 10**7)


def call(**tokens):
    """A call of a model that has a price."""
    return StatedCall("s", "openai", "gpt-4o", StatedTokens(**tokens))


def line(made):
    """Its line."""
    return stated_call.log_line.line(made.recorded(NOW))


@given(numbers, numbers, numbers, numbers, numbers)
def test_all_kinds(fresh, read, written, visible, reasoning):
    """Parts are within the whole, as they are read from the line again."""
    assume(fresh + read + written and visible + reasoning)
    prompt, completion = fresh + read + written, visible + reasoning
    made = call(prompt=prompt, completion=completion, cached=read, cache_write=written, reasoning=reasoning)
    usage = ai_log.parse(line(made)).usage
    assert usage[:5] == (fresh, read, written, visible, reasoning)


@pytest.mark.parametrize(
    "tokens", [{"prompt": 7, "completion": 3}, {"total": 10, "prompt": 7}, {"total": 10, "completion": 3}]
)
def test_two_tell_the_third(tokens):
    """Of prompt, completion and total."""
    assert StatedTokens(**tokens).filled()[:3] == (7, 3, 10)
    assert isinstance(stated_call.priced(line(call(**tokens)), BOOK), Cost)


class Whole:
    """A whole number of another type, such as numpy's."""

    def __index__(self):
        return 7


def test_whole_numbers_of_other_types():
    """They are numbers as well."""
    assert ai_log.parse(line(call(prompt=Whole(), completion=3))).usage.total_tokens == 10
    assert ai_log.parse(line(call(total=Whole()))).usage.total_tokens == 7


@pytest.mark.parametrize("odd", [1.5, 1.0, "5", True, float("nan"), b"5", [5]])
def test_what_is_no_whole_number(odd):
    """Nothing of it is recorded, and it is said which count is meant."""
    for name in StatedTokens._fields:
        with pytest.raises(BadCallError, match=f"{name.replace('_', ' ')}: .* whole number"):
            call(**{"prompt": 9, "completion": 9, name: odd}).recorded(NOW)


@pytest.mark.parametrize("odd", [None, 5, b"gpt-4o"])
def test_a_name_that_is_no_text(odd):
    """It is said to be none."""
    with pytest.raises(BadCallError, match="model's name is no text"):
        call(prompt=1, completion=1)._replace(model=odd).recorded(NOW)


def test_of_a_total_alone_nothing_is_guessed():
    """Its tokens are counted, and its cost is not known."""
    made = call(total=100)
    assert made.tokens.sorted_out() is None
    outcome = stated_call.priced(line(made), BOOK)
    assert isinstance(outcome, Unpriced)
    assert ai_log.parse(line(made)).usage.total_tokens == 100


@pytest.mark.parametrize(
    ("tokens", "error", "said"),
    [
        ({}, NoTokensError, "state the prompt's"),
        ({"prompt": 5}, NoTokensError, "state the prompt's"),
        ({"total": 5, "cached": 1}, NoTokensError, "not only a total"),
        ({"prompt": 5, "completion": 5, "total": 11}, BadCallError, "11 is not 5 and 5"),
        ({"prompt": 12, "total": 11}, BadCallError, "more than the total"),
        ({"prompt": 5, "completion": 1, "cached": 3, "cache_write": 3}, BadCallError, "more than the prompt's"),
        ({"prompt": 5, "completion": 1, "reasoning": 2}, BadCallError, "more than the completion's"),
        ({"prompt": -1, "completion": 1}, BadCallError, "no call has"),
        ({"prompt": 10**11, "completion": 1}, BadCallError, "no call has"),
    ],
)
def test_what_cannot_be(tokens, error, said):
    """Is refused, with what to do."""
    with pytest.raises(error, match=said):
        call(**tokens).recorded(NOW)


@pytest.mark.parametrize("text", ["", "x", "nan", "inf", "-1", "1e9", "1,5"])
def test_costs_that_are_none(text):
    """Are refused."""
    with pytest.raises(BadCallError):
        stated_call.checked_cost(text)


@pytest.mark.parametrize("name", [" ", "-", "x" * 201, "a\x1bb"])
def test_names_that_are_none(name):
    """Of a model or a provider."""
    for made in (call(total=1)._replace(model=name), call(total=1)._replace(provider=name)):
        with pytest.raises(BadCallError):
            made.recorded(NOW)


def test_what_is_kept(tmp_path):
    """The provider, the agent and the stated cost stand in the line; a call is itself by its id."""
    made = call(prompt=5, completion=1)._replace(agent="me", cost_usd=stated_call.checked_cost("0.0250"), call_id="c1")
    stated_call.record_line(str(tmp_path), made.recorded(NOW))
    with open(data_folder.recorded_log(os.fspath(tmp_path)), encoding="utf-8") as log:
        inner = json.loads(json.loads(log.read())["ai_log"])
    told = {name: inner[name] for name in ("provider", "consumer", "stated_cost_usd", "chat_id", "recorded_by")}
    assert told == {
        "provider": "openai",
        "consumer": "me",
        "stated_cost_usd": "0.025",
        "chat_id": "c1",
        "recorded_by": "stated",
    }
    assert call(total=1).recorded(NOW).call_id != call(total=1).recorded(NOW).call_id
