"""Which messages each call sent, and which of them the call before had sent."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from session_monitor.insight.basis.content import Content, Message
from session_monitor.insight.basis.prompts import Prompt, prompts
from tests.support import judged_sessions
from tests.support.judged_sessions import plain_call


def message(text):
    """A message that says this."""
    return Message("user", len(text), text)


def call(number, text, history=0, **more):
    """A call with a letter a message, of which so many are those of the call before."""
    system = more.pop("system", None)
    content = Content(tuple(map(message, text[history:])), system and message(system))
    return plain_call(number, history=history, sent=len(text), content=content, **more)


def text_of(prompt):
    """What it sent, a letter a message."""
    return "".join(each.mark for each in prompt.messages)


@pytest.mark.parametrize(
    ("calls", "sent"),
    [
        ([call(1, "ab"), call(2, "abcd", 2)], [("ab", None, 0), ("abcd", 1, 2)]),
        ([call(1, "abcd"), call(2, "abx", 2)], [("abcd", None, 0), ("abx", 1, 2)]),
        (
            [call(1, "ab"), call(2, "abc", 2), call(3, "abd", 2, thread=2)],
            [("ab", None, 0), ("abc", 1, 2), ("abd", 2, 2)],
        ),
        ([call(1, "abcd"), call(2, "sbcd")], [("abcd", None, 0), ("sbcd", 1, 0)]),
        ([call(1, "abcd"), call(2, "xyz")], [("abcd", None, 0), ("xyz", None, 0)]),
        ([call(1, "ab", system="S"), call(2, "abc", 2, system="S")], [("Sab", None, 0), ("Sabc", 1, 3)]),
        ([call(1, "ab", system="S"), call(2, "abc", 2, system="T")], [("Sab", None, 0), ("Tabc", 1, 0)]),
        ([call(1, "ab"), call(2, "abc", 2, system="T")], [("ab", None, 0), ("Tabc", 1, 0)]),
        ([call(1, "ab"), plain_call(2), call(3, "abc", 2, base=1)], [("ab", None, 0), ("abc", 1, 2)]),
    ],
)
def test_what_was_sent(calls, sent):
    """The whole list, the call that it goes on from, and how many messages that had in the same places."""
    found = [(text_of(each), each.before and each.before.call.number, each.kept) for each in prompts(calls)]

    assert found == sent


@settings(max_examples=20, deadline=None)
@given(judged_sessions.SCRIPTS)
def test_characters_add_up(tmp_path_factory, script):
    """Whatever becomes of a history, the characters of any beginning are those of its messages."""
    calls, _ = judged_sessions.of_script(tmp_path_factory.mktemp("s"), script)

    for each in prompts(calls):
        messages = each.messages
        assert each.length == len(messages)
        assert each.characters == sum(one.characters for one in messages)
        assert list(each.fresh) == messages[each.kept :]
        for number in (0, each.kept, each.length // 2, each.length):
            assert each.characters_of_first(number) == sum(one.characters for one in messages[:number])


def test_a_long_conversation_is_held_once():
    """Each prompt holds what is new in it, and no list of all that went before."""
    calls = [call(1, "a"), *(call(number, "a" * number, number - 1) for number in range(2, 3000))]
    found = list(prompts(calls))

    assert sum(len(each.fresh) for each in found) == len(calls)
    assert isinstance(found[-1], Prompt)
    assert len(found[-1].messages) == len(calls)
