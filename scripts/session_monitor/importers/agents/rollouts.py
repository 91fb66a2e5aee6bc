"""What does one file of Codex tell, event by event?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from session_monitor.recording.recorded_call import CallTexts

from . import json_lines
from .found import FileReading, listed, mapping, moment, number, tells, text, tool_call

_COUNTS = ("input_tokens", "output_tokens", "total_tokens")
_EVENTS = (
    (b'"session_meta"',),
    (b'"turn_context"',),
    (b'"token_count"',),
    (b'"token_usage_record"',),
    (b'"thread_settings_applied"',),
)
_ITEMS = (b'"response_item"',)
_FRAMES = ("<environment_context>", "<user_instructions>", "<permissions", "# AGENTS.md")
"""How texts begin that Codex sends in a person's name."""


class Tokens(NamedTuple):
    """The counts of an event; input holds what was cached and written, output its reasoning."""

    input: int = 0
    cached: int = 0
    written: int = 0
    output: int = 0
    reasoning: int = 0


class CountedCall(NamedTuple):
    """One call: when it was counted, its tokens, the sum with it (of the older counter), or the id of its answer."""

    at: int
    model: str | None
    tokens: Tokens
    total: Tokens = Tokens()
    call_id: str | None = None
    said: CallTexts | None = None


class Rollout:
    """What one file tells.

    ``counted`` are calls by the older counter, up to where the newer begins; ``records`` those by the newer.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.session_id: str | None = None
        self.parent: str | None = None
        self.began: int | None = None
        self.has_turns = False
        self.counted: list[CountedCall] = []
        self.records: list[CountedCall] = []
        self._is_known = False
        self._model: str | None = None
        self._total = Tokens()
        self._said = _Said()

    def take(self, event: Mapping[str, Any], reading: FileReading) -> None:
        """Take in the next event."""
        kind, payload = event.get("type"), mapping(event.get("payload"))
        if kind == "event_msg":
            kind = payload.get("type")
        if kind == "session_meta":
            self._begin(payload)
        elif kind in ("turn_context", "thread_settings_applied"):
            self.has_turns = True
            settings = mapping(payload.get("thread_settings")) or payload
            self._model = text(settings.get("model")) or self._model
        elif kind == "response_item":
            self._said.add(payload)
        elif kind in ("token_count", "token_usage_record"):
            at = moment(event.get("timestamp"))
            if at is None:
                reading.passed_over["undated"] += 1
            elif kind == "token_count":
                self._count(at, mapping(payload.get("info")), reading)
            else:
                self._record(at, payload, reading)

    def _begin(self, payload: Mapping[str, Any]) -> None:
        """What stands first; a copy of the parent's follows in its forks."""
        if self._is_known:
            return
        self._is_known = True
        self.session_id = text(payload.get("id")) or text(payload.get("session_id"))
        self.began = moment(payload.get("timestamp"))
        spawned = mapping(mapping(mapping(payload.get("source")).get("subagent")).get("thread_spawn"))
        parents = payload.get("forked_from_id"), spawned.get("parent_thread_id"), payload.get("parent_thread_id")
        self.parent = next(filter(None, map(text, parents)), None)

    def _record(self, at: int, payload: Mapping[str, Any], reading: FileReading) -> None:
        call_id, counts = text(payload.get("response_id")), mapping(payload.get("usage"))
        if call_id is not None and tells(counts, *_COUNTS):
            self.records.append(
                CountedCall(at, self._model, _tokens(counts), call_id=call_id, said=self._texts(reading))
            )

    def _count(self, at: int, info: Mapping[str, Any], reading: FileReading) -> None:
        total, last = mapping(info.get("total_token_usage")), mapping(info.get("last_token_usage"))
        if self.records or not tells(total, *_COUNTS):
            return
        now, before = _tokens(total), self._total
        if now == before:  # told once more
            return
        self._total = now
        if tells(last, *_COUNTS):
            used = _tokens(last)
        else:
            more = [new - old for new, old in zip(now, before)]
            used = now if min(more) < 0 else Tokens(*more)
        self.counted.append(CountedCall(at, self._model, used, now, said=self._texts(reading)))

    def _texts(self, reading: FileReading) -> CallTexts | None:
        said, self._said = self._said, _Said()
        return said.texts() if reading.with_texts else None


def read(path: str, reading: FileReading) -> Rollout:
    """What a file tells.  Raises ``OSError``."""
    rollout = Rollout(path)
    for event in json_lines.objects(path, reading, *_EVENTS, *([_ITEMS] if reading.with_texts else ())):
        rollout.take(event, reading)
    return rollout


def _tokens(counts: Mapping[str, Any]) -> Tokens:
    return Tokens(
        number(counts, "input_tokens"),
        number(counts, "cached_input_tokens"),
        number(counts, "cache_write_input_tokens"),
        number(counts, "output_tokens"),
        number(counts, "reasoning_output_tokens"),
    )


class _Said:
    """What was said since the call before."""

    def __init__(self) -> None:
        self._question: list[str] = []
        self._answer: list[str] = []
        self._reasoning: list[str] = []
        self._tools: list[Any] = []

    def add(self, item: Mapping[str, Any]) -> None:
        """Take in an item of a conversation."""
        kind, role = item.get("type"), item.get("role")
        texts = [part["text"] for part in map(mapping, listed(item.get("content"))) if text(part.get("text"))]
        if kind == "message" and role == "assistant":
            self._answer += texts
        elif kind == "message" and role == "user":
            self._question += [each for each in texts if not each.startswith(_FRAMES)]
        elif kind == "function_call":
            self._tools.append(tool_call(item.get("call_id"), item.get("name"), item.get("arguments")))
        elif kind == "reasoning":
            summary = map(mapping, listed(item.get("summary")))
            self._reasoning += [part["text"] for part in summary if text(part.get("text"))]

    def texts(self) -> CallTexts:
        """All of it."""
        return CallTexts(
            question="\n".join(self._question) or None,
            answer="\n".join(self._answer),
            reasoning="\n".join(self._reasoning) or None,
            tool_calls=self._tools,
        )
