r"""Which of a line's messages were sent with the call before, told without decoding them?

An agent sends its whole history with each call.  Where the bytes of a line's ``messages`` begin with those that one of
the session's conversations sent last, the same messages would come out of them again, so ``take_apart`` leaves them out of what is decoded.

In the gateway's own shape (``{"ai_log":"{\"api\":…,\"messages\":[…],\"model\":…}",…}``) a quote of the object itself has one
backslash before it, and one inside of a string in it more than that, so no text that anybody says looks like a key.
What stands deeper in the object may, so where a line is taken apart is a guess.  It is proved when the pieces are parsed:
the messages have to be a whole list, and what stands around them a whole object whose own they are.  Whatever is odd is
left to the ordinary way.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Callable, NamedTuple

from session_monitor.base.hashing import blake2b

from . import access_line, cache_marks

START = access_line.START.encode()
_MESSAGES = b'\\"messages\\":['
# The next of the object's keys, which Go writes in their order; a call that failed has no model.
_BEHIND = (b'],\\"model\\":', b'],\\"output_token\\":', b'],\\"output_token_details\\":', b'],\\"question\\":')
_SESSION = b'\\"session_id\\":\\"'
SHORTEST = 512
"""Bytes of messages for which it is worth while."""


class Sent(NamedTuple):
    """The messages that a conversation's last call sent: how many, and of how many bytes, without the brackets.

    They stand in a ``line`` from ``start`` on, which is kept as it was read; where lines would take too much room
    ``digest`` stands for them.  ``thread`` is the conversation's number in its session, once that is known; ``lifetimes``
    those of the caches that they ask for.
    """

    number: int
    length: int
    line: bytes = b""
    start: int = 0
    digest: bytes | None = None
    thread: int = 0
    lifetimes: frozenset[str] = cache_marks.NONE

    @property
    def raw(self) -> bytes:
        """Their bytes, if they are kept."""
        return self.line[self.start : self.start + self.length]

    def without_bytes(self) -> Sent:
        """The same, told by a digest."""
        return self if self.digest else self._replace(line=b"", start=0, digest=_digest(self.raw))

    def of_thread(self, thread: int) -> Sent:
        """The same, of that conversation."""
        if thread == self.thread:
            return self
        return Sent(self.number, self.length, self.line, self.start, self.digest, thread, self.lifetimes)

    def begins(self, line: bytes, start: int) -> bool:
        """Whether the same bytes stand in a line from there on."""
        if self.digest is None:
            return line.startswith(memoryview(self.line)[self.start : self.start + self.length], start)
        return self.digest == _digest(line[start : start + self.length])


def _digest(raw: bytes) -> bytes:
    return blake2b(raw, digest_size=16).digest()


Known = Callable[[str], Iterable[Sent]]
"""What the last call of each conversation of a session sent, where that is remembered; the latest first."""


class Pieces(NamedTuple):
    """A line taken apart at its messages, which stand in it from ``start`` to ``end``, without the brackets.

    ``before`` is what stands before them in ``ai_log``, ``behind`` all of the line that comes after them.  Where they begin
    with those that a conversation of the session ``session_id`` sent last, which ``known`` tells, ``messages`` are the others.
    """

    before: bytes
    messages: bytes
    behind: bytes
    start: int
    end: int
    session_id: str = ""
    known: Sent | None = None


def take_apart(line: bytes, known: Known) -> Pieces | None:
    """The pieces of a line in the gateway's own shape, None for another, or where there is too little to remember."""
    key = line.find(_MESSAGES) if len(line) > SHORTEST and line.startswith(START) else -1
    if key < 0:
        return None
    start = key + len(_MESSAGES)
    session_id = _session_id(line, start)
    sent = _longest(known(session_id), line, start)
    first = start + sent.length + 1 if sent else start
    for what in _BEHIND:
        end = line.rfind(what, first - 1)
        if end >= 0:
            break
    else:
        return None
    before, messages, behind = line[len(START) : start - 1], line[first:end], line[end + 1 :]
    return Pieces(before, messages, behind, start, end, session_id if sent else "", sent)


def _longest(known: Iterable[Sent], line: bytes, start: int) -> Sent | None:
    """Of what was sent that of most bytes which stand in a line from there on, with more behind them; the latest of several."""
    longest, most = None, SHORTEST - 1
    for sent in known:
        behind = start + sent.length
        if sent.length > most and line[behind : behind + 1] == b"," and sent.begins(line, start):
            longest, most = sent, sent.length
    return longest


def whole(pieces: Pieces, line: bytes) -> Pieces:
    """The same with all messages of the line."""
    return pieces._replace(messages=line[pieces.start : pieces.end], session_id="", known=None)


def _session_id(line: bytes, start: int) -> str:
    """The id that a line seems to have behind this byte, empty where it has none."""
    key = line.rfind(_SESSION, start)
    first = key + len(_SESSION)
    return line[first : line.find(b'\\"', first)].decode("utf-8", "replace") if key >= 0 else ""


def shown_session_id(line: bytes) -> bytes | None:
    """The id that a line seems to have, as its bytes in UTF-8; None where it shows none, or one that JSON escapes.

    It is a guess: what stands deeper in the line may look like its key.
    """
    key = line.rfind(_SESSION)
    if key < 0:
        return None
    first = key + len(_SESSION)
    shown = line[first : line.find(b'"', first)]
    # What ends it has one backslash; with more of them there is an escape in it.  A gateway writes - for what is absent.
    if shown[-1:] != b"\\" or b"\\" in shown[:-1] or shown in (b"\\", b"-\\"):
        return None
    return shown[:-1]
