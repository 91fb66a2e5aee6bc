"""Which conversation of its session does a call go on with?"""

from __future__ import annotations

import json
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.sessions import message_history
from tests.sessions.test_message_forms import MESSAGES
from tests.support.calls import call
from tests.support.stored_rounds import entries_of, summary_of


def user(text):
    """What somebody asks."""
    return {"role": "user", "content": text}


def answer(text, *tools):
    """What a model says, and which tools it asks for."""
    uses = [
        {"type": "tool_use", "id": f"{text}{number}", "name": tool, "input": {}} for number, tool in enumerate(tools)
    ]
    return {"role": "assistant", "content": [{"type": "text", "text": text}, *uses]}


def in_log(lists, **details):
    """Calls that sent these messages, as they stand in a log."""
    return [(call("s", messages=each, **details), ("g", number, number + 1)) for number, each in enumerate(lists)]


def facts_of(lists, *names, **details):
    """Some facts of the rounds that are stored of these lists."""
    return [tuple(entry.get(name) for name in names) for entry in entries_of(in_log(lists, **details))]


@st.composite
def histories(draw):
    """Lists of messages as calls of one session send them: of some conversations, grown, cut short, forked, marked anew."""
    lists = [draw(st.lists(MESSAGES, max_size=3))]
    for _ in range(draw(st.integers(0, 12))):
        before = lists[draw(st.integers(0, len(lists) - 1))]
        kept = before[: draw(st.integers(0, len(before)))]
        if kept and draw(st.booleans()):
            at = draw(st.integers(0, len(kept) - 1))
            kept = [*kept[:at], remarked(kept[at], draw(st.booleans())), *kept[at + 1 :]]
        lists.append(kept + draw(st.lists(MESSAGES, max_size=2)))
    return lists


def remarked(message, is_marked):
    """The message as a client sends it once it is, or is no longer, the newest one."""
    if not isinstance(message, dict) or not isinstance(message.get("content"), str):
        return message
    return {
        **message,
        "content": [{"type": "text", "text": message["content"], **({"cache_control": {}} if is_marked else {})}],
    }


@pytest.mark.parametrize("most", [(8, 4096), (2, 4)])
@given(lists=histories())
def test_full_lists_are_given_back_exactly(lists, most):
    """From what is stored of each call the whole lists come back, whatever goes on beside them and whatever they wear."""
    with mock.patch.multiple(message_history, MOST_THREADS=most[0], MOST_MESSAGES=most[1]):
        entries = json.loads(json.dumps(entries_of(in_log(lists))))
        rebuilt = [messages for _, messages in message_history.with_full_messages(entries)]

    assert rebuilt == json.loads(json.dumps(lists))


@given(lists=histories())
def test_a_round_is_told_apart_the_same_where_all_is_kept(lists):
    """Where each round keeps all of its messages, its conversation is the same."""
    entries = entries_of(in_log(lists), is_whole=True)

    assert [entry["messages"] for entry in entries] == lists
    assert [entry.get("thread") for entry in entries] == [thread for (thread,) in facts_of(lists, "thread")]


def test_two_conversations_side_by_side():
    """Each call goes on with its own conversation, and stores only what is new there."""
    one, two = [[f"{name}{number}" for number in range(9)] for name in "ab"]
    lists = [one[:3], two[:2], one[:5], two[:4], one[:7], two[:6]]

    assert facts_of(lists, "thread", "history_of", "messages_from_history") == [
        (None, None, None),
        (2, 0, None),
        (None, 1, 3),
        (2, 2, 2),
        (None, 3, 5),
        (2, 4, 4),
    ]


@pytest.mark.parametrize(
    ("lists", "threads"),
    [
        (["abcdef", "abcX"], [1, 1]),  # half of it
        (["abcdef", "abX"], [1, 2]),
        (["abc", "aX"], [1, 1]),  # all but two
        (["ab", "X"], [1, 2]),  # none
        (["abcdefgh", "abX", "abXY", "abcdefghi"], [1, 2, 2, 1]),
        (["a", "b", "c", "a", "d"], [1, 2, 3, 1, 4]),
        (["abcd", "abcd", "abcd"], [1, 1, 1]),
        (["abcd", "", "abcde"], [1, 1, 1]),  # a call without messages ends none
        (["", "abcd", "x"], [1, 1, 2]),
        (["abcdef", "abXY", "abXYZ"], [1, 2, 2]),
    ],
)
def test_when_a_conversation_goes_on(lists, threads):
    """It does where a list begins with half of it, or with all but its last two messages."""
    assert [thread or 1 for (thread,) in facts_of(map(list, lists), "thread")] == threads


