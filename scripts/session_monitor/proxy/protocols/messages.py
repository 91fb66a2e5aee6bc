"""Anthropic's messages: tokens are told when a stream begins, and again when it ends.

What is written grows: the last count is the sum.  What was sent is told at the beginning; who imitates Anthropic may tell 0 there,
and the truth at the end: the larger one counts.  The input is without what came from a cache, and what went into one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from session_monitor.calls.usage import Reported, count

from .answer import AnswerSoFar, mapping, objects

_READ, _WRITTEN, _LIFETIMES = "cache_read_input_tokens", "cache_creation_input_tokens", "cache_creation"
_INPUT = ("input_tokens", _READ, _WRITTEN)


class MessagesAnswer(AnswerSoFar):
    """An answer of this API."""

    def __init__(self, *, keeps_texts: bool) -> None:
        super().__init__(keeps_texts=keeps_texts)
        self._counts: dict[str, int] = {}
        self._lifetimes: Mapping[str, Any] = {}

    def take_event(self, event: Mapping[str, Any]) -> None:
        """Take in an event."""
        kind = event.get("type")
        if kind == "message_start":
            message = mapping(event.get("message"))
            self._name(message.get("id"), message.get("model"))
            self._take_usage(message.get("usage"))
        elif kind == "message_delta":
            self._take_usage(event.get("usage"))
        elif kind == "message_stop":
            self.has_ended = True
        elif kind == "error":
            self.take_error(event.get("error"))
        elif self.keeps_texts:
            self._take_content(event)

    def take_whole(self, whole: Mapping[str, Any]) -> None:
        """Take in a message."""
        if whole.get("type") == "error":
            self.take_error(whole.get("error"))
            return
        self._name(whole.get("id"), whole.get("model"))
        self._take_usage(whole.get("usage"))
        for position, block in enumerate(objects(whole.get("content"))):
            self._begin(position, block)
            if block.get("type") == "tool_use":
                self._call(position, arguments=_json(block.get("input")))

    def _take_content(self, event: Mapping[str, Any]) -> None:
        if event.get("type") == "content_block_start":
            self._begin(event.get("index"), mapping(event.get("content_block")))
            return
        delta = mapping(event.get("delta"))
        self._say(delta.get("text"))
        self._think(delta.get("thinking"))
        if delta.get("type") == "input_json_delta":
            self._call(event.get("index"), arguments=delta.get("partial_json"))

    def _begin(self, index: object, block: Mapping[str, Any]) -> None:
        if block.get("type") == "tool_use":
            self._call(index, block.get("id"), block.get("name"))
        else:
            self._say(block.get("text"))
            self._think(block.get("thinking"))

    def _take_usage(self, usage: object) -> None:
        if not isinstance(usage, dict):
            return
        told = {name: number for name in (*_INPUT, "output_tokens") if (number := count(usage.get(name))) is not None}
        for name, number in told.items():
            self._counts[name] = number if name == "output_tokens" else max(number, self._counts.get(name, 0))
        self._lifetimes = mapping(usage.get(_LIFETIMES)) or self._lifetimes
        if self._counts:
            read, written = self._counts.get(_READ, 0), self._counts.get(_WRITTEN, 0)
            details: dict[str, Any] = {_READ: read, _WRITTEN: written}
            if self._lifetimes:
                details[_LIFETIMES] = self._lifetimes
            self.reported = Reported(
                self._counts.get("input_tokens"), self._counts.get("output_tokens"), None, input_details=details
            )


def _json(value: object) -> str:
    import json  # noqa: PLC0415 -- few answers are whole, and ask for tools

    return json.dumps(value, ensure_ascii=False)
