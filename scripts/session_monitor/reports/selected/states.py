"""Is a session active, idle, stale or ended?

The log tells of no session that it is over: its lines hold no reason why an answer ended, and an agent may come back
after days.  So a session has ended when a person archived it, and is stale when it was silent for long.
"""

from __future__ import annotations

from .filters import ACTIVE, ACTIVE_FOR, ENDED, IDLE, STALE

STATES_OF_LIFE = (ACTIVE, IDLE, STALE, ENDED)
MAX_AGE = 12 * 3_600_000
"""Milliseconds after its last call from which on a session that did not end is stale, unless somebody says otherwise."""


def stale_before(marked: int | None, now: int, max_age: int = MAX_AGE) -> int:
    """The moment before which the last call of a stale session was: by its age, or as somebody marked them.

    One that talked within the last minutes is active, whatever was marked.
    """
    return min(max(now - max_age, marked or 0), now - ACTIVE_FOR)


def state(last_call: int | None, *, is_archived: bool, now: int, stale: int) -> str:
    """A session's state by the moment of its last call; of one without any time it is not known that it is stale."""
    if is_archived:
        return ENDED
    if last_call is None or stale <= last_call < now - ACTIVE_FOR:
        return IDLE
    return STALE if last_call < stale else ACTIVE
