"""What the stand-in for the providers says on the wire, API by API."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import dataclass, replace
from typing import NamedTuple

TEXT = "Grüße, 世界 🌍"
_HALVES = (TEXT[:4], TEXT[4:])
ARGUMENTS = '{"city": "Beijing"}'


class ToolCall(NamedTuple):
    """A tool that is asked for: its name, its arguments as JSON, and the namespace in which it is offered, if in one."""

    name: str
    arguments: str
    namespace: str | None = None


_WEATHER = ToolCall("weather", ARGUMENTS)
_OPENAI = {
    "prompt_tokens": 1000,
    "completion_tokens": 20,
    "total_tokens": 1020,
    "prompt_tokens_details": {"cached_tokens": 300, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 5, "audio_tokens": 0},
}
_RESPONSES = {
    "input_tokens": 1000,
    "input_tokens_details": {"cached_tokens": 300},
    "output_tokens": 20,
    "output_tokens_details": {"reasoning_tokens": 5},
    "total_tokens": 1020,
}
_ANTHROPIC = {
    "input_tokens": 700,
    "cache_creation_input_tokens": 100,
    "cache_read_input_tokens": 200,
    "cache_creation": {"ephemeral_5m_input_tokens": 40, "ephemeral_1h_input_tokens": 60},
    "output_tokens": 20,
}
_GEMINI = {
    "promptTokenCount": 1000,
    "candidatesTokenCount": 20,
    "totalTokenCount": 1025,
    "cachedContentTokenCount": 300,
    "thoughtsTokenCount": 5,
}


@dataclass(frozen=True)
class Said:
    """An answer: whole, or as the events of a stream."""

    call_id: str
    is_stream: bool
    whole: object
    events: tuple = ()

    def failing(self, protocol):
        """The same that fails after its first events."""
        failure = {"messages": "overloaded_error", "responses": "server_error"}.get(protocol, "server_error")
        event = error(protocol, failure)
        if protocol == "responses":
            event = {"type": "error", "sequence_number": 2, "code": failure, "message": "no", "param": None}
        named = protocol in ("messages", "responses")
        return replace(self, events=(*self.events[:2], _event(event, named=named)))


def protocol_of(path):
    """Of which API a call at this path is; None for what is no call to a model."""
    path = path.partition("?")[0]
    ends = {"/chat/completions": "chat", "/responses": "responses", "/messages": "messages"}
    by_end = next((protocol for end, protocol in ends.items() if path.endswith(end)), None)
    return "gemini" if path.endswith("enerateContent") else by_end


def error(protocol, name):
    """What an API says when something went wrong."""
    told = {"type": name, "message": "Incorrect API key provided: sk-secret", "code": None}
    if protocol == "gemini":
        return {"error": {"code": 429, "message": "no", "status": name}}
    return {"type": "error", "error": told} if protocol == "messages" else {"error": told}


def answer(protocol, path, asked, number, how, tool=None):
    """What is answered to this request; with a tool that is asked for, where one is."""
    tool = tool or (_WEATHER if "tools" in how else None)
    if protocol == "chat":
        return _chat(asked, number, how, tool)
    if protocol == "responses":
        return _responses(asked, number, tool)
    return _messages(asked, number, how, tool) if protocol == "messages" else _gemini(path, number, tool)


def with_tokens(said, fresh, read, written):
    """The answer as one to a prompt of so many tokens: new ones, those from a cache, and those written to one."""
    prompt = fresh + read + written
    numbers = {
        "prompt_tokens": prompt,
        "total_tokens": prompt + 20,
        "cached_tokens": read,
        "input_tokens": fresh,
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": read,
        "ephemeral_5m_input_tokens": written,
        "ephemeral_1h_input_tokens": 0,
    }

    def told(data):
        for name, number in numbers.items():
            data = re.sub(rb'"%b": ?\d+' % name.encode(), b'"%b": %d' % (name.encode(), number), data)
        return data

    return replace(said, whole=json.loads(told(json.dumps(said.whole).encode())), events=list(map(told, said.events)))


def framed(events, how):
    """The pieces in which the events of a stream leave."""
    data = b"".join(events)
    if "crlf" in how:
        data = data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    if "cr" in how:
        data = data.replace(b"\r\n", b"\n").replace(b"\n", b"\r")
    if "nospace" in how:
        data = data.replace(b"data: ", b"data:")
    if "comment" in how:
        data = b": keepalive\n\n" + data
    if "bom" in how:
        data = b"\xef\xbb\xbf" + data
    if data != b"".join(events) or "one" in how:
        return [data]
    step = 1 if "bytes" in how else 7 if "odd" in how else 0
    return [data[at : at + step] for at in range(0, len(data), step)] if step else list(events)


def _halves(tool):
    return tool.arguments[:5], tool.arguments[5:]


def _event(value, *, named=False, end="\n\n"):
    name = f"event: {value['type']}\n" if named else ""
    return f"{name}data: {json.dumps(value, ensure_ascii=False)}{end}".encode()


# -- chat completions --------------------------------------------------------------------------------------------------


def _chat(asked, number, how, tool):
    call_id = f"chatcmpl-{number}"
    base = {"id": call_id, "created": 1, "model": asked.get("model", "m"), "system_fingerprint": "fp"}
    message = {"role": "assistant", "content": TEXT, "refusal": None}
    if tool:
        function = {"name": tool.name, "arguments": tool.arguments}
        message["tool_calls"] = [{"id": f"call_{number}", "type": "function", "function": function}]
    choice = {"index": 0, "message": message, "finish_reason": _reason(tool), "logprobs": None}
    usage = {"prompt_tokens": 1000} if "half" in how else _OPENAI
    whole = {**base, "object": "chat.completion", "choices": [choice], "usage": usage}
    if not asked.get("stream"):
        return Said(call_id, is_stream=False, whole=whole)
    is_asked = bool((asked.get("stream_options") or {}).get("include_usage"))
    return Said(call_id, is_stream=True, whole=None, events=tuple(_chunks(base, number, how, tool, is_asked=is_asked)))


def _reason(tool):
    return "tool_calls" if tool else "stop"


def _chunks(base, number, how, tool, *, is_asked):
    deltas = [{"role": "assistant", "content": ""}, *({"content": half} for half in _HALVES)]
    if tool:
        begun = {"id": f"call_{number}", "type": "function", "function": {"name": tool.name, "arguments": ""}}
        begun.update(
            {} if tool is _WEATHER else {"index": 0}
        )  # some servers leave out the first one's; not all agents bear that
        deltas.append({"tool_calls": [begun]})
        deltas += [{"tool_calls": [{"index": 0, "function": {"arguments": half}}]} for half in _halves(tool)]
    growing = {**_OPENAI, "completion_tokens": 3, "total_tokens": 1003}
    for place, delta in enumerate([*deltas, {}], 1):
        is_last = place > len(deltas)
        choice = {"index": 0, "delta": delta, "finish_reason": _reason(tool) if is_last else None, "logprobs": None}
        usage = {"usage": None} if is_asked else {}
        if "grows" in how:
            usage = {"usage": _OPENAI if is_last else growing}
        elif "with_choices" in how and is_last:
            usage = {"usage": _OPENAI}
        yield _event({**base, "object": "chat.completion.chunk", "choices": [choice], **usage})
    if is_asked and "with_choices" not in how:
        yield _event({**base, "object": "chat.completion.chunk", "choices": [], "usage": _OPENAI})
    yield b"data: [DONE]\n\n"


# -- responses ---------------------------------------------------------------------------------------------------------


def _responses(asked, number, tool):
    call_id = f"resp_{number}"
    text = {"type": "output_text", "text": TEXT, "annotations": []}
    item = {"id": f"msg_{number}", "type": "message", "status": "completed", "role": "assistant", "content": [text]}
    output = [item]
    if tool:
        call = {"id": f"fc_{number}", "call_id": f"call_{number}", "name": tool.name, "arguments": tool.arguments}
        more = {"namespace": tool.namespace} if tool.namespace else {}
        output.append({"type": "function_call", **call, **more, "status": "completed"})
    begun = {
        "id": call_id,
        "object": "response",
        "created_at": 1,
        "status": "in_progress",
        "model": asked.get("model", "m"),
    }
    begun.update(output=[], parallel_tool_calls=True, tool_choice="auto", tools=[], error=None, usage=None)
    begun.update(incomplete_details=None, instructions=None, metadata={}, temperature=1, top_p=1)
    done = {**begun, "status": "completed", "output": output, "usage": _RESPONSES}
    if not asked.get("stream"):
        return Said(call_id, is_stream=False, whole=done)
    place = {"item_id": item["id"], "output_index": 0, "content_index": 0}
    told = [
        ("response.created", {"response": begun}),
        ("response.output_item.added", {"output_index": 0, "item": {**item, "status": "in_progress", "content": []}}),
        ("response.content_part.added", {**place, "part": {**text, "text": ""}}),
        *(("response.output_text.delta", {**place, "delta": half, "logprobs": []}) for half in _HALVES),
        ("response.output_text.done", {**place, "text": TEXT, "logprobs": []}),
        ("response.content_part.done", {**place, "part": text}),
        ("response.output_item.done", {"output_index": 0, "item": item}),
        *(_function_call(output[1], tool) if tool else ()),
        ("response.completed", {"response": done}),
    ]
    count = itertools.count()
    events = (_event({"type": kind, "sequence_number": next(count), **more}, named=True) for kind, more in told)
    return Said(call_id, is_stream=True, whole=None, events=tuple(events))


def _function_call(item, tool):
    place = {"item_id": item["id"], "output_index": 1}
    begun = {**item, "status": "in_progress", "arguments": ""}
    yield "response.output_item.added", {"output_index": 1, "item": begun}
    for half in _halves(tool):
        yield "response.function_call_arguments.delta", {**place, "delta": half}
    yield "response.function_call_arguments.done", {**place, "arguments": tool.arguments}
    yield "response.output_item.done", {"output_index": 1, "item": item}


# -- messages ----------------------------------------------------------------------------------------------------------


def _messages(asked, number, how, tool):
    call_id = f"msg_{number}"
    content = [{"type": "text", "text": TEXT}]
    if tool:
        content.append(
            {"type": "tool_use", "id": f"toolu_{number}", "name": tool.name, "input": json.loads(tool.arguments)}
        )
    reason = "tool_use" if tool else "end_turn"
    message = {
        "id": call_id,
        "type": "message",
        "role": "assistant",
        "model": asked.get("model", "m"),
        "content": content,
    }
    message.update(stop_reason=reason, stop_sequence=None, usage=_ANTHROPIC)
    if not asked.get("stream"):
        return Said(call_id, is_stream=False, whole=message)
    at_start = (
        dict.fromkeys(("input_tokens", "output_tokens"), 0) if "late" in how else {**_ANTHROPIC, "output_tokens": 1}
    )
    begun = {**message, "content": [], "stop_reason": None, "usage": at_start}
    at_end = _ANTHROPIC if "late" in how else {"output_tokens": 20, "input_tokens": 0 if "zeros" in how else 700}
    told = [
        {"type": "message_start", "message": begun},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "ping"},
        *(
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": half}}
            for half in _HALVES
        ),
        {"type": "content_block_stop", "index": 0},
        *(_tool_events(content[1], tool) if tool else ()),
        {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": at_end},
        {"type": "message_stop"},
    ]
    return Said(call_id, is_stream=True, whole=None, events=tuple(_event(each, named=True) for each in told))


def _tool_events(block, tool):
    yield {"type": "content_block_start", "index": 1, "content_block": {**block, "input": {}}}
    for piece in _halves(tool):
        delta = {"type": "input_json_delta", "partial_json": piece}
        yield {"type": "content_block_delta", "index": 1, "delta": delta}
    yield {"type": "content_block_stop", "index": 1}


# -- Gemini ------------------------------------------------------------------------------------------------------------


def _gemini(path, number, tool):
    call_id = f"r{number}"
    model = re.search(r"/models/([^:/]+):", path)[1]

    def told(parts, reason, usage):
        candidate = {
            "content": {"parts": parts, "role": "model"},
            "index": 0,
            **({"finishReason": reason} if reason else {}),
        }
        return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": model, "responseId": call_id}

    call = [{"functionCall": {"name": tool.name, "args": json.loads(tool.arguments)}}] if tool else []
    if "streamGenerateContent" not in path:
        return Said(call_id, is_stream=False, whole=told([{"text": TEXT}, *call], "STOP", _GEMINI))
    first = {**_GEMINI, "candidatesTokenCount": 3, "totalTokenCount": 1008}
    chunks = [told([{"text": _HALVES[0]}], None, first), told([{"text": _HALVES[1]}, *call], "STOP", _GEMINI)]
    if "alt=sse" not in path:
        return Said(call_id, is_stream=False, whole=chunks)
    return Said(call_id, is_stream=True, whole=None, events=tuple(_event(each, end="\r\n\r\n") for each in chunks))
