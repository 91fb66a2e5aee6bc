"""What is new in a call's messages?"""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.sessions import message_history

LEAF = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 2), st.sampled_from([0.0, -0.0, 1.0, 1e300]), st.text(max_size=3)
)
MESSAGE = st.recursive(
    LEAF,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abc"), inner)),
    max_leaves=5,
)


@st.composite
def histories(draw):
    """Lists of messages as calls send them: grown, cut short, forked, replaced, sent again."""
    lists = [draw(st.lists(MESSAGE, max_size=4))]
    for _ in range(draw(st.integers(0, 8))):
        before = lists[draw(st.integers(0, len(lists) - 1))]
        keep = draw(st.integers(0, len(before)))
        lists.append(before[:keep] + draw(st.lists(MESSAGE, max_size=3)))
    return lists


def stored(lists):
    """The rounds as they are kept: what follows the common start with the round before."""
    before, rounds = "", []
    for messages in lists:
        marks = message_history.digests(messages)
        shared = message_history.common_start(before, marks)
        rounds.append({"messages_from_history": shared, "messages": messages[shared:]})
        before = marks
    return rounds


@given(histories())
def test_full_lists_are_given_back_exactly(lists):
    """From what is new in each call the whole lists come back, type by type and key by key in their order."""
    rebuilt = message_history.with_full_messages(json.loads(json.dumps(stored(lists))))

    assert [json.dumps(messages) for _, messages in rebuilt] == [json.dumps(messages) for messages in lists]


def test_what_was_sent_before_is_not_stored_again():
    """A history that grows, shrinks, forks and is replaced leaves only what is new."""
    lists = ["ab", "abcd", "abcd", "abc", "abX", "Y", ""]
    assert [entry["messages"] for entry in stored([list(each) for each in lists])] == [
        ["a", "b"],
        ["c", "d"],
        [],
        [],
        ["X"],
        ["Y"],
        [],
    ]


def test_rounds_without_the_key_stand_for_themselves():
    """A round that says nothing of a history holds its full list."""
    rounds = [{"messages": ["a"]}, {"messages": ["b"], "messages_from_history": 1}, {"messages": ["c"]}]
    assert [messages for _, messages in message_history.with_full_messages(rounds)] == [["a"], ["a", "b"], ["c"]]


def test_lists_that_were_given_do_not_change_later():
    """Each full list is the caller's own."""
    rounds = message_history.with_full_messages(stored([["a"], ["a", "b"]]))
    _, first = next(rounds)
    first.append("x")
    assert [messages for _, messages in rounds] == [["a", "b"]]
    assert first == ["a", "x"]


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (True, 1),
        (1, 1.0),
        (0.0, -0.0),
        (None, False),
        ("1", 1),
        ("", None),
        ([], {}),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ("\u00e9", "e\u0301"),
        ("\ud800", "\ud801"),
    ],
)
def test_messages_that_are_written_otherwise_are_told_apart(one, two):
    """What Python calls equal and JSON writes otherwise is not the same message."""
    assert message_history.digests([{"content": one}]) != message_history.digests([{"content": two}])


@given(st.lists(MESSAGE, max_size=5))
def test_a_digest_has_one_length_and_depends_on_its_message_alone(messages):
    """Digests can stand one behind the other in one string."""
    alone = [message_history.digests([message]) for message in messages]
    assert [len(mark) for mark in alone] == [message_history.DIGEST] * len(messages)
    assert message_history.digests(messages) == "".join(alone)


@given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abc")))
def test_common_start_is_the_longest(one, two):
    """Both lists begin with so many equal members, and not with one more."""
    number = message_history.common_start(
        *("".join(char * message_history.DIGEST for char in each) for each in (one, two))
    )
    assert one[:number] == two[:number]
    assert one[: number + 1] != two[: number + 1] or number == len(one) == len(two)
