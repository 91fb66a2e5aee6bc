"""What is new since the last look?"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Callable, TypeVar

from session_monitor.prices.cost import Outcome
from session_monitor.reports.report import Report

from . import conversation
from .conversation import Wanted

if TYPE_CHECKING:
    from session_monitor.sessions.stored_round import StoredRound

Value = TypeVar("Value")

Pause = Callable[[], bool]
"""Waits until it is time for another look; False where there is to be none."""


class SessionGoneError(Exception):
    """The session is there no more; the argument is its id."""


def looks(look: Callable[[], Value], pause: Pause) -> Iterator[Value]:
    """What each look finds, the first one at once."""
    yield look()
    while pause():
        yield look()


def changes(states: Iterable[Value]) -> Iterator[Value]:
    """Those that are not the same as the one before."""
    before: list[Value] = []
    for each in states:
        if before != [each]:
            before = [each]
            yield each


def rounds(
    sessions: Callable[[], Report], session_id: str, wanted: Wanted, pause: Pause
) -> Iterator[tuple[StoredRound, Outcome]]:
    """The rounds of a session that are wanted, and then each new one as it comes, with what it cost.

    ``sessions`` gives the answers of this moment.  Raises ``SessionGoneError`` where there is no such session, or no more.
    """
    seen: int | None = None
    for report in looks(sessions, pause):
        asked = wanted if seen is None else Wanted(first=seen + 1)
        session = conversation.of(report, session_id, full_messages=False, rounds=asked)
        if session is None:
            raise SessionGoneError(session_id)
        count = session.row.fields["messages_count"]
        is_new = seen is None or count > seen
        # A monitor that mends a torn file may take rounds back for a while; they come again.
        seen = count if seen is None else min(seen, count)
        if is_new:
            # A file that goes away just now is missed by the next look.
            with contextlib.suppress(FileNotFoundError):
                for entry, outcome in session.rounds:
                    seen = max(seen, entry["round"])
                    yield entry, outcome
