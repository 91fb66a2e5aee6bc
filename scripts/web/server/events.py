"""What is told to whoever keeps listening, as it happens (server-sent events)?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Callable

BETWEEN = 1.0
"""Seconds between two looks."""
SETTLED = 5
"""So many looks after a change nothing goes on any more."""
QUIET = 15
"""After so many looks without news a word shows that somebody is still here."""
GONE = 10
"""After so many looks at which a session had no round its stream ends: who asks again is told that there is none."""
_BEGIN = b"retry: 3000\n\n"
_COMMENT = b": still here\n\n"

Look = Callable[[], "int | None"]
"""A number as it is now; None where it cannot be told just now."""
Wait = Callable[[float], bool]
"""Waits so many seconds; True where there is to be no further look."""


def changes(change: Look, wait: Wait, alerts: Look = lambda: None) -> Iterator[bytes]:
    """The number of changes of the data: at first, each time it is another one, and once more when that was the last.

    What is answered of all sessions may be a little older than the data.  Beside it is told that something changed in
    what fires or was told, each time ``alerts`` gives another number than at first.
    """
    told: int | None = None
    known = alerts()
    quiet = SETTLED
    for number in _looks(change, wait):
        is_news = number is not None and number != told
        told, quiet = (number, 0) if is_news else (told, quiet + 1)
        now = alerts()
        of_alerts = b"" if now == known else _event("alerts", "alerts", now)
        known = now
        yield of_alerts + (_event("change", "change", told) if quiet in (0, SETTLED) else b"")


def rounds(count: Look, after: int | None, wait: Wait) -> Iterator[bytes]:
    """The number of a session's last round, each time it is another one than ``after``, or than what was told.

    It may be a lower one: a monitor that mends a torn file takes rounds back for a while, and under the name of a session
    that was deleted another one may begin.  The stream ends once there is none.
    """
    told, empty = after, 0
    for number in _looks(count, wait):
        empty = empty + 1 if number == 0 else 0
        if empty == GONE:
            return
        if number is None:
            yield b""
            continue
        yield _event("rounds", "last", number) if number and told is not None and number != told else b""
        told = number


def with_signs_of_life(events: Iterator[bytes]) -> Iterator[bytes]:
    """The events, with a comment where there were none for long; an empty piece for each look without news."""
    yield _BEGIN
    quiet = 0
    for piece in events:
        quiet = 0 if piece or quiet >= QUIET else quiet + 1
        yield piece or (_COMMENT if quiet >= QUIET else b"")


def _event(name: str, key: str, number: int | None) -> bytes:
    return f"id: {number}\nevent: {name}\ndata: {json.dumps({key: number})}\n\n".encode()


def _looks(look: Look, wait: Wait) -> Iterator[int | None]:
    yield look()
    while not wait(BETWEEN):
        yield look()
