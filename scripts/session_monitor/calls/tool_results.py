"""Which tools did a call ask for, and what came back from those that were asked for before?

An agent's next call sends what its tools said: as messages of their own (OpenAI), or as parts of the user's message
(Anthropic).  Only what follows the model's last message came back with this call; the rest was sent before.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from .messages import ASSISTANT, calls_of, has_results, results_of, role_of, tool_of

UNKNOWN = "?"
"""A tool whose name the log does not tell."""
LONGEST_NAME = 200
"""Characters of a name that are kept: it is written by strangers, and goes into the index."""

_FAILED_STARTS = ("error:", "error ", "traceback (most recent call last)", "exception:", "command failed", "fatal:")
_LOOK = 20_000
"""Characters of a result that are looked at to tell whether it failed."""


class Came(NamedTuple):
    """What came back from one tool: how many results, how many of them say that it failed, their characters."""

    tool: str
    results: int = 0
    failed: int = 0
    characters: int = 0


def called(tool_calls: Iterable[Any]) -> list[tuple[str, int]]:
    """How often an answer asks for each tool."""
    return _counted(map(tool_of, tool_calls))


def called_in(message: Mapping[str, Any]) -> list[tuple[str, int]]:
    """How often a message of the model asks for each tool."""
    return _counted(tool for _, tool in calls_of(message))


def _counted(tools: Iterable[object]) -> list[tuple[str, int]]:
    times: dict[str, int] = {}
    for tool in tools:
        name = _name(tool)
        times[name] = times.get(name, 0) + 1
    return list(times.items())


def came_back(messages: Sequence[Any], shared: int) -> tuple[list[Came], int]:
    """What tools said that stands here for the first time; and the characters of all that does, results or not.

    The first ``shared`` messages were sent with the call before.
    """
    last = next((at for at in range(len(messages) - 1, -1, -1) if role_of(messages[at]) == ASSISTANT), -1)
    fresh = messages[max(shared, last + 1) :]
    results = [result for message in fresh for result in results_of(message)]
    if not results:
        return [], 0
    calls = calls_of(messages[last]) if last >= 0 else ()
    names = {call_id: _name(tool) for call_id, tool in calls if isinstance(call_id, str)}
    came: dict[str, list[int]] = {}
    for call_id, tool, content, is_error in results:
        name = names.get(call_id) if isinstance(call_id, str) else None
        counts = came.setdefault(name or _name(tool), [0, 0, 0])
        counts[0] += 1
        counts[1] += is_error or says_failed(content)
        counts[2] += size_of(content)
    return [Came(name, *counts) for name, counts in came.items()], sum(
        size_of(message.get("content")) for message in fresh if isinstance(message, dict)
    )


def need_history(messages: Sequence[Any]) -> bool:
    """Whether there are results here whose calls stand in an earlier message that is not among these."""
    return not any(role_of(message) == ASSISTANT for message in messages) and any(map(has_results, messages))


def says_failed(content: object) -> bool:
    """Whether a tool's result says that it failed.

    There is no flag for that in OpenAI's messages.  Taken as failed: JSON with ``isError`` (Model Context Protocol), a
    non-empty ``error``, ``success: false``, ``status: "error"`` or an exit code above 0; text that begins like an error.
    """
    text = content if isinstance(content, str) else "\n".join(_texts(content))
    text = text[:_LOOK].strip()
    if text.startswith("{"):
        try:
            result = json.loads(text)
        except (ValueError, RecursionError):
            return False
        return isinstance(result, dict) and _fields_say_failed(result)
    return text[:40].lower().startswith(_FAILED_STARTS)


def _fields_say_failed(result: Mapping[str, Any]) -> bool:
    code = result.get("exit_code", result.get("exitCode"))
    return (
        result.get("isError") is True
        or result.get("is_error") is True
        or bool(result.get("error"))
        or result.get("success") is False
        or result.get("status") in ("error", "failed")
        or (isinstance(code, int) and code > 0)
    )


def _name(name: object) -> str:
    return name[:LONGEST_NAME] if isinstance(name, str) and name else UNKNOWN


def _texts(content: object) -> Iterator[str]:
    for part in content if isinstance(content, list) else ():
        text = part.get("text") if isinstance(part, dict) else part
        if isinstance(text, str):
            yield text


def size_of(content: object) -> int:
    """Characters of a message's content; of parts that hold others, theirs."""
    if isinstance(content, str):
        return len(content)
    if not isinstance(content, list):
        return 0
    return sum(
        size_of(part.get("text")) + size_of(part.get("content")) if isinstance(part, dict) else size_of(part)
        for part in content
    )
