"""Which conversations of a session are those of sub-agents, and which round began each?

An agent that hands work on calls a tool with the task in its arguments, and a conversation begins with that task.  Where
both stand in the log, that tells it; nothing else does.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from session_monitor.calls.messages import call, role_of, text_of
from session_monitor.reports.report import Report
from session_monitor.reports.sessions.session_outline import Thread
from session_monitor.reports.sessions.session_rows import SessionRow
from session_monitor.sessions.rounds import open_session, rounds_at

if TYPE_CHECKING:
    from session_monitor.sessions.stored_round import StoredRound

_LEAST = 12
"""Characters of a task: shorter texts stand in many places."""
_MOST_THREADS, _MOST_CALLERS = 40, 6


def of_session(report: Report, row: SessionRow, threads: Sequence[Thread]) -> dict[int, int]:
    """The round that began each conversation of a sub-agent, by the conversation's number.

    Of many conversations the first ones are looked at, and of those before each the ones that went on last.
    """
    wanted = [
        (thread, _callers(thread, threads)) for thread in sorted(threads, key=lambda each: each.first)[:_MOST_THREADS]
    ]
    numbers = {number for thread, callers in wanted if callers for number in (thread.first, *callers)}
    session_id = row.fields["session_id"]
    places = [place for number in sorted(numbers) for place in report.places(session_id, number, number, None)]
    with open_session(report.folder, row.file) as file:
        read = {each["round"]: each for each in rounds_at(file, places)}
    found = {}
    for thread, callers in wanted:
        if thread.first in read:
            began = began_by(read[thread.first], (read[number] for number in callers if number in read))
            if began is not None:
                found[thread.number] = began
    return found


def _callers(thread: Thread, threads: Iterable[Thread]) -> list[int]:
    """The last rounds of the other conversations before one began, the latest first."""
    before = (
        max((number for number in other.rounds if number < thread.first), default=0)
        for other in threads
        if other.number != thread.number
    )
    return sorted(filter(None, before), reverse=True)[:_MOST_CALLERS]


def began_by(first: StoredRound, callers: Iterable[StoredRound]) -> int | None:
    """The first of these rounds that called a tool with the task that a conversation begins with; None where none did."""
    task = _task(first)
    if len(task) < _LEAST:
        return None
    for caller in callers:
        if any(_hands_on(text, task) for each in caller["tool_calls"] for text in _texts(each)):
            return caller["round"]
    return None


def _task(first: StoredRound) -> str:
    """What the first message of a person says, who is the agent here."""
    said = (text_of(each) for each in first["messages"] if isinstance(each, dict) and role_of(each) == "user")
    return next(said, "").strip()


def _hands_on(text: str, task: str) -> bool:
    """Whether a text is the task, also where the agent puts more around that."""
    asked = text.strip()
    return len(asked) >= _LEAST and asked in task


def _texts(asked: Any) -> Iterator[str]:
    """The texts among the arguments of a call."""
    _, arguments = call(asked)
    try:
        values = json.loads(arguments)
    except (ValueError, RecursionError):
        return
    if isinstance(values, Mapping):
        yield from (value for value in values.values() if isinstance(value, str))
