"""How does JSON-RPC 2.0 stand on lines, and what is wrong with a line that is no message?

A line in UTF-8 is a message.  What is none is a ``Mistake``, a value: the next line is read all the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple, Optional, Union

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL_ERROR = -32700, -32600, -32601, -32602, -32603
UNSUPPORTED_VERSION = -32022
"""The codes of errors; the last one is MCP's own."""
LONGEST = 32 << 20
"""Bytes of a line; of a longer one nothing is kept."""

Id = Union[str, int]


class McpMessage(NamedTuple):
    """A request, or a notification, which has no ``id`` and gets no answer."""

    id: Optional[Id]  # noqa: UP045 -- a NamedTuple's are looked at while it is made, by Python 3.9, too
    method: str
    params: dict[str, Any]


class Mistake(NamedTuple):
    """What is wrong with a line; ``id`` is that of the request, None where it cannot be told."""

    code: int
    text: str
    id: Optional[Id] = None  # noqa: UP045 -- as above


class RefusedError(Exception):
    """A request that is answered by an error: its code, its words, and what else is told of it."""

    def __init__(self, code: int, text: str, data: dict[str, Any] | None = None) -> None:
        """``data`` is left out where there is none."""
        super().__init__(text)
        self.code = code
        self.text = text
        self.data = data


# -- in ----------------------------------------------------------------------------------------------------------------


def lines(stream: BinaryIO, longest: int = LONGEST) -> Iterator[bytes | None]:
    """The lines of a stream until its end, also one that breaks off there; None for each that is too long."""
    while True:
        line = stream.readline(longest + 1)
        if not line:
            return
        if len(line) <= longest or line.endswith(b"\n"):
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(1 << 20)
        yield None


def message(line: bytes | None) -> McpMessage | Mistake | None:
    """What a line says; None where nothing is to be answered: a blank line, or a client's answer."""
    if line is None:
        return Mistake(INVALID_REQUEST, f"a line is longer than {LONGEST:,} bytes")
    if not line.strip():
        return None
    try:
        value = json.loads(line.decode("utf-8"), parse_constant=_no_number)
    except UnicodeDecodeError:
        return Mistake(PARSE_ERROR, "a line is no UTF-8")
    except (ValueError, RecursionError):
        return Mistake(PARSE_ERROR, "a line is no JSON")
    return _checked(value)


def _no_number(name: str) -> None:
    raise ValueError(name)


def _checked(value: object) -> McpMessage | Mistake | None:
    if not isinstance(value, dict) or value.get("jsonrpc") != "2.0":
        batch = "; batches are not taken" if isinstance(value, list) else ""
        return Mistake(INVALID_REQUEST, f'a message is an object with "jsonrpc": "2.0"{batch}', _id_of(value))
    if "method" not in value and ("result" in value or "error" in value):
        return None
    given, method, params = value.get("id"), value.get("method"), value.get("params")
    if "id" in value and _id_of(value) is None:
        return Mistake(INVALID_REQUEST, "an id is a string or an integer")
    if not isinstance(method, str):
        return Mistake(INVALID_REQUEST, "a method is a string", given)
    if params is not None and not isinstance(params, dict):
        return Mistake(INVALID_PARAMS, "params are an object", given) if "id" in value else None
    return McpMessage(given, method, params or {})


def _id_of(value: object) -> Id | None:
    """The id of a message that is one; None where it has none, or none that may be."""
    given = value.get("id") if isinstance(value, dict) else None
    return given if isinstance(given, (str, int)) and not isinstance(given, bool) else None


# -- out ---------------------------------------------------------------------------------------------------------------


def result(to: Id, value: dict[str, Any]) -> bytes:
    """The line of an answer."""
    return _line({"id": to, "result": value})


def error(to: Id | None, code: int, text: str, data: dict[str, Any] | None = None) -> bytes:
    """The line of an answer that there is none."""
    told = {"code": code, "message": text} if data is None else {"code": code, "message": text, "data": data}
    return _line({"id": to, "error": told})


def notification(method: str, params: dict[str, Any]) -> bytes:
    """The line of what is said unasked."""
    return _line({"method": method, "params": params})


def _line(value: dict[str, Any]) -> bytes:
    """In ASCII: also half a surrogate pair is then JSON that every client takes."""
    return json.dumps({"jsonrpc": "2.0", **value}, separators=(",", ":")).encode() + b"\n"
