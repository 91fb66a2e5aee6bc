"""What was said in a call, as OpenTelemetry has messages: a role, and parts of it.

Of the history that an agent sends again with each call there is what came with this one first.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from session_monitor.calls import messages

if TYPE_CHECKING:
    from session_monitor.sessions.stored_round import StoredRound

_INSTRUCTIONS = ("system", "developer")
_TOOLS = (messages.TOOL_USE, messages.TOOL_RESULT)


def of_round(stored: StoredRound) -> dict[str, str | None]:
    """What was said in a round, as JSON in texts, as spans have it; None for what the log does not hold."""
    sent = [each for each in stored["messages"] if isinstance(each, dict)]
    told = [each for each in sent if each.get("role") in _INSTRUCTIONS]
    instructions = [*_texts(stored.get("system")), *(part for each in told for part in _texts(messages.text_of(each)))]
    said = [_message(each) for each in sent if each.get("role") not in _INSTRUCTIONS]
    answered = list(_answer(stored))
    return {
        "system_instructions": _written(instructions),
        "input_messages": _written(said),
        "output_messages": _written([{"role": "assistant", "parts": answered}] if answered else []),
    }


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    content, asked = message.get("content"), message.get("tool_calls")
    parts: list[dict[str, Any]] = [
        {"type": "tool_call_response", "id": result.call_id, "response": messages.spoken(result.content)}
        for result in messages.results_of(message)
    ]
    if message.get("role") not in messages.TOOL_ROLES:
        pieces = content if isinstance(content, list) else [content]
        parts += _texts(messages.spoken([each for each in pieces if messages.type_of(each) not in _TOOLS]))
        uses = [each for each in pieces if messages.type_of(each) == messages.TOOL_USE]
        parts += (_tool_call(each.get("id"), str(each.get("name", "?")), each.get("input")) for each in uses)
    parts += map(_call, asked if isinstance(asked, list) else ())
    return {"role": str(message.get("role", "user")), "parts": parts}


def _answer(stored: StoredRound) -> Iterator[dict[str, Any]]:
    if stored["reasoning"]:
        yield {"type": "reasoning", "content": stored["reasoning"]}
    yield from _texts(stored["answer"])
    yield from map(_call, stored["tool_calls"])


def _call(asked: Any) -> dict[str, Any]:
    return _tool_call(asked.get("id") if isinstance(asked, dict) else None, *messages.call(asked))


def _tool_call(called: object, name: str, arguments: object) -> dict[str, Any]:
    return {"type": "tool_call", "id": called, "name": name, "arguments": arguments}


def _texts(text: str | None) -> list[dict[str, Any]]:
    return [{"type": "text", "content": text}] if text else []


def _written(parts: list[dict[str, Any]]) -> str | None:
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":")) if parts else None
