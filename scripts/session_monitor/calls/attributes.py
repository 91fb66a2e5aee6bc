"""What do the gateway's plugins say in ``ai_log``?

JSON in a JSON string.  Each value that cannot be decoded, or that not every JSON reader could take, is kept as its text alone.
"""

from __future__ import annotations

import json
import math
import sys
from json.decoder import scanstring  # type: ignore[attr-defined]  # typeshed leaves it out
from typing import Any, NamedTuple

from session_monitor.base import utf8

from . import heavy_lines

DEEPEST = 100
"""Values nested deeper are kept as text: no reader of the session file may have to fear for its stack."""

STATISTICS = frozenset(
    (
        *("session_id", "consumer", "model", "api", "chat_id", "chat_round", "response_type"),
        *("messages", "question", "system", "answer", "reasoning", "tool_calls"),
        *("input_token", "output_token", "total_token", "reasoning_tokens", "cached_tokens"),
        *("input_token_details", "output_token_details", "llm_service_duration", "llm_first_token_duration"),
    )
)
"""What the plugin that counts tokens writes; where none of it stands, that plugin did not look at the request."""

_TWICE = '{\\"'  # how an object begins that was escaped once more
_ABSENT = ("-", "", "null")


class UndecodedValue(NamedTuple):
    """A value that could not be taken as what it should be; its text is kept."""

    text: str


class BrokenAttributesError(ValueError):
    """``ai_log`` is no JSON object."""


def attributes_in(ai_log: object) -> dict[str, Any]:
    """What ``ai_log`` says, empty where nobody wrote any; each value that cannot be decoded as ``UndecodedValue``.

    It comes as a string, as the object itself, or as null.  Raises ``BrokenAttributesError``.
    """
    if isinstance(ai_log, dict):
        return {key: value if _is_plain(value) else UndecodedValue("[not plain JSON]") for key, value in ai_log.items()}
    if not isinstance(ai_log, str) or ai_log in _ABSENT:
        return {}
    return _of_text(_unescaped_once(ai_log) if ai_log.startswith(_TWICE) else ai_log)


def _unescaped_once(text: str) -> str:
    """Envoy's JSON format escapes once more what the plugin had escaped for a text."""
    try:
        unescaped, end = scanstring(text + '"', 0, True)  # noqa: FBT003 -- positional only
    except ValueError:
        raise BrokenAttributesError from None
    if end <= len(text):
        raise BrokenAttributesError
    return str(unescaped)


def _of_text(text: str) -> dict[str, Any]:
    try:
        attributes = _decode(text)
        whole = not isinstance(attributes, dict) or is_shallow(text) or are_plain(attributes)
    except json.JSONDecodeError:
        raise BrokenAttributesError from None
    except (ValueError, RecursionError):  # a number of 5,000 digits, nested too deep: one value, not the call
        whole = False
    if not whole:
        attributes = _attributes_apart(text)
    if not isinstance(attributes, dict):
        raise BrokenAttributesError
    return attributes


def _attributes_apart(inner: str) -> dict[str, Any] | None:
    """Decode each member of an object by itself, without recursion over the whole; ``None`` for anything else."""
    raw = utf8.encoded(inner.lstrip())
    try:
        members = list(heavy_lines.members(raw, 1, len(raw)))
    except heavy_lines.NotWholeError:
        return None
    texts = [(each.key, raw[each.start : each.end]) for each in members]
    return {decoded_value(f'"{utf8.decoded(key)}"'): decoded_value(utf8.decoded(text)) for key, text in texts}


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
    return value if is_shallow(text) or _is_plain(value) else UndecodedValue(text)


_FLAT = frozenset({str, int, bool, type(None)})


def are_plain(attributes: dict[str, Any]) -> bool:
    """Whether every JSON reader can take these values."""
    values = attributes.values()
    return _FLAT.issuperset(map(type, values)) or all(type(value) in _FLAT or _is_plain(value) for value in values)


def is_shallow(text: str) -> bool:
    """Whether no value of a JSON text can be nested too deep; not all that are not have to be told by that."""
    return text.count("[") + text.count("{") <= DEEPEST


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


_MOST_DIGITS = 4300


def _whole_number(text: str) -> int:
    """As Pythons from 3.11 on do: to read a number takes time with the square of its digits."""
    if len(text) > _MOST_DIGITS:
        raise ValueError(text[:_MOST_DIGITS])
    return int(text)


_HAS_LIMIT = 0 < getattr(sys, "get_int_max_str_digits", int)() <= _MOST_DIGITS
_DECODER = json.JSONDecoder(
    parse_float=_finite, parse_int=None if _HAS_LIMIT else _whole_number, parse_constant=_finite
)
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
