"""Which LLM call does one access-log line describe?

The only place that knows the gateway's keys.  The outer line is a text template that merely looks like JSON: request
headers are pasted in unescaped, so it is often broken while ``ai_log``, which the gateway escapes properly and puts
first, is intact.  ``ai_log`` is therefore taken as one JSON string, and the rest is read as far as it can be.

Sources: the access-log format of Higress' helm chart, and its ai-statistics plugin.
"""

from __future__ import annotations

import functools
import json
import math
import os
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from json.decoder import scanstring  # type: ignore[attr-defined]  # typeshed leaves it out
from typing import Any, NamedTuple

from session_monitor.base import lazy_regex

from . import long_lines, tool_results, usage
from .usage import Usage

NOT_LLM = "not_llm"
NO_AI_LOG = "no_ai_log"
CUT_OFF = "cut_off"
NOT_JSON = "not_json"
EMPTY = "empty"

DEEPEST = 100
"""Values nested deeper are kept as text: no reader of the session file may have to fear for its stack."""

CONTENT_KEYS = ("messages", "question", "system", "answer", "reasoning", "tool_calls")

_BLANK = " \t\r\n\ufeff"
_START = '{"ai_log":"'
_AI_LOG = lazy_regex.lazy(r'"ai_log"\s*:\s*"')
_FIELD = lazy_regex.lazy(r'"(\w+)"\s*:\s*"((?:[^"\\]|\\.)*)"')
_TOKEN = lazy_regex.lazy(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}:,]', re.DOTALL)  # a string without end is one token, too
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)", re.ASCII)
_MINUTE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d", re.ASCII)
_SECONDS = re.compile(r":[0-5]\d(\.\d{1,9})?Z", re.ASCII)
_MARK = b" [truncated] "
_BAD_BYTES = 12  # a character torn by the cut becomes up to three U+FFFD of three bytes each, on either side


class Skipped(NamedTuple):
    """A line that is no call, with the reason why."""

    reason: str


class Undecoded(NamedTuple):
    """A value that could not be taken as what it should be; its text is kept."""

    text: str


class Round(NamedTuple):
    """One LLM call, in the project's own terms.

    ``messages`` is the whole history that the client sent (empty where the log has none).  ``cut`` names the values
    whose middle the gateway cut out; ``undecoded`` holds the text of those that are therefore no structure any more.
    ``outer_broken`` says that the line is no JSON as a whole, ``torn`` that another line begins in the middle of it.
    ``error`` says in a few words why a call failed, and is ``None`` for one that did not.

    ``from_history`` is above 0 where ``messages`` lacks so many at its beginning: they are those of the session's last
    call.  ``sent`` says where all of them stand in the line, where that is worth remembering.
    """

    session_id: str | None
    timestamp: str | None
    model: str | None
    usage: Usage
    reported: dict[str, Any]
    response_type: str
    error: str | None
    messages: list[Any]
    question: str | None
    answer: str | None
    reasoning: str | None
    system: str | None
    tool_calls: list[Any]
    input_token_details: dict[str, Any]
    output_token_details: dict[str, Any]
    content_logged: bool
    outer_broken: bool
    torn: bool = False
    cut: tuple[str, ...] = ()
    undecoded: Mapping[str, str] = {}
    consumer: str | None = None
    api: str | None = None
    chat_id: str | None = None
    chat_round: int | None = None
    request_id: str | None = None
    route_name: str | None = None
    upstream_cluster: str | None = None
    response_code: int | None = None
    response_flags: str | None = None
    first_token_ms: int | None = None
    duration_ms: int | None = None
    from_history: int = 0
    sent: long_lines.Sent | None = None

    @property
    def group(self) -> str:
        """The id of the session that keeps this round; calls without one are kept by consumer and UTC day."""
        return group_of(self.session_id, self.consumer, self.timestamp)

    @property
    def has_tokens(self) -> bool:
        """Whether the line reports any token count."""
        reported = self.reported
        return "input_token" in reported or "output_token" in reported or "total_token" in reported


