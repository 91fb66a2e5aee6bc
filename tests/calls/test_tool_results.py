"""Which tools did a call ask for, and what came back from those that were asked for before?"""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from session_monitor.calls import tool_results
from session_monitor.calls.tool_results import Came


def asks(*named):
    """The model's message that asks for tools, as OpenAI has it: id and name of each."""
    return {"role": "assistant", "content": None, "tool_calls": [tool_call(*each) for each in named]}


def tool_call(call_id, name):
    """One call that an answer asks for."""
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": "{}"}}


def result(call_id, content, **more):
    """What a tool said, as OpenAI has it."""
    return {"role": "tool", "tool_call_id": call_id, "content": content, **more}


def uses(*named):
    """The model's message that asks for tools, as Anthropic has it."""
    parts = [{"type": "tool_use", "id": call_id, "name": name, "input": {}} for call_id, name in named]
    return {"role": "assistant", "content": [{"type": "text", "text": "Let me look."}, *parts]}


def results(*said):
    """What tools said, as Anthropic has it: parts of the user's message."""
    return {"role": "user", "content": [{"type": "tool_result", "tool_use_id": use, **rest} for use, rest in said]}


USER = {"role": "user", "content": "hello"}


# -- what was asked for ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tool_calls", "found"),
    [
        ([], []),
        ([tool_call("1", "read")], [("read", 1)]),
        ([tool_call("1", "read"), tool_call("2", "exec"), tool_call("3", "read")], [("read", 2), ("exec", 1)]),
        ([{"index": 0, "id": "1"}, {"function": None}, {"function": {"name": ""}}, None, "read", []], [("?", 6)]),
        ([tool_call("1", {"name": "read"})], [("?", 1)]),
        ([tool_call("1", "x" * 5000)], [("x" * tool_results.LONGEST_NAME, 1)]),
    ],
)
def test_called(tool_calls, found):
    """Each tool with the number of times it was asked for; one without a name has a sign for that."""
    assert tool_results.called(tool_calls) == found


# -- what came back ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("messages", "shared", "found"),
    [
        ([], 0, ([], 0)),
        ([USER], 0, ([], 0)),
        # OpenAI: messages of their own, in any order.
        ([USER, asks(("1", "read")), result("1", "four")], 0, ([Came("read", 1, 0, 4)], 4)),
        (
            [
                USER,
                asks(("1", "read"), ("2", "exec"), ("3", "read")),
                result("2", "no"),
                result("1", "a"),
                result("3", "bc"),
            ],
            0,
            ([Came("exec", 1, 0, 2), Came("read", 2, 0, 3)], 5),
        ),
        (
            [asks(("1", "read")), {"role": "function", "name": "read", "content": "four"}],
            0,
            ([Came("read", 1, 0, 4)], 4),
        ),
        (
            [asks(("1", "read")), result("1", [{"type": "text", "text": "four"}, "five5"])],
            0,
            ([Came("read", 1, 0, 9)], 9),
        ),
        # Anthropic: parts of the user's message, which may say more.
        ([USER, uses(("1", "read")), results(("1", {"content": "four"}))], 0, ([Came("read", 1, 0, 4)], 4)),
        (
            [
                uses(("1", "read"), ("2", "exec")),
                results(("1", {"content": [{"type": "text", "text": "abc"}]}), ("2", {})),
            ],
            0,
            ([Came("read", 1, 0, 3), Came("exec", 1, 0, 0)], 3),
        ),
        ([uses(("1", "read")), results(("1", {"content": "ab"})), USER], 0, ([Came("read", 1, 0, 2)], 7)),
        # Only what follows the model's last message, and was not sent with the call before.
        (
            [asks(("1", "read")), result("1", "old"), asks(("2", "exec")), result("2", "new!")],
            0,
            ([Came("exec", 1, 0, 4)], 4),
        ),
        ([asks(("1", "read")), result("1", "old"), {"role": "assistant", "content": "done"}, USER], 0, ([], 0)),
        ([asks(("1", "read")), result("1", "old")], 2, ([], 0)),
        ([asks(("1", "r"), ("2", "w")), result("1", "old"), result("2", "new!")], 2, ([Came("w", 1, 0, 4)], 4)),
        # Whose name is not known.
        ([result("1", "four")], 0, ([Came("?", 1, 0, 4)], 4)),
        ([result("1", "four", name="read")], 0, ([Came("read", 1, 0, 4)], 4)),
        ([asks(("1", "read")), result("2", "four")], 0, ([Came("?", 1, 0, 4)], 4)),
        ([asks(("1", "read")), result(None, "four"), result(["1"], "x")], 0, ([Came("?", 2, 0, 5)], 5)),
        # No text, and junk.
        ([asks(("1", "read")), result("1", None)], 0, ([Came("read", 1, 0, 0)], 0)),
        ([asks(("1", "read")), result("1", {"a": "b"}), "junk", None], 0, ([Came("read", 1, 0, 0)], 0)),
        ([{"role": "assistant", "tool_calls": "junk", "content": 5}, result("1", "a")], 0, ([Came("?", 1, 0, 1)], 1)),
    ],
)
def test_came_back(messages, shared, found):
    """What tools said is counted once, with the call that brings it, under the name that the model asked for."""
    assert tool_results.came_back(messages, shared) == found


