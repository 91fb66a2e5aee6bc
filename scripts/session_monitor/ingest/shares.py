"""Whose line is it, where several processes go through one log?

Each takes the calls of its own sessions.  Which these are follows from a session's id alone, and a line mostly shows its id
without being decoded.  What it shows is a guess, which is proved when the line is decoded: a call that turns out to be of
another's session is no one's to take, and one process alone reads that part of the log.  A line that shows no id is
decoded by all.
"""

from __future__ import annotations

import zlib
from typing import NamedTuple

from session_monitor.base import utf8
from session_monitor.calls import long_lines


class AnothersCallError(Exception):
    """A line showed another session's id than its call has."""


class SessionShare(NamedTuple):
    """One of so many equal shares of all sessions, by its number from 0 on."""

    number: int
    of: int

    @property
    def is_first(self) -> bool:
        """Whether it is the one that counts what is nobody's: lines that are no calls, and show no id."""
        return self.number == 0

    def may_have(self, line: bytes) -> bool | None:
        """Whether a line's call is of one of these sessions, by the id that it shows; None where it shows none."""
        shown = long_lines.shown_session_id(line)
        return None if shown is None else zlib.crc32(shown) % self.of == self.number

    def has(self, session_id: str) -> bool:
        """Whether a session is one of these."""
        return zlib.crc32(utf8.encoded(session_id)) % self.of == self.number
