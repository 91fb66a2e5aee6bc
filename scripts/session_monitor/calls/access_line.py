"""Which attributes does the gateway's line hold, whole or broken?"""

from __future__ import annotations

import json
import math
import re
from json.decoder import scanstring  # type: ignore[attr-defined]  # typeshed leaves it out
from typing import Any, NamedTuple

from session_monitor.base import lazy_regex

NOT_LLM = "not_llm"
NO_AI_LOG = "no_ai_log"
CUT_OFF = "cut_off"
NOT_JSON = "not_json"
EMPTY = "empty"

START = '{"ai_log":"'
"""How a line begins in the gateway's own shape."""
DEEPEST = 100
"""Values nested deeper are kept as text: no reader of the session file may have to fear for its stack."""

_BLANK = " \t\r\n\ufeff"
_AI_LOG = lazy_regex.lazy(r'"ai_log"\s*:\s*"')
_FIELD = lazy_regex.lazy(r'"(\w+)"\s*:\s*"((?:[^"\\]|\\.)*)"')
_TOKEN = lazy_regex.lazy(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}:,]', re.DOTALL)  # a string without end is one token, too


class Skipped(NamedTuple):
    """A line that is no call, with the reason why."""

    reason: str


class UndecodedValue(NamedTuple):
    """A value that could not be taken as what it should be; its text is kept."""

    text: str


class LineParts(NamedTuple):
    """A line taken apart.  ``torn`` says that another line begins in the middle of it."""

    attributes: dict[str, Any]
    outer: dict[str, str]
    outer_broken: bool = False
    torn: bool = False


# -- the outer line ----------------------------------------------------------------------------------------------------


def split(line: bytes) -> LineParts | Skipped:
    """The parts of a line, or why it is no call."""
    text = line.decode("utf-8", "replace").strip(_BLANK)
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
        outer = json.loads(text)
    except (ValueError, RecursionError):
        match = _AI_LOG.search(text)
        if match:
            return _split_at(text, match.end(), is_first=False)
        return Skipped(NO_AI_LOG if text.endswith("}") else CUT_OFF)
    if "ai_log" not in outer:
        return Skipped(NO_AI_LOG)
    inner = outer.pop("ai_log")
    attributes = _decoded(inner) if isinstance(inner, dict) else _attributes(inner if isinstance(inner, str) else "-")
    if isinstance(attributes, Skipped):
        return attributes
    return LineParts(attributes, {key: value for key, value in outer.items() if isinstance(value, str)})


def _split_at(text: str, start: int, *, is_first: bool) -> LineParts | Skipped:
    """``ai_log``'s string starts here; where it is the first, the rest of the line should be JSON."""
    try:
        inner, end = scanstring(text, start, True)  # noqa: FBT003 -- positional only
    except ValueError as error:
        return Skipped(CUT_OFF if "Unterminated" in str(error) else NOT_JSON)
    # A full disk can swallow the end of one line and the newline; what follows is about another call.
    other = text.find(START, end)
    attributes = _attributes(inner)
    if isinstance(attributes, Skipped):
        return Skipped(CUT_OFF) if other >= 0 else attributes
    try:
        if not is_first or other >= 0:
            raise ValueError  # noqa: TRY301 -- then the line is known not to be JSON
        outer = outer_fields(text[end:])
    except (ValueError, StopIteration, RecursionError):
        fields = _FIELD.findall(text, end if is_first else 0, other if other >= 0 else len(text))
        return LineParts(attributes, dict(reversed(fields)), outer_broken=True, torn=other >= 0)
    return LineParts(attributes, outer)


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


_OUTER = json.JSONDecoder(object_pairs_hook=lambda pairs: dict(reversed(pairs)))


# -- the attributes ----------------------------------------------------------------------------------------------------


def _attributes(inner: str) -> dict[str, Any] | Skipped:
    """The attributes of ``ai_log``, each that cannot be decoded alone as ``UndecodedValue``."""
    if inner in ("-", "", "null"):
        return Skipped(NOT_LLM)
    try:
        attributes = _decode(inner)
        whole = not isinstance(attributes, dict) or are_plain(attributes)
    except json.JSONDecodeError:
        return Skipped(NOT_JSON)
    except (ValueError, RecursionError):  # a number of 5,000 digits, nested too deep: one value, not the call
        whole = False
    if not whole:
        attributes = _attributes_apart(inner)
    if not isinstance(attributes, dict):
        return Skipped(NOT_JSON)
    return attributes or Skipped(NOT_LLM)


def _decoded(attributes: dict[str, Any]) -> dict[str, Any] | Skipped:
    """The same for attributes that came as an object, not as a string."""
    plain = {
        key: value if _is_plain(value) else UndecodedValue("[not plain JSON]") for key, value in attributes.items()
    }
    return plain or Skipped(NOT_LLM)


def _attributes_apart(inner: str) -> dict[str, Any] | None:
    """Decode each member of an object by itself, without recursion over the whole; ``None`` for anything else."""
    members: dict[str, Any] = {}
    depth, key, start = 0, "", 0
    for token in _TOKEN.finditer(inner):
        char = token.group()[0]
        if depth == 1 and char == ":":
            start = token.end()
        elif depth == 1 and char in ",}":
            members[key] = decoded_value(inner[start : token.start()])
        elif depth == 1 and char == '"' and not start:
            key = decoded_value(token.group())
        if char in "[{":
            depth += 1
        elif char in "]}":
            depth -= 1
        if depth == 1 and char == ",":
            start = 0
    return members if depth == 0 and inner.lstrip().startswith("{") else None


def _decode(text: str) -> Any:
    """Its value; raises ``ValueError`` also for numbers that not every JSON reader can take."""
    try:
        value, end = scan(text, 0)
    except StopIteration:
        end = -1
    return value if end == len(text) else _DECODER.decode(text)


def decoded_value(text: str) -> Any:
    """The value of a JSON text, or its text where that cannot be decoded or not every JSON reader could take it."""
    try:
        value = _decode(text)
    except (ValueError, RecursionError):
        return UndecodedValue(text)
    return value if _is_shallow(text) or _is_plain(value) else UndecodedValue(text)


_FLAT = frozenset({str, int, bool, type(None)})


def are_plain(attributes: dict[str, Any]) -> bool:
    """Whether every JSON reader can take these values."""
    values = attributes.values()
    return _FLAT.issuperset(map(type, values)) or all(type(value) in _FLAT or _is_plain(value) for value in values)


def _is_shallow(text: str) -> bool:
    return text.count("[") + text.count("{") <= DEEPEST


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


_DECODER = json.JSONDecoder(parse_float=_finite, parse_constant=_finite)
scan = _DECODER.scan_once  # type: ignore[attr-defined]  # typeshed lacks it
"""What decoding comes down to, without a look for spaces: the value at a place of a text, and the end of it.

Raises ``StopIteration`` or ``ValueError`` where there is none.
"""


def _is_plain(value: object) -> bool:
    """Whether every JSON reader can take this value: not too deep, no NaN, no infinity (``1e999`` decodes to it)."""
    level = [value]
    for _ in range(DEEPEST):
        inside: list[object] = []
        for node in level:
            if isinstance(node, float):
                if not math.isfinite(node):
                    return False
                continue
            values = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
            if not _FLAT.issuperset(map(type, values)):
                inside += [each for each in values if type(each) not in _FLAT]
        if not inside:
            return True
        level = inside
    return False
