"""A question is what a person asks: never a tool's result, a system's words, or what an agent puts around them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.calls import questions
from session_monitor.calls.questions import question_in, session_in, without_frames

REMINDER = "<system-reminder>\nToday is Sunday.\n</system-reminder>"
CONTEXT = '<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>\n"none"\n<<<END_OPENCLAW_INTERNAL_CONTEXT>>>'
RUNTIME = "Runtime: agent=main | session=agent:main:lab | sessionId=de8009bb | host=vm"
FRAMES = st.sampled_from([REMINDER, CONTEXT, RUNTIME, "<environment_context>x</environment_context>"])


def user(content):
    """A message that a client sends as the user's."""
    return {"role": "user", "content": content}


ASKS = {
    "role": "assistant",
    "content": None,
    "tool_calls": [{"id": "c", "function": {"name": "ls", "arguments": "{}"}}],
}
RESULT = {"role": "tool", "tool_call_id": "c", "content": "a.txt"}
RESULT_PART = user(
    [{"type": "tool_result", "tool_use_id": "c", "content": "a.txt"}, {"type": "text", "text": REMINDER}]
)


@pytest.mark.parametrize(
    ("sent", "asked"),
    [
        ([user("Hi?")], "Hi?"),
        ([user("Hi?"), {"role": "system", "content": "# Environment"}], "Hi?"),
        ([user("Hi?"), {"role": "developer", "content": "Be brief."}], "Hi?"),
        ([user([{"type": "text", "text": REMINDER}, {"type": "text", "text": "Hi?"}])], "Hi?"),
        ([user([{"type": "text", "text": each} for each in ("Hi?", REMINDER, "So?")])], "Hi?\nSo?"),
        ([user(["Hi?", REMINDER, "So?"])], "Hi?\nSo?"),
        ([user("Hi?"), user([{"type": "text", "text": CONTEXT}])], "Hi?"),
        ([user("Hi?"), ASKS, RESULT], ""),
        ([user("Hi?"), ASKS, RESULT, user(CONTEXT)], ""),
        ([user("Hi?"), ASKS, RESULT_PART], ""),
        ([user("Hi?"), {"role": "assistant", "content": "{"}], "Hi?"),
        ([user("Hi?"), {"role": "assistant", "content": "Yes."}, user(REMINDER)], ""),
        ([user("Hi?"), {"role": "assistant", "content": "Yes."}, user("And?")], "And?"),
        ([user(CONTEXT)], None),
        ([{"role": "system", "content": "You are helpful."}], None),
        ([], None),
        (["odd"], ""),
        ([user(7)], None),
        ([user([{"type": "image_url", "image_url": {}}, {"type": "text", "text": "What is this?"}])],
         "[image_url]\nWhat is this?"),
    ],
)  # fmt: skip
def test_who_asks(sent, asked):
    """The last words of a person count, unless tools or the model spoke since; None where these messages do not tell."""
    assert question_in(sent) == asked


@given(st.lists(FRAMES, max_size=4), st.text(max_size=40), st.lists(FRAMES, max_size=4))
def test_frames_come_off_and_words_stay(before, words, behind):
    """Whatever an agent puts before and behind what a person typed, of their words nothing is lost and nothing is added."""
    whole = "\n".join([*before, words, *behind])
    begins = ("<system-reminder>", "Runtime: agent=", "<environment_context>", "<<<BEGIN_OPENCLAW")
    if any(begin in words for begin in begins):
        return

    assert (without_frames(whole) or "").strip() == words.strip()


@pytest.mark.parametrize(
    "text",
    [
        "Why is there a <system-reminder>note</system-reminder> in my log?",
        "<system-reminder> is never closed",
        "closed alone </system-reminder>",
        "  kept as typed\n",
    ],
)
def test_words_that_only_mention_a_frame_stay(text):
    """A person may write about frames; what is not one at an end of the text is theirs."""
    assert without_frames(text) == text


def test_a_text_of_many_frames_takes_no_time():
    """A text of very many frames, as a stranger may send it, is gone through a few times, not once a frame."""
    assert (without_frames(REMINDER * 20_000 + "Hi?") or "").endswith("Hi?")


def test_an_agents_own_session():
    """The session that an agent names in the first messages is found there, in no other place, and not in other words."""
    named = user(f"Hi?\n\n{RUNTIME}")

    assert session_in([{"role": "system", "content": RUNTIME}, named]) == "agent:main:lab"
    assert session_in([user([{"type": "text", "text": RUNTIME}])]) == "agent:main:lab"
    assert session_in([{"role": "system", "content": RUNTIME}]) is None
    assert session_in([user("Hi?")] * 9 + [named]) is None
    assert session_in([user("see session=agent:main:x | sessionId=y")]) is None


def test_first_words():
    """A conversation begins with what a person says first, without what their agent adds."""
    sent = [
        {"role": "system", "content": "x"},
        user(CONTEXT),
        user([{"type": "text", "text": f"{REMINDER}\nHi?"}]),
        user("So?"),
    ]

    assert questions.first_words(sent) == "Hi?"
    assert questions.first_words(sent[:2]) is None