def group_of(session_id: str | None, consumer: str | None, timestamp: str | None) -> str:
    """The id of the session that keeps a call."""
    if session_id:
        return session_id
    day = timestamp[:10] if timestamp else "undated"
    return ":".join(("no-session", *([consumer] if consumer else []), day))


def parse(line: bytes, known: long_lines.Known | None = None) -> Round | Skipped:
    """The call that this line describes, or why it describes none.  Never raises, whatever the bytes.

    Where ``known`` tells what a session's last call sent, messages that are those of that call are not decoded again.
    """
    found = _parse_long(line, known) if known else None
    if found:
        return found
    parts = _split(line)
    return parts if isinstance(parts, Skipped) else _round(parts)


def _parse_long(line: bytes, known: long_lines.Known) -> Round | None:
    """The call of a line with many messages, whose bytes are remembered; None where it is not in the gateway's own shape.

    Where it begins with known messages, only the others are decoded.
    """
    pieces = long_lines.take_apart(line, known)
    parts = pieces and _joined_pieces(pieces)
    if pieces is None or parts is None:
        return None
    # Nothing behind the comma makes a whole list here, and none where it stands.
    is_odd = not parts.attributes["messages"] or _session_id(parts.attributes) != pieces.session_id
    if pieces.known and (is_odd or tool_results.need_history(parts.attributes["messages"])):
        pieces = long_lines.whole(pieces, line)
        parts = _joined_pieces(pieces)
        if parts is None:
            return None
    messages = parts.attributes["messages"]
    number = pieces.known.number if pieces.known else 0
    sent = long_lines.Sent(number + len(messages), pieces.end - pieces.start, line, pieces.start) if messages else None
    return _round(parts, number, sent)


def _joined_pieces(pieces: long_lines.Pieces) -> _Parts | None:
    """The parts of a line that was taken apart, with a list of messages; None where the pieces are not whole."""
    try:
        before, messages = _unescaped(pieces.before), f"[{_unescaped(pieces.messages)}]"
        text = pieces.behind.decode()
        behind, end = scanstring(text, 0, True)  # noqa: FBT003 -- positional only
        around = f'{before}"{_IN_PLACE}"{behind}'
        (found, found_end), (listed, list_end) = _scan(around, 0), _scan(messages, 0)
        outer = _outer('{"ai_log":"-"' + text[end:])
    except (ValueError, StopIteration, RecursionError):
        return None
    is_whole = found_end == len(around) and list_end == len(messages) and text.find(_START, end) < 0
    if not is_whole or not isinstance(found, dict) or found.get("messages") != _IN_PLACE:
        return None
    found["messages"] = listed
    return _Parts(found, outer) if _are_plain(found) else None


_IN_PLACE = os.urandom(16).hex()  # in the place of the messages; nobody can have written it into a log


def _unescaped(part: bytes) -> str:
    """What a part of a JSON string stands for.  Raises ``ValueError`` where it is none."""
    text = part.decode() + '"'
    found, end = scanstring(text, 0, True)  # noqa: FBT003 -- positional only
    if end < len(text):
        raise ValueError(part)
    return str(found)


def _split(line: bytes) -> _Parts | Skipped:
    text = line.decode("utf-8", "replace").strip(_BLANK)
    if not text:
        return Skipped(EMPTY)
    return _split_fast(text) if text.startswith(_START) else _split_any(text)


# -- the outer line ----------------------------------------------------------------------------------------------------


class _Parts(NamedTuple):
    """A line taken apart.  ``torn`` says that another line begins in the middle of it."""

    attributes: dict[str, Any]
    outer: dict[str, str]
    outer_broken: bool = False
    torn: bool = False


def _split_fast(text: str) -> _Parts | Skipped:
    """The gateway's own shape, ``ai_log`` first: nobody but the gateway wrote anything before it."""
    return _split_at(text, len(_START), '{"ai_log":"-"')


