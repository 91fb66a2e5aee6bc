r"""Which of a line's messages were sent with the call before, told without decoding them?

An agent sends its whole history with each call.  Where the bytes of a line's ``messages`` begin with those of the
session's last call, the same messages would come out of them again, so ``cut`` takes them out of the line, and what is
left is parsed as any other line: the ordinary way stays the only one that says what a line means.

In the gateway's own shape (``{"ai_log":"{\"api\":…,\"messages\":[…],\"model\":…}",…}``) a quote of the object itself has one
backslash before it, and one inside of a string in it more than that, so no text that anybody says looks like a key.
What stands deeper in the object may, and is told when the rest is parsed: it has to be a whole object without the
messages, and has to be found in the line, byte for byte, when it is escaped as the gateway does.  Whatever is odd is left
to the ordinary way.
"""

from __future__ import annotations

from json.encoder import encode_basestring
from typing import Callable, NamedTuple

from .hashing import blake2b

START = b'{"ai_log":"'
_MESSAGES = b'\\"messages\\":['
_KEY = b'\\"messages\\":'
_SESSION = b'\\"session_id\\":\\"'
_LOOK = 256
"""Characters behind the array that are held against the line."""
SHORTEST = 512
"""Bytes of messages for which it is worth while."""


class Sent(NamedTuple):
    """The messages that a session's last call sent: how many, and of how many bytes, without the brackets.

    They stand in a ``line`` from ``start`` on, which is kept as it was read; where lines would take too much room
    ``digest`` stands for them.
    """

    number: int
    length: int
    line: bytes = b""
    start: int = 0
    digest: bytes | None = None

    @property
    def raw(self) -> bytes:
        """Their bytes, if they are kept."""
        return self.line[self.start : self.start + self.length]

    def without_bytes(self) -> Sent:
        """The same, told by a digest."""
        return self if self.digest else Sent(self.number, self.length, digest=_digest(self.raw))

    def begins(self, line: bytes, start: int) -> bool:
        """Whether the same bytes stand in a line from there on."""
        if self.digest is None:
            return line.startswith(self.raw, start)
        return self.digest == _digest(line[start : start + self.length])


def _digest(raw: bytes) -> bytes:
    return blake2b(raw, digest_size=16).digest()


Known = Callable[[str], "Sent | None"]
"""What the last call of a session sent, where that is remembered."""


class Cut(NamedTuple):
    """A line without what was sent before: of which session, what that was, and where it began."""

    line: bytes
    session_id: str
    sent: Sent
    start: int


def is_worth_while(line: bytes) -> bool:
    """Whether a line has so many messages that they are worth remembering."""
    return len(line) > SHORTEST and _start(line) is not None


def cut(line: bytes, known: Known) -> Cut | None:
    """The line without the messages of the session's last call, or None where it does not simply go on from these.

    That the array is the object's own is for ``extent`` to say, of what is left.
    """
    start = _start(line)
    key = line.rfind(_SESSION) if start else -1
    if start is None or key < start:
        return None
    first = key + len(_SESSION)
    session_id = line[first : line.find(b'\\"', first)].decode("utf-8", "replace")
    if "\\" in session_id:
        return None
    sent = known(session_id)
    if sent is None or sent.length < SHORTEST:
        return None
    end = start + sent.length
    if line[end : end + 1] != b"," or not sent.begins(line, start) or line.find(_KEY, end) >= 0:
        return None
    return Cut(line[:start] + line[end + 1 :], session_id, sent, start)


def extent(line: bytes, before: str, behind: str, rest: str) -> tuple[int, int] | None:
    """Where the messages of a line stand, without the brackets; None where it is not written as the gateway writes.

    ``before`` is the text of ``ai_log`` up to their opening bracket, ``behind`` that from the closing one on, ``rest``
    the line from the end of ``ai_log`` on: they have to stand around the messages as the gateway writes them.
    """
    head, outer = _escaped(before), rest.encode()
    start = len(START) + len(head)
    # The gateway writes a backslash before each quote and backslash, and JSON holds nothing else to be escaped.
    end = len(line) - len(outer) - len(behind.encode()) - behind.count('"') - behind.count("\\")
    is_there = start <= end and line.startswith(head, len(START)) and line.endswith(outer)
    return (start, end) if is_there and line.startswith(_escaped(behind[:_LOOK]), end) else None


def _start(line: bytes) -> int | None:
    """Where the first message begins."""
    found = line.find(_MESSAGES) if line.startswith(START) else -1
    return None if found < 0 else found + len(_MESSAGES)


def _escaped(text: str) -> bytes:
    """A part of a JSON string as the gateway writes it."""
    return encode_basestring(text)[1:-1].encode("utf-8", "surrogatepass")
