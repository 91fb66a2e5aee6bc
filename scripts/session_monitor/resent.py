r"""Which of a line's messages were sent with the call before, told without decoding them?

An agent sends its whole history with each call.  Where the bytes of a line's ``messages`` begin with those of the
session's last call, the same messages would come out of them again, so ``cut`` takes them out of the line, and what is
left is parsed as any other line: the ordinary way stays the only one that says what a line means.

In the gateway's own shape (``{"ai_log":"{\"api\":…,\"messages\":[…],\"model\":…}",…}``) a quote of the object itself has one
backslash before it, and one inside of a string in it more than that, so no text that anybody says looks like a key.
What stands deeper in the object may, and is told by its brackets: ``cut`` and ``extent`` make sure that what stands
before and behind the array is whole without it.  Whatever is odd is left to the ordinary way.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import blake2b
from json.decoder import scanstring  # type: ignore[attr-defined]  # typeshed leaves it out
from typing import Any, Callable, NamedTuple

START = b'{"ai_log":"'
_MESSAGES = b'\\"messages\\":['
_KEY = b'\\"messages\\":'
_SESSION = b'\\"session_id\\":\\"'
_TRIES = 4
"""How many places are looked at for the end of the array."""
SHORTEST = 512
"""Bytes of messages for which it is worth while."""


class Sent(NamedTuple):
    """The messages that a session's last call sent: how many, and their bytes in the line, without the brackets.

    Where the bytes would take too much room ``digest`` stands for them.
    """

    number: int
    length: int
    raw: bytes | None
    digest: bytes | None = None

    def without_bytes(self) -> Sent:
        """The same, told by a digest."""
        return self if self.raw is None else Sent(self.number, self.length, None, _digest(self.raw))

    def begins(self, line: bytes, start: int) -> bool:
        """Whether the same bytes stand in a line from there on."""
        if self.raw is not None:
            return line.startswith(self.raw, start)
        return self.digest == _digest(line[start : start + self.length])


def _digest(raw: bytes) -> bytes:
    return blake2b(raw, digest_size=16).digest()


Known = Callable[[str], "Sent | None"]
"""What the last call of a session sent, where that is remembered."""


class Cut(NamedTuple):
    """A line without what was sent before: of which session, how many messages, and where they stood in the whole."""

    line: bytes
    whole: bytes
    session_id: str
    sent: Sent
    start: int
    end: int


def cut(line: bytes, known: Known) -> Cut | None:
    """The line without the messages of the session's last call, or None where it does not simply go on from these."""
    start = _start(line)
    key = line.rfind(_SESSION) if start else -1
    if start is None or key < start:
        return None
    first = key + len(_SESSION)
    raw_id = line[first : line.find(b'\\"', first)]
    if b"\\" in raw_id or not raw_id.isascii():
        return None
    session_id = raw_id.decode("ascii")
    sent = known(session_id)
    if sent is None or sent.length < SHORTEST:
        return None
    end = start + sent.length
    goes_on = line[end : end + 1] == b"," and sent.begins(line, start)
    if not goes_on or line.find(_KEY, end) >= 0 or _head(line, start) is None:
        return None
    return Cut(line[:start] + line[end + 1 :], line, session_id, sent, start, end)


def extent(line: bytes, keys: Sequence[str]) -> tuple[int, int] | None:
    """Where the messages of a line stand, without the brackets; None where that is not plain.

    ``keys`` are those of the line's whole ``ai_log``, in their order.
    """
    start = _start(line)
    if start is None or "messages" not in keys:
        return None
    head, rest = keys[: keys.index("messages") + 1], keys[keys.index("messages") + 1 :]
    if _head(line, start) != head:
        return None
    behind = b'],\\"%b\\":' % json.dumps(rest[0])[1:-1].encode() if rest else b']}"'
    end = len(line)
    for _ in range(_TRIES):
        end = line.rfind(behind, start, end)
        if end < 0:
            return None
        if _keys_behind(line[end + 1 :]) == rest:
            return start, end
    return None


def _start(line: bytes) -> int | None:
    """Where the first message begins."""
    found = line.find(_MESSAGES) if line.startswith(START) else -1
    return None if found < 0 else found + len(_MESSAGES)


def _head(line: bytes, start: int) -> list[str] | None:
    """The keys up to ``messages``; None where the array that begins there is not the object's own."""
    return _object_keys(line[len(START) : start] + b'"', "", "]}")


def _keys_behind(rest: bytes) -> list[str] | None:
    """The keys behind the array; None where what stands there is not the rest of the object."""
    if rest.startswith(b"}"):
        return []
    return _object_keys(rest[1:], "{", "")


def _object_keys(raw: bytes, before: str, behind: str) -> list[str] | None:
    try:
        text, _ = scanstring(raw.decode("utf-8", "replace"), 0, True)  # noqa: FBT003 -- positional only
        found: Any = json.loads(before + text + behind)
    except (ValueError, RecursionError):
        return None
    return list(found) if isinstance(found, dict) else None
