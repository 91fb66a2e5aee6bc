"""What was said in a call, as far as its line holds it?

A value that was too long has its middle cut out by the gateway, and is a text then instead of what it was.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from session_monitor.base import utf8

from . import answers, heavy_lines, messages, questions
from .attributes import UndecodedValue

KEYS = ("messages", "question", "system", "answer", "reasoning", "tool_calls")
"""The attributes that hold what was said."""
_KEYS = frozenset(KEYS)
_ANSWER = frozenset(("answer", "reasoning", "tool_calls"))


class CallContent(NamedTuple):
    """The fields of a round that tell what was said, what the gateway cut of it, and what was too heavy to be taken."""

    messages: list[Any]
    question: str | None
    answer: str | None
    reasoning: str | None
    system: str | None
    tool_calls: list[Any]
    is_logged: bool
    cut: tuple[str, ...]
    undecoded: dict[str, str]
    left_out: tuple[str, ...] = ()

    @property
    def has_answer(self) -> bool:
        """Whether anything of an answer is there, or was."""
        is_told = self.answer or self.reasoning or self.tool_calls or "tool_calls" in self.undecoded
        return bool(is_told) or not _ANSWER.isdisjoint(self.left_out)


_NONE = CallContent([], None, None, None, None, [], False, (), {})  # noqa: FBT003 -- of many calls


def content_of(attributes: Mapping[str, Any]) -> CallContent:
    """What was said, by the attributes."""
    if _KEYS.isdisjoint(attributes):
        return _NONE
    left_out = tuple([key for key in KEYS if attributes.get(key) == heavy_lines.MARK])
    if left_out:
        attributes = {key: value for key, value in attributes.items() if key not in left_out}
    get = attributes.get
    undecoded: dict[str, str] = {}
    sent = _listed(get("messages"), "messages", undecoded)
    asked = get("tool_calls")
    if isinstance(asked, str) and asked:
        asked = answers.joined(asked) or asked
    tool_calls = _listed(asked, "tool_calls", undecoded)
    return CallContent(
        messages=sent,
        question=_question(get("question"), sent),
        answer=_said(get("answer")),
        reasoning=_said(get("reasoning")),
        system=_said(get("system")),
        tool_calls=list(map(answers.whole_call, tool_calls)),
        is_logged=True,
        cut=_cut(attributes),
        undecoded=undecoded,
        left_out=left_out,
    )


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


def _question(told: object, sent: list[Any]) -> str | None:
    """What a person asked in this call.

    The gateway writes the content of the last message there, whoever sent it; so where the messages are there, they tell
    whether that is a question.
    """
    if sent and messages.role_of(sent[-1]) in messages.TOOL_ROLES:  # as in most calls of an agent
        return ""
    asked = questions.question_in(sent) if sent else None
    if asked and messages.role_of(sent[-1]) == "user" and told and not _is_cut(told):
        return _said(told) if isinstance(told, UndecodedValue) else questions.without_frames(told) or asked
    if sent:
        return asked or ""
    if messages.is_with_results(told):
        return ""
    return told.text if isinstance(told, UndecodedValue) else questions.without_frames(told)


_TRUNCATED = " [truncated] "
_MARK = _TRUNCATED.encode()
_BAD_BYTES = 12  # a character torn by the cut becomes up to three U+FFFD of three bytes each, on either side


def _cut(attributes: Mapping[str, Any]) -> tuple[str, ...]:
    """Of which attributes the gateway cut out the middle."""
    texts = [key for key in KEYS if type(attributes.get(key)) is str and _TRUNCATED in attributes[key]]
    return tuple([key for key in texts if _is_cut(attributes[key])])


def _is_cut(value: object) -> bool:
    """Whether the gateway cut out the middle of this value: it keeps equal halves around its mark."""
    if not isinstance(value, str) or _TRUNCATED not in value:
        return False
    raw = utf8.encoded(value)
    middle = (len(raw) - len(_MARK)) // 2
    return _MARK in raw[max(0, middle - _BAD_BYTES) : middle + len(_MARK) + _BAD_BYTES]
