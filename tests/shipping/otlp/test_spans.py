"""A span says what the log tells of a call, by the names that OpenTelemetry has, and nothing that it does not tell."""

from __future__ import annotations

import json

import pytest

from session_monitor.shipping.otlp import ids, names, spans
from tests.support.calls import BOOK
from tests.support.stored_rounds import round_of

LOG = ("g", 100, 200)
EARLIER = ("g", 0, 100)


def span_of(**words):
    """The span of a stored round, usual but for these words."""
    stored = round_of(1, **{"log": LOG, "cached_tokens": 40, **words})
    return spans.of_round("s", stored, EARLIER, BOOK)


def told(**words):
    """Its attributes."""
    return span_of(**words).attributes


def test_a_usual_call():
    """Times are nanoseconds, the name says what was done with which model, and the turn's first call is the parent."""
    span = span_of(duration_ms=1500, first_token_ms=250, chat_id="r1", response_code=200)

    assert span.name == "chat gpt-4o"
    assert (span.start, span.end) == (1769938201_000_000_000, 1769938202_500_000_000)
    assert span.trace_id == ids.trace_id("s", EARLIER)
    assert (span.span_id, span.parent_id) == (ids.span_id("s", LOG), ids.span_id("s", EARLIER))
    assert span.error is None
    expected = {
        "gen_ai.operation.name": "chat",
        "gen_ai.conversation.id": "s",
        "session.id": "s",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.response.model": "gpt-4o",
        "gen_ai.response.id": "r1",
        "gen_ai.request.stream": True,
        "gen_ai.response.time_to_first_chunk": 0.25,
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 20,
        "gen_ai.usage.cache_read.input_tokens": 40,
        "http.response.status_code": 200,
        "asm.round": 1,
        "asm.outcome": "ok",
        "asm.cost_usd": 0.0004,
    }
    assert {name: span.attributes.get(name) for name in expected} == expected


def test_the_first_call_of_a_turn():
    """It is the root of its trace."""
    span = spans.of_round("s", round_of(1, log=LOG), LOG, BOOK)
    assert (span.parent_id, span.trace_id) == (b"", ids.trace_id("s", LOG))


def test_a_turn_whose_beginning_is_not_known():
    """Its calls are in one trace of the session, each by itself."""
    first, second = (spans.of_round("s", round_of(1, log=log), None, BOOK) for log in (LOG, EARLIER))
    assert (first.parent_id, first.trace_id) == (b"", second.trace_id)
    assert first.span_id != second.span_id


