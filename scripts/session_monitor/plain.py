r"""Which call does a short line describe, told without decoding it?

Most lines of a gateway that logs no content have one shape: the same keys in the same order, and values without any
escape.  ``Plain`` learns that shape from some lines and takes what it needs of the next ones out of them by one regular
expression, which holds for the whole line.  A line that it matches is therefore JSON to its end, with each key once, and
nothing in it can be read in two ways.  Whatever else comes goes the ordinary way, which says what a line means: where
``Plain`` finds a call, ``ai_log.parse`` finds the same.
"""

from __future__ import annotations

import functools
import json
import operator
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any, Callable, NamedTuple

from . import ai_log, resent, usage
from .ai_log import Round, Skipped

LONGEST = 4096
"""Bytes of a line that is looked at; longer ones hold content."""
PATIENCE = 256
"""Lines in a row that go the ordinary way before a shape is learned; making a pattern of it takes as long as a hundred."""
SAMPLES = 64
"""Lines that a shape is learned from."""
_MOST_KEYS = 100
_FAILED = 400

_CHARACTER = r'[^"\\\x00-\x1f]'
_TEXT = rf"(?:-|({_CHARACTER}*))"  # the gateway writes ``-`` for what is absent
_NUMBER = r"(?:null|(0|[1-9][0-9]{0,9}))"
_INSIDE = r'[^"\\{}\x00-\x1f]*'
_DETAILS = rf'(?:null|\\"(\{{{_INSIDE}(?:\\\\\\"{_INSIDE})*\}})\\")'  # JSON in a string
_ANY = rf'(?:null|true|false|-?(?:0|[1-9][0-9]{{0,9}})|\\"{_CHARACTER}*\\")'

_TEXTS = ("api", "chat_id", "consumer", "model", "response_type", "session_id")
_NUMBERS = ("chat_round", "llm_first_token_duration", "llm_service_duration", *ai_log.COUNTS)
_OF_DETAILS = ("input_token_details", "output_token_details")
_INNER = {
    **dict.fromkeys(_TEXTS, rf'\\"{_TEXT}\\"'),
    **dict.fromkeys(_NUMBERS, _NUMBER),
    **dict.fromkeys(_OF_DETAILS, _DETAILS),
}
_OUTER = {
    **dict.fromkeys(("request_id", "response_flags", "route_name", "upstream_cluster"), _TEXT),
    **dict.fromkeys(("start_time", "timestamp"), rf"({_CHARACTER}*)"),
    "response_code": "([1-9][0-9]{2})",
    "duration": "(?:-|(0|[1-9][0-9]{0,9}))",
}
_NAMES = (*_TEXTS, *_NUMBERS, *_OF_DETAILS, *_OUTER)
"""The members that are taken out, in the order in which ``_round`` wants them."""


class _Shape(NamedTuple):
    """What matches a line, and what puts the groups of it, and a None behind them, into the order of ``_NAMES``."""

    pattern: re.Pattern[str]
    pick: Callable[[tuple[str | None, ...]], tuple[str | None, ...]]


class Plain:
    """The way of lines to their calls, the short one where it can be had."""

    def __init__(self) -> None:
        """No shape is known yet."""
        self._shape: _Shape | None = None
        self._samples: list[bytes] = []
        self._missed = 0
        self._patience = PATIENCE

    def parse(self, line: bytes, known: resent.Known | None = None) -> Round | Skipped:
        """What ``ai_log.parse`` says of this line."""
        if len(line) <= LONGEST:
            call = self._shape and _matched(self._shape, line)
            if call:
                self._missed = 0
                return call
            self._miss(line)
        return ai_log.parse(line, known)

    def _miss(self, line: bytes) -> None:
        """Learn where many lines in a row have no known shape; the longer that is of no use, the more seldom."""
        self._missed += 1
        if self._missed <= self._patience:
            return
        self._samples.append(line)
        if len(self._samples) == SAMPLES:
            self._shape = _learned(self._samples) or self._shape
            self._samples, self._missed, self._patience = [], 0, 2 * self._patience


