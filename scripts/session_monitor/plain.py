r"""Which call does a short line describe, told without decoding it?

Most lines of a gateway that logs no content have one shape: the same keys in the same order, and values without any
escape.  ``Plain`` learns that shape from some lines and takes what it needs of the next ones out of them by one regular
expression, which holds for the whole line.  A line that it matches is therefore JSON to its end, with each key once, and
nothing in it can be read in two ways.  Its texts go into the session file as they are: there is nothing in them that JSON
would write otherwise.  Whatever else comes goes the ordinary way, which says what a line means and what is stored of it:
``ai_log``, ``entry`` and ``session_file`` make the same of a line that ``Plain`` takes.
"""

from __future__ import annotations

import functools
import json
import operator
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any, Callable, NamedTuple

from . import ai_log, compact_json, resent, usage
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
# The gateway writes ``-`` for what is absent.  Each way is open to what the other is not: where the end of a line does not
# match, all ways to match its beginning are tried.
_TEXT = rf'(?:-(?=["\\])|(?!-["\\])({_CHARACTER}*))'
_NUMBER = r"(?:null|(0|[1-9][0-9]{0,9}))"
_INSIDE = r'[^"\\{}\x00-\x1f]*'
_DETAILS = rf'(?:null|\\"(\{{{_INSIDE}(?:\\\\\\"{_INSIDE})*\}})\\")'  # JSON in a string
_ANY = rf'(?:null|true|false|-?(?:0|[1-9][0-9]{{0,9}})|\\"{_CHARACTER}*\\")'

_INNER = {
    **dict.fromkeys(("api", "chat_id", "consumer", "model", "response_type", "session_id"), rf'\\"{_TEXT}\\"'),
    **dict.fromkeys(("chat_round", "llm_first_token_duration", "llm_service_duration", *ai_log.COUNTS), _NUMBER),
    **dict.fromkeys(("input_token_details", "output_token_details"), _DETAILS),
}
_OUTER = {
    **dict.fromkeys(("request_id", "response_flags", "route_name", "upstream_cluster"), _TEXT),
    **dict.fromkeys(("start_time", "timestamp"), rf"({_CHARACTER}*)"),
    "response_code": "([1-9][0-9]{2})",
    "duration": "(?:-|(0|[1-9][0-9]{0,9}))",
}


class _Values(NamedTuple):
    """What a line says, in its own words; None for what is absent.  The counts are in the order of ``ai_log.COUNTS``."""

    api: str | None
    chat_id: str | None
    consumer: str | None
    model: str | None
    response_type: str | None
    session_id: str | None
    chat_round: str | None
    llm_first_token_duration: str | None
    llm_service_duration: str | None
    input_token: str | None
    output_token: str | None
    total_token: str | None
    reasoning_tokens: str | None
    cached_tokens: str | None
    input_token_details: str | None
    output_token_details: str | None
    request_id: str | None
    response_flags: str | None
    route_name: str | None
    upstream_cluster: str | None
    start_time: str | None
    timestamp: str | None
    response_code: str | None
    duration: str | None


_FIRST_COUNT = _Values._fields.index(ai_log.COUNTS[0])
_BEHIND_COUNTS = _FIRST_COUNT + len(ai_log.COUNTS)


class _Shape(NamedTuple):
    """What matches a line, and what puts the groups of it, and a None behind them, into the order of ``_Values``."""

    pattern: re.Pattern[str]
    pick: Callable[[tuple[str | None, ...]], tuple[str | None, ...]]


