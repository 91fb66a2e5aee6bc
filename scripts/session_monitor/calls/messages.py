"""What is in a message, whatever protocol it is of?

OpenAI's messages have calls of tools beside their content, and results in messages of their own; Anthropic's have both as
parts of the content.  A log holds what clients sent: everything in it may be of any kind.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

ASSISTANT = "assistant"
TOOL_ROLES = ("tool", "function")
"""Who sends a result of a tool (OpenAI)."""
TOOL_USE, TOOL_RESULT = "tool_use", "tool_result"
"""The types of parts that ask for a tool, and that say what it said (Anthropic)."""


class ToolResult(NamedTuple):
    """What a tool said: to which call, which tool where the message tells, and whether it is marked as an error."""

    call_id: object
    tool: object
    content: object
    is_error: bool = False


def role_of(message: object) -> object:
    """Who sent a message; None where it does not say."""
    return message.get("role") if isinstance(message, dict) else None


def type_of(part: object) -> object:
    """The type of a part of some content; None where it has none."""
    return part.get("type") if isinstance(part, dict) else None


def results_of(message: object) -> Iterator[ToolResult]:
    """The results of tools in a message."""
    if not isinstance(message, dict):
        return
    content = message.get("content")
    if message.get("role") in TOOL_ROLES:
        yield ToolResult(message.get("tool_call_id"), message.get("name"), content)
    elif isinstance(content, list):
        for part in content:
            if type_of(part) == TOOL_RESULT:
                yield ToolResult(part.get("tool_use_id"), None, part.get("content"), part.get("is_error") is True)


def has_results(message: object) -> bool:
    """Whether there is a result of a tool in a message."""
    return isinstance(message, dict) and (message.get("role") in TOOL_ROLES or is_with_results(message.get("content")))


def is_with_results(content: object) -> bool:
    """Whether there is a result of a tool among the parts of some content."""
    return isinstance(content, list) and any(type_of(part) == TOOL_RESULT for part in content)


def calls_of(message: Mapping[str, Any]) -> Iterator[tuple[object, object]]:
    """The calls of tools that a message asks for: the call's id, and the name of the tool."""
    for call in _listed(message.get("tool_calls")):
        if isinstance(call, dict):
            yield call.get("id"), tool_of(call)
    for part in _listed(message.get("content")):
        if type_of(part) == TOOL_USE:
            yield part.get("id"), part.get("name")


def calls_with_arguments(message: Mapping[str, Any]) -> Iterator[tuple[object, str, str]]:
    """The same with what each tool is called with: the call's id, the tool's name, the arguments as JSON."""
    for each in _listed(message.get("tool_calls")):
        yield (each.get("id") if isinstance(each, dict) else None), *call(each)
    for part in _listed(message.get("content")):
        if type_of(part) == TOOL_USE:
            yield part.get("id"), str(part.get("name") or "?"), json.dumps(part.get("input"), ensure_ascii=False)


def tool_names(messages: Sequence[Any]) -> dict[str, str]:
    """Which tool each call in these messages was for, by its id; ``?`` where it has no name."""
    names: dict[str, str] = {}
    for message in messages:
        if isinstance(message, dict):
            for each in [*_listed(message.get("tool_calls")), *_listed(message.get("content"))]:
                if isinstance(each, dict) and isinstance(each.get("id"), str):
                    function = function_of(each)
                    names[each["id"]] = str((each if function is None else function).get("name") or "?")
    return names


def function_of(call: object) -> dict[str, Any] | None:
    """The name and the arguments of a call as OpenAI has it; None where there are none."""
    function = call.get("function") if isinstance(call, dict) else None
    return function if isinstance(function, dict) else None


def tool_of(call: object) -> object:
    """The name of the tool that such a call is for; None where it has none."""
    function = function_of(call)
    return function.get("name") if function else None


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


# -- as text -----------------------------------------------------------------------------------------------------------


def spoken(content: object) -> str | None:
    """The text of a message's content, what is no text named by its type; None where it is neither text nor parts."""
    if content is None or isinstance(content, str):
        return content
    return "\n".join(filter(None, map(_spoken_part, content))) if isinstance(content, list) else None


def _spoken_part(part: object) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, dict):
        return ""
    text, kind = part.get("text"), part.get("type")
    return text if isinstance(text, str) else f"[{kind if isinstance(kind, str) else 'part'}]"


def text_of(message: object) -> str:
    """A message's text; what is no text is named, and calls are written as calls."""
    if not isinstance(message, dict):
        return json.dumps(message, ensure_ascii=False)
    content = message.get("content")
    texts = [_part_text(part) for part in ([content] if isinstance(content, str) else _listed(content))]
    texts += [f"→ {call_in_words(each)}" for each in _listed(message.get("tool_calls"))]
    return "\n".join(filter(None, texts))


def _part_text(part: object) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, dict):
        return json.dumps(part, ensure_ascii=False)
    if isinstance(part.get("text"), str):
        return str(part["text"])
    if part.get("type") == TOOL_USE:
        return f"→ {part.get('name')}({json.dumps(part.get('input'), ensure_ascii=False)})"
    if part.get("type") == TOOL_RESULT:
        return text_of(part)
    return f"[{part.get('type', 'part')}]"


def call(asked: object) -> tuple[str, str]:
    """The tool and the arguments of a call; of what is none, its JSON."""
    function = function_of(asked)
    if function is None:
        return "", json.dumps(asked, ensure_ascii=False)
    arguments = function.get("arguments", "")
    text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return str(function.get("name", "?")), text


def call_in_words(asked: object) -> str:
    """A call as one writes it."""
    name, arguments = call(asked)
    return f"{name}({arguments})" if name else arguments
