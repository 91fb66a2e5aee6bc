r"""Which call does a short line describe, told without decoding it?

Most lines of a gateway that logs no content have one shape: the same keys in the same order, and values without any
escape.  ``Plain`` learns that shape from some lines and takes what it needs of the next ones out of them by one regular
expression, which holds for the whole line.  A line that it matches is therefore JSON to its end, with each key once, and
nothing in it can be read in two ways.  Its texts go into the session file as they are: there is nothing in them that JSON
would write otherwise.  Whatever else comes goes the ordinary way, which says what a line means and what is stored of it:
``ai_log``, ``record`` and ``session_file`` make the same of a line that ``Plain`` takes.
"""

from __future__ import annotations

import functools
import json
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from session_monitor.base import compact_json, timestamps

from . import ai_log, long_lines, usage
from .access_line import Skipped
from .round import Round, group_of

LONGEST = 4096
"""Bytes of a line that is looked at; longer ones hold content."""
PATIENCE = 256
"""Lines in a row that go the ordinary way before a shape is learned; making a pattern of it takes as long as a hundred."""
SAMPLES = 64
"""Lines that a shape is learned from."""
_MOST_KEYS = 100
_FAILED = 400

_CHARACTER = r'[^"\\\x00-\x1f]'
# The gateway writes ``-`` for what is absent.  Each way is open to what the other is not: where the end of a line does not
# match, all ways to match its beginning are tried.
_TEXT = rf'(?:-(?=["\\])|(?!-["\\])({_CHARACTER}*))'
_NUMBER = r"(?:null|(0|[1-9][0-9]{0,9}))"
_POSITIVE = r"(?:null|0|([1-9][0-9]{0,9}))"  # 0 says no more than null does
_INSIDE = r'[^"\\{}\x00-\x1f]*'
_DETAILS = rf'(?:null|\\"(\{{{_INSIDE}(?:\\\\\\"{_INSIDE})*\}})\\")'  # JSON in a string
_ANY = rf'(?:null|true|false|-?(?:0|[1-9][0-9]{{0,9}})|\\"{_CHARACTER}*\\")'

_INNER = {
    **dict.fromkeys(("api", "chat_id", "consumer", "model", "response_type", "session_id"), rf'\\"{_TEXT}\\"'),
    **dict.fromkeys(("chat_round", "llm_first_token_duration"), _POSITIVE),
    **dict.fromkeys(("llm_service_duration", *ai_log.COUNTS), _NUMBER),
    **dict.fromkeys(("input_token_details", "output_token_details"), _DETAILS),
}
_OUTER = {
    **dict.fromkeys(("request_id", "response_flags", "route_name", "upstream_cluster"), _TEXT),
    **dict.fromkeys(("start_time", "timestamp"), rf"({_CHARACTER}*)"),
    "response_code": "([1-9][0-9]{2})",
    "duration": "(?:-|(0|[1-9][0-9]{0,9}))",
}


_WHERE = ("api", "chat_id", "chat_round", "request_id", "route_name", "upstream_cluster", "response_flags")
_ORDER = (
    *_WHERE,
    *ai_log.COUNTS,
    *("session_id", "consumer", "model", "response_type", "input_token_details", "output_token_details"),
    *("start_time", "timestamp", "response_code", "llm_first_token_duration", "llm_service_duration", "duration"),
)
"""The values that ``_short`` makes a call of, as it takes them."""
_FACTS = len(_WHERE) + len(ai_log.COUNTS)


class _Shape(NamedTuple):
    """What matches a line, and which groups of it are the values of ``_ORDER``."""

    pattern: re.Pattern[str]
    groups: tuple[int, ...]


class Short:
    """An LLM call of which a line says little: no content, nothing cut, no failure.

    ``group`` is the id of the session that keeps it.  ``facts`` and ``body`` are what is stored of it: the first without
    the number of its round, the second as members of a JSON object, without that number and the place in the log.
    """

    __slots__ = ("body", "facts", "group", "has_tokens", "session_id")
    error: str | None = None
    cut: tuple[str, ...] = ()
    outer_broken = torn = False

    def __init__(
        self,
        session_id: str | None,
        group: str,
        facts: dict[str, Any],
        body: str,
        *,
        has_tokens: bool,
    ) -> None:
        self.session_id = session_id
        self.group = group
        self.has_tokens = has_tokens
        self.facts = facts
        self.body = body

    def stored(self, number: int, log: tuple[str, int, int]) -> tuple[dict[str, Any], bytes]:
        """The facts of this call, now as a session's round of that number, and its line without the checksum.

        ``log`` is where it was read.  Both are what ``record.entry_of`` and ``session_file.round_line`` make of it.
        """
        generation, start, end = log
        comma = "," if number > 1 else ""
        line = f'{comma}{{"round":{number},{self.body},"log":[{_name(generation)},{start},{end}]'
        self.facts["round"] = number
        return self.facts, line.encode()


@functools.lru_cache(16)
def _name(generation: str) -> str:
    """A JSON string of a generation's id, which is read from a file."""
    return _json(generation).decode()


