"""What is the body of a request, whichever way it comes?"""

from __future__ import annotations

from email.message import Message
from io import BufferedIOBase

LARGEST = 32 << 20
"""Bytes of a request: Anthropic takes no more either."""
_LONGEST_LINE = 1 << 12
_MOST_TRAILERS = 100


class BadBodyError(Exception):
    """A body that cannot be taken; the argument says why."""


class TooLargeError(BadBodyError):
    """It has more bytes than are taken."""


def read(file: BufferedIOBase, headers: Message, largest: int = LARGEST) -> bytes:
    """The body of a request with these headers, without the chunks that it came in.  Raises BadBodyError."""
    for name in ("transfer-encoding", "content-length"):
        if len(headers.get_all(name) or ()) > 1:  # another program on the way may heed the other one
            raise BadBodyError(f"a request has one {name} at most")
    coding, length = headers.get("transfer-encoding"), headers.get("content-length")
    if coding is not None:
        if length is not None or str(coding).strip().lower() != "chunked":
            raise BadBodyError("a body has either a Content-Length, or the Transfer-Encoding chunked")
        return _chunked(file, largest)
    if length is None:
        return b""
    text = str(length).strip()
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadBodyError("Content-Length is no number")
    if int(text) > largest:
        raise TooLargeError(_too_large(largest))
    return _exactly(file, int(text))


def _chunked(file: BufferedIOBase, largest: int) -> bytes:
    body = bytearray()
    while True:
        text = _line(file).partition(b";")[0].strip()
        try:
            size = int(text, 16) if text.isalnum() else -1
        except ValueError:
            size = -1
        if size < 0:
            raise BadBodyError("a chunk has no size")
        if size == 0:
            break
        if len(body) + size > largest:
            raise TooLargeError(_too_large(largest))
        body += _exactly(file, size)
        if _line(file).strip():
            raise BadBodyError("a chunk is longer than it says")
    for _ in range(_MOST_TRAILERS):
        if not _line(file).strip():
            return bytes(body)
    raise BadBodyError("too many trailers")


def _line(file: BufferedIOBase) -> bytes:
    line = file.readline(_LONGEST_LINE)
    if not line.endswith(b"\n"):
        raise BadBodyError("a line of a chunked body is cut or too long")
    return line


def _exactly(file: BufferedIOBase, size: int) -> bytes:
    body = file.read(size)
    if len(body) < size:
        raise BadBodyError("the body is shorter than it says")
    return body


def _too_large(largest: int) -> str:
    return f"the request has more than {largest >> 20} MB"
