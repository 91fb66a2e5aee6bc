"""Which words does a stored round have?

That both ways to them come to the same is proved with the short way, in tests/calls/test_short_lines.py.
"""

from __future__ import annotations

import json

import pytest

from session_monitor.calls import ai_log
from session_monitor.calls.short_lines import PATIENCE, SAMPLES, LineReader, ShortCall
from session_monitor.sessions import message_history, record, session_file
from tests.support.calls import call, message

LOG = ("g1", 0, 100)


def stored(made, number=1, shared=0):
    """The round as a reader of the session file finds it."""
    facts, rest = record.entry_of(made, number, LOG, shared)
    line = session_file.round_line(facts, message_history.encoded(made.messages[shared:]), rest)
    return session_file.round_in(line)


def test_the_words_stand_in_their_order():
    """First what sums are made of, then the messages, what was said, and where the call went and stood."""
    assert list(stored(call("s", ["hello"], answer="hi", api="chat", consumer="team"))) == [
        *("round", "timestamp", "input_tokens", "output_tokens", "reasoning_tokens", "cached_tokens", "total_tokens"),
        *(
            "model",
            "has_tool_calls",
            "response_type",
            "outcome",
            "cache_untold",
            "consumer",
            "response_code",
            "messages_total",
            "messages",
        ),
        *("question", "answer", "reasoning", "tool_calls", "input_token_details", "output_token_details", "reported"),
        *("api", "log"),
    ]


def test_a_call_of_which_the_log_says_nothing_has_few_words():
    """What is absent has no word, and that content and tokens are lacking is said."""
    bare = stored(ai_log.parse(b'{"ai_log":"{\\"session_id\\":\\"s\\"}"}'))

    assert (bare["no_content"], bare["no_tokens"], bare["error"]) == (True, True, "no response")
    assert (bare["timestamp"], bare["model"], bare["messages"], bare["reported"]) == (None, None, [], {})
    assert not {"consumer", "response_code", "duration_ms", "messages_total", "cut", "api"} & set(bare)


def test_of_messages_the_new_ones_are_stored():
    """How many there were, how many of them the round before had sent, and what tools said that is new."""
    tools = [message("a"), {"role": "tool", "tool_call_id": "c", "name": "read", "content": "error: none"}]
    found = stored(call("s", messages=tools), number=2, shared=1)

    assert (found["messages_total"], found["messages_from_history"], found["messages"]) == (2, 1, tools[1:])
    assert (found["tool_results"], found["fresh_characters"]) == ([["read", 1, 1, 11]], 11)


def test_a_new_value_of_the_gateway_has_its_word():
    """What ``ai_log`` takes as it is has a word here, in the same order."""
    assert tuple(record.PLACES) == ai_log.PLACES


@pytest.mark.parametrize("more", [{}, {"total_token": 77}])
def test_a_short_call_without_time_or_model(more):
    """Of a short call a word may have no value, as on the long way; what is odd about its tokens is noted."""
    told = {"input_token": 5, "llm_service_duration": 9, "model": "-", "output_token": 1, "response_type": "normal"}
    told.update(more)
    inner = json.dumps({**told, "session_id": "s"}, separators=(",", ":"), sort_keys=True).replace('"', r"\"")
    line = f'{{"ai_log":"{inner}","response_code":"200","start_time":"-"}}'.encode()
    reader = LineReader()
    calls = [reader.parse(line) for _ in range(PATIENCE + SAMPLES + 1)]
    assert isinstance(calls[-1], ShortCall)

    _, body = record.short_line_of(calls[-1], 2, LOG)

    facts, rest = record.entry_of(calls[0], 2, LOG, 0)
    assert session_file.sealed(body) == session_file.round_line(facts, (), rest)
    assert json.loads(body[1:] + b"}")["timestamp"] is None
    assert ("token_notes" in json.loads(body[1:] + b"}")) == bool(more)