@pytest.mark.parametrize(
    ("words", "missing"),
    [
        ({"no_tokens": True}, ["gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "asm.cost_usd"]),
        ({"cache_untold": True, "cached_tokens": 0}, ["gen_ai.usage.cache_read.input_tokens"]),
        ({"model": None}, ["gen_ai.request.model", "asm.cost_usd"]),
        ({}, ["gen_ai.response.time_to_first_chunk", "error.type", "asm.consumer", "asm.unpriced"]),
        ({"response_code": 0}, ["http.response.status_code"]),
        ({"response_type": None}, ["gen_ai.request.stream"]),
        ({}, ["gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions"]),
    ],
)
def test_what_is_not_known_has_no_attribute(words, missing):
    """It is not there, rather than 0."""
    assert not set(missing) & set(told(**words))


def test_a_count_that_the_log_leaves_open():
    """Of a call that tells only one of its counts there is that one."""
    attributes = told(partly_told=True, token_notes=["partly_told"], reported={"input_token": 100}, output_tokens=0)
    assert attributes["gen_ai.usage.input_tokens"] == 100
    assert "gen_ai.usage.output_tokens" not in attributes
    assert attributes["asm.unpriced"] == "partly_told"


def test_older_names_stand_beside_new_ones():
    """Who knows only the older name of a count finds it there, with the same value."""
    attributes = told(cache_write_tokens=7, cached_tokens=0)
    assert attributes["gen_ai.usage.cache_write.input_tokens"] == 7
    assert attributes["gen_ai.usage.cache_creation.input_tokens"] == 7


def test_a_call_that_failed():
    """It is an error, with the gateway's words; of its kind the code tells, or OpenTelemetry's word for no name."""
    failed = {"outcome": "failed", "response_type": "error", "no_tokens": True}
    span = span_of(**failed, response_code=429, error="429 via_upstream")
    assert (span.error, span.attributes["error.type"], span.attributes["asm.outcome"]) == (
        "429 via_upstream",
        "429",
        "failed",
    )
    assert told(**failed, response_code=0)["error.type"] == "_OTHER"
    assert span_of(**failed, response_code=200).error == ""


def test_a_call_that_was_left():
    """It is no error."""
    span = span_of(outcome="left")
    assert (span.error, span.attributes["asm.outcome"]) == (None, "left")


def test_a_call_without_a_duration():
    """It ends when it begins, and says that this is not known."""
    span = span_of()
    assert (span.end, span.attributes["asm.duration_unknown"]) == (span.start, True)
    assert "asm.duration_unknown" not in told(duration_ms=0)
    assert told(duration_ms=10**16)["asm.duration_unknown"]
    assert told(duration_ms=-1)["asm.duration_unknown"]


def test_a_call_without_a_time():
    """There is no span of it: a time would be made up."""
    assert span_of(timestamp=None) is None
    assert span_of(timestamp="0001-01-01T00:00:00Z") is None
    assert span_of(timestamp="2300-01-01T00:00:00Z") is None


@pytest.mark.parametrize(
    ("model", "operation"),
    [("text-embedding-3-small", "embeddings"), ("bge-reranker-v2", "rerank"), ("qwen3-max", "chat"), (None, "chat")],
)
def test_operations(model, operation):
    """A model's name tells what it does."""
    assert names.operation(model) == operation


@pytest.mark.parametrize(
    ("seller", "name"), [("google", "gcp.gemini"), ("openai", "openai"), ("dashscope", "dashscope"), (None, None)]
)
def test_providers(seller, name):
    """Who sold a call has OpenTelemetry's name, or their own; nobody is guessed."""
    assert names.provider(seller) == name


def test_ids_follow_from_the_line():
    """Another session, generation or place is another span; where the line ended does not matter."""
    lines = [("s", ("g", 1, 2)), ("s", ("g", 11, 2)), ("s", ("g1", 1, 2)), ("s2", ("g", 1, 2)), ("\udcff", ("g", 1, 2))]
    assert len({ids.span_id(*each) for each in lines}) == len({ids.trace_id(*each) for each in lines}) == 5
    assert ids.span_id("s", ("g", 1, 2)) == ids.span_id("s", ["g", 1, 9])
    assert (len(ids.span_id("s", LOG)), len(ids.trace_id("s", LOG)), len(ids.trace_id("s", None))) == (8, 16, 16)


def test_what_was_said():
    """Where it is asked for, messages are OpenTelemetry's: roles, texts, calls of tools and what these said."""
    call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"a":1}'}}
    stored = round_of(
        1,
        log=LOG,
        messages=[
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Look!"},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": "a cat"},
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "text", "text": "a dog"}]},
                    {"type": "text", "text": "And?"},
                ],
            },
            {"role": "assistant", "content": [{"type": "tool_use", "id": "u", "name": "look", "input": {"b": 2}}]},
        ],
        reasoning="Hm.",
        answer="A cat.",
        tool_calls=[call],
    )
    attributes = spans.of_round("s", stored, LOG, BOOK, is_with_content=True).attributes
    asked = {"type": "tool_call", "id": "c1", "name": "look", "arguments": '{"a":1}'}

    assert json.loads(attributes["gen_ai.system_instructions"]) == [{"type": "text", "content": "Be brief."}]
    assert json.loads(attributes["gen_ai.input.messages"]) == [
        {"role": "user", "parts": [{"type": "text", "content": "Look!"}]},
        {"role": "assistant", "parts": [asked]},
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": "a cat"}]},
        {
            "role": "user",
            "parts": [
                {"type": "tool_call_response", "id": "t", "response": "a dog"},
                {"type": "text", "content": "And?"},
            ],
        },
        {"role": "assistant", "parts": [{"type": "tool_call", "id": "u", "name": "look", "arguments": {"b": 2}}]},
    ]
    (answered,) = json.loads(attributes["gen_ai.output.messages"])
    assert answered["parts"] == [
        {"type": "reasoning", "content": "Hm."},
        {"type": "text", "content": "A cat."},
        asked,
    ]
