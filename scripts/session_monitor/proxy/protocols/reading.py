"""What does an answer tell, read from a copy of its bytes while these pass?"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from typing import Any

from .answer import AnswerSoFar
from .apis import CHAT, GEMINI, MESSAGES, RESPONSES
from .chat import ChatAnswer
from .events import StreamEvent, StreamEvents
from .gemini import GeminiAnswer
from .messages import MessagesAnswer
from .responses import ResponsesAnswer

MOST = 64 << 20
"""Bytes of an answer that is no stream; one that is longer is passed on unread."""
_ANSWERS = {CHAT: ChatAnswer, RESPONSES: ResponsesAnswer, MESSAGES: MessagesAnswer, GEMINI: GeminiAnswer}
_INFLATED = ("gzip", "x-gzip", "deflate")
_DONE = b"[DONE]"


def can_read(encoding: str) -> bool:
    """Whether an answer in this content encoding can be read."""
    return encoding in ("", "identity", *_INFLATED)


class AnswerReader:
    """Reads one answer while it passes.  Nothing that it meets stops it: what cannot be read is not known."""

    def __init__(self, protocol: str, content_type: str, encoding: str, *, keeps_texts: bool) -> None:
        """``content_type`` and ``encoding`` are those of the answer, in small letters."""
        self.answer: AnswerSoFar = _ANSWERS[protocol](keeps_texts=keeps_texts)
        self.is_stream = content_type.startswith("text/event-stream")
        self.events = StreamEvents()
        self._inflate = zlib.decompressobj(47) if encoding in _INFLATED else None
        self._is_unread = not can_read(encoding)
        self._whole = bytearray()

    def feed(self, data: bytes) -> None:
        """These bytes have passed."""
        if self._is_unread:
            return
        data = self.inflated(data)
        if self.is_stream:
            self.take(self.events.feed(data))
            return
        self._whole += data
        if len(self._whole) > MOST:
            self._is_unread = True
            self._whole.clear()

    def inflated(self, data: bytes) -> bytes:
        """The bytes that these stand for; fewer, where they are broken."""
        if self._inflate is None:
            return data
        try:
            return self._inflate.decompress(data)
        except zlib.error:
            self._is_unread = True
            return b""

    def take(self, events: Iterable[StreamEvent]) -> None:
        """Take in events."""
        for event in events:
            if event.data == _DONE:
                self.answer.has_ended = True
            elif event.data:
                decoded = _decoded(event.data)
                if isinstance(decoded, dict):
                    self.answer.take_event(decoded)

    def end(self) -> None:
        """There is no more to come."""
        if self._is_unread:
            return
        if self.is_stream:
            self.take(self.events.end())
            return
        whole = _decoded(bytes(self._whole))
        if isinstance(whole, dict):
            self.answer.take_whole(whole)
        elif isinstance(whole, list):  # Gemini's stream where nobody asks for events
            for each in whole:
                if isinstance(each, dict):
                    self.answer.take_event(each)


def _decoded(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
