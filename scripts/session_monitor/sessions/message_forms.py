"""In which form was a message sent?

Clients mark where a provider's cache ends with ``cache_control``, and the mark moves to the newest message with each
call; a text is sent as a list of one part while it is marked, and as plain text afterwards.  The message is the same.
``undressed`` takes such things off it, so that it can be compared, and says what they were: its form.  ``dressed`` puts
them on again.  What a tool is called with is data, and is left as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Optional, TypedDict

from session_monitor.calls.messages import TOOL_RESULT, type_of

Path = Sequence[int]
"""A part of a message's content, or of a part's content: which of them; empty for the message itself."""
_MARK = "cache_control"


class _Form(TypedDict, total=False):
    one_part: list[Path]  # whose content is a list of one text part
    cache_control: list[tuple[Path, Any]]  # what is marked, and with what


Form = Optional[_Form]
"""What a message wears; None for one that wears nothing."""


def may_wear(messages: Iterable[Any]) -> list[int]:
    """Which of these messages have to be looked at more closely: no other one wears anything."""
    return [
        at
        for at, each in enumerate(messages)
        if type(each) is dict and (_MARK in each or type(each.get("content")) is list)
    ]


def undressed(message: Any) -> tuple[Any, Form]:
    """The message without what it wears, a value of its own, and its form."""
    if not isinstance(message, dict):
        return message, None
    lists: list[Path] = []
    marks: list[tuple[Path, Any]] = []
    bare = _undressed(message, (), lists, marks)
    form: _Form = {}
    if lists:
        form["one_part"] = lists
    if marks:
        form["cache_control"] = marks
    return bare, form or None


def _undressed(holder: dict[str, Any], path: Path, lists: list[Path], marks: list[tuple[Path, Any]]) -> dict[str, Any]:
    """A message or a tool's result without what it wears, which goes into the lists."""
    bare = _unmarked(holder, path, marks)
    content = bare.get("content")
    if not isinstance(content, list):
        return bare
    parts = []
    for number, part in enumerate(content):
        if isinstance(part, dict):
            inside = (*path, number)
            is_result = type_of(part) == TOOL_RESULT
            part = _undressed(part, inside, lists, marks) if is_result else _unmarked(part, inside, marks)  # noqa: PLW2901
        parts.append(part)
    bare["content"] = parts
    if len(parts) == 1 and _is_text(parts[0]):
        lists.append(path)
        bare["content"] = parts[0]["text"]
    return bare


def _unmarked(part: dict[str, Any], path: Path, marks: list[tuple[Path, Any]]) -> dict[str, Any]:
    bare = dict(part)
    if _MARK in bare:
        marks.append((path, bare.pop(_MARK)))
    return bare


def _is_text(part: object) -> bool:
    return (
        isinstance(part, dict)
        and part.keys() == {"type", "text"}
        and part["type"] == "text"
        and type(part["text"]) is str
    )


def dressed(bare: Any, form: Form) -> Any:
    """The message in this form, of what ``undressed`` made of it, which is changed."""
    if form:
        for path in form.get("one_part", ()):
            holder = _part_at(bare, path)
            holder["content"] = [{"type": "text", "text": holder["content"]}]
        for path, mark in form.get("cache_control", ()):
            _part_at(bare, path)[_MARK] = mark
    return bare


def _part_at(message: dict[str, Any], path: Path) -> dict[str, Any]:
    part = message
    for number in path:
        part = part["content"][number]
    return part
