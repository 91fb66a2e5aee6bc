"""What did each message of a session cost, with every call that sent it again?"""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given

from session_monitor.index.tables.schema import AT_LEAST
from session_monitor.insight.basis.prompts import prompts
from session_monitor.insight.resent.carried import MessageLedger
from tests.support import judged_sessions


def messages_of(calls):
    """What each message of a session with these calls came to."""
    ledger = MessageLedger(300)
    for prompt in prompts(calls):
        ledger.add(prompt)
    return ledger.messages()


@given(judged_sessions.SCRIPTS)
def test_every_message_is_counted_wherever_it_was_sent(tmp_path_factory, script):
    """Through forks, edits and cuts, a message was sent as often as there are calls with it that told their tokens."""
    calls, _ = judged_sessions.of_script(tmp_path_factory.mktemp("sessions"), script)
    sent = {prompt.call.number: prompt for prompt in prompts(calls)}

    times = Counter()
    for message in messages_of(calls):
        times[sent[message.round].messages[message.place].mark] += message.times

    is_told = [prompt for prompt in sent.values() if prompt.call.prompt and prompt.call.has_size]
    assert +times == Counter(message.mark for prompt in is_told for message in prompt.messages)


def test_a_message_weighs_what_its_prompt_had_more(tmp_path):
    """A result of a tool has the tokens by which it made the prompt longer, times the calls that sent it again."""
    text = "some words of a file " * 1_000
    steps = [
        {"user": "Where?", "ask": [["read", {}]], "get": [text]},
        *[{"ask": [["list", {"at": number}]], "get": ["nothing"]} for number in range(4)],
        {"say": "Nowhere."},
    ]
    calls, _ = judged_sessions.of_script(tmp_path, {"steps": steps, "system": "Be brief."})

    found = messages_of(calls)
    dearest = max(found, key=lambda each: each.pico)

    assert dearest[:6] == (2, 6, 3, "result", "read", len(text))
    assert dearest.times == 5
    assert dearest.tokens == pytest.approx(calls[1].prompt - calls[0].prompt, rel=0.01)
    assert dearest.sent_tokens == pytest.approx(5 * dearest.tokens, rel=0.01)
    system = next(each for each in found if each.role == "system")
    assert system.tokens < 100  # and not the 12,000 of what nobody sees, such as the descriptions of tools


def test_what_came_with_a_failed_call(tmp_path):
    """A call that failed tells no tokens: what it sent first weighs what the next call tells of it."""
    text = "some words of a file " * 1_000
    steps = [
        {"user": "Where?", "say": "Here."},
        {"user": text, "status": 429},
        {"say": "So."},
        {"user": "Yes", "say": "No."},
    ]
    calls, _ = judged_sessions.of_script(tmp_path, {"steps": steps})

    (message,) = [each for each in messages_of(calls) if each.characters == len(text)]

    assert (message.round, message.last, message.times) == (2, 4, 2)
    assert message.tokens == pytest.approx(calls[2].prompt - calls[0].prompt, rel=0.01)


def test_what_came_with_a_call_whose_length_is_not_told(tmp_path):
    """A prompt that may have been longer than is told shares out nothing."""
    steps = [{"user": "Where?", "say": "Here."}, {"user": "And there?", "say": "So."}]
    calls, _ = judged_sessions.of_script(tmp_path, {"steps": steps})

    messages = messages_of([calls[0], calls[1]._replace(flags=AT_LEAST)])

    assert [(each.tokens > 0, each.times) for each in messages] == [(True, 1), (False, 0), (False, 0)]


def test_told_twice_is_told_the_same(tmp_path):
    """Asking does not change what is told, and what comes later is added."""
    steps = [{"user": "Where?", "say": "Here."}, {"user": "And there?", "say": "So."}, {"user": "Why?", "say": "So."}]
    calls, _ = judged_sessions.of_script(tmp_path, {"steps": steps})
    ledger, sent = MessageLedger(300), list(prompts(calls))
    for prompt in sent[:2]:
        ledger.add(prompt)

    assert ledger.messages() == ledger.messages() == messages_of(calls[:2])
    ledger.add(sent[2])
    assert [each.times for each in ledger.messages()] == [each.times for each in messages_of(calls)]
