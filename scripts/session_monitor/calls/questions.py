"""What did a person ask in a call, and what did only their agent say in their name?

Agents send more than that under the role of a user: results of tools, reminders and the state of their session, in parts or
messages of their own, or around what the person typed.  Which words those begin and end with stands in ``agent_frames.json``.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any

from session_monitor.base import data_tables

from . import messages
from .messages import role_of

_NEVER_ASK = ("system", "developer")
_NOTHING = ""


def question_in(sent: Sequence[Any]) -> str | None:
    """What a person asks with these messages: what the last of role user says that is no tool's result, without frames.

    Empty where tools or the model spoke since, so that nobody asks anything new; None where these messages, which may lack
    those that were sent before, do not tell.
    """
    for number, message in enumerate(reversed(sent)):
        role = role_of(message)
        if messages.has_results(message) or not isinstance(message, dict):
            return _NOTHING
        if role == messages.ASSISTANT:
            if number == 0 and not _asks_for_tools(message):
                continue  # the beginning of an answer that the model is to go on with
            return _NOTHING
        if role not in _NEVER_ASK:
            text = without_frames(message.get("content"))
            if text:
                return text
    return None


def _asks_for_tools(message: Any) -> bool:
    return any(True for _ in messages.calls_of(message))


def without_frames(content: object) -> str | None:
    """The text of some content without what an agent put around it; None where it is no text."""
    if isinstance(content, list):
        kept = [part for part in content if not _is_frame(part)]
        content = messages.spoken(kept)
    return _stripped(content) if isinstance(content, str) else None


def _is_frame(part: object) -> bool:
    text = part.get("text") if isinstance(part, dict) else part
    return isinstance(text, str) and bool(text) and not _stripped(text).strip()


def _stripped(text: str) -> str:
    """A text without whole frames at its beginning and its end."""
    for begin in _begins():
        if begin in text:
            break
    else:
        return text
    for _ in range(_MOST_FRAMES):
        stripped = text.strip()
        shorter = next((left for frame in _table()["frames"] if (left := _without(frame, stripped)) is not None), None)
        if shorter is None:
            break
        text = shorter
    return text.strip()


@functools.lru_cache(1)
def _begins() -> tuple[str, ...]:
    return tuple(frame["begin"] for frame in _table()["frames"])


_MOST_FRAMES = 50
"""So many are taken off: each time the whole text is gone through."""


def _without(frame: Mapping[str, str], text: str) -> str | None:
    """A text without the frame that it begins or ends with; None where it has none there."""
    begin, end = frame["begin"], frame.get("end", "\n")
    if text.startswith(begin):
        inside, found, behind = text[len(begin) :].partition(end)
        if found or end == "\n":
            return behind
    before, found, inside = text.rpartition(begin)
    is_last = inside.endswith(end) and end not in inside[: -len(end)] if "end" in frame else end not in inside
    return before if found and is_last else None


def first_words(sent: Sequence[Any]) -> str | None:
    """What a person says first in these messages, which have to be all; None where nobody does."""
    for message in sent:
        if isinstance(message, dict) and message.get("role") == "user" and not messages.has_results(message):
            text = without_frames(message.get("content"))
            if text:
                return text
    return None


def session_in(sent: Sequence[Any]) -> str | None:
    """The id of the session that an agent names to its model; None where it names none.

    Only what the first messages of role user say counts: later ones may quote anything.
    """
    for message in sent[:_FIRST]:
        if role_of(message) == "user":
            text = messages.spoken(message["content"]) if isinstance(message, dict) and "content" in message else None
            for pattern in _session_patterns():
                match = pattern.search(text) if text else None
                if match:
                    return match.group(1)
    return None


_FIRST = 4


@functools.lru_cache(1)
def _session_patterns() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(row["pattern"], re.MULTILINE) for row in _table()["sessions"])


@functools.lru_cache(1)
def _table() -> dict[str, Any]:
    return data_tables.beside(__file__, "agent_frames.json")  # type: ignore[no-any-return]
