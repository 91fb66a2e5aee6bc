"""In which form was a message sent?"""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.sessions.message_forms import dressed, may_wear, undressed

TEXT = st.text('ab"{', max_size=3)
MARK = st.sampled_from([{"type": "ephemeral"}, {"type": "ephemeral", "ttl": "1h"}, None, "x", [{"cache_control": 1}]])
INPUT = st.sampled_from([{}, {"cache_control": {"type": "x"}}, {"content": [{"type": "text", "text": "t"}]}])


def holding(inner):
    """Objects that hold something, marked or not."""
    return st.one_of(inner, st.builds(lambda each, mark: {**each, "cache_control": mark}, inner, MARK))


PART = holding(
    st.one_of(
        st.builds(lambda text: {"type": "text", "text": text}, TEXT),
        st.builds(lambda text: {"type": "text", "text": text, "citations": []}, TEXT),
        st.builds(lambda given: {"type": "tool_use", "id": "c", "name": "n", "input": given}, INPUT),
        st.just({"type": "text", "text": 5}),
        st.just({"type": "image"}),
    )
)
RESULT = holding(
    st.builds(
        lambda content: {"type": "tool_result", "tool_use_id": "c", "content": content},
        st.one_of(TEXT, st.lists(PART, max_size=2), st.none()),
    )
)
CONTENT = st.one_of(TEXT, st.none(), st.lists(st.one_of(PART, RESULT, TEXT, st.just(7)), max_size=3))
MESSAGES = st.one_of(
    holding(
        st.builds(
            lambda content, role: {"role": role, "content": content}, CONTENT, st.sampled_from(["user", "assistant"])
        )
    ),
    st.sampled_from([None, 5, "cache_control", [{"cache_control": 1}], {"role": "user"}]),
)
"""What clients send, with marks and lists in every place where they may stand."""


def without_marks(value, *, is_content=True):
    """The oracle: a message that shows no mark and no list of one text."""
    if not isinstance(value, dict):
        return value
    bare = {key: each for key, each in value.items() if key != "cache_control"}
    content = bare.get("content")
    if is_content and isinstance(content, list):
        parts = [
            without_marks(each, is_content=isinstance(each, dict) and each.get("type") == "tool_result")
            for each in content
        ]
        bare["content"] = parts
        if (
            len(parts) == 1
            and isinstance(parts[0], dict)
            and list(parts[0]) == ["type", "text"]
            and isinstance(parts[0]["text"], str)
        ):
            bare["content"] = parts[0]["text"]
    return bare


@given(MESSAGES)
def test_what_was_taken_off_can_be_put_on_again(message):
    """The form, also once it was in JSON, makes the very message of what is left; the message itself is never changed."""
    before = copy.deepcopy(message)
    bare, form = undressed(message)

    assert bare == without_marks(message)
    assert (form is None) == (bare == message)
    assert dressed(bare, json.loads(json.dumps(form))) == message == before


@given(MESSAGES)
def test_a_quick_look_errs_on_the_safe_side(message):
    """What is said to wear nothing wears nothing."""
    if not may_wear([message]):
        assert undressed(message) == (message, None)


@pytest.mark.parametrize("form", [None, {"one_part": [[]], "cache_control": [[[0], 1], [[], 2]]}])
def test_one_form_can_follow_another(form):
    """Whatever a message wore, it can be put into any form that it has been seen in."""
    text = {"role": "user", "content": "t"}
    marked = {"role": "user", "content": [{"type": "text", "text": "t", "cache_control": 1}], "cache_control": 2}
    wanted = marked if form else text

    assert dressed(undressed(text)[0], form) == dressed(undressed(marked)[0], form) == wanted
