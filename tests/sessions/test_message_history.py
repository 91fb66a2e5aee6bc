"""What is new in a call's messages?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.sessions import message_history
from session_monitor.sessions.message_history import DIGEST, FORM, SentList

LEAF = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 2), st.sampled_from([0.0, -0.0, 1.0, 1e300]), st.text(max_size=3)
)
MESSAGE = st.recursive(
    LEAF,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("abc"), inner)),
    max_leaves=5,
)
PLAIN, MARKED = {"content": "x"}, {"content": [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}]}


def rounds_of(lists):
    """The rounds as they are kept where each is held against the one before."""
    before, rounds = "", []
    for number, messages in enumerate(lists, 1):
        digests = message_history.digests(messages)
        shared = message_history.common_start(before, digests)
        rounds.append({"round": number, "messages_from_history": shared, "messages": messages[shared:]})
        before = digests
    return rounds


def test_what_was_sent_before_is_not_stored_again():
    """A history that grows, shrinks, forks and is replaced leaves only what is new."""
    lists = ["ab", "abcd", "abcd", "abc", "abX", "Y"]
    assert [entry["messages"] for entry in rounds_of([list(each) for each in lists])] == [
        ["a", "b"],
        ["c", "d"],
        [],
        [],
        ["X"],
        ["Y"],
    ]


def test_rounds_without_the_key_stand_for_themselves():
    """A round that says nothing of a history holds its full list."""
    rounds = [{"messages": ["a"]}, {"messages": ["b"], "messages_from_history": 1}, {"messages": ["c"]}]
    numbered = [{"round": number, **each} for number, each in enumerate(rounds, 1)]

    assert [messages for _, messages in message_history.with_full_messages(numbered)] == [["a"], ["a", "b"], ["c"]]


def test_a_list_goes_on_from_the_round_that_is_named():
    """The round before may be of another conversation, and rounds without messages end none."""
    rounds = [
        {"round": 1, "messages": ["a"]},
        {"round": 2, "messages": ["b"], "thread": 2, "history_of": 0},
        {"round": 3, "messages": []},
        {"round": 4, "messages": ["c"], "messages_from_history": 1, "history_of": 1},
        {"round": 5, "messages": ["d"], "messages_from_history": 1, "history_of": 2, "thread": 2},
    ]
    full = [["a"], ["b"], [], ["a", "c"], ["b", "d"]]

    assert [messages for _, messages in message_history.with_full_messages(rounds)] == full
    fifth = [rounds[1], rounds[4]]
    assert [messages for _, messages in message_history.with_full_messages(fifth)] == [["b"], ["b", "d"]]


def test_lists_that_were_given_do_not_change_later():
    """Each full list is the caller's own, and so is a message that wears something else."""
    rounds = rounds_of([[PLAIN], [PLAIN, "b"]])
    rounds[1]["restyled"] = [[0, {"one_part": [[]], "cache_control": [[[0], {"type": "ephemeral"}]]}]]
    full = message_history.with_full_messages(rounds)
    _, first = next(full)
    first.append("x")

    assert [messages for _, messages in full] == [[MARKED, "b"]]
    assert first == [PLAIN, "x"]


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
def test_a_mark_has_one_length_and_depends_on_its_message_alone(messages):
    """Marks can stand one behind the other in one string."""
    marks = message_history.marks_of(messages, message_history.encoded(messages))
    alone = [message_history.marks_of([each], message_history.encoded([each])) for each in messages]

    assert [(len(digests), len(forms)) for digests, forms in alone] == [(DIGEST, FORM)] * len(messages)
    assert marks == tuple("".join(each) for each in zip(*alone)) if alone else ("", "")


def test_a_message_that_wears_something_has_the_same_digest_and_another_form():
    """What was dressed otherwise is known again, and told apart from its plain form."""
    (plain, bare), (marked, worn) = (
        message_history.marks_of([each], message_history.encoded([each])) for each in (PLAIN, MARKED)
    )

    assert plain == marked
    assert message_history.otherwise_dressed(bare * 3, bare + worn * 2, 2) == [1]


@given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abc")))
def test_common_start_is_the_longest(one, two):
    """Both lists begin with so many equal members, and not with one more."""
    number = message_history.common_start(*("".join(char * DIGEST for char in each) for each in (one, two)))
    assert one[:number] == two[:number]
    assert one[: number + 1] != two[: number + 1] or number == len(one) == len(two)


def test_the_last_few_conversations_are_remembered(monkeypatch):
    """The one that goes on comes first; the oldest are forgotten where they are too many, or have too many messages."""
    monkeypatch.setattr(message_history, "MOST_MESSAGES", 12)
    known = []
    for thread, length in [(1, 50), (2, 5), (3, 4), (1, 51), *((thread, 1) for thread in range(4, 20)), (20, 99)]:
        known = message_history.latest(known, SentList(thread, 0, ["m"] * length))
        assert sum(each.length for each in known[1:]) <= message_history.MOST_MESSAGES
        if (thread, length) == (1, 51):
            assert [each.thread for each in known] == [1, 3, 2]

    assert [each.thread for each in known] == list(range(20, 20 - message_history.MOST_THREADS, -1))
