"""Which LLM call does one access-log line describe?

The only place that knows the gateway's keys.  The outer line is a text template that merely looks like JSON: request
headers are pasted in unescaped, so it is often broken while ``ai_log``, which the gateway escapes properly and puts
first, is intact.  ``ai_log`` is therefore taken as one JSON string, and the rest is read as far as it can be.

Sources: the access-log format of Higress' helm chart, and its ai-statistics plugin.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from json.decoder import scanstring  # type: ignore[attr-defined]  # typeshed leaves it out
from typing import Any, NamedTuple

from session_monitor.base.timestamps import utc

from . import (
    access_line,
    answers,
    attributes,
    cache_marks,
    content,
    heavy_lines,
    long_lines,
    outcome,
    questions,
    requests,
    tool_results,
    usage,
)
from .access_line import LineParts, Skipped
from .content import CallContent
from .messages import ASSISTANT, role_of
from .outcome import Ending
from .round import FROM_CONVERSATION, Round

COUNTS = ("input_token", "output_token", "total_token", "reasoning_tokens", "cached_tokens")
"""The attributes that count tokens, in the order of ``usage.Reported``."""

# What a round has by the same name, as it is, of long lines and of short ones.
TEXTS, NUMBERS = ("api", "chat_id"), ("chat_round",)
OUTER_TEXTS = ("request_id", "route_name", "upstream_cluster", "response_flags")
PLACES = (*TEXTS, *NUMBERS, *OUTER_TEXTS)


def parse(line: bytes, known: long_lines.Known | None = None) -> Round | Skipped:
    """The call that this line describes, or why it describes none.  Never raises, whatever the bytes.

    Where ``known`` tells what a session's conversations sent last, messages that are those of one of them are not decoded
    again.  What would take too much room is left out.
    """
    call = _parse_long(line, known) if known else None
    if call:
        return call
    return _parse(line)


def parse_sparingly(line: bytes) -> Round | Skipped:
    """The same in little memory: all that is long is left out."""
    return _parse(heavy_lines.lightened(line, longest=heavy_lines.LIGHT) or line)


def _parse(line: bytes) -> Round | Skipped:
    parts = access_line.split(line)
    return parts if isinstance(parts, Skipped) else _judged(parts)


def _judged(
    parts: LineParts, from_history: int = 0, sent: long_lines.Sent | None = None, from_thread: int = 0
) -> Round | Skipped:
    """The call of these parts, or why they are of none."""
    method, path = _text(parts.outer.get("method")), _text(parts.outer.get("path"))
    reason = requests.reason_against(parts.attributes, method, path)
    if reason is None:
        return _round(parts, path, (from_history, from_thread, sent))
    if reason != requests.SKIPPED_CALL:
        return Skipped(reason)
    code = usage.count(parts.outer.get("response_code"))
    return Skipped(reason, path, code is not None and 0 < code < outcome.ERROR_CODE)


# -- lines with many messages ------------------------------------------------------------------------------------------


def _parse_long(line: bytes, known: long_lines.Known) -> Round | Skipped | None:
    """The call of a line with many messages, whose bytes are remembered; None where it is not in the gateway's own shape.

    Where it begins with known messages, only the others are decoded.
    """
    pieces = long_lines.take_apart(line, known)
    parts = pieces and _joined_pieces(pieces)
    if pieces is None or parts is None:
        return None
    # Nothing behind the comma makes a whole list here, and none where it stands.
    is_odd = not parts.attributes["messages"] or _session_id(parts.attributes) != pieces.session_id
    if pieces.known and (is_odd or _need_history(parts.attributes["messages"])):
        pieces = long_lines.whole(pieces, line)
        parts = _joined_pieces(pieces)
        if parts is None:
            return None
    listed = parts.attributes["messages"]
    number, thread, marked = (0, 0, cache_marks.NONE)
    if pieces.known:
        number, thread, marked = pieces.known.number, pieces.known.thread, pieces.known.lifetimes
    length = pieces.end - pieces.start
    if cache_marks.MARK in pieces.messages:
        marked |= cache_marks.lifetimes(listed)
    sent = long_lines.Sent(number + len(listed), length, line, pieces.start, None, thread, marked) if listed else None
    return _judged(parts, number, sent, thread)


def _need_history(listed: list[Any]) -> bool:
    """Whether what these messages say depends on those that were sent before."""
    if len(listed) > 1 and role_of(listed[0]) == ASSISTANT:  # as nearly always: what is said since is told by these
        return False
    return tool_results.need_history(listed) or questions.question_in(listed) is None


def _joined_pieces(pieces: long_lines.Pieces) -> LineParts | None:
    """The parts of a line that was taken apart, with a list of messages; None where its pieces are broken, or heavy."""
    if any(map(heavy_lines.may_be_heavy, (pieces.before, pieces.messages, pieces.behind))):
        return None
    try:
        before, listed_text = _unescaped(pieces.before), f"[{_unescaped(pieces.messages)}]"
        text = pieces.behind.decode()
        behind, end = scanstring(text, 0, True)  # noqa: FBT003 -- positional only
        around = f'{before}"{_IN_PLACE}"{behind}'
        (found, around_end), (listed, list_end) = attributes.scan(around, 0), attributes.scan(listed_text, 0)
        outer = access_line.outer_fields(text[end:])
    except (ValueError, StopIteration, RecursionError):
        return None
    is_whole = around_end == len(around) and list_end == len(listed_text) and text.find(access_line.START, end) < 0
    if not is_whole or not isinstance(found, dict) or found.get("messages") != _IN_PLACE:
        return None
    found["messages"] = listed
    is_shallow = attributes.is_shallow(listed_text) and attributes.is_shallow(around)
    return access_line.parts_of(found, outer) if is_shallow or attributes.are_plain(found) else None


_IN_PLACE = os.urandom(16).hex()  # in the place of the messages; nobody can have written it into a log


def _unescaped(part: bytes) -> str:
    """What a part of a JSON string stands for.  Raises ``ValueError`` where it is none."""
    text = part.decode() + '"'
    unescaped, end = scanstring(text, 0, True)  # noqa: FBT003 -- positional only
    if end < len(text):
        raise ValueError(part)
    return str(unescaped)


# -- the round ---------------------------------------------------------------------------------------------------------


def _round(parts: LineParts, path: str | None, resent: tuple[int, int, long_lines.Sent | None]) -> Round:
    told, outer, outer_broken, torn = parts
    from_history, from_thread, sent = resent
    get, get_outer = told.get, outer.get
    said = content.content_of(told)
    model, by_gateway = answers.who_answered(_text(get("model")))
    reported, counted, has_tokens, notes = _counts(told, model, path)
    end = _end(parts, said, has_tokens=has_tokens)
    used = usage.normalise(counted, model)
    if used.cache_write:
        known = sent.lifetimes if sent else cache_marks.lifetimes(said.messages)
        used = usage.with_lifetimes(used, known | cache_marks.lifetimes_of_others(told.get("system"), said.undecoded))
    if end.is_cut or not said.answer:  # of most calls all is told
        notes += _notes(parts, path, said, end, has_tokens=has_tokens)
    session_id, session_from = _session(told, said.messages)
    return Round(
        session_id=session_id,
        session_from=session_from,
        timestamp=utc(get_outer("start_time")) or utc(get_outer("timestamp")),
        model=model,
        usage=used._replace(notes=tuple(dict.fromkeys(used.notes + notes))) if notes else used,
        reported=reported,
        has_tokens=has_tokens or by_gateway is not None,
        cache_untold=used.input_tokens > 0 and not usage.tells_cache(counted.cached, counted.input_details),
        response_type="error" if end.error else end.response_type,
        outcome=end.outcome,
        error=end.error,
        answered_by=by_gateway,
        has_tool_calls=False if by_gateway else _has_tool_calls(parts, path, said, end),
        messages=said.messages,
        question=said.question,
        answer=said.answer,
        reasoning=said.reasoning,
        system=said.system,
        tool_calls=said.tool_calls,
        input_token_details=counted.input_details or {},
        output_token_details=counted.output_details or {},
        content_logged=said.is_logged,
        outer_broken=outer_broken,
        torn=torn,
        cut=said.cut,
        left_out=said.left_out,
        undecoded=said.undecoded,
        consumer=_text(get("consumer")),
        response_code=end.code,
        first_token_ms=usage.count(get("llm_first_token_duration")),
        duration_ms=_first_count(get("llm_service_duration"), get_outer("duration")),
        upstream_ms=usage.count(get_outer("upstream_service_time")),
        from_history=from_history,
        from_thread=from_thread,
        sent=sent,
        **_places(told, outer, end.outcome),
    )


def _places(attributes: dict[str, Any], outer: dict[str, str], ended: str) -> dict[str, Any]:
    places: dict[str, Any] = {key: _text(attributes.get(key)) for key in TEXTS}
    for key in NUMBERS:
        places[key] = usage.count(attributes.get(key))
    for key in OUTER_TEXTS:
        places[key] = _text(outer.get(key))
    if ended == outcome.FAILED and outer.get("response_flags") == "-" and "recorded_by" not in attributes:
        places["response_flags"] = ""  # a gateway looked, and nothing went wrong on its own way
    return places


# -- tokens ------------------------------------------------------------------------------------------------------------


def _counts(
    told: Mapping[str, Any], model: str | None, path: str | None
) -> tuple[dict[str, int], usage.Reported, bool, tuple[str, ...]]:
    """What a line tells of tokens: as it stands there, as it is meant, whether it tells any, and what has to be known of that.

    Three times 0 is how the gateway's plugin writes that it was told none.
    """
    given, made, total, reasoning, cached = numbers = [usage.count(told.get(key)) for key in COUNTS]
    reported = {key: number for key, number in zip(COUNTS, numbers) if number is not None}
    bad = _bad_counts(told, numbers) if None in numbers else set()
    inputs, outputs = details(told.get("input_token_details")), details(told.get("output_token_details"))
    counted = usage.Reported(given, made, total, reasoning, cached, inputs, outputs)
    notes: tuple[str, ...] = ()
    if total and given == made == 0 and _is_all_beside(counted, model):
        return reported, counted, True, notes
    if total and not given and not made:
        given = total
        if not requests.has_input_alone(path) and not requests.has_input_alone(model):
            notes = (usage.UNKNOWN_SPLIT,)
    elif (made and given is None) or (given and made is None and (total != given or _MAIN & bad)):
        notes = (usage.PARTLY_TOLD,)  # there is no answer without a prompt
    if bad - _MAIN and (given or made or total):
        notes += (usage.UNCLEAR_COUNTS,)
    return reported, counted._replace(input=given), bool(given or made or total), notes


def _is_all_beside(counted: usage.Reported, model: str | None) -> bool:
    """Whether the details account for the whole total: a prompt that came from a cache, or went into one, to its end."""
    used = usage.normalise(counted, model)
    return used.input_tokens > 0 and usage.TOTAL_DIFFERS not in used.notes


_MAIN = frozenset(COUNTS[:2])


def _bad_counts(told: Mapping[str, Any], numbers: Sequence[int | None]) -> set[str]:
    """Where something stands that is no count; a total may be larger than any where it is the sum of the others."""
    given, made, *_ = numbers
    bad = {key for key, number in zip(COUNTS, numbers) if number is None and usage.is_bad(told.get(key))}
    if told.get("total_token") == (given or 0) + (made or 0):
        bad.discard("total_token")
    return bad


def details(value: object) -> dict[str, Any] | None:
    """Token details come as an object, as a JSON string, or as null; None for what is none of these."""
    if isinstance(value, str):
        value = attributes.decoded_value(value) if value and value != "-" else None
    if value is None:
        return {}
    return value if isinstance(value, dict) else None


def _text(value: object) -> str | None:
    """A non-empty string; the gateway writes ``-`` for what is absent."""
    if type(value) is str:
        return value if value and value != "-" else None
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _session(told: Mapping[str, Any], sent: list[Any]) -> tuple[str | None, str | None]:
    """The session's id, and where it is from if not from the gateway: what an agent says to its model is no header."""
    session_id = _session_id(told)
    if session_id is None and sent:
        session_id = questions.session_in(sent)
        return session_id, FROM_CONVERSATION if session_id else None
    return session_id, None