class Short(NamedTuple):
    """An LLM call of which a line says little: no content, nothing cut, no failure.

    ``group`` is the id of the session that keeps it.  The fields behind ``values`` are the same for all of them.
    """

    session_id: str | None
    group: str
    timestamp: str | None
    values: _Values
    error: str | None = None
    cut: tuple[str, ...] = ()
    outer_broken: bool = False
    torn: bool = False

    @property
    def has_tokens(self) -> bool:
        """Whether the line reports any token count."""
        values = self.values
        return not (values.input_token is values.output_token is values.total_token is None)

    def stored(self, number: int, log: tuple[str, int, int]) -> tuple[dict[str, Any], bytes]:
        """The facts of this call as a session's round of that number, and its line without the checksum.

        ``log`` is where it was read.  Both are what ``entry.entry_of`` and ``session_file.round_line`` make of it.
        """
        values = self.values
        inputs, inputs_json = _details(values.input_token_details or "")
        outputs, outputs_json = _details(values.output_token_details or "")
        counts = values[_FIRST_COUNT:_BEHIND_COUNTS]
        reported = {name: int(text) for name, text in zip(ai_log.COUNTS, counts) if text}
        model = values.model or None
        used = usage.normalise(ai_log.counts(reported, inputs, outputs), model)
        facts, facts_json = self._facts(number, model, used)
        reported_json = ",".join([f'"{name}":{count}' for name, count in reported.items()])
        generation, start, end = log
        line = (
            f"{',' if number > 1 else ''}{facts_json},"
            '"messages":[],"question":null,"answer":null,"reasoning":null,"tool_calls":[],'
            f'"input_token_details":{inputs_json},"output_token_details":{outputs_json},'
            f'"reported":{{{reported_json}}}{self._where(used.notes)},"log":[{_name(generation)},{start},{end}]'
        )
        return facts, line.encode()

    def _facts(self, number: int, model: str | None, used: usage.Usage) -> tuple[dict[str, Any], str]:
        """The facts, and the same as JSON without its end: no text of them is one that JSON would write otherwise."""
        values = self.values
        fresh, read, written, visible, reasoning, is_explicit, _ = used
        input_tokens, output_tokens = fresh + read + written, visible + reasoning
        response_type = values.response_type or "normal"
        facts: dict[str, Any] = {
            "round": number,
            "timestamp": self.timestamp,
            "input_tokens": input_tokens,
            "output_tokens": output_tokens,
            "reasoning_tokens": reasoning,
            "cached_tokens": read,
            "total_tokens": input_tokens + output_tokens,
            "model": model,
            "has_tool_calls": False,
            "response_type": response_type,
        }
        text = (
            f'{{"round":{number},"timestamp":{_quoted(self.timestamp) or "null"},"input_tokens":{input_tokens},'
            f'"output_tokens":{output_tokens},"reasoning_tokens":{reasoning},"cached_tokens":{read},'
            f'"total_tokens":{input_tokens + output_tokens},"model":{_quoted(model) or "null"},'
            f'"has_tool_calls":false,"response_type":"{response_type}"'
        )
        code, first_token_ms = _number(values.response_code), _number(values.llm_first_token_duration)
        service_ms = values.llm_service_duration
        duration_ms = _number(values.duration if service_ms is None else service_ms)
        for name, value, json_ in (
            ("cache_write_tokens", written, written),
            ("explicit_cache", is_explicit, "true"),
            ("no_tokens", not self.has_tokens, "true"),
            ("no_content", True, "true"),
            ("consumer", values.consumer, _quoted(values.consumer)),
            ("response_code", code, code),
            ("first_token_ms", first_token_ms, first_token_ms),
            ("duration_ms", duration_ms, duration_ms),
        ):
            if value:
                facts[name] = value
                text += f',"{name}":{json_}'
        return facts, text

    def _where(self, notes: tuple[str, ...]) -> str:
        """What is told of where the call went, as members of a JSON object; before them the notes on its tokens."""
        values = self.values
        members = (
            ("token_notes", f"[{','.join(map(_quoted, notes))}]" if notes else ""),
            ("api", _quoted(values.api)),
            ("chat_id", _quoted(values.chat_id)),
            ("chat_round", _number(values.chat_round)),
            ("request_id", _quoted(values.request_id)),
            ("route_name", _quoted(values.route_name)),
            ("upstream_cluster", _quoted(values.upstream_cluster)),
            ("response_flags", _quoted(values.response_flags)),
        )
        return "".join([f',"{name}":{text}' for name, text in members if text])


def _quoted(text: str | None) -> str:
    """A JSON string of a text without anything to be escaped; nothing for nothing."""
    return f'"{text}"' if text else ""


@functools.lru_cache(16)
def _name(generation: str) -> str:
    """A JSON string of a generation's id, which is read from a file."""
    return _json(generation).decode()


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)


class Plain:
    """The way of lines to their calls, the short one where it can be had."""

    def __init__(self) -> None:
        """No shape is known yet."""
        self._shape: _Shape | None = None
        self._samples: list[bytes] = []
        self._missed = 0
        self._patience = PATIENCE

    def parse(self, line: bytes, known: resent.Known | None = None) -> Round | Short | Skipped:
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
    pattern = re.compile(rf'\{{"ai_log":"\{{(?=\\){"".join(members)}\}}"{"".join(rest)}\}}')
    places = {name: place for place, name in enumerate(names)}
    return _Shape(pattern, operator.itemgetter(*(places.get(name, -1) for name in _Values._fields)))


def _matched(shape: _Shape, line: bytes) -> Short | None:
    try:
        found = shape.pattern.fullmatch(line.decode())
    except UnicodeDecodeError:
        return None
    return _short(shape.pick((*found.groups(), None))) if found else None


def _short(values: tuple[str | None, ...]) -> Short | None:
    """The call of these values, None for one that failed, of which more has to be known."""
    found = _Values(*values)
    has_answer = found.model or found.chat_id or found.input_token or found.output_token or found.total_token
    if not has_answer or found.response_code is None or int(found.response_code) >= _FAILED:
        return None
    timestamp = ai_log.utc(found.start_time) or ai_log.utc(found.timestamp)
    return Short(
        found.session_id or None, ai_log.group_of(found.session_id, found.consumer, timestamp), timestamp, found
    )


@functools.lru_cache(1024)
def _details(text: str) -> tuple[dict[str, Any], str]:
    """Token details, with what is stored of them."""
    found = ai_log.details(text.replace(r"\\\"", '"'))
    return found, _json(found).decode()


_json = compact_json.encoder(allow_nan=False)
