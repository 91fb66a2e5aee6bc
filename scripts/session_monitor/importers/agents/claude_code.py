"""Which calls do Claude Code's session files tell of?

An answer stands there as several lines, one for each part of it, all with its id and with what was used: by earlier
versions as much as there was by then, growing.  So the largest counts.  A resumed or forked session begins with a copy of
the lines before, and a side question repeats them with other request ids; the id of the answer stays.  It alone tells
calls apart, as there is no request id where a gateway stood between.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from session_monitor.calls.usage import TokenParts, Usage
from session_monitor.recording import known_calls
from session_monitor.recording.recorded_call import CallTexts, RecordedCall

from . import json_lines
from .found import SOURCE, FileReading, FoundCall, found, listed, mapping, moment, number, tells, text, tool_call

AGENT = "claude-code"
_PATH = "/v1/messages"
_CALLS = (b'"usage"', b'"assistant"')
_ERRORS = (b'"isApiErrorMessage":true',)
_PEOPLE = (b'"type":"user"',)
_COUNTS = ("input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
_SYNTHETIC = "<synthetic>"
_STATUS = re.compile(r"API Error:? \(?(\d{3})\b")
_FAST = "-fast"


class _Line(NamedTuple):
    """What one line says of a call; of several lines of one call that of the highest rank is right, and of equals the last."""

    at: int
    line: Mapping[str, Any]
    message: Mapping[str, Any]
    counts: Mapping[str, Any]

    @property
    def rank(self) -> tuple[bool, int]:
        """How much it is to be believed."""
        return self.line.get("isSidechain") is not True, sum([number(self.counts, name) for name in _COUNTS])

    def says_as_much(self, other: _Line) -> bool:
        """Whether it has the rank of another one, as nearly all lines of one call do."""
        return self.counts == other.counts and self.line.get("isSidechain") is other.line.get("isSidechain")


class _Answer:
    """The lines of one answer, from the first on."""

    def __init__(self, first: _Line, question: str | None, variant: str = "") -> None:
        self.first = self.best = first
        self.question = question
        self.variant = variant
        """What tells it from another answer of the same id."""
        self.parts: dict[Any, Mapping[str, Any]] = {}

    def add(self, line: _Line, *, with_texts: bool) -> None:
        if line.says_as_much(self.best) or line.rank >= self.best.rank:
            self.best = line
        if with_texts:
            for part in map(mapping, listed(line.message.get("content"))):
                said = part.get("id") or part.get("text") or part.get("thinking")
                self.parts.setdefault((str(part.get("type")), str(said)), part)

    def has(self, line: _Line, newest: _Answer | None) -> bool:
        """Whether a line of the same id is one of this answer: providers that number answers anew use an id again."""
        if self.first.at == line.at:
            return True
        if self is not newest and not known_calls.is_unique(str(line.message["id"])):
            return False
        ours, theirs = self.first.line.get("requestId"), line.line.get("requestId")
        return ours == theirs or not (ours and theirs) or self.best.counts == line.counts


def calls(path: str, reading: FileReading) -> Iterator[FoundCall]:
    """The calls of one file, in the order in which they began.  Raises ``OSError``."""
    answers: dict[str, list[_Answer]] = {}
    ended: list[_Answer | FoundCall] = []
    newest, question = None, None
    wanted = (_CALLS, _ERRORS, *([_PEOPLE] if reading.with_texts else ()))
    for line in json_lines.objects(path, reading, *wanted):
        message = mapping(line.get("message"))
        if line.get("type") == "user":
            question = _asked(message) if line.get("isMeta") is not True else question
            continue
        said = _said(line, message, reading)
        if said is None:
            continue
        if line.get("isApiErrorMessage") is True or message.get("model") == _SYNTHETIC:
            ended += _failed(path, said)
            continue
        name = str(message["id"])
        same = answers.setdefault(name, [])
        newest = next((each for each in reversed(same) if each.has(said, newest)), None)
        if newest is None:
            newest = _Answer(said, question, _variant(line, name) if same else "")
            question = None
            same.append(newest)
            ended.append(newest)
        newest.add(said, with_texts=reading.with_texts)
    for each in ended:
        if isinstance(each, _Answer):
            yield from _found(path, each, reading, may_grow=each is newest)
        else:
            yield each


def _variant(line: Mapping[str, Any], name: str) -> str:
    """What tells an answer from an earlier one that has its id, where that is meant to be its own."""
    return str(line.get("requestId")) if known_calls.is_unique(name) else ""


def _said(line: Mapping[str, Any], message: Mapping[str, Any], reading: FileReading) -> _Line | None:
    """What a line says of a call; None where it is of none."""
    has_usage = mapping(message.get("usage")) or line.get("isApiErrorMessage") is True
    if line.get("type") != "assistant" or not text(message.get("id")) or not has_usage:
        return None
    at = moment(line.get("timestamp"))
    if at is None:
        reading.passed_over["undated"] += 1
        return None
    return _Line(at, line, message, mapping(message.get("usage")))


def _failed(path: str, said: _Line) -> list[FoundCall]:
    """A call that the provider refused, which Claude Code tells in the words of an answer; none for its other such lines."""
    if said.line.get("isApiErrorMessage") is not True:
        return []
    words = " ".join(str(mapping(part).get("text")) for part in listed(said.message.get("content")))
    status = _STATUS.search(words)
    call = _call(path, said)._replace(
        model=None, call_id=None, usage=None, status=int(status[1]) if status else 0, error="API error"
    )
    return [found(AGENT, str(said.line.get("uuid") or said.message["id"]), call)]


def _found(path: str, answer: _Answer, reading: FileReading, *, may_grow: bool) -> Iterator[FoundCall]:
    said = answer.best
    call = _call(path, said)._replace(
        moment=answer.first.at,
        usage=_usage(said.counts),
        said=_texts(answer) if reading.with_texts else None,
    )
    if answer.variant:
        call = call._replace(call_id=f"{call.call_id}/{answer.variant}")
    yield found(AGENT, "", call, may_grow=may_grow)
    for place, each in enumerate(listed(said.counts.get("iterations"))):
        counts = mapping(mapping(each).get("usage")) or mapping(each)
        if mapping(each).get("type") == "advisor_message" and tells(counts, *_COUNTS):
            advised = call._replace(
                call_id=f"{call.call_id}:advisor:{place}",
                model=text(mapping(each).get("model")),
                usage=_usage(counts),
                said=None,
            )
            yield found(AGENT, "", advised, may_grow=may_grow)


def _call(path: str, said: _Line) -> RecordedCall:
    line, message = said.line, said.message
    session = f"{AGENT}:{text(line.get('sessionId')) or os.path.splitext(os.path.basename(path))[0]}"
    model = text(message.get("model"))
    is_fast = said.counts.get("speed") == "fast"
    sub_agent = {"agent_id": line.get("agentId"), "parent": session} if line.get("isSidechain") is True else {}
    return RecordedCall(
        session_id=session,
        moment=said.at,
        path=_PATH,
        source=SOURCE,
        agent=AGENT,
        model=f"{model}{_FAST}" if model and is_fast else model,
        call_id=text(message.get("id")),
        request_id=text(line.get("requestId")),
        more={name: value for name, value in sub_agent.items() if text(value)},
    )


def _usage(counts: Mapping[str, Any]) -> Usage | None:
    """The tokens; None where none are told.  What was written to the cache for how long is told of some of it at most."""
    if not tells(counts, *_COUNTS):
        return None
    written, output = number(counts, "cache_creation_input_tokens"), number(counts, "output_tokens")
    lasting = mapping(counts.get("cache_creation"))
    five, hour = number(lasting, "ephemeral_5m_input_tokens"), number(lasting, "ephemeral_1h_input_tokens")
    if five + hour > written:
        five = hour = 0
    parts = TokenParts(cache_write_5m=five or written - hour, cache_write_1h=hour)
    reasoning = min(output, number(mapping(counts.get("output_tokens_details")), "thinking_tokens"))
    return Usage(
        fresh_input=number(counts, "input_tokens"),
        cache_read=number(counts, "cache_read_input_tokens"),
        cache_write=written,
        visible_output=output - reasoning,
        reasoning=reasoning,
        parts=parts if any(parts) else None,
    )


def _asked(message: Mapping[str, Any]) -> str | None:
    """What a person says in a message; None where it only has what tools said."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    texts = [text(part.get("text")) for part in map(mapping, listed(content)) if part.get("type") == "text"]
    return "\n".join(filter(None, texts)) or None


def _texts(answer: _Answer) -> CallTexts:
    parts = list(answer.parts.values())
    tools = [tool_call(part.get("id"), part.get("name"), part.get("input")) for part in parts if _is(part, "tool_use")]
    return CallTexts(
        question=answer.question,
        answer="\n".join(str(part.get("text")) for part in parts if _is(part, "text")),
        reasoning="\n".join(str(part["thinking"]) for part in parts if text(part.get("thinking"))) or None,
        tool_calls=tools,
    )


def _is(part: Mapping[str, Any], kind: str) -> bool:
    return part.get("type") == kind
