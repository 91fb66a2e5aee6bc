r"""In what did a container engine or a shipper wrap a line, and what had the gateway written?

    TIME stdout F {…}                                   CRI: containerd, CRI-O, podman; P where the line goes on
    {"log":"{…}\n","stream":"stdout","time":"…"}        docker's json-file; without the \n where the line goes on
    [pod/NAME/CONTAINER] {…}     TIME {…}               kubectl logs --prefix, --timestamps
    Nov 29 10:00:00 HOST NAME[1]: {…}                   syslog, journalctl
    {…,"message":"{…}",…}                               filebeat, fluent-bit, vector and others, round any of these
    {…,"log_processed":{…},…}                           the same, where they have decoded the line

Engines cut long lines into pieces, shippers pass those on; ``joined_lines`` puts them together.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from session_monitor.base import compact_json, lazy_regex, utf8
from session_monitor.calls import heavy_lines
from session_monitor.calls.long_lines import START

_AI_LOG = b'"ai_log"'  # never within a line that is a text in a wrapper: quotes are escaped there
_DEEPEST = 4
"""A shipper may wrap what an engine wrapped, and a command what it tells of that."""

_TIME = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)"
_SYSLOG = r"[A-Z][a-z]{2} [ \d]\d [\d:]{8} (?P<host>\S+ [^\s\[:]+)(?:\[\d+\])?: "
# Each begins with what hardly any cut in a line of the gateway's leaves of a text that a client wrote into it.
_PREFIX = lazy_regex.lazy(
    rf"(?P<source>\[pod/[^\s\]]+\] |{_SYSLOG})?"
    rf"(?:{_TIME} (?:(?P<stream>stdout|stderr) (?P<tag>[PF])(?::\S*)?(?: |$))?)?",
    re.ASCII,
)
_LONGEST_PREFIX = 1024

_TEXTS = ("message", "log", "MESSAGE", "msg", "line", "content", "body", "textPayload")
"""The keys under which shippers keep a line."""
_OBJECTS = ("log_processed", "json", "message", "log", "jsonPayload", "body", "parsed")
"""And those under which they keep one that they have decoded."""
_DECODED = re.compile(rf'"(?:{"|".join(_OBJECTS)})"\s*:\s*\{{'.encode())
_SOURCES = ("stream", "source", "kubernetes", "container_id", "container_name", "container", "file", "host", "labels")
"""Those that tell where it comes from; pieces of one line have the same there."""
_DOCKER = frozenset(("log", "stream", "attrs", "time"))
_DOCKER_PIECE = 16 << 10
"""Bytes at which docker cuts; what is shorter and whole JSON lost its newline otherwise."""


class Wrapped(NamedTuple):
    """What stood in a wrapper.  ``is_piece`` where the line goes on in the next piece of this ``stream``.

    ``stream`` is empty where lines are never cut.
    """

    payload: bytes
    stream: str = ""
    is_piece: bool = False


class _Layer(NamedTuple):
    """What stood in one wrapper, and where it is from; ``is_piece`` is None where nobody cuts lines."""

    payload: bytes
    source: str
    is_piece: bool | None = None


def unwrapped(line: bytes) -> Wrapped:
    """What the gateway wrote of a line; one that is in no wrapper comes back as it is."""
    sources = []
    for _ in range(_DEEPEST):
        layer = None if line.startswith(START) else _layer(line)
        if layer is None:
            break
        line = layer.payload
        sources.append(layer.source)
        if layer.is_piece is not None:  # in a piece a client may have written anything, also what looks like a wrapper
            return Wrapped(line, "\n".join(sources), layer.is_piece)
    return Wrapped(line)


def _layer(line: bytes) -> _Layer | None:
    return _of_json(line) if line.startswith(b"{") else _behind_prefix(line)


def _behind_prefix(line: bytes) -> _Layer | None:
    """The line behind what names its container, its time, its stream."""
    match = _PREFIX.match(line[:_LONGEST_PREFIX].decode("latin-1"))
    if not match or not match.end():
        return None
    payload, source = line[match.end() :], match["host"] or match["source"] or ""
    if match["stream"]:
        return _Layer(payload, f"{source} {match['stream']}", match["tag"] == "P")
    return _Layer(payload, source)


def _of_json(line: bytes) -> _Layer | None:
    """The line that stands under one of the keys of a JSON object."""
    is_decoded = _AI_LOG in line
    if is_decoded and not _DECODED.search(line):
        return None
    light = heavy_lines.lightened(line) if heavy_lines.may_be_heavy(line) else line
    try:
        fields = json.loads(light or b"")
    except (ValueError, RecursionError):
        return None
    if is_decoded:
        return _decoded(fields)
    key = next((key for key in _TEXTS if type(fields.get(key)) is str), None)
    if key is None:
        return None
    text: str = fields[key]
    is_whole = text.endswith("\n")
    payload = utf8.encoded(text)
    del text
    fields[key] = ""  # a long line is not kept twice
    payload = payload.rstrip(b"\r\n")
    named = {name: fields[name] for name in _SOURCES if name in fields and name != key}
    source = json.dumps(named)
    is_piece = _is_piece(fields, payload, is_whole=is_whole)
    return _Layer(payload, source, is_piece) if payload.strip() or is_piece is not None else None


def _decoded(fields: dict[str, Any]) -> _Layer | None:
    """The line of a shipper that decoded it; None where ``ai_log`` stands elsewhere."""
    if "ai_log" in fields:
        return None
    found = (fields[key] for key in _OBJECTS if isinstance(fields.get(key), dict) and "ai_log" in fields[key])
    inner = next(found, None)
    return _Layer(_json(inner), "") if inner else None


_json = compact_json.encoder(allow_nan=True)


def _is_piece(fields: dict[str, Any], payload: bytes, *, is_whole: bool) -> bool | None:
    """Whether a line goes on behind this; None where its writer does not cut lines, or puts them together."""
    if fields.keys() <= _DOCKER and {"log", "stream", "time"} <= fields.keys():
        return not is_whole and not (len(payload) < _DOCKER_PIECE and _is_object(payload))
    if fields.get("logtag") in ("P", "F"):  # of those who take CRI lines apart
        return bool(fields["logtag"] == "P")
    if "partial_message" in fields:  # docker's drivers for fluentd and others
        return str(fields["partial_message"]).lower() == "true" and str(fields.get("partial_last")).lower() != "true"
    return None


def _is_object(payload: bytes) -> bool:
    """Whether this is a JSON object from its beginning to its end."""
    if not payload.startswith(b"{"):
        return False
    try:
        json.loads(payload)
    except (ValueError, RecursionError):
        return False
    return True
