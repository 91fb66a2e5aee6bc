"""What does a request to a model ask for?"""

from __future__ import annotations

import functools
import json
import re
import zlib
from typing import Any

from .apis import CHAT, GEMINI, MESSAGES, RESPONSES

_MODEL_IN_PATH = re.compile(r"/models/([^/:]+):")
_INFLATED = ("gzip", "x-gzip", "deflate")
_PLAIN = ("", "identity")
_MOST = 256 << 20
_STREAM, _INCLUDE_USAGE = b'"stream"', b'"include_usage"'
_ASKING = b'{"stream_options":{"include_usage":true},'


class Asked:
    """A request's model and body.  It is read when that is needed first: a long one should not have to wait for it on its way."""

    def __init__(self, protocol: str, path: str, body: bytes, encoding: str) -> None:
        """``encoding`` is that of the body, in small letters."""
        self._protocol = protocol
        self._path = path
        self._body = body
        self._encoding = encoding

    @functools.cached_property
    def body(self) -> dict[str, Any] | None:
        """What the body says; None where it cannot be read."""
        body = self._body
        try:
            if self._encoding in _INFLATED:
                body = zlib.decompressobj(47).decompress(body, _MOST)
            elif self._encoding not in _PLAIN:
                return None
            found = json.loads(body)
        except (ValueError, RecursionError, zlib.error):
            return None
        return found if isinstance(found, dict) else None

    @property
    def model(self) -> str | None:
        """The model; None where it is not told."""
        if self._protocol == GEMINI:
            in_path = _MODEL_IN_PATH.search(self._path)
            return in_path[1] if in_path else None
        model = (self.body or {}).get("model")
        return model if isinstance(model, str) else None

    def leaves_usage_open(self) -> bool:
        """Whether it is one for a stream of chat completions that says nothing of its tokens, and would be told none."""
        if self._protocol != CHAT:
            return False
        # These are names alone: within a text each quote has a backslash before it.
        is_plain = self._encoding in _PLAIN
        if is_plain and (_STREAM not in self._body or _INCLUDE_USAGE in self._body):
            return False
        body = self.body or {}
        options = body.get("stream_options")
        return body.get("stream") is True and (
            options is None or (isinstance(options, dict) and "include_usage" not in options)
        )

    def with_usage(self) -> bytes:
        """The body of such a one that asks for its tokens, too, in no content encoding."""
        body = self.body or {}
        if self._encoding in _PLAIN and "stream_options" not in body:  # all other bytes stay
            return _ASKING + self._body.lstrip()[1:]
        options = body.get("stream_options")
        asking = {**(options if isinstance(options, dict) else {}), "include_usage": True}
        text = json.dumps({**body, "stream_options": asking}, ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "surrogatepass")


def messages_of(protocol: str, asked: Asked) -> tuple[Any, list[Any]]:
    """What a request sends to its model: the system's words, and the messages, in the form of its API."""
    body = asked.body or {}
    if protocol == RESPONSES:
        return body.get("instructions"), _of_responses(body.get("input"))
    if protocol == GEMINI:
        system = body.get("systemInstruction") or body.get("system_instruction")
        return _gemini_text(system), [_of_gemini(each) for each in _listed(body.get("contents"))]
    return body.get("system") if protocol == MESSAGES else None, _listed(body.get("messages"))


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _of_responses(given: object) -> list[Any]:
    """Messages as chat completions have them: calls of tools, and what these said, are items beside the messages there."""
    if isinstance(given, str):
        return [{"role": "user", "content": given}]
    return [_item(each) for each in _listed(given)]


def _item(item: Any) -> Any:
    kind = item.get("type") if isinstance(item, dict) else None
    if kind == "function_call":
        function = {"name": item.get("name"), "arguments": item.get("arguments")}
        call = {"id": item.get("call_id"), "type": "function", "function": function}
        return {"role": "assistant", "content": None, "tool_calls": [call]}
    if kind == "function_call_output":
        return {"role": "tool", "tool_call_id": item.get("call_id"), "content": item.get("output")}
    return item


def _of_gemini(content: Any) -> Any:
    """A message as chat completions have it."""
    if not isinstance(content, dict):
        return content
    parts = _listed(content.get("parts"))
    role = "assistant" if content.get("role") == "model" else content.get("role") or "user"
    answers = [each["functionResponse"] for each in parts if isinstance(each, dict) and "functionResponse" in each]
    if answers and isinstance(answers[0], dict):
        said = answers[0].get("response")
        return {"role": "tool", "name": answers[0].get("name"), "content": said}
    message: dict[str, Any] = {"role": role, "content": _gemini_text(content)}
    calls = [each["functionCall"] for each in parts if isinstance(each, dict) and "functionCall" in each]
    if calls:
        message["tool_calls"] = [
            {
                "id": call.get("id"),
                "type": "function",
                "function": {"name": call.get("name"), "arguments": call.get("args")},
            }
            for call in calls
            if isinstance(call, dict)
        ]
    return message


def _gemini_text(content: object) -> str | None:
    if not isinstance(content, dict):
        return None
    texts = [each.get("text") for each in _listed(content.get("parts")) if isinstance(each, dict)]
    return "".join(text for text in texts if isinstance(text, str)) or None
