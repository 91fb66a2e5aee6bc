"""Which conversations go on from another one, and how many calls went on from a call."""

from __future__ import annotations

import pytest

from session_monitor.insight.basis import continuations
from session_monitor.insight.basis.content import Content, Message
from session_monitor.insight.basis.continuations import Continuation
from session_monitor.insight.basis.prompts import prompts
from tests.support.judged_sessions import plain_call


def call(number, thread, text, history=0, base=0):
    """A call with a letter a message, capital ones the model's, of which so many are those of call ``base``."""
    content = Content(tuple(Message("model" if each.isupper() else "user", 1, each) for each in text[history:]))
    return plain_call(number, history=history, base=base, sent=len(text), content=content, thread=thread)


def test_a_list_that_begins_otherwise_and_has_the_same_messages():
    """It goes on from the conversation that had them; one with other messages goes on from none."""
    calls = [call(1, 1, "aBcD"), call(2, 2, "sBcD"), call(3, 2, "sBcDe", 4, 2), call(4, 3, "xyz"), call(5, 4, "tBcDe")]

    assert continuations.continuations(prompts(calls)) == [Continuation(2, 2, 1), Continuation(5, 4, 2)]


def test_a_sub_agent_that_begins_as_its_agent_did():
    """With the same system prompt and the same frame, but with nothing that was answered: it goes on from nothing."""
    calls = [call(1, 1, "saBcD"), call(2, 2, "sax", 2, 1)]

    assert continuations.continuations(prompts(calls)) == []


def test_a_compaction_of_which_no_message_was_sent_before():
    """What stands behind its cut goes on from what stood before."""
    calls = [call(1, 1, "sBcD"), call(2, 2, "sz", 1, 1), call(3, 2, "szU", 2, 2)]

    assert continuations.continuations(prompts(calls), [(1, 2)]) == [Continuation(2, 2, 1)]


@pytest.mark.parametrize(
    ("threads", "known", "later"),
    [
        ([1, 1, 1], [], 3),
        ([], [], 0),
        ([2, 2, 2], [], 0),
        ([2, 2, 3], [(6, 2, 1)], 2),
        ([1, 2, 3], [(7, 2, 1), (8, 3, 2)], 3),
        ([2, 1, 2], [(6, 2, 1)], 1),
        ([2, 2], [(4, 2, 1)], 0),
        ([3, 2], [(6, 3, 2), (7, 2, 3)], 0),
    ],
    ids=[
        "the conversation itself",
        "nothing came",
        "another one",
        "one that goes on from it",
        "one that goes on from that",
        "one that began beside it",
        "one that began before",
        "one that goes on from another",
    ],
)
def test_how_many_went_on(threads, known, later):
    """Behind round 5 of conversation 1: its own calls, and those of what goes on from it where it itself does not any more."""
    rounds = list(enumerate(threads, 6))

    assert continuations.later(rounds, 5, 1, [Continuation(*each) for each in known]) == later
