"""OpenAI's responses: events with a type, of which the last holds the whole response once more, with its tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from session_monitor.calls.usage import Reported, count

from .answer import AnswerSoFar, mapping, objects

_ENDS = ("response.completed", "response.incomplete", "response.failed")


class ResponsesAnswer(AnswerSoFar):
    """An answer of this API."""

    def take_event(self, event: Mapping[str, Any]) -> None:
        """Take in an event."""
        kind = event.get("type")
        if kind == "error":
            self.take_error(event.get("error") or {"type": event.get("code") or "error"})
        response = event.get("response")
        if isinstance(response, dict):
            self._name(response.get("id"), response.get("model"))
            self._take_usage(response.get("usage"))
            if kind in _ENDS:
                self.has_ended = True
                self._take_end(response)

    def take_whole(self, whole: Mapping[str, Any]) -> None:
        """Take in a response."""
        self._name(whole.get("id"), whole.get("model"))
        self._take_usage(whole.get("usage"))
        self._take_end(whole)

    def _take_end(self, response: Mapping[str, Any]) -> None:
        if response.get("error") is not None:
            self.take_error(response["error"])
        for position, item in enumerate(objects(response.get("output"))):
            kind = item.get("type")
            if kind == "message":
                for part in objects(item.get("content")):
                    self._say(part.get("text"))
            elif kind == "reasoning":
                for part in objects(item.get("summary")):
                    self._think(part.get("text"))
            elif kind == "function_call":
                self._call(position, item.get("call_id"), item.get("name"), item.get("arguments"))

    def _take_usage(self, usage: object) -> None:
        if not isinstance(usage, dict):
            return
        given, made = count(usage.get("input_tokens")), count(usage.get("output_tokens"))
        total = count(usage.get("total_tokens"))
        if given is made is total is None:
            return
        inputs, outputs = mapping(usage.get("input_tokens_details")), mapping(usage.get("output_tokens_details"))
        self.reported = Reported(given, made, total, input_details=inputs, output_details=outputs)
