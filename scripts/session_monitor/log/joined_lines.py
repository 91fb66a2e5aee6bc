"""Which lines did the gateway write, where an engine cut them into pieces?

A line whose end has not come is waited for.  Until then nothing that stands behind its beginning is given back, so that
all before it counts as read, and nothing else: whoever stops meanwhile reads the pieces again.
"""

from __future__ import annotations

from json.decoder import scanstring  # type: ignore[attr-defined]  # typeshed leaves it out
from typing import NamedTuple

from session_monitor.calls.long_lines import START

from .wrapped_lines import unwrapped

MOST_LINES = 1000
"""So many others stand between the pieces of a line at most: an engine writes them one right after the other."""
MOST_BYTES = 64 << 20
"""And so many bytes are held at most."""


class JoinedLine(NamedTuple):
    """What the gateway wrote of a line, None where that is too long; and where its last piece stands."""

    start: int
    end: int
    payload: bytes | None


class _Pieces:
    """The beginning of a line, and where the last piece of it stands."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.has_whole_ai_log = False
        self.length = self.start = self.end = 0

    def add(self, start: int, end: int, part: bytes) -> None:
        self.parts.append(part)
        self.length += len(part)
        self.start, self.end = start, end

    def joined(self, longest: int) -> JoinedLine:
        return JoinedLine(self.start, self.end, None if self.length > longest else b"".join(self.parts))


class Joining:
    """The lines of one file, in their order."""

    def __init__(self, longest: int) -> None:
        """No line has come yet; one of more than ``longest`` bytes is too long to be read."""
        self._longest = longest
        self.waiting: dict[str, _Pieces] = {}
        """What is still to be completed, by stream; while there is any, nothing comes back."""
        self._complete: list[JoinedLine] = []
        self._held_bytes = 0

    def add(self, start: int, end: int, line: bytes | None) -> list[JoinedLine]:
        """Take the next line of the file, None for one that is too long; returns what is complete with it.

        What comes back is in the order of the file.
        """
        wrapped = None if line is None else unwrapped(line.lstrip(b"\0"))
        if wrapped is None or line is None:
            self._complete.append(JoinedLine(start, end, None))
        elif not wrapped.stream:
            # As it is where nothing was taken away: that may be a hole of NUL bytes, which counts as one.
            self._complete.append(JoinedLine(start, end, wrapped.payload or line))
        else:
            self._add_piece(start, end, *wrapped)
        if not self.waiting:
            return self._given()
        self._held_bytes += end - start
        is_too_much = len(self._complete) > MOST_LINES or self._held_bytes > MOST_BYTES
        return self.rest() if is_too_much else []

    def rest(self) -> list[JoinedLine]:
        """All that is left, where nothing more is to be expected: what was cut off comes as far as it goes."""
        for stream in list(self.waiting):
            self._close(stream)
        return self._given()

    def completed_by(self, line: bytes) -> bytes | None:
        """What the gateway wrote if this line came next; None if more would have to come."""
        payload, stream, is_piece = unwrapped(line.lstrip(b"\0"))
        pieces = self.waiting.get(stream)
        if is_piece:
            return None
        return b"".join([*pieces.parts, payload]) if pieces else payload

    def _add_piece(self, start: int, end: int, payload: bytes, stream: str, is_piece: bool) -> None:  # noqa: FBT001
        pieces = self.waiting.get(stream)
        if pieces and _begins_anew(pieces, payload):
            self._close(stream)
            pieces = None
        if pieces is None:
            pieces = self.waiting[stream] = _Pieces()
        pieces.add(start, end, payload)
        if not is_piece or pieces.length > self._longest:
            self._close(stream)

    def _close(self, stream: str) -> None:
        self._complete.append(self.waiting.pop(stream).joined(self._longest))

    def _given(self) -> list[JoinedLine]:
        given, self._complete, self._held_bytes = self._complete, [], 0
        return given if len(given) == 1 else sorted(given, key=lambda line: line.start)


def _begins_anew(pieces: _Pieces, payload: bytes) -> bool:
    """Whether this is no rest, but a new line.

    The gateway escapes quotes in ``ai_log``.  Behind it they stand as a client sent them, and nothing is a sure sign.
    """
    if pieces.has_whole_ai_log or not payload.startswith(START):
        return False
    held = b"".join(pieces.parts)
    try:
        scanstring(held.decode("utf-8", "replace"), len(START), True)  # noqa: FBT003 -- positional only
    except ValueError:
        return held.startswith(START)
    pieces.has_whole_ai_log = True  # and is not looked for in all of them again with each of the next
    return False
