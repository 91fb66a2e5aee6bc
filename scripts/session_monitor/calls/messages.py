"""What is in a message, whatever protocol it is of?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

TOOLS = ("tool", "function")


def _tools(messages: Sequence[Any]) -> dict[str, str]:
    """Which tool each call was for, by its id."""
    found: dict[str, str] = {}
    for message in messages:
        calls = message.get("tool_calls") if isinstance(message, dict) else None
        content = message.get("content") if isinstance(message, dict) else None
        for each in [*(calls if isinstance(calls, list) else ()), *(content if isinstance(content, list) else ())]:
            if isinstance(each, dict) and isinstance(each.get("id"), str):
                function = each.get("function")
                found[each["id"]] = str((function if isinstance(function, dict) else each).get("name") or "?")
    return found


def _answered(message: Mapping[str, Any]) -> list[Any]:
    """To which calls, by their ids, the message says what came back."""
    if message.get("role") in TOOLS:
        return [message.get("tool_call_id")]
    content = message.get("content")
    parts = content if isinstance(content, list) else []
    return [part.get("tool_use_id") for part in parts if isinstance(part, dict) and part.get("type") == "tool_result"]


def text_of(message: object) -> str:
    """A message's text; what is no text is named, and calls are written as calls."""
    if not isinstance(message, dict):
        return json.dumps(message, ensure_ascii=False)
    content = message.get("content")
    parts = [content] if isinstance(content, str) else content if isinstance(content, list) else []
    texts = [_part(part) for part in parts]
    calls = message.get("tool_calls")
    texts += [f"→ {call_in_words(each)}" for each in calls] if isinstance(calls, list) else []
    return "\n".join(filter(None, texts))


def _part(part: object) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, dict):
        return json.dumps(part, ensure_ascii=False)
    if isinstance(part.get("text"), str):
        return str(part["text"])
    if part.get("type") == "tool_use":
        return f"→ {part.get('name')}({json.dumps(part.get('input'), ensure_ascii=False)})"
    if part.get("type") == "tool_result":
        return text_of(part)
    return f"[{part.get('type', 'part')}]"


def call(asked: object) -> tuple[str, str]:
    """The tool and the arguments of a call; of what is none, its JSON."""
    function = asked.get("function") if isinstance(asked, dict) else None
    if not isinstance(function, dict):
        return "", json.dumps(asked, ensure_ascii=False)
    arguments = function.get("arguments", "")
    text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return str(function.get("name", "?")), text


def call_in_words(asked: object) -> str:
    """A call as one writes it."""
    name, arguments = call(asked)
    return f"{name}({arguments})" if name else arguments
