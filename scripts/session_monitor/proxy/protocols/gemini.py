"""Google's generateContent: each chunk is an answer by itself, and tells all tokens until then."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from session_monitor.calls.usage import Reported, count

from .answer import AnswerSoFar, mapping, objects

_MEDIA = {"AUDIO": "audio_tokens", "IMAGE": "image_tokens", "VIDEO": "video_tokens"}


class GeminiAnswer(AnswerSoFar):
    """An answer of this API."""

    def take_event(self, event: Mapping[str, Any]) -> None:
        """Take in a chunk."""
        if event.get("error") is not None:
            self.take_error(event["error"])
        self._name(event.get("responseId"), event.get("modelVersion"))
        self._take_usage(event.get("usageMetadata"))
        for candidate in objects(event.get("candidates"))[:1]:
            if candidate.get("finishReason"):
                self.has_ended = True
            if self.keeps_texts:
                self._take_parts(mapping(candidate.get("content")))

    def take_whole(self, whole: Mapping[str, Any]) -> None:
        """Take in an answer."""
        self.take_event(whole)

    def _take_parts(self, content: Mapping[str, Any]) -> None:
        for part in objects(content.get("parts")):
            call = part.get("functionCall")
            if isinstance(call, dict):
                arguments = json.dumps(call.get("args"), ensure_ascii=False)
                self._call(len(self._calls), call.get("id"), call.get("name"), arguments)
            elif part.get("thought") is True:
                self._think(part.get("text"))
            else:
                self._say(part.get("text"))

    def _take_usage(self, usage: object) -> None:
        if not isinstance(usage, dict):
            return
        given, made = count(usage.get("promptTokenCount")), count(usage.get("candidatesTokenCount"))
        total = count(usage.get("totalTokenCount"))
        if given is made is total is None:
            return
        inputs = {
            "cached_content_token_count": usage.get("cachedContentTokenCount"),
            "tool_use_prompt_token_count": usage.get("toolUsePromptTokenCount"),
            **_media(usage.get("promptTokensDetails")),
        }
        outputs = {
            "thoughts_token_count": usage.get("thoughtsTokenCount"),
            **_media(usage.get("candidatesTokensDetails")),
        }
        # A count that is 0 is left out: a first chunk has a prompt and no candidate yet.
        made = 0 if made is None and given is not None else made
        self.reported = Reported(given, made, total, input_details=_told(inputs), output_details=_told(outputs))


def _told(details: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in details.items() if value is not None}


def _media(details: object) -> dict[str, Any]:
    """The tokens of each kind of media among these."""
    names = ((_MEDIA.get(str(each.get("modality"))), each.get("tokenCount")) for each in objects(details))
    return {name: number for name, number in names if name}
