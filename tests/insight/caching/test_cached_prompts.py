"""How much of a call's prompt had earlier calls of its conversation sent?"""

from __future__ import annotations

import pytest

from session_monitor.insight.basis.prompts import prompts
from session_monitor.insight.caching.cached_prompts import CachedPrompts
from tests.support import judged_sessions

LONG = "a line of a file. " * 300


def before_each(folder, steps, **script):
    """What of each call's prompt was sent before, with the calls by their numbers."""
    calls, _ = judged_sessions.of_script(folder, {"system": "Be brief.", "steps": steps, **script})
    cached, found = CachedPrompts(), []
    for prompt in prompts(calls):
        found.append(cached.before(prompt))
        cached.add(prompt)
    return found, [None, *calls]


@pytest.mark.parametrize("form", ["openai", "anthropic", "responses"])
def test_a_conversation_that_goes_on(tmp_path, form):
    """All of the call before was sent before; nothing had been when it began."""
    steps = [{"user": "Begin.", "say": "Yes."}, {"user": "Go on.", "say": LONG}, {"user": "More.", "say": "No."}]
    found, calls = before_each(tmp_path, steps, form=form)

    assert found[0] is None
    assert [(each.call, each.kept, each.behind, each.message) for each in found[1:]] == [
        (calls[number], calls[number].prompt, 0, None) for number in (1, 2)
    ]


def test_a_conversation_that_goes_back(tmp_path):
    """What an earlier call had sent was sent before; what is not sent again is not expected."""
    steps = [{"user": "Begin.", "say": "Yes."}, {"user": "Go on.", "say": LONG}, {"user": "More.", "say": LONG}]
    found, calls = before_each(tmp_path, [*steps, {"back_to": 2}, {"user": "Otherwise.", "say": "No."}])

    assert (found[3].kept, found[3].behind, found[3].message) == (calls[1].prompt, 0, 3)


def test_a_frame_behind_the_newest_messages(tmp_path):
    """No whole prompt was sent before; the beginning that both have was, by its share of the characters, which is rather less than it is."""
    steps = [{"user": [LONG, "It is noon."], "say": "Yes."}, {"edit": [1, "It was."]}, {"user": "Go on.", "say": "No."}]
    (_, found), calls = before_each(tmp_path, steps)

    assert (found.kept, found.behind, found.message) == (0, 0, 2)
    assert calls[1].prompt * 9 // 10 < found.about < calls[1].prompt


def test_a_message_in_the_middle_is_another_one(tmp_path):
    """What stands behind it was sent before by its share of the characters."""
    steps = [{"user": "Begin.", "say": "Yes."}, {"user": "Go on.", "say": LONG}, {"user": "More.", "say": "Yes."}]
    edited = [*steps, {"edit": [2, "Something else than that, at length, and then more."]}, {"user": "And more."}]
    (*_, found), calls = before_each(tmp_path, edited, unseen=0)

    assert (found.kept, found.about, found.message, found.is_system) == (calls[1].prompt, 0, 3, False)
    assert calls[3].prompt // 2 < found.behind < calls[3].prompt


def test_a_date_in_a_system_prompt(tmp_path):
    """A system prompt that is as long as the one before is that one, but for a date in it; one that is longer is another."""
    steps = [
        {"user": ["Begin.", "Now."], "say": "Yes."},
        {"system": "Be brie!."},
        {"user": "Go on.", "say": "Yes."},
        {"system": "Be as long as you like. " * 9},
        {"user": "More.", "say": "Yes."},
    ]
    (_, short, long), calls = before_each(tmp_path, steps, form="anthropic")

    assert (short.kept, short.behind, short.message, short.is_system) == (0, calls[1].prompt, None, True)
    assert 0 < long.behind < calls[2].prompt


def test_a_call_that_failed(tmp_path):
    """The cache has what the last call had sent that was answered; the conversation went on with the one that failed not at all."""
    steps = [{"user": "Begin.", "say": "Yes."}, {"user": "Go on.", "status": 429}, {"say": "Yes."}]
    found, calls = before_each(tmp_path, steps)

    assert (found[2].call, found[2].last, found[2].kept) == (calls[1], calls[1], calls[1].prompt)


def test_a_history_that_was_cut_down(tmp_path):
    """A prompt that is much shorter and hardly begins as the one before is told as that."""
    steps = [{"user": "Begin.", "say": LONG}, {"user": "Go on.", "say": LONG}, {"compact": "So far."}]
    found, _ = before_each(tmp_path, [*steps, {"user": "More.", "say": "Yes."}], unseen=0)

    assert [each and each.is_compacted for each in found] == [None, False, True]