def _split_any(text: str) -> _Parts | Skipped:
    """Other orders and other writers: a line that is JSON speaks for itself, otherwise ``ai_log`` is looked for."""
    if not text.startswith("{"):  # in the rest of a line whose beginning is gone, a client may have written anything
        return Skipped(NO_AI_LOG)
    try:
        outer = json.loads(text)
    except (ValueError, RecursionError):
        found = _AI_LOG.search(text)
        if found:
            return _split_at(text, found.end(), None)
        return Skipped(NO_AI_LOG if text.endswith("}") else CUT_OFF)
    if "ai_log" not in outer:
        return Skipped(NO_AI_LOG)
    inner = outer.pop("ai_log")
    attributes = _decoded(inner) if isinstance(inner, dict) else _attributes(inner if isinstance(inner, str) else "-")
    if isinstance(attributes, Skipped):
        return attributes
    return _Parts(attributes, {key: value for key, value in outer.items() if isinstance(value, str)})


def _split_at(text: str, start: int, before: str | None) -> _Parts | Skipped:
    """``ai_log``'s string starts here; with ``before`` in its place the rest of the line should be JSON."""
    try:
        inner, end = scanstring(text, start, True)  # noqa: FBT003 -- positional only
    except ValueError as error:
        return Skipped(CUT_OFF if "Unterminated" in str(error) else NOT_JSON)
    # A full disk can swallow the end of one line and the newline; what follows is about another call.
    other = text.find(_START, end)
    attributes = _attributes(inner)
    if isinstance(attributes, Skipped):
        return Skipped(CUT_OFF) if other >= 0 else attributes
    try:
        if before is None or other >= 0:
            raise ValueError  # noqa: TRY301 -- then the line is known not to be JSON
        outer = _outer(before + text[end:])
    except (ValueError, StopIteration, RecursionError):
        fields = _FIELD.findall(text, 0 if before is None else end, other if other >= 0 else len(text))
        return _Parts(attributes, dict(reversed(fields)), outer_broken=True, torn=other >= 0)
    return _Parts(attributes, outer)


def _outer(text: str) -> dict[str, Any]:
    """The outer object.  Raises ``ValueError`` or ``StopIteration`` where it is none.

    Of two equal keys the first is the gateway's; a client can write the second into its user agent.
    """
    found, end = _scan(text, 0)
    if end == len(text) and text.count('":') == len(found):  # no key stands there twice: each has that behind it
        return found  # type: ignore[no-any-return]
    return _OUTER.decode(text)  # type: ignore[no-any-return]


_OUTER = json.JSONDecoder(object_pairs_hook=lambda pairs: dict(reversed(pairs)))


def _attributes(inner: str) -> dict[str, Any] | Skipped:
    """The attributes of ``ai_log``, each that cannot be decoded alone as ``Undecoded``."""
    if inner in ("-", "", "null"):
        return Skipped(NOT_LLM)
    try:
        found = _decode(inner)
        whole = not isinstance(found, dict) or _are_plain(found)
    except json.JSONDecodeError:
        return Skipped(NOT_JSON)
    except (ValueError, RecursionError):  # a number of 5,000 digits, nested too deep: one value, not the call
        whole = False
    if not whole:
        found = _attributes_apart(inner)
    if not isinstance(found, dict):
        return Skipped(NOT_JSON)
    return found or Skipped(NOT_LLM)


def _decoded(attributes: dict[str, Any]) -> dict[str, Any] | Skipped:
    """The same for attributes that came as an object, not as a string."""
    plain = {key: value if _is_plain(value) else Undecoded("[not plain JSON]") for key, value in attributes.items()}
    return plain or Skipped(NOT_LLM)


def _attributes_apart(inner: str) -> dict[str, Any] | None:
    """Decode each member of an object by itself, without recursion over the whole; ``None`` for anything else."""
    found: dict[str, Any] = {}
    depth, key, start = 0, "", 0
    for token in _TOKEN.finditer(inner):
        char = token.group()[0]
        if depth == 1 and char == ":":
            start = token.end()
        elif depth == 1 and char in ",}":
            found[key] = _value(inner[start : token.start()])
        elif depth == 1 and char == '"' and not start:
            key = _value(token.group())
        if char in "[{":
            depth += 1
        elif char in "]}":
            depth -= 1
        if depth == 1 and char == ",":
            start = 0
    return found if depth == 0 and inner.lstrip().startswith("{") else None