def _session_id(attributes: Mapping[str, Any]) -> str | None:
    """The session's id; two halves of a character that were escaped apart as one: JSON writes and reads them so."""
    text = _text(attributes.get("session_id"))
    if text is None or text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def _first_count(first: object, second: object) -> int | None:
    number = usage.count(first)
    return usage.count(second) if number is None else number


# -- the end -----------------------------------------------------------------------------------------------------------


_GOOD = 200


class _End(NamedTuple):
    """How a call ended.  ``is_cut``: a stream of which the gateway's plugin did not see the end; ``is_unread``: it read nothing."""

    code: int | None
    outcome: str
    error: str | None
    response_type: str | None
    is_cut: bool
    is_unread: bool


_USUAL_ENDS = {
    told: _End(_GOOD, outcome.OK, None, told, is_cut=False, is_unread=False) for told in ("stream", "normal")
}


def _end(parts: LineParts, said: CallContent, *, has_tokens: bool) -> _End:
    told, outer = parts.attributes, parts.outer
    code, flags = usage.count(outer.get("response_code")), _text(outer.get("response_flags"))
    response_type, service = _text(told.get("response_type")), usage.count(told.get("llm_service_duration"))
    if code == _GOOD and flags is None and service is not None and has_tokens and response_type in _USUAL_ENDS:
        return _USUAL_ENDS[response_type]
    has_answer = bool(has_tokens or told.get("chat_id") or said.has_answer)
    is_empty_stream = response_type == "stream" and service is not None and not has_answer
    details_of_code, sent_bytes = _text(outer.get("response_code_details")), usage.count(outer.get("bytes_sent"))
    ended = outcome.ended(Ending(code, flags, details_of_code, sent_bytes, has_answer, is_empty_stream))
    has_end = code is not None or flags is not None  # a gateway's line, not a sample of one
    is_cut = has_end and response_type is not None and service is None
    return _End(code, *ended, response_type, is_cut, has_end and response_type is None)


def _notes(parts: LineParts, path: str | None, said: CallContent, end: _End, *, has_tokens: bool) -> tuple[str, ...]:
    """What has to be known of how a call's answer was told."""
    if end.is_cut:
        return (usage.CUT_SHORT,) if has_tokens else ()
    is_silent = "answer" in parts.attributes and end.outcome == outcome.OK and not said.has_answer
    return (usage.NO_ANSWER,) if is_silent and not requests.has_no_words(path) else ()


def _has_tool_calls(parts: LineParts, path: str | None, said: CallContent, end: _End) -> bool | None:
    """Whether the answer asks for tools; None where the line does not tell."""
    if said.tool_calls:
        return True
    has_calls = "tool_calls" in said.undecoded or "tool_calls" in said.left_out
    if not has_calls and ((end.code or 0) >= outcome.ERROR_CODE or requests.has_no_words(path)):
        return False
    if not has_calls and (end.is_cut or end.is_unread):
        return None
    has_text, lists = said.answer is not None, "tool_calls" in parts.attributes
    return answers.has_tool_calls(path or "", has_calls=has_calls, has_text=has_text, lists_calls=lists)
