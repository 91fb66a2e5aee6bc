"""Whose call is it: which session's, and which agent's?

Each agent tells its session in a header of its own; ``callers.json`` has them, first the one that goes before all others.
"""

from __future__ import annotations

import fnmatch
import functools
from email.message import Message
from typing import Any

from session_monitor.base import data_tables

LONGEST = 256
"""Characters of a session's name; what is longer names none."""


@functools.lru_cache(1)
def _table() -> dict[str, Any]:
    table: dict[str, Any] = data_tables.beside(__file__, "callers.json")
    return table


def session_of(headers: Message) -> str | None:
    """The session that these headers tell, which are asked without regard to case; None where they tell none."""
    for name in _table()["session_headers"]:
        told = _text(str(headers.get(name) or "")).strip()
        if is_name(told):
            return told
    return None


def _text(told: str) -> str:
    """What a header says: its bytes, each of which was taken for a character, are UTF-8 where they can be."""
    try:
        return told.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return told


def is_name(text: str) -> bool:
    """Whether a session can be called so."""
    return 0 < len(text) <= LONGEST and text.isprintable() and text != "-"


def agent_of(headers: Message) -> str | None:
    """The agent that calls, by its user agent; None for programs that are none that is known."""
    told = str(headers.get("user-agent") or "").lower()
    for row in _table()["agents"]:
        if any(fnmatch.fnmatchcase(told, pattern) for pattern in row["user_agents"]):
            return str(row["agent"])
    return None
