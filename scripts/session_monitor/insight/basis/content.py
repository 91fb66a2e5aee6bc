"""What of what was said in a round matters for judging it?

Sizes, and marks by which the same is known again: no text of it, so that what is kept of this tells nobody what was said.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Optional

from session_monitor.base import timestamps
from session_monitor.calls import messages as said
from session_monitor.calls import questions, tool_results
from session_monitor.calls.messages import ASSISTANT, role_of
from session_monitor.sessions import message_history
from session_monitor.sessions.message_history import DIGEST

from . import likeness

if TYPE_CHECKING:
    from session_monitor.sessions.stored_round import StoredRound

SYSTEM, USER, MODEL, RESULT = "system", "user", "model", "result"
"""Who speaks in a message; a message with results of tools is theirs."""


class Message(NamedTuple):
    """A message of a prompt: who speaks, its characters, and a mark that two have that say the same.

    ``tool`` is whose result it is, of several the one with the longest; None for what is no result.
    """

    role: str
    characters: int
    mark: str
    tool: Optional[str] = None  # noqa: UP045 -- a NamedTuple's types are asked for at run time, in Python 3.9, too


class AskedTool(NamedTuple):
    """A call of a tool that an answer asks for: its name, the mark of its arguments, and whether these are those of somebody who waits."""

    tool: str
    mark: int
    waits: bool = False


class CameBack(NamedTuple):
    """What came back from a tool: its name, the mark of what it said, and that of the error where it is one, else None.

    ``error`` is None also where it says no more than that it is one.  ``place`` is which of the round's messages brought it, ``exact`` the mark that only the very same text has, of so many ``characters``.
    """

    tool: str
    mark: int
    error: Optional[int] = None  # noqa: UP045
    place: int = 0
    characters: int = 0
    exact: int = 0


class Content(NamedTuple):
    """What was said in a round, as marks.

    ``messages`` are those that its call sent and its conversation had not yet; ``system`` is what stands before all of them where the
    protocol has a place of its own for that, None where there is none.  ``is_asked``: a person asks something new in them.
    ``came`` is what tools said in them, ``asked`` what the answer asks tools for, in an order of their own; ``answer`` is the mark of the answer's text
    (None: there is no text), of so many ``answer_characters``.  ``is_partial``: not all of it is logged.

    ``told`` are the calls of tools that messages of the model tell of and no log of its answers did.  ``frame`` is the mark of a system prompt
    that stands here, without the times, ids and numbers in it; None where none stands here.
    """

    messages: tuple[Message, ...] = ()
    system: Optional[Message] = None  # noqa: UP045
    is_asked: bool = False
    came: tuple[CameBack, ...] = ()
    asked: tuple[AskedTool, ...] = ()
    answer: Optional[int] = None  # noqa: UP045
    answer_characters: int = 0
    is_partial: bool = False
    told: tuple[AskedTool, ...] = ()
    frame: Optional[int] = None  # noqa: UP045


def of_row(row: Sequence[Any]) -> Content:
    """The content whose values JSON gave back, in their order."""
    messages, system, is_asked, came, asked, answer, answer_characters, is_partial, told, *rest = row
    return Content(
        tuple([Message(*each) for each in messages]),
        Message(*system) if system else None,
        is_asked,
        tuple([CameBack(*each) for each in came]),
        tuple([AskedTool(*each) for each in asked]),
        answer,
        answer_characters,
        is_partial,
        tuple([AskedTool(*each) for each in told]),
        *rest,
    )


MOST_NAMES = 1000
"""Calls of tools whose names are remembered, the latest of a session."""


def of_round(stored: StoredRound, names: dict[str, str]) -> Content | None:
    """A stored round's content; None where the log holds none.

    ``names`` has the tools that earlier rounds of the session asked for, by the calls' ids; this one's are added, and the
    oldest are let go of.
    """
    if "no_content" in stored:
        return None
    fresh = stored["messages"]
    at = timestamps.milliseconds(stored["timestamp"])
    told = tuple(sorted(_told(fresh, names, at)))
    names.update(said.tool_names(fresh))
    calls = stored["tool_calls"]
    names.update(said.tool_names([{"tool_calls": calls}]))
    while len(names) > MOST_NAMES:
        del names[next(iter(names))]
    marks = message_history.digests(fresh) if fresh else ""
    answer = stored["answer"]
    return Content(
        tuple(_message(each, marks[at * DIGEST : (at + 1) * DIGEST], names) for at, each in enumerate(fresh)),
        _system(stored.get("system")),
        bool(questions.question_in(fresh)),
        tuple(_came(fresh, names, at)),
        tuple(sorted(_asked_tool(*said.call(each), at) for each in calls)),
        likeness.mark_of_text(answer) if answer else None,
        len(answer) if answer else 0,
        bool(stored.get("cut") or stored.get("left_out")),
        told,
        _frame(stored, fresh),
    )


def _message(message: Any, mark: str, names: dict[str, str]) -> Message:
    role = role_of(message)
    if said.has_results(message):
        longest = max(said.results_of(message), key=lambda each: tool_results.size_of(each.content), default=None)
        tool = longest and _tool(longest, names)
        return Message(RESULT, characters_of(message), mark, tool)
    who = MODEL if role == ASSISTANT else USER if role == "user" else SYSTEM
    return Message(who, characters_of(message), mark)


def characters_of(message: Any) -> int:
    """Characters of all that a message says, the arguments of its calls with it."""
    return len(said.text_of(message))


def _system(system: object) -> Message | None:
    if not system:
        return None
    text = system if isinstance(system, str) else said.spoken(system) or ""
    return Message(SYSTEM, len(text), likeness.exact_mark(text))


def _frame(stored: StoredRound, fresh: Sequence[Any]) -> int | None:
    system: Any = stored.get("system")
    if not system and fresh and not stored.get("messages_from_history") and role_of(fresh[0]) in _SYSTEM_ROLES:
        system = fresh[0].get("content")
    text = system if isinstance(system, str) else said.spoken(system)
    return _frame_of(text) if text else None


_SYSTEM_ROLES = ("system", "developer")
_frame_of = functools.lru_cache(16)(likeness.mark_of_frame)
# Where the protocol has a place for it, the same one comes with each call.


def _came(fresh: Sequence[Any], names: dict[str, str], at: int | None) -> list[CameBack]:
    found = []
    for place, message in enumerate(fresh):
        for each in said.results_of(message):
            text, beside = likeness.text_of_result(each.content), likeness.beside_text(each.content)
            is_error = (each.is_error or tool_results.says_failed(each.content)) and likeness.says_why(text)
            found.append(
                CameBack(
                    _tool(each, names),
                    likeness.mark_of_result(text, at, beside),
                    likeness.mark_of_error(text, at) if is_error else None,
                    place,
                    len(text),
                    likeness.exact_number(text + beside),
                )
            )
    return found


def _tool(result: said.ToolResult, names: dict[str, str]) -> str:
    name = names.get(result.call_id) if isinstance(result.call_id, str) else None
    name = name or (result.tool if isinstance(result.tool, str) else None) or tool_results.UNKNOWN
    return name[: tool_results.LONGEST_NAME]


def _told(fresh: Sequence[Any], names: Mapping[str, str], at: int | None) -> Iterator[AskedTool]:
    for message in fresh:
        if role_of(message) == ASSISTANT:
            for call_id, name, arguments in said.calls_with_arguments(message):
                if not isinstance(call_id, str) or call_id not in names:
                    yield _asked_tool(name, arguments, at)


def _asked_tool(name: str, arguments: str, at: int | None) -> AskedTool:
    mark = likeness.mark_of_arguments(arguments, at)
    return AskedTool(name[: tool_results.LONGEST_NAME], mark, likeness.are_waiting(arguments))
