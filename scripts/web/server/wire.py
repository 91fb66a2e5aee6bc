"""How does an answer read in bytes?"""

from __future__ import annotations

import email.utils
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import NamedTuple

from .exchange import SAFETY, WORTH_PACKING, Answer, AnswerBody

_SERVER = "agent-session-monitor"


class WrittenAnswer(NamedTuple):
    """An answer in bytes, with the status that it has for whom it is sent to."""

    status: int
    head: bytes
    body: bytes


def written(answer: Answer, sent: Mapping[str, str], connection: str, *, has_body: bool = True) -> WrittenAnswer:
    """A whole answer to a request with these headers (names in small letters).

    It is 304 where they name what would be sent, and packed where they take it so.  ``connection`` says what becomes of
    the connection; without ``has_body`` the head is all.
    """
    status, content, headers = answer
    body = b""
    if content is not None:
        known = _marks(sent.get("if-none-match", ""))
        if status == 200 and (content.etag in known or "*" in known):
            status = 304
        is_packed = len(content.body) >= WORTH_PACKING and _takes_gzip(sent.get("accept-encoding", ""))
        body = content.packed() if is_packed else content.body
        mark = f'"{content.etag}-gzip"' if is_packed else f'"{content.etag}"'
        headers = (*headers, ("Vary", "Accept-Encoding, Cookie"), *((("ETag", mark),) if status < 400 else ()))
        if is_packed and status != 304:
            headers = (*headers, ("Content-Encoding", "gzip"))
    length = (("Content-Length", str(len(body))),) if status != 304 else ()
    first = head(status, (*headers, ("Connection", connection), *length), content)
    return WrittenAnswer(status, first, body if has_body and status != 304 else b"")


def head(status: int, headers: Sequence[tuple[str, str]], content: AnswerBody | None = None) -> bytes:
    """The lines before a body.  Raises ``ValueError`` for a header that would be two."""
    given = {name.lower() for name, _ in headers}
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", f"Server: {_SERVER}"]
    lines.append(f"Date: {email.utils.formatdate(usegmt=True)}")
    lines += [f"{name}: {value}" for name, value in SAFETY if name.lower() not in given]
    lines += [f"{name}: {value}" for name, value in headers]
    lines += [f"Content-Type: {content.kind}"] if content and status != 304 else []
    text = "\r\n".join(lines)
    if text.count("\n") != len(lines) - 1 or "\0" in text:
        raise ValueError("a header with a line end in it")
    return text.encode("latin-1") + b"\r\n\r\n"


def chunk(piece: bytes) -> bytes:
    """A piece of an answer whose length is not known yet; the empty one is its end."""
    return b"%x\r\n%b\r\n" % (len(piece), piece)


def _marks(text: str) -> set[str]:
    """The marks that a cache has, without what says how they were sent."""
    return {each.strip().removeprefix("W/").strip('"').replace("-gzip", "") for each in text.split(",") if each}


def _takes_gzip(text: str) -> bool:
    for each in text.lower().split(","):
        name, _, weight = each.strip().partition(";")
        if name.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
