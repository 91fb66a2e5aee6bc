"""What else is there to know of sessions in a list: what they began with, who called, how their prompts grew?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from session_monitor.base import utf8
from session_monitor.calls.messages import text_of
from session_monitor.index.database import Index
from session_monitor.index.schema import NO_CONTENT
from session_monitor.sessions import file_names, session_file

if TYPE_CHECKING:
    from session_monitor.sessions.stored_round import StoredRound

MOST_POINTS = 24
"""Prompts of a session whose sizes are told."""
MOST_CONSUMERS = 8
TITLE = 200
"""Characters of a title."""


class Listed(NamedTuple):
    """What is known of a session beside its sums; ``number`` is the index's for it, never used for another one.

    ``first`` is where its first round stands: file, byte and length; None where the log has no content of it.
    """

    number: int
    consumers: list[str]
    tool_calls: int
    context: list[int]
    first: tuple[str, int, int] | None


def listed(found: Index, session_ids: Iterable[str]) -> list[Listed | None]:
    """Of each of these sessions; None for one that is not there (any more)."""
    return [_listed(found, each) for each in session_ids]


def _listed(found: Index, session_id: str) -> Listed | None:
    db = found.db
    row = db.execute(
        "SELECT id, calls, file FROM session WHERE session_id = CAST(? AS TEXT)", (utf8.raw(session_id),)
    ).fetchone()
    if row is None:
        return None
    number, calls, file = row
    consumers = db.execute(_CONSUMERS, (number, MOST_CONSUMERS)).fetchall()
    (tool_calls,) = db.execute("SELECT coalesce(sum(calls), 0) FROM tool WHERE session = ?", (number,)).fetchone()
    first = db.execute("SELECT start, length, flags FROM round WHERE session = ? AND number = 1", (number,)).fetchone()
    has_text = first is not None and not first[2] & NO_CONTENT
    place = (file, first[0], first[1]) if has_text else None
    return Listed(number, [name for (name,) in consumers], tool_calls, _context(found, number, calls), place)


_CONSUMERS = (
    "SELECT name FROM consumer WHERE id IN (SELECT DISTINCT consumer FROM active WHERE session = ?) "
    "ORDER BY name LIMIT ?"
)


def _context(found: Index, number: int, calls: int) -> list[int]:
    """The sizes of some prompts in tokens, evenly from the first round to the last."""
    points = min(calls, MOST_POINTS)
    wanted = {1 + at * (calls - 1) // max(points - 1, 1) for at in range(points)}
    sql = f"SELECT fresh + read + written FROM round WHERE session = ? AND number IN ({', '.join('?' * len(wanted))})"
    return [size for (size,) in found.db.execute(sql, (number, *sorted(wanted)))]


def title(folder: str, place: tuple[str, int, int]) -> str | None:
    """What a session began with, on one line, from where its first round stands; None where nothing was asked."""
    file, start, length = place
    try:
        with open(file_names.path_of(folder, file), "rb") as opened:
            opened.seek(start)
            entry = session_file.round_in(opened.read(length))
    except OSError:
        return None
    return title_of(entry) if entry else None


def title_of(entry: StoredRound) -> str | None:
    """The question of a round, else what its first message of a user says."""
    asked = [message for message in entry["messages"] if isinstance(message, dict) and message.get("role") == "user"]
    for text in (entry["question"], *map(text_of, asked[:1])):
        words = " ".join(text[: 50 * TITLE].split()) if isinstance(text, str) else ""
        if words:
            return words if len(words) <= TITLE else words[: TITLE - 1] + "…"
    return None
