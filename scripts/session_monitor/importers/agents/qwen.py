"""Which calls do the files of Qwen Code tell of?

Newer versions write an event for each answer, those to calls in the background among them, with the provider's id; what
older ones tell stands beside the answer itself.  A session may go on with a newer version, and has both then.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from session_monitor.calls.usage import Usage
from session_monitor.recording.recorded_call import CallTexts, RecordedCall

from . import json_lines
from .found import (
    SOURCE,
    FileReading,
    FoundCall,
    found,
    inside,
    listed,
    mapping,
    moment,
    number,
    tells,
    text,
    tool_call,
)

AGENT = "qwen"
_PATHS = {"openai": "/v1/chat/completions", "anthropic": "/v1/messages"}
_PATH = "/v1/chat/completions"
_ANSWERED, _REFUSED = "qwen-code.api_response", "qwen-code.api_error"
_WANTED = ((b'"usageMetadata"',), (_ANSWERED.encode(),), (_REFUSED.encode(),))
_PEOPLE = (b'"type":"user"',)
_SAID = (b'"type":"assistant"',)
_COUNTS = ("input_token_count", "output_token_count", "total_token_count")
_OLD_COUNTS = ("promptTokenCount", "candidatesTokenCount", "totalTokenCount")


def calls(path: str, reading: FileReading) -> Iterator[FoundCall]:
    """The calls of one file, in their order.  Raises ``OSError``."""
    lines = list(json_lines.objects(path, reading, *_WANTED, *([_PEOPLE, _SAID] if reading.with_texts else ())))
    telling = {str(line.get("version")) for line in lines if _event(line)}
    question = None
    waiting: FoundCall | None = None  # an event, until the answer that it is of tells what was said
    for line in lines:
        event = _event(line)
        if line.get("type") == "user":
            question = _spoken(line)
            continue
        if event:
            if waiting:
                yield waiting
            waiting = _told_by_event(path, line, event, reading)
        elif line.get("type") == "assistant" and str(line.get("version")) in telling:
            if waiting and reading.with_texts and "subagent" not in waiting.call.more:
                said = _texts(line, question)
                yield waiting._replace(call=waiting.call._replace(said=said))
                waiting, question = None, None
        elif line.get("type") == "assistant":
            one = _told_by_answer(path, line, question, reading)
            question = None
            if one:
                yield one
    if waiting:
        yield waiting


def _event(line: Mapping[str, Any]) -> Mapping[str, Any]:
    """The event of a call in a line; an empty one where there is none."""
    event = mapping(mapping(line.get("systemPayload")).get("uiEvent"))
    return event if event.get("event.name") in (_ANSWERED, _REFUSED) else {}


def _told_by_event(
    path: str, line: Mapping[str, Any], event: Mapping[str, Any], reading: FileReading
) -> FoundCall | None:
    ended = moment(event.get("event.timestamp")) or moment(line.get("timestamp"))
    took, first = number(event, "duration_ms"), number(event, "ttft_ms")
    call = _call(path, line, ended and ended - took, reading)
    if call is None:
        return None
    is_answer = event.get("event.name") == _ANSWERED
    sub_agent = text(event.get("subagent_name"))
    call = call._replace(
        path=_PATHS.get(str(event.get("auth_type")), _PATH),
        model=text(event.get("model")),
        call_id=text(event.get("response_id")) if is_answer else None,
        usage=_usage(event) if is_answer and tells(event, *_COUNTS) else None,
        status=number(event, "status_code") or (200 if is_answer else 0),
        error=None if is_answer else text(event.get("error_type")) or "API error",
        first_token_ms=first or None,
        duration_ms=took or None,
        more={"subagent": sub_agent, "parent": call.session_id} if sub_agent else {},
    )
    return found(AGENT, str(line.get("uuid")), call)


def _told_by_answer(path: str, line: Mapping[str, Any], asked: str | None, reading: FileReading) -> FoundCall | None:
    counts = mapping(line.get("usageMetadata"))
    if not tells(counts, *_OLD_COUNTS):
        return None
    call = _call(path, line, moment(line.get("timestamp")), reading)
    if call is None:
        return None
    names = ("cached_content_token_count", "cachedContentTokenCount"), ("thoughts_token_count", "thoughtsTokenCount")
    renamed = {**dict(zip(_COUNTS, map(counts.get, _OLD_COUNTS))), **{new: counts.get(old) for new, old in names}}
    said = _texts(line, asked) if reading.with_texts else None
    call = call._replace(model=text(line.get("model")), usage=_usage(renamed), said=said)
    return found(AGENT, str(line.get("uuid")), call)


def _call(path: str, line: Mapping[str, Any], at: int | None, reading: FileReading) -> RecordedCall | None:
    if at is None or at <= 0:
        reading.passed_over["undated"] += 1
        return None
    session = text(line.get("sessionId")) or os.path.splitext(os.path.basename(path))[0]
    return RecordedCall(session_id=f"{AGENT}:{session}", moment=at, path=_PATH, source=SOURCE, agent=AGENT)


def _usage(counts: Mapping[str, Any]) -> Usage:
    """Its thoughts are a part of the output, or stand beside it: as the total says."""
    whole, output, total = (number(counts, name) for name in _COUNTS)
    thoughts = number(counts, "thoughts_token_count")
    if thoughts > output or total == whole + output + thoughts:
        output += thoughts
    return inside(whole, number(counts, "cached_content_token_count"), 0, output, thoughts)


def _spoken(line: Mapping[str, Any]) -> str | None:
    parts = map(mapping, listed(mapping(line.get("message")).get("parts")))
    return (
        "\n".join(part["text"] for part in parts if text(part.get("text")) and part.get("thought") is not True) or None
    )


def _texts(line: Mapping[str, Any], asked: str | None) -> CallTexts:
    parts = list(map(mapping, listed(mapping(line.get("message")).get("parts"))))
    tools = [mapping(part.get("functionCall")) for part in parts]
    thoughts = [part["text"] for part in parts if part.get("thought") is True and text(part.get("text"))]
    return CallTexts(
        question=asked,
        answer=_spoken(line) or "",
        reasoning="\n".join(thoughts) or None,
        tool_calls=[tool_call(each.get("id"), each.get("name"), each.get("args")) for each in tools if each],
    )
