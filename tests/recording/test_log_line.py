"""A recorded call comes back from its line as it was: every count, every name, every text."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from session_monitor.base.timestamps import rfc3339
from session_monitor.calls import ai_log
from session_monitor.calls.round import Round
from session_monitor.calls.usage import TokenParts, Usage
from session_monitor.recording import log_line
from session_monitor.recording.recorded_call import CallTexts, RecordedCall

MODELS = ("gpt-5.2", "claude-opus-4-7", "gemini-3.1-pro-preview", "qwen3-max", "deepseek-chat", "my-own")
PATHS = ("/v1/chat/completions", "/v1/responses", "/v1/messages", "/v1beta/models/gemini-3.1-pro:streamGenerateContent")
counts = st.integers(0, 10**7)
texts = st.text(max_size=20)


@st.composite
def usages(draw):
    """Tokens of all kinds, with cache writes of known lifetimes and of unknown ones; there is a prompt."""
    five, hour, other = draw(st.tuples(*[st.sampled_from([0, 0, 7, 1000])] * 3))
    parts = TokenParts(cache_write_5m=five, cache_write_1h=hour)
    fresh, read, visible, reasoning = draw(st.tuples(st.integers(1, 10**7), counts, counts, counts))
    return Usage(fresh, read, five + hour + other, visible, reasoning, parts=parts if any(parts) else None)


@st.composite
def calls(draw):
    """Calls of all APIs, told whole or in part."""
    return RecordedCall(
        session_id=draw(st.none() | texts.filter(lambda text: text and text != "-")),
        moment=draw(st.integers(1, 4 * 10**12)),
        path=draw(st.sampled_from(PATHS)),
        source="proxy",
        agent=draw(st.none() | st.just("claude-code")),
        model=draw(st.sampled_from(MODELS)),
        host="api.example.com",
        call_id=draw(st.none() | st.just("msg_01")),
        usage=draw(st.none() | usages()),
        is_streamed=draw(st.booleans()),
        first_token_ms=draw(st.none() | st.integers(0, 10**6)),
        answered_ms=draw(st.integers(0, 10**6)),
        said=draw(st.none() | st.tuples(texts, texts).map(lambda each: CallTexts(*each))),
    )


@given(calls())
def test_a_call_is_read_as_it_was_written(call):
    """By the reader of the gateway's lines, which knows nothing of who wrote them."""
    line = log_line.line(call)
    read = ai_log.parse(line)

    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert isinstance(read, Round)
    assert (read.session_id, read.model, read.chat_id, read.consumer) == (
        call.session_id.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
        if call.session_id
        else None,
        call.model,
        call.call_id,
        call.agent,
    )
    assert read.timestamp == rfc3339(call.moment)
    assert (read.first_token_ms, read.duration_ms) == (call.first_token_ms, call.answered_ms)
    assert read.usage._replace(notes=()) == (call.usage or Usage())
    assert read.has_tokens == (call.usage is not None)
    assert not read.partly_told
    assert (read.outer_broken, read.torn, read.cut) == (False, False, ())
    if call.said and call.said.question:
        assert read.question == call.said.question


def test_what_is_not_known_is_absent():
    """Neither a 0 nor an empty text stands in its place."""
    line = log_line.line(RecordedCall("s", 1_700_000_000_000, "/v1/messages", "import"))
    outer = json.loads(line)

    assert json.loads(outer.pop("ai_log")) == {"recorded_by": "import", "session_id": "s"}
    assert outer["start_time"] == "2023-11-14T22:13:20.000Z"
    assert (outer["authority"], outer["duration"], outer["response_code"]) == ("-", "-", "200")


def test_a_call_that_failed():
    """It is one, whose tokens nobody knows."""
    call = RecordedCall("s", 1, "/v1/messages", "proxy", status=529, error="overloaded_error", duration_ms=12)
    read = ai_log.parse(log_line.line(call))

    assert isinstance(read, Round)
    assert (read.outcome, read.response_code, read.has_tokens) == ("failed", 529, False)
    assert read.error == "529 overloaded_error"


def test_a_client_that_left():
    """What it cost until then is told, and that it may be more."""
    call = RecordedCall(
        "s", 1, "/v1/messages", "proxy", usage=Usage(fresh_input=10), is_streamed=True, flags="DC", duration_ms=12
    )
    read = ai_log.parse(log_line.line(call))

    assert isinstance(read, Round)
    assert (read.outcome, read.usage.fresh_input, read.at_least) == ("left", 10, True)
