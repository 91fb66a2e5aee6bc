"""What does the head of a request say, or why is it refused?

All of it is judged before any of it is believed.  Bytes in which a proxy in front could see another request than is
seen here are refused: a line that is no header, a bare line end, a second Host, a word of a body.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from .exchange import Headers, Refusal

METHODS = ("GET", "HEAD")
_ALLOW: Headers = (("Allow", ", ".join(METHODS)),)
_MOST_HEADERS = 100
_MOST_PARAMETERS = 64
_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_NAME = re.compile(_TOKEN)
_REQUEST_LINE = re.compile(rb"(%b) ([\x21-\x7e]+) HTTP/([0-9]\.[0-9])" % _TOKEN)
_NOT_IN_REQUEST_LINE = re.compile(rb"[^\x20-\x7e\r]")
_NOT_IN_VALUE = re.compile(rb"[^\t\x20-\x7e\x80-\xff]")
_END = re.compile(rb"\n\r?\n")
"""Where anybody might see the end of a head; that of one that is taken is ``\\r\\n\\r\\n``."""
_OF_BODY = ("content-length", "transfer-encoding")


class Head(NamedTuple):
    """What a head says: the path as it was sent, the query by name, and whether the connection is kept afterwards.

    ``headers`` has the names in small letters; what was sent several times stands there in one.
    """

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    version: str
    is_kept: bool


def end(data: bytes, seen: int = 0) -> int | None:
    """Behind which byte a head ends; None where it goes on.  The first ``seen`` bytes held no end when they came."""
    found = _END.search(data, max(seen - 2, 0))
    return found.end() if found else None


def hopeless(data: bytes, seen: int = 0) -> Refusal | None:
    """Why what has come can begin no head that is taken, where its first line tells; ``seen`` bytes were looked at."""
    stop = data.find(b"\n")
    if 0 <= stop < seen:
        return None
    if stop < 0:
        return _unreadable(data) if _NOT_IN_REQUEST_LINE.search(data, seen) else None
    line = data[: stop + 1]
    return None if line.endswith(b"\r\n") and _REQUEST_LINE.fullmatch(line[:-2]) else _unreadable(line)


def parsed(data: bytes) -> Head | Refusal:
    """What a head says, up to its end and with it."""
    first, *lines = data[:-4].split(b"\r\n")
    line = _REQUEST_LINE.fullmatch(first)
    if not line or not data.endswith(b"\r\n\r\n"):
        return _unreadable(first)
    headers = _headers(lines)
    if isinstance(headers, Refusal):
        return headers
    method, target, version = (each.decode() for each in line.groups())
    return _unwanted(method, version, headers) or _of_target(target, method, headers, version)


def told(data: bytes) -> tuple[str, str]:
    """Method and path of what is refused, as far as they stand there: for the access line, which cleans them."""
    method, _, rest = data.partition(b"\n")[0].strip().partition(b" ")
    if not _NAME.fullmatch(method):
        return "-", "-"
    path = re.split(rb"[?#\s]", rest, maxsplit=1)[0]
    return method.decode(), path.decode("latin-1") or "-"


def _headers(lines: Sequence[bytes]) -> dict[str, str] | Refusal:
    if len(lines) > _MOST_HEADERS:
        return Refusal(431, "too_large", f"a request has at most {_MOST_HEADERS} headers")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, sent = line.partition(b":")
        if not colon or not _NAME.fullmatch(name):
            return _bad()
        key, value = name.decode().lower(), sent.strip(b" \t").decode("latin-1")
        if key in _OF_BODY:
            # However it reads, it tells of a body, which is refused for that.
            headers[key] = value if key not in headers else "several"
        elif _NOT_IN_VALUE.search(sent) or (key == "host" and key in headers):
            return _bad()
        else:
            joint = "; " if key == "cookie" else ", "
            headers[key] = f"{headers[key]}{joint}{value}" if key in headers else value
    return headers


def _unwanted(method: str, version: str, headers: Mapping[str, str]) -> Refusal | None:
    """Why a head that can be read is not taken."""
    if version not in ("1.0", "1.1"):
        return Refusal(505, "bad_request", "HTTP/1.0 and HTTP/1.1 are spoken here")
    if method not in METHODS:
        return Refusal(405, "not_allowed", f"only {' and '.join(METHODS)} are answered", _ALLOW)
    if headers.get("content-length", "0") != "0" or "transfer-encoding" in headers:
        return Refusal(413, "too_large", "no request has a body here")
    if version == "1.1" and "host" not in headers:
        return _bad()
    return None


def _of_target(target: str, method: str, headers: dict[str, str], version: str) -> Head | Refusal:
    path, _, query = target.partition("?")
    try:
        if not target.startswith("/"):
            # As for a proxy. What it names is then whom it is for, whatever Host says.
            whole = urllib.parse.urlsplit(target)
            if whole.scheme not in ("http", "https") or not whole.netloc:
                return _bad()
            headers["host"], path, query = whole.netloc, whole.path or "/", whole.query
        named = urllib.parse.parse_qs(
            query, keep_blank_values=True, errors="surrogatepass", max_num_fields=_MOST_PARAMETERS
        )
    except ValueError:
        return _bad()
    if "#" in target:
        return _bad()
    wishes = {each.strip().lower() for each in headers.get("connection", "").split(",")}
    is_kept = "close" not in wishes if version == "1.1" else "keep-alive" in wishes
    return Head(method, path, named, headers, version, is_kept)


def _unreadable(line: bytes) -> Refusal:
    is_ascii = line.isascii() or not _NAME.match(line)
    return _bad() if is_ascii else _bad("an address is in ASCII: what is not is percent-encoded")


def _bad(text: str = "this is no request that can be read") -> Refusal:
    return Refusal(400, "bad_request", text)