def test_a_new_conversation_stores_only_what_differs():
    """What it begins with may stand in another one's round."""
    lists = [list("abcdefgh"), ["x"], list("abX")]

    assert facts_of(lists, "thread", "history_of", "messages_from_history", "messages") == [
        (None, None, None, lists[0]),
        (2, 0, None, ["x"]),
        (3, 1, 2, ["X"]),
    ]


@pytest.mark.parametrize("marked", [2, 3])
def test_a_call_whose_first_messages_are_not_at_hand_is_placed_as_the_whole_one(marked):
    """They are those of the conversation that it goes on with, and others may share more of what comes behind them."""
    a, b, x, y, z = map(user, "abxyz")
    lists = [[a, b, x, y, user("q"), user("r")], [a, b], [a, b, x, y, z]]
    lists[2][marked] = remarked(lists[2][marked], is_marked=True)
    calls = in_log(lists)
    shortened = call("s", messages=lists[2][2:])._replace(from_history=2, from_thread=2)
    names = "messages_from_history", "history_of", "thread", "restyled"

    whole, short = (entries_of([*calls[:2], (each, calls[2][1])])[2] for each in (calls[2][0], shortened))

    assert whole["messages_from_history"] == 4
    assert [at for at, _ in whole["restyled"]] == [marked]
    assert [whole.get(name) for name in names] == [short.get(name) for name in names]


def test_a_mark_that_moves_makes_nothing_new():
    """A message that was marked when it was the newest is the same one later, and is given back as it was sent then."""

    def marked(text):
        return {"role": "user", "content": [{"type": "text", "text": text, "cache_control": {"type": "ephemeral"}}]}

    lists = [
        [marked("1")],
        [user("1"), answer("2"), marked("3")],
        [user("1"), answer("2"), user("3"), answer("4"), marked("5")],
    ]
    entries = entries_of(in_log(lists))

    assert [len(entry["messages"]) for entry in entries] == [1, 2, 2]
    assert [entry.get("restyled") for entry in entries] == [None, [(0, None)], [(2, None)]]


NO_CALLS = {"response_type": "stream", "llm_service_duration": 5, "answer": "x", "tool_calls": None}
UNKNOWN = {"tool_calls": None}


@pytest.mark.parametrize(
    ("lists", "told"),
    [
        (
            [[user("q")], [user("q"), answer("a", "Read", "Read", "Bash"), user("r")]],
            [None, (1, [("Read", 2), ("Bash", 1)])],
        ),
        ([[user("q")], [user("q"), answer("a"), user("r")]], [None, None]),
        ([[user("q")], [user("q")], [user("q"), answer("a", "Read")]], [None, None, (2, [("Read", 1)])]),
        # what somebody answers anew, or in another conversation, is not what the last call said
        ([[user("q"), answer("a"), user("b")], [user("q"), answer("x", "Read"), user("b")]], [None, None]),
        ([[user("q")], [user("x"), answer("a", "Read")]], [None, None]),
        # agents put what is newest in a frame that is gone the next time
        (
            [[user("q"), user("frame")], [user("q"), answer("a", "Read"), user("r"), user("frame")]],
            [None, (1, [("Read", 1)])],
        ),
    ],
)
def test_what_a_round_asked_for_is_told_by_the_next(lists, told):
    """The first answer behind what a conversation's last call sent is that call's, where its own line did not tell."""
    assert facts_of(lists, "has_tool_calls", "told_tools", **NO_CALLS) == [(False, each) for each in told]


def test_that_a_round_asked_for_nothing_is_told_where_its_line_did_not_know():
    """What a log cannot tell is filled from the next call's history, also that nothing was asked for."""
    lists = [[user("q")], [user("q"), answer("a"), user("r")]]

    assert facts_of(lists, "has_tool_calls", "told_tools", **UNKNOWN) == [(None, None), (None, (1, []))]


def test_nothing_is_told_of_a_round_that_tells_it_itself():
    """A log that holds calls of tools needs no help."""
    asked = [{"index": 0, "id": "c", "function": {"name": "Read", "arguments": "{}"}}]
    lists = [[user("q")], [user("q"), answer("a", "Read"), user("r")]]

    assert facts_of(lists, "told_tools", tool_calls=asked) == [(None,), (None,)]
    assert facts_of(lists, "told_tools", code="503") == [(None,), (None,)]


@given(lists=histories())
def test_what_is_remembered_is_that_of_the_last_calls(lists):
    """A session's footer has the marks of what each of its conversations sent last."""
    summary = summary_of(in_log(lists))
    sent = {each.round: lists[each.round - 1] for each in summary.history}

    for each in summary.history:
        assert message_history.marks_of(sent[each.round], message_history.encoded(sent[each.round])) == each[-2:]
    assert len(summary.history) == len({each.thread for each in summary.history}) <= message_history.MOST_THREADS
