"""OpenAI's chat completions, and those of the many who speak like it.

Tokens stand in ``usage``: of the whole answer, of a last chunk without choices, of the last one with some, or of each chunk, and
grow then.  What comes last counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from session_monitor.calls.usage import Reported, count

from .answer import AnswerSoFar, mapping, objects

_CACHE = ("cached_tokens", "prompt_cache_hit_tokens", "prompt_cache_miss_tokens")
"""What Moonshot and DeepSeek tell beside the details, and not among them."""


class ChatAnswer(AnswerSoFar):
    """An answer of this API."""

    def take_event(self, event: Mapping[str, Any]) -> None:
        """Take in a chunk."""
        if event.get("error") is not None:
            self.take_error(event["error"])
        self._name(event.get("id"), event.get("model"))
        self._take_usage(event.get("usage"))
        for choice in objects(event.get("choices")):
            self._take_usage(choice.get("usage"))
            if self.keeps_texts and choice.get("index", 0) == 0:
                self._take_message(mapping(choice.get("delta")))

    def take_whole(self, whole: Mapping[str, Any]) -> None:
        """Take in a completion."""
        if whole.get("error") is not None:
            self.take_error(whole["error"])
        self._name(whole.get("id"), whole.get("model"))
        self._take_usage(whole.get("usage"))
        for choice in objects(whole.get("choices"))[:1]:
            self._take_message(mapping(choice.get("message")))

    def _take_message(self, message: Mapping[str, Any]) -> None:
        self._say(message.get("content"))
        self._think(message.get("reasoning_content") or message.get("reasoning"))
        for position, call in enumerate(objects(message.get("tool_calls"))):
            function = mapping(call.get("function"))
            # Some leave out the index of the first; in a whole answer none has one.
            key = call.get("index", position)
            self._call(key, call.get("id"), function.get("name"), function.get("arguments"))

    def _take_usage(self, usage: object) -> None:
        if isinstance(usage, dict):
            self.reported = reported(usage) or self.reported


def reported(usage: Mapping[str, Any]) -> Reported | None:
    """The counts of a ``usage``; None where there are none."""
    given, made = count(usage.get("prompt_tokens")), count(usage.get("completion_tokens"))
    total = count(usage.get("total_tokens"))
    if given is made is total is None:
        return None
    inputs = {**mapping(usage.get("prompt_tokens_details"))}
    inputs.update({name: usage[name] for name in _CACHE if usage.get(name) is not None and name not in inputs})
    outputs = mapping(usage.get("completion_tokens_details"))
    return Reported(given, made, total, input_details=inputs, output_details=outputs)
