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
from typing import Any, NamedTuple

from session_monitor.base import utf8
from session_monitor.base.timestamps import utc

from . import access_line, long_lines, messages, tool_results, usage
from .access_line import LineParts, Skipped, UndecodedValue
from .round import Round

CONTENT_KEYS = ("messages", "question", "system", "answer", "reasoning", "tool_calls")
COUNTS = ("input_token", "output_token", "total_token", "reasoning_tokens", "cached_tokens")
"""The attributes that count tokens, in the order of ``usage.Reported``."""

# What a round has by the same name, as it is, of long lines and of short ones.
TEXTS, NUMBERS = ("api", "chat_id"), ("chat_round",)
OUTER_TEXTS = ("request_id", "route_name", "upstream_cluster", "response_flags")
PLACES = (*TEXTS, *NUMBERS, *OUTER_TEXTS)


def parse(line: bytes, known: long_lines.Known | None = None) -> Round | Skipped:
    """The call that this line describes, or why it describes none.  Never raises, whatever the bytes.

    Where ``known`` tells what a session's last call sent, messages that are those of that call are not decoded again.
    """
    call = _parse_long(line, known) if known else None
    if call:
        return call
    parts = access_line.split(line)
    return parts if isinstance(parts, Skipped) else _round(parts)


# -- lines with many messages ------------------------------------------------------------------------------------------


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
    listed = parts.attributes["messages"]
    number = pieces.known.number if pieces.known else 0
    sent = long_lines.Sent(number + len(listed), pieces.end - pieces.start, line, pieces.start) if listed else None
    return _round(parts, number, sent)


def _joined_pieces(pieces: long_lines.Pieces) -> LineParts | None:
    """The parts of a line that was taken apart, with a list of messages; None where the pieces are not whole."""
    try:
        before, listed_text = _unescaped(pieces.before), f"[{_unescaped(pieces.messages)}]"
        text = pieces.behind.decode()
        behind, end = scanstring(text, 0, True)  # noqa: FBT003 -- positional only
        around = f'{before}"{_IN_PLACE}"{behind}'
        (attributes, around_end), (listed, list_end) = access_line.scan(around, 0), access_line.scan(listed_text, 0)
        outer = access_line.outer_fields(text[end:])
    except (ValueError, StopIteration, RecursionError):
        return None
    is_whole = around_end == len(around) and list_end == len(listed_text) and text.find(access_line.START, end) < 0
    if not is_whole or not isinstance(attributes, dict) or attributes.get("messages") != _IN_PLACE:
        return None
    attributes["messages"] = listed
    return LineParts(attributes, outer) if access_line.are_plain(attributes) else None


_IN_PLACE = os.urandom(16).hex()  # in the place of the messages; nobody can have written it into a log


def _unescaped(part: bytes) -> str:
    """What a part of a JSON string stands for.  Raises ``ValueError`` where it is none."""
    text = part.decode() + '"'
    unescaped, end = scanstring(text, 0, True)  # noqa: FBT003 -- positional only
    if end < len(text):
        raise ValueError(part)
    return str(unescaped)


# -- the round ---------------------------------------------------------------------------------------------------------


def _round(parts: LineParts, from_history: int = 0, sent: long_lines.Sent | None = None) -> Round:
    attributes, outer, outer_broken, torn = parts
    get, get_outer = attributes.get, outer.get
    content = _content(attributes)
    model, code = _text(get("model")), usage.count(get_outer("response_code"))
    reported = _reported(attributes)
    inputs, outputs = details(get("input_token_details")), details(get("output_token_details"))
    error = _error(code, outer, attributes)
    return Round(
        session_id=_session_id(attributes),
        timestamp=utc(get_outer("start_time")) or utc(get_outer("timestamp")),
        model=model,
        usage=usage.normalise(_counted(reported, inputs, outputs), model),
        reported=reported,
        response_type="error" if error else _text(get("response_type")) or "normal",
        error=error,
        messages=content.messages,
        question=content.question,
        answer=content.answer,
        reasoning=content.reasoning,
        system=content.system,
        tool_calls=content.tool_calls,
        input_token_details=inputs,
        output_token_details=outputs,
        content_logged=content.is_logged,
        outer_broken=outer_broken,
        torn=torn,
        cut=content.cut,
        undecoded=content.undecoded,
        consumer=_text(get("consumer")),
        response_code=code,
        first_token_ms=usage.count(get("llm_first_token_duration")),
        duration_ms=_first_count(get("llm_service_duration"), get_outer("duration")),
        from_history=from_history,
        sent=sent,
        **_places(attributes, outer),
    )