def _learned(lines: Iterable[bytes]) -> _Shape | None:
    """The shape that most of these lines have, None where it is none that could be matched."""
    orders: Counter[tuple[str, ...]] = Counter()
    keys = set(_INNER)  # also those that a few lines do not happen to have
    for inner, outer in filter(None, map(_keys, lines)):
        if len(keys.union(inner)) + len(outer) <= _MOST_KEYS:
            keys.update(inner)
            orders[outer] += 1
    # Go writes the keys of an object in their order.
    return _shape(sorted(keys), orders.most_common(1)[0][0]) if orders else None


def _keys(line: bytes) -> tuple[set[str], tuple[str, ...]] | None:
    """The keys of a call's attributes, and those behind ``ai_log``; None where there is no call or it has content."""
    try:
        outer = json.loads(line)
        inner = json.loads(outer["ai_log"])
        first, *rest = outer
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    is_plain = first == "ai_log" and isinstance(inner, dict) and inner.keys().isdisjoint(ai_log.CONTENT_KEYS)
    return (set(inner), tuple(rest)) if inner and is_plain else None


def _shape(inner: Iterable[str], outer: Iterable[str]) -> _Shape:
    """What matches lines with any of these inner keys and all of these outer ones, in this order."""
    names: list[str] = []
    members = []
    for key in inner:
        names += [key] * (key in _INNER)
        # A comma stands between two members, and nowhere else.
        members.append(rf'(?:\\"{re.escape(key)}\\":{_INNER.get(key, _ANY)}(?:,(?=\\)|(?=\}})))?')
    rest = []
    for key in outer:
        names += [key] * (key in _OUTER)
        rest.append(rf',"{re.escape(key)}":"{_OUTER.get(key, _CHARACTER + "*")}"')
    pattern = re.compile(rf'\{{"ai_log":"\{{(?=\\){"".join(members)}\}}"{"".join(rest)}\}}')
    places = {name: place for place, name in enumerate(names)}
    return _Shape(pattern, operator.itemgetter(*(places.get(name, -1) for name in _NAMES)))


def _matched(shape: _Shape, line: bytes) -> Round | None:
    try:
        found = shape.pattern.fullmatch(line.decode())
    except UnicodeDecodeError:
        return None
    return _round(shape.pick((*found.groups(), None))) if found else None


def _round(values: tuple[str | None, ...]) -> Round | None:
    """The call of the values of ``_NAMES``, None for one that failed, of which more has to be known."""
    api, chat_id, consumer, model, response_type, session_id, chat_round, first_token_ms, service_ms, *rest = values
    *counts, inputs, outputs, request_id, flags, route_name, upstream, start, timestamp, code, duration = rest
    if not (model or chat_id or any(counts[:3])) or code is None or int(code) >= _FAILED:
        return None
    reported = {name: int(text) for name, text in zip(ai_log.COUNTS, counts) if text}
    input_details, output_details = _details(inputs or ""), _details(outputs or "")
    return Round(
        session_id=session_id or None,
        timestamp=ai_log.utc(start) or ai_log.utc(timestamp),
        model=model or None,
        usage=usage.normalise(ai_log.counts(reported, input_details, output_details), model or None),
        reported=reported,
        response_type=response_type or "normal",
        error=None,
        messages=[],
        question=None,
        answer=None,
        reasoning=None,
        system=None,
        tool_calls=[],
        input_token_details=input_details,
        output_token_details=output_details,
        content_logged=False,
        outer_broken=False,
        consumer=consumer or None,
        api=api or None,
        chat_id=chat_id or None,
        chat_round=_number(chat_round),
        request_id=request_id or None,
        route_name=route_name or None,
        upstream_cluster=upstream or None,
        response_code=int(code),
        response_flags=flags or None,
        first_token_ms=_number(first_token_ms),
        duration_ms=_number(duration if service_ms is None else service_ms),
    )


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)


@functools.lru_cache(1024)
def _details(text: str) -> dict[str, Any]:
    return ai_log.details(text.replace(r"\\\"", '"'))
