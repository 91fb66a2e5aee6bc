"""What stands in a line of the gateway's access log, whole or broken?

The outer line is a text template that merely looks like JSON, or JSON proper; keys come in any order.  Attributes that the
gateway's format names by themselves stand beside ``ai_log`` instead of in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from json.decoder import scanstring  # type: ignore[attr-defined]  # typeshed leaves it out
from typing import Any, NamedTuple

from session_monitor.base import lazy_regex

from . import heavy_lines
from .attributes import STATISTICS, BrokenAttributesError, attributes_in, decoded_value, scan

NO_AI_LOG = "no_ai_log"
CUT_OFF = "cut_off"
NOT_JSON = "not_json"
EMPTY = "empty"
NUL_BYTES = "nul_bytes"
TOO_COMPLEX = "too_complex"

START = '{"ai_log":"'
"""How a line begins in the gateway's own shape."""

_BLANK = " \t\r\n\ufeff"
_AI_LOG = lazy_regex.lazy(r'"ai_log"\s*:\s*"')
_FIELD = lazy_regex.lazy(r'"(\w+)"\s*:\s*"')
_MOST_FIELDS = 10_000
_BLOCK = 1 << 20


class Skipped(NamedTuple):
    """A line that is no call, or one that could not be read, with the reason why.

    ``path`` is where a call went that the gateway's plugin skipped, ``answered`` says that it had an answer.
    """

    reason: str
    path: str | None = None
    answered: bool = False


class LineParts(NamedTuple):
    """A line taken apart.  ``torn`` says that another line begins in the middle of it.

    ``attributes`` are empty where the gateway's plugins wrote none.  ``outer`` has texts, and also numbers and nulls where the
    gateway's format is JSON.
    """

    attributes: dict[str, Any]
    outer: dict[str, Any]
    outer_broken: bool = False
    torn: bool = False


# -- the outer line ----------------------------------------------------------------------------------------------------


def split(line: bytes) -> LineParts | Skipped:
    """The parts of a line, without what would take too much room, or why it is no call."""
    light = heavy_lines.lightened(line) if heavy_lines.may_be_heavy(line) else line
    if light is None:
        return Skipped(TOO_COMPLEX if line.rstrip().endswith(b"}") else CUT_OFF)
    text = light.decode("utf-8", "replace").strip(_BLANK)
    if not text:
        return Skipped(EMPTY)
    return _split_fast(text) if text.startswith(START) else _split_any(text)


def _split_fast(text: str) -> LineParts | Skipped:
    """The gateway's own shape, ``ai_log`` first: nobody but the gateway wrote anything before it."""
    return _split_at(text, len(START), is_first=True)


def _split_any(text: str) -> LineParts | Skipped:
    """Other orders and other writers: a line that is JSON speaks for itself, otherwise ``ai_log`` is looked for."""
    if not text.startswith("{"):  # in the rest of a line whose beginning is gone, a client may have written anything
        return Skipped(NO_AI_LOG)
    try:
        outer = _OUTER.decode(text)
    except (ValueError, RecursionError):
        match = _AI_LOG.search(text)
        if match:
            return _split_at(text, match.end(), is_first=False)
        return Skipped(NO_AI_LOG if text.endswith("}") else CUT_OFF)
    if "ai_log" not in outer:
        return Skipped(NO_AI_LOG)
    try:
        attributes = attributes_in(outer.pop("ai_log"))
    except BrokenAttributesError:
        return Skipped(NOT_JSON)
    return LineParts(_with_separate(attributes, outer, are_own=_is_proper(outer)), outer)


def _is_proper(outer: Mapping[str, Any]) -> bool:
    """Whether the gateway's format is JSON, in which no header can look like a key: then it writes numbers as numbers."""
    numbers = [outer[key] for key in _NUMBERS if key in outer]
    return bool(numbers) and not isinstance(outer, _ForgedFields) and not any(isinstance(each, str) for each in numbers)


def _split_at(text: str, start: int, *, is_first: bool) -> LineParts | Skipped:
    """``ai_log``'s string starts here; where it is the first, the rest of the line should be JSON."""
    try:
        inner, end = scanstring(text, start, True)  # noqa: FBT003 -- positional only
    except ValueError as error:
        return Skipped(CUT_OFF if "Unterminated" in str(error) else NOT_JSON)
    # A full disk can swallow the end of one line and the newline; what follows is about another call.
    other = text.find(START, end)
    try:
        attributes = attributes_in(inner)
    except BrokenAttributesError:
        return Skipped(CUT_OFF if other >= 0 else NOT_JSON)
    if not attributes and other >= 0:
        return Skipped(CUT_OFF)
    try:
        if not is_first or other >= 0:
            raise ValueError  # noqa: TRY301 -- then the line is known not to be JSON
        outer = outer_fields(text[end:])
    except (ValueError, StopIteration, RecursionError):
        fields = _firsts(list(_fields(text, end if is_first else 0, other if other >= 0 else len(text))))
        return LineParts(_with_separate(attributes, fields), fields, outer_broken=True, torn=other >= 0)
    return parts_of(attributes, outer)


