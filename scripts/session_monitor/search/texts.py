"""What was said in a round for the first time, and by whom?

A call resends what was said before it: the question stands among the messages as well, and the model's answer among
those of the next call.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from session_monitor.calls.messages import ASSISTANT, TOOL_RESULT, TOOL_ROLES, TOOL_USE, function_of, role_of, type_of
from session_monitor.sessions import message_history
from session_monitor.sessions.message_history import thread_of

if TYPE_CHECKING:
    from session_monitor.sessions.stored_round import StoredRound


class Said(NamedTuple):
    """The texts of a round: what was asked, answered and thought, which tools were asked for, and what came back."""

    question: str
    answer: str
    reasoning: str
    tools: str


COLUMNS = Said._fields


def said(entry: StoredRound, before: StoredRound | None) -> Said:
    """What is new in a stored round; ``before`` is the one before it in its conversation.

    For one that begins a conversation that is the one before it in the session, None for the first of all.
    """
    is_sequel = before is not None and thread_of(before) == thread_of(entry)
    # A system prompt that is not among the messages is sent with every call, too.
    is_same = is_sequel or (before is not None and before.get("system") == entry.get("system"))
    asked = [] if is_same else [_text(entry.get("system"))]
    answered = [_text(entry["answer"])]
    used: list[str] = []
    is_known = is_sequel and before is not None and (before["answer"] or before["tool_calls"])
    for message in entry["messages"][_sent_before(entry, before) :]:
        role = role_of(message)
        spoken, of_tools = _parts(message)
        if role in TOOL_ROLES:
            used += spoken + of_tools
        elif role != ASSISTANT:
            asked += spoken
            used += of_tools
        elif not is_known:  # the log has the model's words here only
            answered += spoken
            used += of_tools
        elif "told_tools" in entry:  # or what it asked for
            used += of_tools
    used += [text for call in entry["tool_calls"] for text in _call(call)]
    question = _text(entry["question"])
    if question not in used:  # the gateway takes the last message for the question, whoever sent it
        asked.insert(0, question)
    found = {"question": asked, "answer": answered, "reasoning": [_text(entry["reasoning"])], "tools": used}
    for key, text in entry.get("undecoded", {}).items():
        found[_COLUMN_OF.get(key, key)].append(_unescaped(text))
    return Said(**{column: "\n".join(dict.fromkeys(filter(None, texts))) for column, texts in found.items()})


_COLUMN_OF = {"messages": "question", "system": "question", "tool_calls": "tools"}


def _sent_before(entry: StoredRound, before: StoredRound | None) -> int:
    """How many of the stored messages were sent with the round before: those of a monitor that keeps all of them."""
    if before is None or "messages_from_history" in entry or "messages_from_history" in before:
        return 0
    return message_history.common_start(
        message_history.digests(before["messages"]), message_history.digests(entry["messages"])
    )


def _parts(message: object) -> tuple[list[str], list[str]]:
    """The texts of a message: what is said in it, and what belongs to tools."""
    if not isinstance(message, dict):
        return [_text(message)], []
    content = message.get("content")
    spoken, used = [], []
    for part in content if isinstance(content, list) else [content]:
        kind = type_of(part)
        if kind == TOOL_RESULT:
            texts, _ = _parts(part)
            used += texts
        elif kind == TOOL_USE:
            used += [_text(part.get("name")), *_strings(part.get("input"))]
        else:
            spoken.append(_text(part.get("text") if isinstance(part, dict) else part))
    calls = message.get("tool_calls")
    used += [text for call in calls for text in _call(call)] if isinstance(calls, list) else []
    return spoken, used


def _call(call: object) -> Iterator[str]:
    """The tool's name and its arguments."""
    function = function_of(call)
    if function is not None:
        yield _text(function.get("name"))
        yield from _strings(function.get("arguments"))
    else:
        yield from _strings(call)


def _text(value: object) -> str:
    """A text as its reader sees it: of JSON with escapes in it, what it holds."""
    if not isinstance(value, str):
        return ""
    if "\\" in value and value.lstrip()[:1] in ("{", "["):
        try:
            return " ".join(_leaves(json.loads(value)))
        except (ValueError, RecursionError):
            pass
    return value


def _strings(value: object) -> Iterable[str]:
    """The texts of a value; one that is text already may be JSON."""
    return [_text(value)] if isinstance(value, str) else [" ".join(_leaves(value))]


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    elif value is not None:
        yield value if isinstance(value, str) else json.dumps(value)


_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|.)", re.DOTALL)


def _unescaped(text: str) -> str:
    """The text of JSON that is none any more, since its middle was cut out."""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else " ", text)
