"""What is new in a call's messages?

An agent resends its whole history with each call.  Each message gets a short digest of what it says, whatever it wears
(``message_forms``); the digests of one call are compared with those of an earlier one, and what follows the common start
is new.  Only digests have to be remembered for that, sixteen characters a message, never the conversation.

A message that was sent before is stored as it was sent first.  Where it wears something else now, the round says what,
so that the whole list can be given back as it was sent.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from session_monitor.base import compact_json

from . import message_forms

if TYPE_CHECKING:
    from .message_forms import Form
    from .stored_round import StoredRound

_BYTES, _FORM_BYTES = 9, 3
DIGEST, FORM = _BYTES * 4 // 3, _FORM_BYTES * 4 // 3
"""Characters of one message's digest and of its form's, in base 64."""
_DIGEST_SIZE = 12  # of which the first bytes are taken: those of footers that were written before messages had forms
_PLAIN = "A" * FORM

MOST_THREADS = 8
"""Conversations of a session that are remembered, those that were gone on with last."""
MOST_MESSAGES = 4096
"""Messages of all of them but the last that are remembered."""


Marks = tuple[str, str]
"""What is remembered of a list of messages: a digest of each, one behind the other, and one of the form of each."""


def encoded(messages: Iterable[Any]) -> list[bytes]:
    """Each message as JSON; two that are written alike, key by key, have the same."""
    return list(map(_encoded, messages))


_encoded = compact_json.encoder(allow_nan=True)


def digests(messages: Sequence[Any]) -> str:
    """One digest a message, one behind the other."""
    return marks_of(messages, encoded(messages))[0]


def marks_of(messages: Sequence[Any], texts: Sequence[bytes]) -> Marks:
    """The marks of messages that were ``encoded`` as these texts."""
    from session_monitor.base.hashing import blake2b  # noqa: PLC0415 -- who only reads need not wait for it

    digests_ = [blake2b(text, digest_size=_DIGEST_SIZE).digest() for text in texts]
    odd = message_forms.may_wear(messages)
    forms = _PLAIN * len(texts)
    if odd:
        forms_ = [_PLAIN] * len(texts)
        for at in odd:
            digests_[at], forms_[at] = _bare_marks(messages[at], digests_[at])
        forms = "".join(forms_)
    return _text_of(b"".join([digest[:_BYTES] for digest in digests_])), forms


def _digest(text: bytes, size: int) -> bytes:
    from session_monitor.base.hashing import blake2b  # noqa: PLC0415 -- as above

    return blake2b(text, digest_size=size).digest()


def _text_of(raw: bytes) -> str:
    return binascii.b2a_base64(raw, newline=False).decode()


_MOST_SEEN = 20_000
_seen: dict[bytes, tuple[bytes, str]] = {}
# What was found under what messages wore that were seen lately, by their digests: most are sent again and again.


def _bare_marks(message: Any, digest: bytes) -> tuple[bytes, str]:
    """The digest of a message without what it wears, and that of its form; ``digest`` is its own."""
    marks = _seen.get(digest)
    if marks is None:
        if len(_seen) >= _MOST_SEEN:
            _seen.clear()
        bare, form = message_forms.undressed(message)
        marks = _seen[digest] = (
            (_digest(_encoded(bare), _DIGEST_SIZE), _form_digest(form)) if form else (digest, _PLAIN)
        )
    return marks


def _form_digest(form: Form) -> str:
    digest = _text_of(_digest(_encoded(form), _FORM_BYTES))
    return "A" * (FORM - 1) + "B" if digest == _PLAIN else digest


def old_marks(history: str) -> Marks:
    """The marks of a footer that was written before messages had forms; what was dressed there has no equal any more."""
    size = DIGEST + FORM
    starts = range(0, len(history), size)
    return "".join(history[at : at + DIGEST] for at in starts), _PLAIN * len(starts)


def common_start(before: str, now: str) -> int:
    """How many messages both lists begin with, by their digests."""
    if now.startswith(before):
        return len(before) // DIGEST
    shared, end = 0, min(len(before), len(now)) // DIGEST
    while shared < end:  # what is known to be shared, and what may be
        middle = (shared + end + 1) // 2
        start = shared * DIGEST
        if before[start : middle * DIGEST] == now[start : middle * DIGEST]:
            shared = middle
        else:
            end = middle - 1
    return shared


def otherwise_dressed(before: str, now: str, shared: int) -> list[int]:
    """Which of the first so many messages wear something else than before, by the digests of their forms."""
    end = shared * FORM
    if before[:end] == now[:end]:
        return []
    return [at // FORM for at in range(0, end, FORM) if before[at : at + FORM] != now[at : at + FORM]]


# -- the conversations of a session, and their whole lists -------------------------------------------------------------


class LastOfThread(Protocol):
    """The last round of one conversation of a session: which, of how many messages."""

    @property
    def thread(self) -> int:
        """The conversation's number."""
        ...

    @property
    def length(self) -> int:
        """How many messages its last round sent."""
        ...


EachThread = TypeVar("EachThread", bound=LastOfThread)


def latest(known: Sequence[EachThread], now: EachThread) -> list[EachThread]:
    """The conversations that stay remembered where one of them, or a new one, is gone on with; that one first."""
    if known and known[0].thread == now.thread:
        return [now, *known[1:]]  # it takes no room from the others
    kept, room = [now], MOST_MESSAGES
    for each in known:
        if each.thread != now.thread:
            room -= each.length
            if room < 0 or len(kept) == MOST_THREADS:
                break
            kept.append(each)
    return kept


class SentList(NamedTuple):
    """The whole list of messages that the last round of a conversation sent, and that round's number."""

    thread: int
    round: int
    messages: list[Any]

    @property
    def length(self) -> int:
        """How many messages it sent."""
        return len(self.messages)


def base_of(facts: Mapping[str, Any]) -> int:
    """The number of the round whose messages this one's list begins with, as far as it does; 0 for none."""
    return int(facts.get("history_of", facts["round"] - 1))


def thread_of(facts: Mapping[str, Any]) -> int:
    """Which of its session's conversations a round belongs to."""
    return int(facts.get("thread", 1))


def with_full_messages(rounds: Iterable[StoredRound]) -> Iterator[tuple[StoredRound, list[Any]]]:
    """Each stored round with the whole list of messages that its call sent.

    Rounds may be left out, but not those that a later one's list begins with.
    """
    kept: list[SentList] = []
    for stored in rounds:
        base = base_of(stored)
        before = next((each.messages for each in kept if each.round == base), [])
        messages = redressed(before[: stored.get("messages_from_history", 0)], stored.get("restyled", ()))
        messages += stored["messages"]
        if messages:
            kept = latest(kept, SentList(thread_of(stored), stored["round"], messages))
        yield stored, messages


def redressed(messages: list[Any], restyled: Iterable[tuple[int, Form]]) -> list[Any]:
    """The list with these messages in another form; each is told by its place in it."""
    for at, form in restyled:
        if at >= len(messages):  # they were left out where they were stored
            break
        messages[at] = message_forms.dressed(message_forms.undressed(messages[at])[0], form)
    return messages
