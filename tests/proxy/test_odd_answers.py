"""Whatever a provider or a client sends, nothing of it stops a call: what cannot be read is not known."""

from __future__ import annotations

import json
from email.message import Message

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_monitor.calls import ai_log
from session_monitor.calls.round import Round
from session_monitor.proxy import routes
from session_monitor.proxy.call import PassingCall
from session_monitor.proxy.protocols.asked import Asked
from session_monitor.proxy.protocols.reading import AnswerReader
from session_monitor.recording import log_line
from tests.support.proxying import PATHS, recorded, request

KEYS = (
    *("id", "model", "usage", "choices", "index", "delta", "message", "content", "tool_calls", "function", "name"),
    *("arguments", "error", "type", "code", "response", "output", "item", "summary", "text", "input", "instructions"),
    *("messages", "role", "contents", "parts", "functionCall", "functionResponse", "args", "candidates", "thought"),
    *("content_block", "partial_json", "usageMetadata", "promptTokensDetails", "modality", "tokenCount", "stream"),
    *("prompt_tokens", "completion_tokens", "total_tokens", "prompt_tokens_details", "cached_tokens", "input_tokens"),
    *("output_tokens", "cache_creation", "cache_read_input_tokens", "promptTokenCount", "totalTokenCount", "status"),
    *("stream_options", "systemInstruction", "finishReason", "modelVersion", "responseId", "reasoning_content"),
)
WORDS = (
    *("message_start", "message_delta", "content_block_start", "content_block_delta", "input_json_delta", "tool_use"),
    *(
        "response.completed",
        "error",
        "function_call",
        "function_call_output",
        "reasoning",
        "model",
        "assistant",
        "AUDIO",
    ),
)
plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(WORDS)
values = st.recursive(
    plain,
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.sampled_from(KEYS), each, max_size=5),
    max_leaves=20,
)
objects = st.dictionaries(st.sampled_from(KEYS), values, max_size=6) | st.fixed_dictionaries(
    {"type": st.sampled_from(WORDS)},
    optional=dict.fromkeys(("index", "content_block", "delta", "message", "response"), values),
)


@pytest.mark.parametrize("protocol", PATHS)
@settings(max_examples=150)
@given(st.lists(objects, max_size=4), objects, st.booleans(), st.booleans())
def test_anything_is_recorded(protocol, events, body, is_stream, keeps_texts):
    """A line comes of it, which the monitor reads as a call."""
    route = routes.route(PATHS[protocol], Message(), routes.upstreams())
    sent = json.dumps(body).encode()
    call = PassingCall(route, Asked(protocol, route.path, sent, ""), "s", None)
    reader = AnswerReader(
        protocol, "text/event-stream" if is_stream else "application/json", "", keeps_texts=keeps_texts
    )
    call.answers(200, Message(), reader)

    told = [json.dumps(each) for each in events]
    reader.feed("".join(f"data: {each}\n\n" for each in told).encode() if is_stream else f"[{','.join(told)}]".encode())
    for each in events[:1] if not is_stream else ():
        reader.answer.take_whole(json.loads(json.dumps(each)))
    call.has_ended()

    line = log_line.line(call.recorded(with_texts=keeps_texts))
    assert isinstance(ai_log.parse(line), Round)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[1]",
        b"{",
        b'{"stream": 1}',
        b'{"model": 7, "messages": "x", "stream_options": []}',
        b"[" * 100_000,
    ],
)
def test_odd_requests(tmp_path, body):
    """They reach their provider as they are, which says what is wrong with them."""
    with recorded(tmp_path, with_texts=True) as proxy:
        for path in PATHS.values():
            assert request(proxy.proxy.port, "POST", path, body)[0].status in (200, 400, 502)
        assert {row["body"] for row in proxy.standin.ledger} == {body}
        proxy.rounds(4)


@given(
    st.binary(max_size=60),
    st.sampled_from(["", "gzip", "br", "deflate"]),
    st.sampled_from(["text/event-stream", "application/json"]),
)
def test_bytes_that_are_nothing(data, encoding, kind):
    """No answer is known of them."""
    for protocol in PATHS:
        reader = AnswerReader(protocol, kind, encoding, keeps_texts=True)
        for at in range(0, len(data), 7):
            reader.feed(data[at : at + 7])
        reader.end()
