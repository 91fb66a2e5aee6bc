"""Which calls do the files of Gemini CLI tell of?

One line a message, and patches between them that may hold messages as well; earlier versions wrote one object with a
list of them.  A message that is written again tells more than before, so the last one counts.  What was taken back by a
person was answered, and has to be paid.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from session_monitor.calls.usage import Usage
from session_monitor.recording.recorded_call import CallTexts, RecordedCall

from . import json_lines
from .found import SOURCE, FileReading, FoundCall, found, listed, mapping, moment, number, tells, text, tool_call

AGENT = "gemini"
_COUNTS = ("input", "output", "total")


def calls(path: str, reading: FileReading) -> Iterator[FoundCall]:
    """The calls of one file, in the order in which they came.  Raises ``OSError``."""
    session = None
    last: dict[str, tuple[Mapping[str, Any], str | None]] = {}
    question = newest = None
    for document in _documents(path, reading):
        session = session or text(document.get("sessionId"))
        for message in _messages(document):
            name = text(message.get("id"))
            if message.get("type") == "user":
                question = _spoken(message.get("content"))
            elif name and message.get("type") == "gemini" and tells(mapping(message.get("tokens")), *_COUNTS):
                if name not in last:
                    last[name], question = (message, question), None
                last[name], newest = (message, last[name][1]), name
    session = session or os.path.splitext(os.path.basename(path))[0]
    for name, (message, asked) in last.items():
        call = _call(session, message, asked, reading)
        if call is not None:
            yield found(AGENT, name, call, may_grow=name == newest)


def _documents(path: str, reading: FileReading) -> Iterator[Mapping[str, Any]]:
    """The objects of a file: its lines, or it is one."""
    if path.endswith(".jsonl"):
        yield from json_lines.objects(path, reading)
        return
    with json_lines.opened(path) as file:
        raw = file.read(json_lines.LONGEST + 1)
    if len(raw) > json_lines.LONGEST:
        reading.passed_over["too_long"] += 1
        return
    value = json_lines.decoded(raw, reading)
    if isinstance(value, dict):
        yield value


def _messages(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    patch = mapping(document.get("$set"))
    yield from map(mapping, listed(document.get("messages")) + listed(patch.get("messages")))
    yield document


def _call(session: str, message: Mapping[str, Any], asked: str | None, reading: FileReading) -> RecordedCall | None:
    at = moment(message.get("timestamp"))
    if at is None:
        reading.passed_over["undated"] += 1
        return None
    model = text(message.get("model"))
    return RecordedCall(
        session_id=f"{AGENT}:{session}",
        moment=at,
        path=f"/v1beta/models/{model or 'unknown'}:streamGenerateContent",
        source=SOURCE,
        agent=AGENT,
        model=model,
        usage=_usage(mapping(message.get("tokens"))),
        said=_texts(message, asked) if reading.with_texts else None,
    )


def _usage(counts: Mapping[str, Any]) -> Usage:
    """Its thoughts are told beside the output; what tools brought in, beside the input."""
    whole = number(counts, "input")
    read = min(whole, number(counts, "cached"))
    return Usage(
        fresh_input=whole - read + number(counts, "tool"),
        cache_read=read,
        visible_output=number(counts, "output"),
        reasoning=number(counts, "thoughts"),
    )


def _spoken(content: object) -> str | None:
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in map(mapping, listed(content)) if text(part.get("text"))) or None


def _texts(message: Mapping[str, Any], asked: str | None) -> CallTexts:
    tools = map(mapping, listed(message.get("toolCalls")))
    thoughts = [text(mapping(each).get("description")) for each in listed(message.get("thoughts"))]
    return CallTexts(
        question=asked,
        answer=_spoken(message.get("content")) or "",
        reasoning="\n".join(filter(None, thoughts)) or None,
        tool_calls=[tool_call(each.get("id"), each.get("name"), each.get("args")) for each in tools],
    )