class Plain:
    """The way of lines to their calls, the short one where it can be had."""

    def __init__(self) -> None:
        """No shape is known yet."""
        self._shape: _Shape | None = None
        self._samples: list[bytes] = []
        self._missed = 0
        self._patience = PATIENCE

    def parse(self, line: bytes, known: long_lines.Known | None = None) -> Round | Short | Skipped:
        """The call of this line, short where nothing is lost by that, or why it describes none."""
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
    """The keys of a call's attributes, and those behind ``ai_log``.

    None where there is no call, where it has content, or where a key is one that JSON writes otherwise than it is.
    """
    try:
        outer = json.loads(line)
        inner = json.loads(outer["ai_log"])
        first, *rest = outer
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    is_plain = first == "ai_log" and isinstance(inner, dict) and inner.keys().isdisjoint(ai_log.CONTENT_KEYS)
    if not inner or not is_plain or not all(re.fullmatch(f"{_CHARACTER}+", key) for key in (*inner, *rest)):
        return None
    return set(inner), tuple(rest)


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
    missing = [name for name in _ORDER if name not in names]
    rest += ["((?!))?"] * len(missing)  # a group that is never there
    pattern = re.compile(rf'\{{"ai_log":"\{{(?=\\){"".join(members)}\}}"{"".join(rest)}\}}')
    return _Shape(pattern, tuple(map([None, *names, *missing].index, _ORDER)))


def _matched(shape: _Shape, line: bytes) -> Short | None:
    try:
        found = shape.pattern.fullmatch(line.decode())
    except UnicodeDecodeError:
        return None
    return _short(found.group(*shape.groups)) if found else None


def _short(values: tuple[str | None, ...]) -> Short | None:
    """The call of the values of ``_ORDER``, None for one that failed, of which more has to be known.

    Of their texts JSON would write none otherwise, so they stand in the session file as they stand in the line.  This is
    one function, for very many lines come by here.
    """
    whole_in, whole_out, total, reasoned, cached = counts = values[len(_WHERE) : _FACTS]
    session_id, consumer, model, response_type, input_details, output_details = values[_FACTS:-6]
    start_time, timestamp, response_code, first_token, service, duration = values[-6:]
    if response_code is None or not (model or values[_CHAT_ID] or whole_in or whole_out or total):
        return None
    code = int(response_code)
    if code >= _FAILED:
        return None
    at = timestamps.utc(start_time) or timestamps.utc(timestamp)
    model = model or None
    response_type = response_type or "normal"
    inputs, inputs_json = _of_input(input_details or "")
    outputs, outputs_json = _of_output(output_details or "")
    reported = (
        int(whole_in) if whole_in else None,
        int(whole_out) if whole_out else None,
        int(total) if total else None,
        int(cached) if cached else None,
        int(reasoned) if reasoned else None,
    )
    fresh, read, written, visible, reasoning, is_explicit, notes = usage.sorted_out(reported, inputs, outputs, model)
    input_tokens, output_tokens = fresh + read + written, visible + reasoning
    total_tokens = input_tokens + output_tokens
    facts: dict[str, Any] = {
        "timestamp": at,
        "input_tokens": input_tokens,
        "output_tokens": output_tokens,
        "reasoning_tokens": reasoning,
        "cached_tokens": read,
        "total_tokens": total_tokens,
        "model": model,
        "has_tool_calls": False,
        "response_type": response_type,
        "no_content": True,
        "response_code": code,
    }
    more = who = timing = noted = ""
    if written:
        facts["cache_write_tokens"] = written
        more = f',"cache_write_tokens":{written}'
    if is_explicit:
        facts["explicit_cache"] = True
        more += ',"explicit_cache":true'
    has_tokens = not (whole_in is whole_out is total is None)
    if not has_tokens:
        facts["no_tokens"] = True
        more += ',"no_tokens":true'
    if consumer:
        facts["consumer"] = consumer
        who = f',"consumer":"{consumer}"'
    if first_token:
        facts["first_token_ms"] = int(first_token)
        timing = f',"first_token_ms":{first_token}'
    duration_ms = duration if service is None else service
    if duration_ms and duration_ms != "0":
        facts["duration_ms"] = int(duration_ms)
        timing += f',"duration_ms":{duration_ms}'
    if notes:
        noted = f',"token_notes":{_json(notes).decode()}'
    stamp, name = f'"{at}"' if at else "null", f'"{model}"' if model else "null"
    body = (
        f'"timestamp":{stamp},"input_tokens":{input_tokens},"output_tokens":{output_tokens},'
        f'"reasoning_tokens":{reasoning},"cached_tokens":{read},"total_tokens":{total_tokens},"model":{name},'
        f'"has_tool_calls":false,"response_type":"{response_type}"{more},"no_content":true{who},"response_code":{code}'
        f'{timing},"messages":[],"question":null,"answer":null,"reasoning":null,"tool_calls":[],'
        f'"input_token_details":{inputs_json},"output_token_details":{outputs_json},'
        f'"reported":{{{_members(_REPORTED, counts)[1:]}}}{noted}{_members(_PLACES, values)}'
    )
    group = group_of(session_id, consumer, at)
    return Short(session_id or None, group, facts, body, has_tokens=has_tokens)


_CHAT_ID = _ORDER.index("chat_id")
_REPORTED = tuple((f',"{name}":', "") for name in ai_log.COUNTS)
_PLACES = tuple((f',"{name}":', "") if name == "chat_round" else (f',"{name}":"', '"') for name in _WHERE)


def _members(around: tuple[tuple[str, str], ...], values: tuple[str | None, ...]) -> str:
    """Members of a JSON object: each value that is there, with what stands around it."""
    return "".join([f"{before}{value}{behind}" for (before, behind), value in zip(around, values) if value])


@functools.lru_cache(2048)
def _of_input(text: str) -> tuple[usage.OfInput, str]:
    """What an input's details say, and what is stored of them."""
    found = _details(text)
    return usage.of_input(found), _json(found).decode()


@functools.lru_cache(2048)
def _of_output(text: str) -> tuple[usage.OfOutput, str]:
    """The same for an output's."""
    found = _details(text)
    return usage.of_output(found), _json(found).decode()


def _details(text: str) -> dict[str, Any]:
    return ai_log.details(text.replace(r"\\\"", '"'))


_json = compact_json.encoder(allow_nan=False)
