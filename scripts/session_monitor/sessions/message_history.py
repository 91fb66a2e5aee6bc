"""What is new in a call's messages?

An agent resends its whole history with each call.  Each message gets a short digest; the digests of one call are
compared with those of the call before, and what follows the common start is new.  Only digests have to be
remembered for that, sixteen characters a message, never the conversation.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from session_monitor.base import compact_json

if TYPE_CHECKING:
    from .stored_round import StoredRound

_BYTES = 12
DIGEST = _BYTES * 4 // 3
"""Characters of one digest, in base 64."""


def encoded(messages: Iterable[Any]) -> list[bytes]:
    """Each message as JSON; two that are written alike, key by key, have the same."""
    return list(map(_encoded, messages))


_encoded = compact_json.encoder(allow_nan=True)


def digests(messages: Iterable[Any]) -> str:
    """One digest a message, one behind the other, as they stand in a session's footer."""
    return digests_of(encoded(messages))


def digests_of(texts: Iterable[bytes]) -> str:
    """The digests of messages that were ``encoded``."""
    from session_monitor.base.hashing import blake2b  # noqa: PLC0415 -- who only reads need not wait for it

    raw = b"".join(blake2b(text, digest_size=_BYTES).digest() for text in texts)
    return binascii.b2a_base64(raw, newline=False).decode()


def common_start(before: str, now: str) -> int:
    """How many messages both lists begin with, by their digests."""
    if now.startswith(before):
        return len(before) // DIGEST
    ends = range(DIGEST, min(len(before), len(now)) + 1, DIGEST)
    return next((end // DIGEST - 1 for end in ends if before[end - DIGEST : end] != now[end - DIGEST : end]), len(ends))


def with_full_messages(rounds: Iterable[StoredRound]) -> Iterator[tuple[StoredRound, list[Any]]]:
    """Each stored round with the whole list of messages that its call sent."""
    messages: list[Any] = []
    for stored in rounds:
        messages = messages[: stored.get("messages_from_history", 0)] + stored["messages"]
        yield stored, messages
