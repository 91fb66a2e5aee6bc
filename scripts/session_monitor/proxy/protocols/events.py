"""Which server-sent events are in the bytes of a stream, however these come apart?

Lines end with LF, CR LF or CR; an event ends with an empty line.  Its bytes are kept as they came, for whoever passes them on.

Source: WHATWG, HTML, section 9.2, "Server-sent events".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

LONGEST = 32 << 20
"""Bytes of one event; whoever sends more is passed on unread."""
_END = re.compile(rb"(?:\r\n|\n|\r(?!\n))(?:\r\n|\n|\r(?!\n))")
"""The end of a line, and the end of an empty one."""
_LINE_END = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"


class StreamEvent(NamedTuple):
    """An event: all its bytes, and its data, which is empty where it has none."""

    raw: bytes
    data: bytes


class StreamEvents:
    """Takes the bytes of a stream as they come, and gives its events."""

    def __init__(self) -> None:
        self._waiting = bytearray()
        self._searched = 0

    def feed(self, data: bytes) -> Iterator[StreamEvent]:
        """The events that are whole by now."""
        self._waiting += data
        start = 0
        at = self._searched
        while (end := _END.search(self._waiting, at)) is not None:
            if end.end() == len(self._waiting) and self._waiting.endswith(b"\r"):
                break  # an LF may follow that belongs to it
            yield self._event(bytes(self._waiting[start : end.end()]))
            start = at = end.end()
        del self._waiting[:start]
        self._searched = max(0, len(self._waiting) - 3)
        if len(self._waiting) > LONGEST:
            yield StreamEvent(self.rest(), b"")

    def rest(self) -> bytes:
        """What came since the last whole event; it is forgotten."""
        rest = bytes(self._waiting)
        self._waiting.clear()
        self._searched = 0
        return rest

    def end(self) -> Iterator[StreamEvent]:
        """What stands behind the last whole event when the stream has ended: not all end their last one."""
        rest = self.rest()
        if rest:
            yield self._event(rest)

    def _event(self, raw: bytes) -> StreamEvent:
        return StreamEvent(raw, data_of(raw))


def data_of(raw: bytes) -> bytes:
    """The data of an event; before the first one a byte order mark may stand."""
    body = raw.removeprefix(_BOM)
    return b"\n".join([_value(line) for line in _LINE_END.split(body) if line.startswith(b"data:")])


def _value(line: bytes) -> bytes:
    value = line[len(b"data:") :]
    return value[1:] if value.startswith(b" ") else value
