"""What is new in a call's messages?

An agent resends its whole history with each call.  Each message gets a short digest; the digests of one call are
compared with those of the call before, and what follows the common start is new.  Only digests have to be
remembered for that, sixteen characters a message, never the conversation.
"""

from __future__ import annotations

import binascii
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

DIGEST = 16
"""Characters of one digest: 96 bits."""


def encoded(messages: Iterable[Any]) -> list[str]:
    """Each message as JSON; two that are written alike, key by key, have the same."""
    return list(map(_ENCODER.encode, messages))


def digests(messages: Iterable[Any]) -> list[str]:
    """One digest a message."""
    return digests_of(encoded(messages))


def digests_of(texts: Iterable[str]) -> list[str]:
    """One digest for each of ``encoded``."""
    from hashlib import blake2b  # noqa: PLC0415 -- who only reads need not wait for it

    raw = (blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).digest() for text in texts)
    return [binascii.b2a_base64(each, newline=False).decode() for each in raw]


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False)


def common_start(before: Sequence[str], now: Sequence[str]) -> int:
    """How many messages both lists begin with."""
    if not before or not now:
        return 0
    pairs = enumerate(zip(before, now))
    return next((number for number, (old, new) in pairs if old != new), min(len(before), len(now)))


def pack(marks: Sequence[str]) -> str:
    """The digests as one string, for a session's footer."""
    return "".join(marks)


def unpack(text: str) -> list[str]:
    """The digests of ``pack``."""
    return [text[start : start + DIGEST] for start in range(0, len(text), DIGEST)]


def with_full_messages(rounds: Iterable[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], list[Any]]]:
    """Each stored round with the whole list of messages that its call sent."""
    messages: list[Any] = []
    for entry in rounds:
        messages = messages[: entry.get("messages_from_history", 0)] + entry["messages"]
        yield entry, messages