def _decode(text: str) -> Any:
    """Its value; raises ``ValueError`` also for numbers that not every JSON reader can take."""
    try:
        found, end = _scan(text, 0)
    except StopIteration:
        end = -1
    return found if end == len(text) else _DECODER.decode(text)


def _value(text: str) -> Any:
    try:
        value = _decode(text)
    except (ValueError, RecursionError):
        return Undecoded(text)
    return value if _is_shallow(text) or _is_plain(value) else Undecoded(text)


_FLAT = frozenset({str, int, bool, type(None)})


def _are_plain(attributes: dict[str, Any]) -> bool:
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
_scan = _DECODER.scan_once  # type: ignore[attr-defined]  # typeshed lacks it; what ``decode`` comes down to, without looking for spaces


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


# -- the round ---------------------------------------------------------------------------------------------------------


def _round(parts: _Parts, from_history: int = 0, sent: long_lines.Sent | None = None) -> Round:
    attributes, outer, outer_broken, torn = parts
    get, get_outer = attributes.get, outer.get
    undecoded: dict[str, str] = {}
    content_logged = not _CONTENT.isdisjoint(attributes)
    messages: list[Any] = []
    tool_calls: list[Any] = []
    question = answer = reasoning = system = None
    cut: tuple[str, ...] = ()
    if content_logged:
        messages = _listed(get("messages"), "messages", undecoded)
        # A streamed call leaves out an index of 0.
        listed = _listed(get("tool_calls"), "tool_calls", undecoded)
        tool_calls = [{"index": 0, **call} if isinstance(call, dict) else call for call in listed]
        question = _question(get("question"), messages)
        answer, reasoning, system = _flat(get("answer")), _flat(get("reasoning")), _flat(get("system"))
        cut = tuple(key for key in CONTENT_KEYS if _is_cut(get(key)))
    input_details, output_details = details(get("input_token_details")), details(get("output_token_details"))
    reported = _reported(attributes)
    model = _text(get("model"))
    code = usage.count(get_outer("response_code"))
    error = _error(code, outer, attributes)
    return Round(
        _session_id(attributes),
        utc(get_outer("start_time")) or utc(get_outer("timestamp")),
        model,
        usage.normalise(counts(reported, input_details, output_details), model),
        reported,
        "error" if error else _text(get("response_type")) or "normal",
        error,
        messages,
        question,
        answer,
        reasoning,
        system,
        tool_calls,
        input_details,
        output_details,
        content_logged,
        outer_broken,
        torn,
        cut,
        undecoded,
        _text(get("consumer")),
        _text(get("api")),
        _text(get("chat_id")),
        usage.count(get("chat_round")),
        _text(get_outer("request_id")),
        _text(get_outer("route_name")),
        _text(get_outer("upstream_cluster")),
        code,
        _text(get_outer("response_flags")),
        usage.count(get("llm_first_token_duration")),
        _first_count(get("llm_service_duration"), get_outer("duration")),
        from_history,
        sent,
    )


_CONTENT = frozenset(CONTENT_KEYS)
_ANSWER_KEYS = ("model", "chat_id", "input_token", "output_token", "total_token", "answer", "reasoning", "tool_calls")
_NOTHING: tuple[object, ...] = (None, "", "-", [])

COUNTS = ("input_token", "output_token", "total_token", "reasoning_tokens", "cached_tokens")
"""The attributes that count tokens."""


def _reported(attributes: dict[str, Any]) -> dict[str, Any]:
    """The raw counts that are there, as integers."""
    found = {}
    for key in COUNTS:
        value = attributes.get(key)
        if value is not None:
            number = usage.count(value)
            if number is not None:
                found[key] = number
    return found


def counts(reported: dict[str, Any], inputs: dict[str, Any], outputs: dict[str, Any]) -> usage.Reported:
    """The raw counts with their details."""
    get = reported.get
    found = get("input_token"), get("output_token"), get("total_token"), get("cached_tokens"), get("reasoning_tokens")
    return usage.Reported(*found, inputs, outputs)


