"""Can anything be so by now that was not told yet?

Asked after each poll, so it loads nothing and reads a small file: how much may still be spent until the first budget has to be
told of, and how much was since.  Whatever it cannot know, it says yes; so the file need not outlast a power loss.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from session_monitor.base import data_folder, files


class Done(NamedTuple):
    """What a poll did: pico-dollars and tokens of its calls, those that failed or have no price, and how reading went.

    ``before`` and ``change`` are the marks of the index before and after it; None where that cannot be told.
    """

    pico: int
    tokens: int
    failed: int
    unpriced: int
    lost_bytes: int
    is_stuck: bool
    before: object
    change: object


class Room(NamedTuple):
    """What may be spent until something has to be told: pico-dollars and tokens, None for no end; and until when at most."""

    pico: Optional[int] = None  # noqa: UP045 -- a NamedTuple's types are asked for at run time, in Python 3.9, too
    tokens: Optional[int] = None  # noqa: UP045
    until: Optional[int] = None  # noqa: UP045


def path_of(folder: str) -> str:
    """Where a data folder's file stands."""
    return os.path.join(folder, data_folder.ALERTS_FOLDER, "room.json")


def settings(folder: str) -> list[Any]:
    """Changes when budgets do, or what is set of alerts, or of what is found in sessions."""
    names = (data_folder.BUDGETS, data_folder.ALERTS, data_folder.INSIGHT_RULES)
    return [_state(os.path.join(folder, name)) for name in names]


def _state(path: str) -> list[int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return [found.st_mtime_ns, found.st_size]


def looked_at(folder: str) -> int | None:
    """When a poll that read anything was last looked at, in milliseconds since 1970; None where none was."""
    try:
        return os.stat(path_of(folder)).st_mtime_ns // 1_000_000
    except FileNotFoundError:
        return None


def is_waiting(folder: str) -> bool:
    """Whether anything waits to be sent."""
    try:
        return any(name.endswith(".json") for name in os.listdir(data_folder.outbox(folder)))
    except FileNotFoundError:
        return False


def is_open(folder: str, done: Done, prices: object, now: int) -> bool:
    """Whether somebody has to look; where not, what was spent is remembered.  Raises ``OSError``.

    ``prices`` changes when what calls cost does.  A clock that went back makes other days and hours than those that were looked at.
    """
    known = _read(folder)
    if known is None or done.change is None or known["change"] != done.before:
        return True
    if known["settings"] != settings(folder) or known["prices"] != repr(prices):
        return True
    if done.is_stuck or done.lost_bytes != known["lost_bytes"] or done.failed or done.unpriced:
        return True
    pico, tokens = known["pico"] + done.pico, known["tokens"] + done.tokens
    room = Room(*known["room"])
    if now < known["at"] or (room.until is not None and now >= room.until):
        return True
    is_more = done.change != done.before  # else, where there was no room at all, the last look told of it
    if is_more and (_is_over(pico, room.pico) or _is_over(tokens, room.tokens)):
        return True
    if is_more:
        _write(folder, {**known, "pico": pico, "tokens": tokens, "change": done.change})
    return False


def _is_over(spent: int, room: int | None) -> bool:
    return room is not None and spent >= room


def close(folder: str, room: Room, done: Done, prices: object, set_: list[Any], at: int) -> None:
    """Somebody looked at that moment, and told what was so: from now on there is that much room.  Raises ``OSError``.

    ``set_`` are the ``settings`` before the look: who changes them meanwhile opens it.
    """
    _write(
        folder,
        {
            "change": done.change,
            "settings": set_,
            "prices": repr(prices),
            "lost_bytes": done.lost_bytes,
            "at": at,
            "pico": 0,
            "tokens": 0,
            "room": list(room),
        },
    )


def _read(folder: str) -> Mapping[str, Any] | None:
    try:
        with files.reading(path_of(folder)) as file:
            known = json.loads(file.read())
        numbers = [known["pico"], known["tokens"], known["at"], *(each for each in known["room"] if each is not None)]
        is_known = all(isinstance(each, int) for each in numbers) and len(known["room"]) == len(Room._fields)
        return known if is_known and {"change", "settings", "prices", "lost_bytes"} <= known.keys() else None
    except (FileNotFoundError, files.OddFileError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _write(folder: str, known: Mapping[str, Any]) -> None:
    path = path_of(folder)
    files.make_folder_within(os.path.dirname(path))
    files.replace(path, json.dumps(known, separators=(",", ":")).encode(), is_lasting=False)
