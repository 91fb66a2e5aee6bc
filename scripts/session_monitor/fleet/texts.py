"""How does a session that a database holds read like a session file?

A round stands at the place of its number.  What was said is asked for when it is read, some rounds at a time; where it was
not shipped, the round is one without content.
"""

from __future__ import annotations

import io
import json
from typing import Any

from session_monitor.base import compact_json
from session_monitor.index.tables import schema
from session_monitor.sessions import session_file

from .merging import OwnRound
from .mirror import Asking
from .mirrored import SessionRounds, time_of

_AT_ONCE = 50
"""Rounds whose texts are asked for together."""


class SessionText(io.RawIOBase):
    """What reads like the session file of one session: its header at place 0, and each round at that of its number."""

    def __init__(self, session: SessionRounds, asking: Asking) -> None:
        """``asking`` opens a way to the database for what was said."""
        super().__init__()
        self._session_id = session.session_id
        self._rounds = session.rounds
        self._texts = session.texts
        self._asking = asking
        self._place = 0
        self._lines: dict[int, bytes] = {}

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is, to places."""
        return True

    def seek(self, offset: int, whence: int = 0) -> int:  # noqa: ARG002 -- as its base takes them
        """Go to a place."""
        self._place = offset
        return offset

    def tell(self) -> int:
        """The place where it is."""
        return self._place

    def read(self, size: int = -1) -> bytes:  # noqa: ARG002 -- a round is so long as it is
        """The line at the place where it is."""
        return self.readline()

    def readline(self, size: int | None = -1) -> bytes:  # noqa: ARG002 -- as above
        """The same; nothing behind the last."""
        place, self._place = self._place, self._place + 1
        if place == 0:
            return session_file.header(self._session_id)
        return self._line(place) if 0 < place <= len(self._rounds) else b""

    def _line(self, number: int) -> bytes:
        if number not in self._lines:
            # Who wants a title reads one round alone, who goes on reads many.
            count = _AT_ONCE if self._lines else 1
            some = self._rounds[number - 1 : number - 1 + count]
            keys = {each.number: (each.logged.gateway, each.logged.number) for each in some}
            there = [key for key in keys.values() if key in self._texts]
            said: dict[tuple[str, int], str] = {}
            if there:
                with self._asking() as database:
                    said = database.stored(self._session_id, there)
            self._lines = {each.number: line_of(each, said.get(keys[each.number])) for each in some}
        return self._lines[number]


def line_of(own: OwnRound, stored: str | None) -> bytes:
    """The line of a round in a session file, from what its own gateway's had, if that is known."""
    found: Any = None
    if stored is not None:
        try:
            found = json.loads(stored)
        except (ValueError, RecursionError):  # put in by another program than ours
            found = None
    told = _numbered(found, own) if isinstance(found, dict) else without_content(own)
    body = _encoded(told)[:-1]
    return compact_json.sealed((b"," if own.number > 1 else b"") + body)


_encoded = compact_json.encoder(allow_nan=True)


def _numbered(stored: dict[str, Any], own: OwnRound) -> dict[str, Any]:
    """A stored round with its numbers in the session as a whole."""
    told = {**stored, "round": own.number}
    told.pop("told_tools", None)  # it names a round by another number; the index says what it told
    return _in_session(told, own)


def _in_session(told: dict[str, Any], own: OwnRound) -> dict[str, Any]:
    for name, value, is_usual in (
        ("thread", own.thread, own.thread == 1),
        ("history_of", own.base, own.base == own.number - 1),
    ):
        if not is_usual:
            told[name] = value  # where it was told, it stays at its place
        elif name in told:
            del told[name]
    return told


def without_content(own: OwnRound) -> dict[str, Any]:
    """A stored round of which only what it used is known."""
    logged, flags = own.logged, own.logged.flags
    failed, left = flags & schema.FAILED, flags & schema.LEFT
    given, made = logged.fresh + logged.cached + logged.cache_written, logged.visible + logged.reasoning
    asked = None if flags & schema.TOOLS_UNKNOWN else bool(flags & schema.TOOL_CALLS)
    told: dict[str, Any] = {
        "round": own.number,
        "timestamp": time_of(logged.at),
        "input_tokens": given,
        "output_tokens": made,
        "reasoning_tokens": logged.reasoning,
        "cached_tokens": logged.cached,
        "total_tokens": given + made,
        "model": logged.model,
        "has_tool_calls": asked,
        "response_type": "error" if failed else None,
        "outcome": "failed" if failed else "left" if left else "ok",
    }
    told.update((name, True) for name, flag in _FLAGS.items() if flags & flag)
    optional = {
        "response_code": logged.code,
        "response_flags": logged.response_flags or None,
        "first_token_ms": logged.first_token_ms,
        "duration_ms": logged.duration_ms,
    }
    told.update((name, value) for name, value in optional.items() if value is not None)
    if logged.cache_written:
        told["cache_write_tokens"] = logged.cache_written
    if logged.consumer:
        told["consumer"] = logged.consumer
    if logged.sent:
        told.update(messages_total=logged.sent, messages_from_history=logged.history)
    told["no_content"] = True
    _in_session(told, own)
    nothing: dict[str, Any] = {"messages": [], "question": None, "answer": None, "reasoning": None, "tool_calls": []}
    return {**told, **nothing, "input_token_details": {}, "output_token_details": {}, "reported": {}, "log": ["", 0, 0]}


_FLAGS = {
    "no_tokens": schema.NO_TOKENS,
    "at_least": schema.AT_LEAST,
    "partly_told": schema.PARTLY_TOLD,
    "explicit_cache": schema.EXPLICIT_CACHE,
    "converted_cache": schema.CONVERTED_CACHE,
    "cache_in_one": schema.CACHE_IN_ONE,
    "cache_untold": schema.CACHE_UNTOLD,
}