def test_each_result_counts_with_one_call():
    """Over all calls of an agent that sends its whole history each time, each result is counted once."""
    history, seen, counted = [], 0, 0
    for number in range(6):
        history += [asks((str(number), "read")), result(str(number), "x" * number)]
        came, _ = tool_results.came_back(history, seen)
        counted += sum(each.results for each in came)
        seen = len(history)
        again, _ = tool_results.came_back([*history, USER], seen)
        assert again == []

    assert counted == 6


# -- did it fail? ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        *(
            "Error: no such file",
            "error reading x",
            " \nERROR: x",
            "Traceback (most recent call last):\n ...",
            "fatal: x",
        ),
        *("Exception: x", "Command failed with exit code 1"),
        *(
            {"isError": True},
            {"is_error": True},
            {"error": "no"},
            {"error": {"code": 5}},
            {"success": False},
            {"status": "error", "x": 1},
            {"status": "failed"},
            {"exit_code": 1},
            {"exitCode": 127},
        ),
        [{"type": "text", "text": "Error: no such file"}],
        ["Error: x"],
    ],
)
def test_says_failed(content):
    """JSON with a field that says so, or text that begins like an error, is a failure, also in parts."""
    assert tool_results.says_failed(json.dumps(content) if isinstance(content, dict) else content)


@pytest.mark.parametrize(
    "content",
    [
        *(
            "",
            "15 degrees",
            "no error: fine",
            "errors: 0",
            "[]",
            "null",
            "Errorless",
            None,
            5,
            [],
            [None, 5, {"text": 5}],
        ),
        *({}, {"error": None}, {"error": ""}, {"error": False}, {"isError": False}, {"isError": "true"}),
        *(
            {"success": True},
            {"success": None},
            {"status": "ok"},
            {"status": ["error"]},
            {"exit_code": 0},
            {"exit_code": "1"},
        ),
        '{"error": "cut off',
        '{"error": ' + "[" * 100_000,
        '{"n": ' + "9" * 10_000 + "}",
    ],
)
def test_does_not_say_failed(content):
    """What says nothing of a failure is none, and neither is what cannot be read."""
    assert not tool_results.says_failed(json.dumps(content) if isinstance(content, dict) else content)


def test_failures_are_counted():
    """A result that says it failed is counted, and so is one that the protocol marks, whatever its text says."""
    openai = [asks(("1", "read"), ("2", "read")), result("1", "Error: x"), result("2", "fine")]
    anthropic = [uses(("1", "read"), ("2", "read")), results(("1", {"content": "fine", "is_error": True}), ("2", {}))]

    assert [came.failed for came in tool_results.came_back(openai, 0)[0]] == [1]
    assert [came.failed for came in tool_results.came_back(anthropic, 0)[0]] == [1]


# -- what strangers wrote ----------------------------------------------------------------------------------------------

KEYS = (
    "role",
    "content",
    "tool_calls",
    "id",
    "function",
    "name",
    "type",
    "text",
    "tool_call_id",
    "tool_use_id",
    "is_error",
)
WORDS = (
    "assistant",
    "tool",
    "function",
    "user",
    "tool_use",
    "tool_result",
    "text",
    "read",
    "Error: x",
    '{"error": 1}',
    "",
)
JUNK = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-2, 2),
        st.floats(allow_nan=False),
        st.sampled_from(WORDS),
        st.text(max_size=3),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
        st.fixed_dictionaries({"role": st.sampled_from(WORDS[:4]), "content": inner}),
        st.fixed_dictionaries(
            {"type": st.sampled_from(WORDS[4:7]), "id": st.sampled_from("12"), "content": inner, "text": inner}
        ),
        st.fixed_dictionaries({"role": st.just("assistant"), "tool_calls": inner, "content": inner}),
    ),
    max_leaves=25,
)


@given(st.lists(JUNK, max_size=6), st.integers(0, 7))
@example([results(("1", {"text": 5, "content": "four"}))], 0)
@example([results(("1", {"text": "x", "content": "four"}))], 0)
def test_junk_never_raises(messages, shared):
    """Whatever a client sends as messages, counts come out: no more failures than results, no more said than is new."""
    came, fresh = tool_results.came_back(messages, shared)

    assert all(0 <= each.failed <= each.results and each.results for each in came)
    assert 0 <= sum(each.characters for each in came) <= fresh
    assert all(isinstance(each.tool, str) and 0 < len(each.tool) <= tool_results.LONGEST_NAME for each in came)
    assert len({each.tool for each in came}) == len(came)


@given(st.lists(JUNK, max_size=6))
def test_junk_that_was_asked_for(tool_calls):
    """Whatever a model is said to have asked for, each is counted once."""
    found = tool_results.called(tool_calls)

    assert sum(number for _, number in found) == len(tool_calls)
    assert all(isinstance(name, str) and name for name, _ in found)


def test_content_that_is_nested_deep():
    """Content as deep as a log's reader lets through is measured."""
    content = "x"
    for _ in range(100):
        content = [{"type": "text", "content": content}]

    assert tool_results.came_back([result("1", content)], 0) == ([Came("?", 1, 0, 1)], 1)
