"""Which tools did a call ask for, and what came back from those that were asked for before?

An agent's next call sends what its tools said: as messages of their own (OpenAI), or as parts of the user's message
(Anthropic).  Only what follows the model's last message came back with this call; the rest was sent before.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

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
    found: dict[str, int] = {}
    for call in tool_calls:
        name = _name(call)
        found[name] = found.get(name, 0) + 1
    return list(found.items())


def came_back(messages: Sequence[Any], shared: int) -> tuple[list[Came], int]:
    """What tools said that stands here for the first time; and the characters of all that does, results or not.

    The first ``shared`` messages were sent with the call before.
    """
    last = next((at for at in range(len(messages) - 1, -1, -1) if _role(messages[at]) == "assistant"), -1)
    fresh = messages[max(shared, last + 1) :]
    results = [result for message in fresh for result in _results(message)]
    if not results:
        return [], 0
    names = dict(_calls(messages[last])) if last >= 0 else {}
    found: dict[str, Came] = {}
    for call_id, given, content, is_error in results:
        name = names.get(call_id if isinstance(call_id, str) else "", given)
        size, failed = _size(content), is_error or says_failed(content)
        before = found.get(name, Came(name))
        found[name] = Came(name, before.results + 1, before.failed + failed, before.characters + size)
    return list(found.values()), sum(
        _size(message.get("content")) if isinstance(message, dict) else 0 for message in fresh
    )


def need_history(messages: Sequence[Any]) -> bool:
    """Whether there are results here whose calls stand in an earlier message that is not among these."""
    return not any(_role(message) == "assistant" for message in messages) and any(
        True for message in messages for _ in _results(message)
    )


def says_failed(content: object) -> bool:
    """Whether a tool's result says that it failed.

    There is no flag for that in OpenAI's messages.  Taken as failed: JSON with ``isError`` (Model Context Protocol), a
    non-empty ``error``, ``success: false``, ``status: "error"`` or an exit code above 0; text that begins like an error.
    """
    text = content if isinstance(content, str) else "\n".join(_texts(content))
    text = text[:_LOOK].strip()
    if text.startswith("{"):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return False
        return isinstance(found, dict) and _fields_say_failed(found)
    return text[:40].lower().startswith(_FAILED_STARTS)


def _fields_say_failed(found: Mapping[str, Any]) -> bool:
    code = found.get("exit_code", found.get("exitCode"))
    return (
        found.get("isError") is True
        or found.get("is_error") is True
        or bool(found.get("error"))
        or found.get("success") is False
        or found.get("status") in ("error", "failed")
        or (isinstance(code, int) and code > 0)
    )


def _role(message: object) -> object:
    return message.get("role") if isinstance(message, dict) else None


def _results(message: object) -> Iterator[tuple[object, str, object, bool]]:
    """The results in one message: of which call, the tool's name where it stands there, what it said, is it an error."""
    if not isinstance(message, dict):
        return
    content = message.get("content")
    if message.get("role") in ("tool", "function"):
        yield message.get("tool_call_id"), _short(message.get("name")), content, False
    elif isinstance(content, list):
        for part in content:
            if isinstance(part, dict) and part.get("type") == "tool_result":
                yield part.get("tool_use_id"), UNKNOWN, part.get("content"), part.get("is_error") is True


def _calls(message: Any) -> Iterator[tuple[str, str]]:
    """The calls that the model's message asks for: id and name of the tool."""
    calls, content = message.get("tool_calls"), message.get("content")
    for call in calls if isinstance(calls, list) else ():
        if isinstance(call, dict) and isinstance(call.get("id"), str):
            yield call["id"], _name(call)
    for part in content if isinstance(content, list) else ():
        if isinstance(part, dict) and part.get("type") == "tool_use" and isinstance(part.get("id"), str):
            yield part["id"], _short(part.get("name"))


def _name(call: object) -> str:
    function = call.get("function") if isinstance(call, dict) else None
    return _short(function.get("name") if isinstance(function, dict) else None)


def _short(name: object) -> str:
    return name[:LONGEST_NAME] if isinstance(name, str) and name else UNKNOWN


def _texts(content: object) -> Iterator[str]:
    for part in content if isinstance(content, list) else ():
        text = part.get("text") if isinstance(part, dict) else part
        if isinstance(text, str):
            yield text


def _size(content: object) -> int:
    """Characters of a message's content; of parts that hold others, theirs."""
    if isinstance(content, str):
        return len(content)
    if not isinstance(content, list):
        return 0
    return sum(
        _size(part.get("text")) + _size(part.get("content")) if isinstance(part, dict) else _size(part)
        for part in content
    )
