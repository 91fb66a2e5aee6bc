r"""Which call does a short line describe, told without decoding it?

Most lines of a gateway that logs no content have one shape: the same keys in the same order, and values without any
escape.  A ``LineReader`` learns that shape from some lines and takes what it needs of the next ones out of them by one
regular expression, which holds for the whole line.  A line that it matches is therefore JSON to its end, with each key once, and
nothing in it can be read in two ways.  Its texts go into the session file as they are: there is nothing in them that JSON
would write otherwise.  Whatever else comes goes the ordinary way, which says what a line means and what is stored of it:
``ai_log``, ``record`` and ``session_file`` make the same of a line that ``LineReader`` takes.
"""

from __future__ import annotations

import functools
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from session_monitor.base import compact_json, timestamps

from . import access_line, ai_log, answers, content, long_lines, outcome, usage
from .access_line import Skipped
from .round import Round, group_of

LONGEST = 4096
"""Bytes of a line that is looked at; longer ones hold content."""
PATIENCE = 256
"""Lines in a row that go the ordinary way before a shape is learned; making a pattern of it takes as long as a hundred."""
SAMPLES = 64
"""Lines that a shape is learned from."""
_MOST_KEYS = 100

_CHARACTER = r'[^"\\\x00-\x1f]'
# The gateway writes ``-`` for what is absent.  Each way is open to what the other is not: where the end of a line does not
# match, all ways to match its beginning are tried.
_TEXT = rf'(?:-(?=["\\])|(?!-["\\])(?P<KEY>{_CHARACTER}*))'
_NUMBER = r"(?:null|(?P<KEY>0|[1-9][0-9]{0,9}))"
_POSITIVE = r"(?:null|0|(?P<KEY>[1-9][0-9]{0,9}))"  # 0 says no more than null does
_INSIDE = r'[^"\\{}\x00-\x1f]*'
_DETAILS = rf'(?:null|\\"(?P<KEY>\{{{_INSIDE}(?:\\\\\\"{_INSIDE})*\}})\\")'  # JSON in a string
_ANY = rf'(?:null|true|false|-?(?:0|[1-9][0-9]{{0,9}})|\\"{_CHARACTER}*\\")'

# What may stand behind each key that a call is made of; what is taken of it is the group of that name.
_ATTRIBUTES = {
    **dict.fromkeys((*ai_log.TEXTS, "consumer", "model", "response_type", "session_id"), rf'\\"{_TEXT}\\"'),
    **dict.fromkeys((*ai_log.NUMBERS, "llm_first_token_duration"), _POSITIVE),
    **dict.fromkeys(ai_log.COUNTS, _NUMBER),
    **dict.fromkeys(("input_token_details", "output_token_details"), _DETAILS),
}
# Without these a line does not tell all of its call's end and tokens, and more has to be looked at.
_NEEDED = {
    **dict.fromkeys(("input_token", "output_token", "llm_service_duration"), "(?P<KEY>0|[1-9][0-9]{0,9})"),
    "response_type": rf'\\"(?!-\\")(?P<KEY>{_CHARACTER}+)\\"',
}
_UNKNOWN = f"{_CHARACTER}*"
_OUTER = {
    **dict.fromkeys(ai_log.OUTER_TEXTS, _TEXT),
    **dict.fromkeys(("start_time", "timestamp"), rf"(?P<KEY>{_CHARACTER}*)"),
    "method": "(?:-|POST)",
    "response_flags": "-(?P<KEY>(?!))?",
    "response_code": "(?P<KEY>[123][0-9]{2})",
    **dict.fromkeys(("duration", "upstream_service_time"), "(?:-|(?P<KEY>0|[1-9][0-9]{0,9}))"),
}

_TOLD = (
    *("session_id", "consumer", "model", "response_type", "start_time", "timestamp", "response_code"),
    *("llm_first_token_duration", "llm_service_duration", "duration", "upstream_service_time"),
    *("input_token_details", "output_token_details"),
)
_ORDER = (*_TOLD, *ai_log.COUNTS, *ai_log.PLACES)
"""The values that a call is made of, as it takes them."""
_FIRST_COUNT, _FIRST_PLACE = len(_TOLD), len(_TOLD) + len(ai_log.COUNTS)
_CACHED = ai_log.COUNTS.index("cached_tokens")
_BEFORE_COUNTS = [f',"{name}":' for name in ai_log.COUNTS]


