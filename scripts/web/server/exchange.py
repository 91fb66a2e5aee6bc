"""What is asked of the server, and what is answered?"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple, Union

JSON, HTML, EVENTS = "application/json", "text/html; charset=utf-8", "text/event-stream"
SCHEMA_VERSION = 1
WORTH_PACKING = 1000
"""Bytes from which on an answer is sent compressed."""
_LEVEL = 5

Headers = tuple[tuple[str, str], ...]

SAFETY: Headers = (
    (
        "Content-Security-Policy",
        (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cache-Control", "private, no-cache"),
)
"""What every answer says, also one that refuses."""


class Request(NamedTuple):
    """One request: its path as it was sent, its query by name, and from whose address it came.

    ``headers`` has the names in small letters; what was sent several times stands there in one.  ``user`` is the id of
    the user of this machine who sent it; None where it came from elsewhere, or where that is not known.
    """

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    address: str
    is_tls: bool = False
    user: int | None = None

    def one(self, name: str) -> str | None:
        """The last value of a parameter; None where it was not given."""
        values = self.query.get(name)
        return values[-1] if values else None

    def header(self, name: str) -> str:
        """A header; empty where it was not sent."""
        return self.headers.get(name.lower(), "")


class AnswerBody:
    """A body with its mark for caches, and compressed once somebody takes it so."""

    def __init__(self, body: bytes, kind: str = JSON) -> None:
        """``kind`` is its media type."""
        self.body = body
        self.kind = kind
        self.etag = hashlib.blake2b(body, digest_size=12).hexdigest()
        self._packed: bytes | None = None

    def packed(self) -> bytes:
        """The body as gzip; two threads may both compress it, to the same."""
        if self._packed is None:
            self._packed = gzip.compress(self.body, _LEVEL, mtime=0)
        return self._packed

    def __len__(self) -> int:
        """Bytes that it takes in memory at most."""
        return len(self.body) + (len(self.body) // 4 if len(self.body) >= WORTH_PACKING else 0)


class Answer(NamedTuple):
    """An answer that is there as a whole; ``content`` is None where a status says all."""

    status: int
    content: AnswerBody | None = None
    headers: Headers = ()


class Stream(NamedTuple):
    """An answer that comes in pieces; an empty piece only asks whether anybody is still there."""

    kind: str
    pieces: Iterator[bytes]
    headers: Headers = ()


Reply = Union[Answer, Stream]


class Refusal(Exception):  # noqa: N818 -- an answer, too
    """What ends a request: a status, a code for programs, a message for people, and ``progress`` where that is known."""

    def __init__(
        self, status: int, code: str, message: str, headers: Headers = (), progress: float | None = None
    ) -> None:
        """No part of the message was written by strangers."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers
        self.progress = progress
