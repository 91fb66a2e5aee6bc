"""How does a stream look whose client did not ask for its tokens, when the proxy did?

As if nobody had asked: without the last chunk, which has tokens and no choice, and without the ``"usage": null`` of the others.
All other bytes stay.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterable

from .protocols.events import StreamEvent, data_of
from .routes import Upstream

_NULL = re.compile(rb',\s*"usage"\s*:\s*null|"usage"\s*:\s*null\s*,\s*')
_NAMED = b"stream_options"
STATUSES = (400, 422)
"""What a provider answers that does not know what it was asked."""


class Refusers:
    """The providers that refuse to be asked for the tokens of a stream, as they said."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: set[Upstream] = set()

    def add(self, upstream: Upstream) -> None:
        """It refused."""
        with self._lock:
            self._known.add(upstream)

    def __contains__(self, upstream: Upstream) -> bool:
        with self._lock:
            return upstream in self._known


def is_refused(status: int, body: bytes) -> bool:
    """Whether this is the answer of a provider that does not know the question."""
    return status in STATUSES and _NAMED in body


def without_usage(events: Iterable[StreamEvent]) -> bytes:
    """The bytes of these events as they would be without the question."""
    return b"".join(map(_without_usage, events))


def _without_usage(event: StreamEvent) -> bytes:
    if b'"usage"' not in event.data:
        return event.raw
    try:
        chunk = json.loads(event.data)
    except (ValueError, RecursionError):
        return event.raw
    if not isinstance(chunk, dict) or "usage" not in chunk:
        return event.raw
    if chunk["usage"] is not None:
        return b"" if chunk.get("choices") == [] else event.raw
    del chunk["usage"]
    for match in _NULL.finditer(event.raw):
        raw = event.raw[: match.start()] + event.raw[match.end() :]
        if _is(raw, chunk):
            return raw
    return event.raw


def _is(raw: bytes, chunk: object) -> bool:
    """Whether an event is this chunk."""
    try:
        return bool(json.loads(data_of(raw)) == chunk)
    except ValueError:
        return False
