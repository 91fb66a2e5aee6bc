"""Which calls that an agent tells of without its provider's id has the proxy of this machine recorded?

The same agent's at the same time, with the same tokens, or failed like it: both have one clock.  Each of the proxy's calls is one
of the agents' at most.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from session_monitor.base import files, timestamps
from session_monitor.calls import ai_log
from session_monitor.calls.outcome import OK
from session_monitor.calls.round import Round
from session_monitor.recording import known_calls, recorded_log
from session_monitor.recording.recorded_call import RecordedCall

from .agents.found import FoundCall

_MARK = b'\\"recorded_by\\":\\"proxy\\"'
_SLACK = 5000
"""Milliseconds between a call and when an agent notes down that it begins, or has ended."""
_Tokens = tuple[int, int, int]


class _Proxied(NamedTuple):
    """A call of the proxy's: whose it is, if that is known, and when it began and ended."""

    agent: str | None
    began: int
    ended: int
    line: int


class ProxiedCalls:
    """The calls that the proxy recorded in a data folder, which are looked for when they are first asked for."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._calls: dict[_Tokens | None, list[_Proxied]] = {}
        self._looked: dict[tuple[int, int], int] = {}
        self._taken: dict[int, str] = {}
        self._count = 0
        self._is_looked_for = False

    def look_again(self) -> None:
        """Look for those that came since.  Raises ``OSError``."""
        if self._is_looked_for:
            for line in _new_lines(self._folder, self._looked):
                self._add(line)

    def has(self, found: FoundCall) -> bool:
        """Whether this call, which tells no id of its provider's, is one of them; none of another name is that one then."""
        if known_calls.KEY not in found.call.more:
            return False
        if not self._is_looked_for:
            self._is_looked_for = True
            self.look_again()
        near = [
            (_distance(found.call, each), each.line)
            for each in self._calls.get(_tokens(found.call), ())
            if each.agent in (None, found.call.agent) and self._taken.get(each.line, found.key) == found.key
        ]
        distance, line = min(near, default=(_SLACK + 1, 0))
        if distance > _SLACK:
            return False
        self._taken[line] = found.key
        return True

    def _add(self, line: bytes) -> None:
        told = ai_log.parse(line)
        if not isinstance(told, Round) or told.timestamp is None:
            return
        began = timestamps.milliseconds(told.timestamp)
        if began is None:
            return
        used = told.usage
        tokens = (used.input_tokens, used.output_tokens, used.cache_read) if told.outcome == OK else None
        self._count += 1
        call = _Proxied(told.consumer, began, began + (told.duration_ms or 0), self._count)
        self._calls.setdefault(tokens, []).append(call)


def _tokens(call: RecordedCall) -> _Tokens | None:
    """By what a call is compared; None for all that have failed."""
    used = call.usage
    return None if used is None else (used.input_tokens, used.output_tokens, used.cache_read)


def _distance(call: RecordedCall, proxied: _Proxied) -> int:
    """The milliseconds between the two; 0 where they overlap."""
    ended = call.moment + (call.duration_ms or 0)
    return max(0, proxied.began - ended, call.moment - proxied.ended)


def _new_lines(folder: str, looked: dict[tuple[int, int], int]) -> Iterator[bytes]:
    """The proxy's lines behind where each file was looked through.  Raises ``OSError``."""
    for path in recorded_log.paths(folder):
        try:
            yield from _lines_behind(path, looked)
        except FileNotFoundError:  # renamed meanwhile: it has another name now
            yield from _new_lines(folder, looked)
            return


def _lines_behind(path: str, looked: dict[tuple[int, int], int]) -> Iterator[bytes]:
    with files.reading(path) as file:
        state = os.fstat(file.fileno())
        place = (state.st_dev, state.st_ino)
        file.seek(looked.get(place, 0))
        for line in file:
            if not line.endswith(b"\n"):
                return
            looked[place] = looked.get(place, 0) + len(line)
            if _MARK in line:
                yield line