def _places(attributes: dict[str, Any], outer: dict[str, str]) -> dict[str, Any]:
    places: dict[str, Any] = {key: _text(attributes.get(key)) for key in TEXTS}
    for key in NUMBERS:
        places[key] = usage.count(attributes.get(key))
    for key in OUTER_TEXTS:
        places[key] = _text(outer.get(key))
    return places


def _counted(reported: dict[str, int], inputs: dict[str, Any], outputs: dict[str, Any]) -> usage.Reported:
    get = reported.get
    counts = get("input_token"), get("output_token"), get("total_token"), get("reasoning_tokens"), get("cached_tokens")
    return usage.Reported(*counts, inputs, outputs)


def _reported(attributes: dict[str, Any]) -> dict[str, int]:
    """The raw counts that are there, as integers."""
    numbers = {}
    for key in COUNTS:
        number = usage.count(attributes.get(key))
        if number is not None:
            numbers[key] = number
    return numbers


def details(value: object) -> dict[str, Any]:
    """Token details come as an object, as a JSON string, or as null."""
    if value is None:
        return {}
    if isinstance(value, str):
        value = access_line.decoded_value(value) if value else None
    return value if isinstance(value, dict) else {}


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


def _first_count(first: object, second: object) -> int | None:
    number = usage.count(first)
    return usage.count(second) if number is None else number


def _error(code: int | None, outer: dict[str, str], attributes: dict[str, Any]) -> str | None:
    """Why the call failed, in a few words; ``None`` where it did not."""
    failed_code = 400
    if code is not None and (code == 0 or code >= failed_code):
        reason = _text(outer.get("response_code_details")) or _text(outer.get("response_flags"))
        return f"{code} {reason}" if reason else str(code)
    for key in _ANSWER_KEYS:
        if key in attributes and attributes[key] not in _NOTHING:
            return None
    return "no response"


_ANSWER_KEYS = ("model", "chat_id", "input_token", "output_token", "total_token", "answer", "reasoning", "tool_calls")
_NOTHING: tuple[object, ...] = (None, "", "-", [])


# -- what was said -----------------------------------------------------------------------------------------------------


class _Content(NamedTuple):
    """The fields of a round that tell what was said, and what the gateway cut of it."""

    messages: list[Any]
    question: str | None
    answer: str | None
    reasoning: str | None
    system: str | None
    tool_calls: list[Any]
    is_logged: bool
    cut: tuple[str, ...]
    undecoded: dict[str, str]


def _content(attributes: dict[str, Any]) -> _Content:
    if _CONTENT.isdisjoint(attributes):
        return _Content([], None, None, None, None, [], False, (), {})  # noqa: FBT003 -- of many calls
    get = attributes.get
    undecoded: dict[str, str] = {}
    cut = [key for key in CONTENT_KEYS if _is_cut(get(key))]
    sent = _listed(get("messages"), "messages", undecoded)
    tool_calls = _listed(get("tool_calls"), "tool_calls", undecoded)
    return _Content(
        messages=sent,
        question=_question(get("question"), sent),
        answer=_said(get("answer")),
        reasoning=_said(get("reasoning")),
        system=_said(get("system")),
        # A streamed call leaves out an index of 0.
        tool_calls=[{"index": 0, **call} if isinstance(call, dict) else call for call in tool_calls],
        is_logged=True,
        cut=tuple(cut),
        undecoded=undecoded,
    )


_CONTENT = frozenset(CONTENT_KEYS)


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


def _said(content: object) -> str | None:
    """The text of some content, None where there is none."""
    if content is None or type(content) is str:  # as nearly always
        return content
    return content.text if isinstance(content, UndecodedValue) else messages.spoken(content)


def _question(question: object, sent: list[Any]) -> str | None:
    """What the user asked in this round.

    The gateway writes the content of the last message there, whoever sent it; a tool's result is no question, and is
    in the messages anyway.
    """
    is_result = messages.is_with_results(question) or (sent and messages.has_results(sent[-1]))
    return "" if is_result else _said(question)


_MARK = b" [truncated] "
_BAD_BYTES = 12  # a character torn by the cut becomes up to three U+FFFD of three bytes each, on either side


def _is_cut(value: object) -> bool:
    """Whether the gateway cut out the middle of this value: it keeps equal halves around its mark."""
    if not isinstance(value, str) or " [truncated] " not in value:
        return False
    raw = utf8.encoded(value)
    middle = (len(raw) - len(_MARK)) // 2
    return _MARK in raw[max(0, middle - _BAD_BYTES) : middle + len(_MARK) + _BAD_BYTES]