def details(value: object) -> dict[str, Any]:
    """Token details come as an object, as a JSON string, or as null."""
    if value is None:
        return {}
    if isinstance(value, str):
        value = _value(value) if value else None
    return value if isinstance(value, dict) else {}


def _listed(value: object, key: str, undecoded: dict[str, str]) -> list[Any]:
    """A list, or nothing and its text in ``undecoded`` (a string is Go's print of a value that was too long)."""
    if value is None:
        return []
    if isinstance(value, list):
        return value
    if isinstance(value, Undecoded):
        undecoded[key] = value.text
    elif isinstance(value, str) and value:
        undecoded[key] = value
    elif isinstance(value, dict):
        undecoded[key] = json.dumps(value, ensure_ascii=False)
    return []


def _is_cut(value: object) -> bool:
    """Whether the gateway cut out the middle of this value: it keeps equal halves around its mark."""
    if not isinstance(value, str) or " [truncated] " not in value:
        return False
    raw = value.encode("utf-8", "surrogatepass")
    middle = (len(raw) - len(_MARK)) // 2
    return _MARK in raw[max(0, middle - _BAD_BYTES) : middle + len(_MARK) + _BAD_BYTES]


def _text(value: object) -> str | None:
    """A non-empty string; the gateway writes ``-`` for what is absent."""
    if type(value) is str:
        return value if value and value != "-" else None
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _session_id(attributes: dict[str, Any]) -> str | None:
    """The session's id; two halves of a character that were escaped apart as one: JSON writes and reads them so."""
    text = _text(attributes.get("session_id"))
    if text is None or text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def _flat(content: object) -> str | None:
    """The text of a message's content: a string, null, or a list of parts."""
    if content is None or isinstance(content, str):
        return content
    if isinstance(content, Undecoded):
        return content.text
    if isinstance(content, list):
        return "\n".join(filter(None, map(_part, content)))
    return None


def _part(part: object) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, dict):
        return ""
    text, kind = part.get("text"), part.get("type")
    return text if isinstance(text, str) else f"[{kind if isinstance(kind, str) else 'part'}]"


def _question(question: object, messages: list[Any]) -> str | None:
    """What the user asked in this round.

    The gateway writes the content of the last message there, whoever sent it; a tool's result is no question, and is
    in the messages anyway.
    """
    if not messages and (question is None or isinstance(question, str)):
        return question
    last = messages[-1] if messages and isinstance(messages[-1], dict) else {}
    if last.get("role") in ("tool", "function") or _has_result(last.get("content")) or _has_result(question):
        return ""
    return _flat(question)


def _has_result(content: object) -> bool:
    parts = content if isinstance(content, list) else []
    return any(isinstance(part, dict) and part.get("type") == "tool_result" for part in parts)


def utc(value: object) -> str | None:
    """An RFC 3339 time in UTC, with the fraction that the log gives; ``None`` where it is no time."""
    if not isinstance(value, str):
        return None
    if _is_minute(value[:16]) and _SECONDS.fullmatch(value, 16):  # as the gateway writes it
        return value
    found = _TIME.fullmatch(value)
    if not found:
        return None
    day, clock, fraction, zone = found.groups("")
    if zone == "Z":
        zone = "+0000"
    try:
        moment = datetime.fromisoformat(f"{day}T{clock}{zone[:3]}:{zone[-2:]}")
        return moment.astimezone(timezone.utc).replace(tzinfo=None).isoformat() + fraction + "Z"
    except (ValueError, OverflowError):
        return None


@functools.lru_cache(1024)
def _is_minute(text: str) -> bool:
    if not _MINUTE.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _error(code: int | None, outer: dict[str, str], attributes: dict[str, Any]) -> str | None:
    """Why the call failed, in a few words; ``None`` where it did not."""
    failed_code = 400
    if code is not None and (code == 0 or code >= failed_code):
        details = _text(outer.get("response_code_details")) or _text(outer.get("response_flags"))
        return f"{code} {details}" if details else str(code)
    for key in _ANSWER_KEYS:
        if key in attributes and attributes[key] not in _NOTHING:
            return None
    return "no response"


def _first_count(first: object, second: object) -> int | None:
    number = usage.count(first)
    return usage.count(second) if number is None else number