class ShortCall:
    """An LLM call of which a line says little: no content, nothing cut, seen to its good end by the gateway.

    It has what a ``Round`` has, by the same names.  What only gets into the session file is not decoded: ``counted`` are
    the details of its input, those of its output and the reported counts, as JSON; ``places`` are the texts of
    ``ai_log.PLACES``, None for what is absent, with nothing in them that JSON would write otherwise.
    """

    __slots__ = (
        *("session_id", "timestamp", "model", "usage", "response_type", "consumer", "response_code"),
        *("first_token_ms", "duration_ms", "upstream_ms", "counted", "places", "cache_untold"),
    )
    outcome = outcome.OK
    error: str | None = None
    response_flags: str | None = None
    has_tool_calls: bool | None = None
    answered_by: str | None = None
    session_from: str | None = None
    has_tokens, at_least = True, False
    tool_calls: tuple[Any, ...] = ()
    cut: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    undecoded: Mapping[str, str] = {}
    content_logged = outer_broken = torn = False

    def __init__(self, values: tuple[str | None, ...]) -> None:
        """The call of the values of ``_ORDER``, as they stand in its line; None for what is absent or says nothing."""
        session_id, self.consumer, model, response_type, start_time, timestamp, code, *rest = values[:_FIRST_COUNT]
        first_token, service, duration, upstream, input_details, output_details = rest
        self.session_id = session_id or None
        self.timestamp = timestamps.utc(start_time) or timestamps.utc(timestamp)
        self.model = model = model or None
        self.response_type = response_type
        self.response_code = int(code or 0)
        self.first_token_ms = int(first_token or 0)
        self.duration_ms = int((duration if service is None else service) or 0)
        self.upstream_ms = int(upstream) if upstream else None
        self.places = values[_FIRST_PLACE:]
        given = values[_FIRST_COUNT:_FIRST_PLACE]
        counts = [int(text) if text else None for text in given]
        inputs, inputs_json, is_cache_told = _of_input(input_details or "")
        outputs, outputs_json = _of_output(output_details or "")
        reported = "".join([before + text for before, text in zip(_BEFORE_COUNTS, given) if text])
        self.counted = inputs_json, outputs_json, f"{{{reported[1:]}}}"
        self.usage = usage.sorted_out(counts, inputs, outputs, model)
        self.cache_untold = not (is_cache_told or given[_CACHED]) and bool(counts[0])

    @property
    def route_name(self) -> str | None:
        """As a ``Round``'s."""
        return self.places[_ROUTE]

    @property
    def upstream_cluster(self) -> str | None:
        """As a ``Round``'s."""
        return self.places[_CLUSTER]

    @property
    def group(self) -> str:
        """The id of the session that keeps this call."""
        return group_of(self.session_id, self.consumer, self.timestamp)


_ROUTE, _CLUSTER = (ai_log.PLACES.index(name) for name in ("route_name", "upstream_cluster"))
_MODEL, _CODE = _TOLD.index("model"), _TOLD.index("response_code")


class _Shape(NamedTuple):
    """What matches a line, and which groups of it are the values of ``_ORDER``."""

    pattern: re.Pattern[str]
    groups: tuple[int, ...]


class LineReader:
    """The way of lines to their calls, the short one where it can be had."""

    def __init__(self) -> None:
        """No shape is known yet."""
        self._shape: _Shape | None = None
        self._samples: list[bytes] = []
        self._missed = 0
        self._patience = PATIENCE

    def parse(self, line: bytes, known: long_lines.Known | None = None) -> Round | ShortCall | Skipped:
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
    keys = {*_ATTRIBUTES, *_NEEDED}  # also those that a few lines do not happen to have
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
    is_plain = first == "ai_log" and isinstance(inner, dict) and inner.keys().isdisjoint(content.KEYS)
    if (
        not inner
        or not is_plain
        or access_line.has_separate(rest)
        or not all(re.fullmatch(f"{_CHARACTER}+", key) for key in (*inner, *rest))
    ):
        return None
    return set(inner), tuple(rest)


def _shape(inner: Iterable[str], outer: Sequence[str]) -> _Shape:
    """What matches lines with any of these inner keys and all of these outer ones, in this order."""
    members = "".join(map(_member, inner))
    fields = [rf',"{re.escape(key)}":"{_OUTER.get(key, _UNKNOWN).replace("KEY", key)}"' for key in outer]
    absent = [rf"(?P<{key}>(?!))?" for key in _OUTER if key not in outer]  # groups that are never there
    pattern = re.compile(rf'\{{"ai_log":"\{{(?=\\){members}\}}"{"".join(fields)}\}}{"".join(absent)}')
    return _Shape(pattern, tuple(map(pattern.groupindex.__getitem__, _ORDER)))


def _member(key: str) -> str:
    """What matches an attribute; a comma stands between two of them, and nowhere else."""
    value = _NEEDED.get(key) or _ATTRIBUTES.get(key, _ANY)
    member = rf'(?:\\"{re.escape(key)}\\":{value.replace("KEY", key)}(?:,(?=\\)|(?=\}})))'
    return member if key in _NEEDED else f"{member}?"


def _matched(shape: _Shape, line: bytes) -> ShortCall | None:
    """The call of a line of this shape, None for another, or for one that failed, of which more has to be known."""
    try:
        match = shape.pattern.fullmatch(line.decode())
    except UnicodeDecodeError:
        return None
    if not match:
        return None
    values = match.group(*shape.groups)
    if not _is_plain(values):
        return None
    call = ShortCall(values)
    notes = call.usage[-1]
    return None if notes and not usage.IN_PART.isdisjoint(notes) else call


def _is_plain(values: tuple[str | None, ...]) -> bool:
    """Whether these values leave nothing open: an end that the gateway saw, a model, and tokens of input or output."""
    has_tokens = values[_FIRST_COUNT] != "0" or values[_FIRST_COUNT + 1] != "0"
    return has_tokens and values[_CODE] is not None and answers.is_model(values[_MODEL])


@functools.lru_cache(2048)
def _of_input(text: str) -> tuple[usage.OfInput, str, bool]:
    """What an input's details say, what is stored of them, and whether they tell of a cache."""
    decoded = _details(text)
    return usage.of_input(decoded), _json(decoded or {}).decode(), usage.tells_cache(None, decoded)


@functools.lru_cache(2048)
def _of_output(text: str) -> tuple[usage.OfOutput, str]:
    """The same for an output's."""
    decoded = _details(text)
    return usage.of_output(decoded), _json(decoded or {}).decode()


def _details(text: str) -> dict[str, Any] | None:
    return ai_log.details(text.replace(r"\\\"", '"'))


_json = compact_json.encoder(allow_nan=False)
