"""What is in a message, whatever protocol it is of?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.calls import messages
from session_monitor.calls.messages import ToolResult

OPENAI_CALL = {"id": "c1", "type": "function", "function": {"name": "read", "arguments": '{"path":"a"}'}}
OPENAI = {"role": "assistant", "content": None, "tool_calls": [OPENAI_CALL]}
OPENAI_RESULT = {"role": "tool", "tool_call_id": "c1", "name": "read", "content": "text"}
USE = {"type": "tool_use", "id": "u1", "name": "grep", "input": {"for": "é"}}
ANTHROPIC = {"role": "assistant", "content": [{"type": "text", "text": "Let me look."}, USE]}
RESULT = {"type": "tool_result", "tool_use_id": "u1", "content": [{"type": "text", "text": "found"}], "is_error": True}
ANTHROPIC_RESULT = {"role": "user", "content": [RESULT, {"type": "text", "text": "and?"}]}
STRANGE = [None, 5, "text", [], {}, {"role": ["tool"]}, {"content": 5, "tool_calls": 5}, {"content": [None, "x", []]}]

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(
            st.sampled_from(["role", "content", "tool_calls", "type", "text", "id", "function", "name", "tool_use_id"]),
            inside | st.sampled_from(["tool", "tool_use", "tool_result", "assistant"]),
            max_size=4,
        )
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("message", "results"),
    [
        (OPENAI_RESULT, [ToolResult("c1", "read", "text")]),
        ({"role": "function", "name": "read", "content": "text"}, [ToolResult(None, "read", "text")]),
        (ANTHROPIC_RESULT, [ToolResult("u1", None, RESULT["content"], is_error=True)]),
        ({"role": "user", "content": [{**RESULT, "is_error": "yes"}]}, [ToolResult("u1", None, RESULT["content"])]),
        (OPENAI, []),
        (ANTHROPIC, []),
        *((message, []) for message in STRANGE),
    ],
)
def test_results_of_both_protocols(message, results):
    """A message of a tool is one result, and each part that says so is one; nothing else is."""
    assert list(messages.results_of(message)) == results
    assert messages.has_results(message) == bool(results)


@given(JSON)
def test_whatever_a_client_sent(message):
    """Nothing in a message, of whatever kind, is an error; it has results where there are some."""
    assert messages.has_results(message) == bool(list(messages.results_of(message)))
    assert isinstance(messages.text_of(message), str)
    assert isinstance(messages.call_in_words(message), str)
    assert isinstance(messages.spoken(message), (str, type(None)))
    assert messages.tool_names([message]) == messages.tool_names([None, message])
    assert isinstance(message, dict) is False or list(messages.calls_of(message)) is not None


@pytest.mark.parametrize(
    ("message", "calls"),
    [
        (OPENAI, [("c1", "read")]),
        (ANTHROPIC, [("u1", "grep")]),
        ({**ANTHROPIC, "tool_calls": [{"id": 5}, None, "read"]}, [(5, None), ("u1", "grep")]),
        (ANTHROPIC_RESULT, []),
    ],
)
def test_calls_of_both_protocols(message, calls):
    """Each call with its id and its tool, those beside the content first; what is no object is no call."""
    assert list(messages.calls_of(message)) == calls


def test_a_tool_is_known_by_the_id_of_its_call():
    """Of all messages together, whatever protocol they are of; one without a name has a sign for that."""
    nameless = {"tool_calls": [{"id": "c2", "function": {}}, {"id": "c3", "name": "exec"}, {"function": {"name": "x"}}]}

    assert messages.tool_names([OPENAI, ANTHROPIC, nameless, *STRANGE]) == {
        "c1": "read",
        "u1": "grep",
        "c2": "?",
        "c3": "exec",
    }


@pytest.mark.parametrize(
    ("content", "spoken"),
    [
        (None, None),
        ("text", "text"),
        (["a", {"type": "text", "text": "b"}, {"type": "text", "text": ""}, 5], "a\nb"),
        ([{"type": "image_url", "image_url": {}}, {"type": 5}], "[image_url]\n[part]"),
        ({"text": "b"}, None),
        (5, None),
    ],
)
def test_what_is_spoken(content, spoken):
    """Text, or the texts of parts, what is no text by its type."""
    assert messages.spoken(content) == spoken


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (OPENAI, '→ read({"path":"a"})'),
        (OPENAI_RESULT, "text"),
        (ANTHROPIC, 'Let me look.\n→ grep({"for": "é"})'),
        (ANTHROPIC_RESULT, "found\nand?"),
        ({"content": [{"type": "image"}, {}, None]}, "[image]\n[part]\nnull"),
        ("text", '"text"'),
        ({}, ""),
    ],
)
def test_a_message_as_text(message, text):
    """What is said in it, with its calls as one writes them, and of results what they say."""
    assert messages.text_of(message) == text


@pytest.mark.parametrize(
    ("asked", "call"),
    [
        (OPENAI_CALL, ("read", '{"path":"a"}')),
        ({"function": {"name": "read", "arguments": {"path": "a"}}}, ("read", '{"path": "a"}')),
        ({"function": {}}, ("?", "")),
        ({"name": "read"}, ("", '{"name": "read"}')),
        (None, ("", "null")),
    ],
)
def test_a_call_as_text(asked, call):
    """The tool and what it was asked; of what is no call its JSON."""
    assert messages.call(asked) == call