def outer_fields(behind: str) -> dict[str, Any]:
    """The outer object by what stands behind ``ai_log``, the first of its members, of which it has ``-``.

    Of two equal keys the first is the gateway's; a client can write the second into its user agent.  Raises
    ``ValueError`` or ``StopIteration`` where it is no object.
    """
    text = '{"ai_log":"-"' + behind
    fields, end = scan(text, 0)
    if end == len(text) and text.count('":') == len(fields):  # no key stands there twice: each has that behind it
        return fields  # type: ignore[no-any-return]
    return _OUTER.decode(text)  # type: ignore[no-any-return]


def _fields(text: str, at: int, end: int) -> Iterator[tuple[str, str]]:
    """The keys and texts in this range of an object that is none, as they stand there."""
    for _ in range(_MOST_FIELDS):
        match = _FIELD.search(text, at, end)
        behind = _text_end(text, match.end(), end) if match else end
        if match is None or behind == end:  # then no quote behind this is one
            return
        yield match.group(1), text[match.end() : behind]
        at = behind + 1


def _text_end(text: str, at: int, end: int) -> int:
    """Where the quote behind a text stands, ``end`` where there is none.

    A regular expression would remember each backslash, to come back to it.
    """
    size = _BLOCK >> 10
    while at < end:
        block = text[at : min(at + size, end)]
        if (len(block) - len(block.rstrip("\\"))) % 2:
            block = text[at : min(at + len(block) + 1, end)]
        quote = block.replace("\\\\", "..").replace('\\"', "..").find('"')
        if quote >= 0:
            return at + quote
        at, size = at + len(block), _BLOCK
    return end


class _ForgedFields(dict[str, Any]):
    """The fields of a line in which a key stands twice."""


def _firsts(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Each key with its first value, in their order."""
    fields = dict(pairs)
    if len(fields) == len(pairs):
        return fields
    fields = _ForgedFields()
    for key, value in pairs:
        fields.setdefault(key, value)
    return fields


_OUTER = json.JSONDecoder(object_pairs_hook=_firsts)


# -- attributes beside ai_log ------------------------------------------------------------------------------------------

_WRITTEN_BY_CLIENTS = frozenset(
    ("authority", "path", "request_id", "requested_server_name", "user_agent", "x_forwarded_for")
)
"""Not the method: in that no gateway lets a quote through."""
_NUMBERS = ("response_code", "duration", "bytes_received", "bytes_sent")
_GATEWAYS_OWN = frozenset(
    (
        *("bytes_received", "bytes_sent", "duration", "istio_policy_status", "protocol", "route_name", "start_time"),
        *("response_code", "response_code_details", "response_flags", "trace_id", "upstream_cluster", "upstream_host"),
        *("downstream_local_address", "downstream_remote_address", "upstream_local_address", "upstream_service_time"),
        "upstream_transport_failure_reason",
    )
)
"""Fields of the gateway's usual format that nothing of a request gets into."""
_DECODED = ("messages", "tool_calls", "system", "question")
"""Of these a separate one may be JSON."""


def parts_of(attributes: dict[str, Any], outer: dict[str, Any]) -> LineParts:
    """The parts of a whole line: its attributes with those that stand beside ``ai_log``."""
    return LineParts(_with_separate(attributes, outer) if has_separate(outer) else attributes, outer)


def has_separate(outer: Iterable[str]) -> bool:
    """Whether an attribute stands beside ``ai_log`` among these keys."""
    return not STATISTICS.isdisjoint(outer)


def _with_separate(attributes: dict[str, Any], outer: Mapping[str, Any], *, are_own: bool = False) -> dict[str, Any]:
    """The attributes with those that the gateway's format has by themselves, beside ``ai_log``.

    Unless all of these are the gateway's ``own``, a client can write what looks like one into a header that a text template
    pastes in.  What is the format's stands before all headers; or behind one of the gateway's own fields that follows them,
    where no key stands twice, as it would if a client had written that.
    """
    if not attributes or not has_separate(outer):
        return attributes
    is_trusted, told = True, dict(attributes)
    for key, value in outer.items():
        if key in STATISTICS:
            if is_trusted and told.get(key) is None and value not in _ABSENT:
                told[key] = decoded_value(value) if key in _DECODED and _looks_like_json(value) else value
        elif not are_own and key in _WRITTEN_BY_CLIENTS:
            is_trusted = False
        elif key in _GATEWAYS_OWN and not isinstance(outer, _ForgedFields):
            is_trusted = True
    return told


_ABSENT = (None, "", "-")


def _looks_like_json(value: object) -> bool:
    return isinstance(value, str) and value[:1] in ("[", "{")
