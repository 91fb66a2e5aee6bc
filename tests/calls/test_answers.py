"""Calls of tools come out of a line as the model asked for them, and where the line does not tell that is said."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.calls import answers
from session_monitor.calls.answers import has_tool_calls, joined, whole_call


def call(index, call_id, name, arguments):
    """A call as OpenAI has it."""
    return {"index": index, "id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


@st.composite
def streams(draw):
    """Calls, and the pieces in which a stream brings them, one list behind the other."""
    names = draw(st.lists(st.sampled_from(["read", "exec"]), min_size=1, max_size=4))
    calls = [call(at, f"call_{at}", name, draw(st.text(max_size=12))) for at, name in enumerate(names)]
    pieces = []
    for each in calls:
        arguments = each["function"]["arguments"]
        cuts = sorted(draw(st.lists(st.integers(0, len(arguments)), max_size=3)))
        parts = [arguments[start:end] for start, end in zip([0, *cuts], [*cuts, len(arguments)])]
        pieces.append({**each, "function": {**each["function"], "arguments": ""}})
        pieces += [{"index": each["index"], "function": {"arguments": part}} for part in parts]
    if draw(st.booleans()):
        pieces = [{key: value for key, value in piece.items() if key != "index" or value} for piece in pieces]
    return calls, "".join(json.dumps([piece]) for piece in pieces)


@given(streams())
def test_pieces_of_a_stream_become_its_calls(stream):
    """However a stream cuts the arguments of its calls, and whether it tells an index of 0 or not, they come out whole."""
    calls, text = stream
    assert list(map(whole_call, joined(text))) == calls


@pytest.mark.parametrize(
    "text", ["", "[map[content:x]]", "[1][", '[{"a":NaN}]', '{"a":1}', "[" * 200 + "]" * 200, "[]x", "[1] [2]"]
)
def test_what_is_no_pieces_is_none(text):
    """A text that is no lists, one behind the other, is left as it is."""
    assert not joined(text)


def test_calls_without_an_index_are_told_apart_by_their_id():
    """Some models number none of their calls: a new id begins a new one."""
    pieces = [
        {"id": "a", "function": {"name": "x", "arguments": "1"}},
        {"id": "b", "function": {"name": "y", "arguments": "2"}},
    ]

    assert [each["id"] for each in joined(json.dumps(pieces))] == ["a", "b"]


@pytest.mark.parametrize(
    ("arguments", "whole"),
    [('{}{"path": "a"}', '{"path": "a"}'), ("{}{}", "{}"), ("{}", "{}"), ('{"a": {}}', '{"a": {}}'), ("", "")],
)
def test_claudes_stream_begins_with_empty_arguments(arguments, whole):
    """What the stream begins with is not what the model wrote; for others than Claude it is."""
    made = {"type": "tool_use", "function": {"name": "Read", "arguments": arguments}}

    assert whole_call(made)["function"]["arguments"] == whole
    assert whole_call({**made, "type": "function"})["function"]["arguments"] == arguments


@pytest.mark.parametrize(
    "odd", ["x", 7, None, {"function": 7}, {"type": "tool_use"}, {"type": "tool_use", "function": {}}]
)
def test_odd_calls_are_kept(odd):
    """What is no call of any kind stays what it was, at most with an index."""
    assert whole_call(odd) in (odd, {"index": 0, **odd} if isinstance(odd, dict) else odd)


CHAT, RESPONSES, GEMINI = "/v1/chat/completions", "/v1/responses", "/v1beta/models/g:streamGenerateContent"


@pytest.mark.parametrize(
    ("path", "told", "asked"),
    [
        (CHAT, {}, None),
        (CHAT, {"has_text": True}, False),
        (CHAT, {"has_calls": True}, True),
        (CHAT, {"has_text": True, "lists_calls": False}, None),
        (RESPONSES, {"has_text": True}, None),
        (GEMINI, {"has_text": True}, None),
        (f"{GEMINI}?alt=sse", {"has_text": True}, None),
        ("/openai/responses?api-version=1", {"has_text": True}, None),
    ],
)
def test_whether_a_line_tells(path, told, asked):
    """A line without a place for calls, or without anything of the answer, does not say that there are none."""
    assert has_tool_calls(path, **{"has_calls": False, "has_text": False, "lists_calls": True, **told}) == asked


def test_models_that_are_none():
    """The plugin's words for no model are none, and what the gateway answered by itself is told as that."""
    assert answers.who_answered("gpt-4o") == ("gpt-4o", None)
    assert [answers.who_answered(name) for name in (None, "UNKNOWN", "unknown")] == [(None, None)] * 3
    assert answers.who_answered("from-cache") == (None, "cache")
    assert answers.who_answered("from-security-guard") == (None, "guard")


def test_very_many_pieces_come_out_whole():
    """A long stream has very many pieces of one call, and all of them are in it."""
    pieces = [call(0, "c", "write", "")] + [{"index": 0, "function": {"arguments": "x" * 10}}] * 100_000

    assert joined(json.dumps(pieces)) == [call(0, "c", "write", "x" * 1_000_000)]


def test_a_piece_that_is_no_text_does_not_stop_the_others():
    """Of what is odd the last stays, and what is absent says nothing."""
    pieces = [
        {"id": "c", "function": {"name": "f", "arguments": None}},
        {"id": "", "function": {"arguments": {"a": 1}}},
    ]

    assert joined(json.dumps(pieces)) == [{"id": "c", "function": {"name": "f", "arguments": {"a": 1}}}]
