"""What does a provider say on the wire?  One answer, in the shape of each API, whole or as the events of a stream."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass

CREATED = 1_790_000_000


@dataclass(frozen=True)
class Usage:
    """Tokens in one meaning: the cache is part of the input, what was thought is part of the output."""

    input: int
    output: int
    cached: int = 0
    written: int = 0
    reasoning: int = 0

    def tokens(self):
        """As a ledger has them."""
        names = ("input", "output", "cached", "reasoning", "write")
        return dict(zip(names, (self.input, self.output, self.cached, self.reasoning, self.written)))


@dataclass(frozen=True)
class Answer:
    """What a model answers.  ``tools`` are (id, name, arguments as JSON)."""

    api: str = "openai"
    stream: bool = False
    id: str = "chatcmpl-1"
    model: str = "gpt-4o-2024-08-06"
    text: str | None = None
    reasoning: str | None = None
    tools: tuple = ()
    usage: Usage | None = None
    usage_on_last: bool = False
    """DeepSeek, vLLM: the usage is in the event that has the finish_reason."""
    usage_null: bool = False
    """Some say ``"usage": null`` in each event before the last."""


def whole(answer):
    """The body of an answer that is not streamed."""
    return _WHOLE[answer.api](answer)


def events(answer):
    """The events of a streamed answer, as bytes."""
    for event in _EVENTS[answer.api](answer):
        if isinstance(event, tuple):  # Anthropic and Responses name each event
            yield f"event: {event[0]}\ndata: {_json(event[1])}\n\n".encode()
        else:
            yield f"data: {event if isinstance(event, str) else _json(event)}\n\n".encode()


def _json(value):
    return json.dumps(value, ensure_ascii=False)


def _pieces(text, size):
    text = text or ""
    return [text[start : start + size] for start in range(0, len(text), size)]


# -- OpenAI's chat completions -----------------------------------------------------------------------------------------


def _openai_usage(usage):
    if usage is None:
        return None
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning, "audio_tokens": 0},
    }


def _openai_whole(answer):
    message = {"role": "assistant", "content": answer.text, "refusal": None}
    if answer.reasoning:
        message["reasoning_content"] = answer.reasoning
    if answer.tools:
        message["tool_calls"] = [
            {"id": call, "type": "function", "function": {"name": name, "arguments": arguments}}
            for call, name, arguments in answer.tools
        ]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(answer)}
    head = {"id": answer.id, "object": "chat.completion", "created": CREATED, "model": answer.model}
    return {**head, "choices": [choice], "usage": _openai_usage(answer.usage)}


def _finish(answer):
    return "tool_calls" if answer.tools else "stop"


def _openai_events(answer):
    head = {"id": answer.id, "object": "chat.completion.chunk", "created": CREATED, "model": answer.model}
    null = {"usage": None} if answer.usage_null else {}
    for delta in _openai_deltas(answer):
        yield {**head, "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": None}], **null}
    last = {**head, "choices": [{"index": 0, "delta": {}, "logprobs": None, "finish_reason": _finish(answer)}]}
    usage = {"usage": _openai_usage(answer.usage)} if answer.usage else {}
    if answer.usage_on_last:
        yield {**last, **usage}
    else:
        yield {**last, **null}
        if usage:
            yield {**head, "choices": [], **usage}
    yield "[DONE]"


def _openai_deltas(answer):
    yield {"role": "assistant", "content": None if answer.reasoning else ""}
    yield from ({"content": None, "reasoning_content": piece} for piece in _pieces(answer.reasoning, 7))
    yield from ({"content": piece} for piece in _pieces(answer.text, 5))
    for index, (call, name, arguments) in enumerate(answer.tools):
        function = {"name": name, "arguments": ""}
        yield {"tool_calls": [{"index": index, "id": call, "type": "function", "function": function}]}
        for piece in _pieces(arguments, 9):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


# -- Anthropic's messages ----------------------------------------------------------------------------------------------


def _anthropic_usage(usage):
    return {
        "input_tokens": usage.input - usage.cached - usage.written,
        "cache_creation_input_tokens": usage.written,
        "cache_read_input_tokens": usage.cached,
        "output_tokens": usage.output,
        "service_tier": "standard",
    }


def _anthropic_content(answer):
    if answer.reasoning:
        yield {"type": "thinking", "thinking": answer.reasoning, "signature": "c2lnbmF0dXJl"}
    if answer.text:
        yield {"type": "text", "text": answer.text}
    for call, name, arguments in answer.tools:
        yield {"type": "tool_use", "id": call, "name": name, "input": json.loads(arguments)}


def _anthropic_message(answer, **more):
    head = {"id": answer.id, "type": "message", "role": "assistant", "model": answer.model}
    return {**head, "stop_sequence": None, **more}


def _anthropic_whole(answer):
    stop = "tool_use" if answer.tools else "end_turn"
    content = list(_anthropic_content(answer))
    return _anthropic_message(answer, content=content, stop_reason=stop, usage=_anthropic_usage(answer.usage))


def _anthropic_events(answer):
    usage = _anthropic_usage(answer.usage)
    first = _anthropic_message(answer, content=[], stop_reason=None, usage={**usage, "output_tokens": 3})
    yield _named("message_start", message=first)
    for index, block in enumerate(_anthropic_content(answer)):
        yield _named("content_block_start", index=index, content_block=_emptied(block))
        yield from (_named("content_block_delta", index=index, delta=delta) for delta in _anthropic_deltas(block))
        yield _named("content_block_stop", index=index)
    stop = {"stop_reason": "tool_use" if answer.tools else "end_turn", "stop_sequence": None}
    yield _named("message_delta", delta=stop, usage=usage)
    yield _named("message_stop")


def _named(name, **more):
    return name, {"type": name, **more}


def _emptied(block):
    empty = {"thinking": {"thinking": "", "signature": ""}, "text": {"text": ""}, "tool_use": {"input": {}}}
    return {**block, **empty[block["type"]]}


def _anthropic_deltas(block):
    if block["type"] == "thinking":
        yield from ({"type": "thinking_delta", "thinking": piece} for piece in _pieces(block["thinking"], 8))
        yield {"type": "signature_delta", "signature": block["signature"]}
    elif block["type"] == "text":
        yield from ({"type": "text_delta", "text": piece} for piece in _pieces(block["text"], 6))
    else:
        pieces = _pieces(_json(block["input"]), 10)
        yield from ({"type": "input_json_delta", "partial_json": piece} for piece in pieces)


# -- OpenAI's responses ------------------------------------------------------------------------------------------------


def _responses_whole(answer, status="completed"):
    done = status == "completed"
    head = {"id": answer.id, "object": "response", "created_at": CREATED, "status": status, "model": answer.model}
    asked = {"parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "metadata": {}, "instructions": None}
    usage = answer.usage
    told = {
        "input_tokens": usage.input,
        "input_tokens_details": {"cached_tokens": usage.cached},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.input + usage.output,
    }
    return {**head, **asked, "output": list(_responses_output(answer)) if done else [], "usage": told if done else None}


def _responses_output(answer):
    if answer.text:
        part = {"type": "output_text", "text": answer.text, "annotations": []}
        yield {"id": "msg_1", "type": "message", "status": "completed", "role": "assistant", "content": [part]}
    for call, name, arguments in answer.tools:
        done = {"name": name, "arguments": arguments, "status": "completed"}
        yield {"id": "fc_1", "type": "function_call", "call_id": call, **done}


def _responses_events(answer):
    number = itertools.count(1)

    def event(name, **more):
        return name, {"type": name, "sequence_number": next(number), **more}

    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    yield event("response.created", response=_responses_whole(answer, "in_progress"))
    item = {"id": "msg_1", "type": "message", "status": "in_progress", "role": "assistant", "content": []}
    yield event("response.output_item.added", output_index=0, item=item)
    yield event("response.content_part.added", **place, part={"type": "output_text", "text": "", "annotations": []})
    for piece in _pieces(answer.text, 6):
        yield event("response.output_text.delta", **place, delta=piece, logprobs=[])
    yield event("response.output_text.done", **place, text=answer.text, logprobs=[])
    yield event("response.completed", response=_responses_whole(answer))


# -- Gemini ------------------------------------------------------------------------------------------------------------


def _gemini_whole(answer, text=None, *, last=True):
    usage = answer.usage
    told = {
        "promptTokenCount": usage.input,
        "candidatesTokenCount": usage.output - usage.reasoning,
        "totalTokenCount": usage.input + usage.output,
        "cachedContentTokenCount": usage.cached,
        "thoughtsTokenCount": usage.reasoning,
    }
    content = {"parts": [{"text": answer.text if text is None else text}], "role": "model"}
    candidate = {"content": content, "index": 0, **({"finishReason": "STOP"} if last else {})}
    head = {"modelVersion": answer.model, "responseId": answer.id}
    return {"candidates": [candidate], "usageMetadata": told, **head}


def _gemini_events(answer):
    pieces = _pieces(answer.text, 8)
    for index, piece in enumerate(pieces):
        yield _gemini_whole(answer, piece, last=index == len(pieces) - 1)


_WHOLE = {
    "openai": _openai_whole,
    "anthropic": _anthropic_whole,
    "responses": _responses_whole,
    "gemini": _gemini_whole,
}
_EVENTS = {
    "openai": _openai_events,
    "anthropic": _anthropic_events,
    "responses": _responses_events,
    "gemini": _gemini_events,
}
