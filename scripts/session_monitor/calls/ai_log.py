"""Which LLM call does one access-log line describe?

The only place that knows the gateway's keys.  The outer line is a text template that merely looks like JSON: request
headers are pasted in unescaped, so it is often broken while ``ai_log``, which the gateway escapes properly and puts
first, is intact.  ``ai_log`` is therefore taken as one JSON string, and the rest is read as far as it can be.

Sources: the access-log format of Higress' helm chart, and its ai-statistics plugin.
"""

from __future__ import annotations

import json
import os
from json.decoder import scanstring  # type: ignore[attr-defined]  # typeshed leaves it out
from typing import Any

from session_monitor.base import utf8
from session_monitor.base.timestamps import utc

from . import long_lines, tool_results, usage
from .access_line import START, LineParts, Skipped, UndecodedValue, _outer, _value, are_plain, scan, split
from .round import Round

CONTENT_KEYS = ("messages", "question", "system", "answer", "reasoning", "tool_calls")

_MARK = b" [truncated] "
_BAD_BYTES = 12  # a character torn by the cut becomes up to three U+FFFD of three bytes each, on either side


def parse(line: bytes, known: long_lines.Known | None = None) -> Round | Skipped:
    """The call that this line describes, or why it describes none.  Never raises, whatever the bytes.

    Where ``known`` tells what a session's last call sent, messages that are those of that call are not decoded again.
    """
    found = _parse_long(line, known) if known else None
    if found:
        return found
    parts = split(line)
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


def _joined_pieces(pieces: long_lines.Pieces) -> LineParts | None:
    """The parts of a line that was taken apart, with a list of messages; None where the pieces are not whole."""
    try:
        before, messages = _unescaped(pieces.before), f"[{_unescaped(pieces.messages)}]"
        text = pieces.behind.decode()
        behind, end = scanstring(text, 0, True)  # noqa: FBT003 -- positional only
        around = f'{before}"{_IN_PLACE}"{behind}'
        (found, found_end), (listed, list_end) = scan(around, 0), scan(messages, 0)
        outer = _outer('{"ai_log":"-"' + text[end:])
    except (ValueError, StopIteration, RecursionError):
        return None
    is_whole = found_end == len(around) and list_end == len(messages) and text.find(START, end) < 0
    if not is_whole or not isinstance(found, dict) or found.get("messages") != _IN_PLACE:
        return None
    found["messages"] = listed
    return LineParts(found, outer) if are_plain(found) else None


_IN_PLACE = os.urandom(16).hex()  # in the place of the messages; nobody can have written it into a log


def _unescaped(part: bytes) -> str:
    """What a part of a JSON string stands for.  Raises ``ValueError`` where it is none."""
    text = part.decode() + '"'
    found, end = scanstring(text, 0, True)  # noqa: FBT003 -- positional only
    if end < len(text):
        raise ValueError(part)
    return str(found)


# -- the outer line ----------------------------------------------------------------------------------------------------


# -- the round ---------------------------------------------------------------------------------------------------------


def _round(parts: LineParts, from_history: int = 0, sent: long_lines.Sent | None = None) -> Round:
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
    if isinstance(value, UndecodedValue):
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
    raw = utf8.encoded(value)
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
    if isinstance(content, UndecodedValue):
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
