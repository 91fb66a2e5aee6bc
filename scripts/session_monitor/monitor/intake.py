"""What becomes of one line of a log?

A call goes to its session; what a line is is counted either way.  A pass that finds no new line does without all of
this, and starts the sooner for it.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Collection, Sequence

from session_monitor.calls import access_line, ai_log, long_lines
from session_monitor.calls.access_line import Skipped
from session_monitor.calls.coverage import Coverage
from session_monitor.calls.round import Round
from session_monitor.calls.short_lines import LineReader, ShortCall
from session_monitor.log.joined_lines import JoinedLine, Joining
from session_monitor.log.log_file import LONGEST_LINE
from session_monitor.recording import known_calls
from session_monitor.sessions.store import Store

from .chain import chained

_CHAT_ID = ai_log.PLACES.index("chat_id")


class Intake:
    """The way of lines into a store."""

    def __init__(self, store: Store, session_key: str | None, *, chain: bool = False) -> None:
        """Only calls of the sessions that ``session_key`` names, by id or shell pattern, get there; with None all do.

        With ``chain`` calls without any id are joined by their history.
        """
        self._store = store
        self._session_key = session_key
        self._chain = chain
        self._reader = LineReader()
        self.recorded: Collection[int] = ()
        """The marks of calls that were recorded elsewhere, and are not counted once more in the lines that come now."""

    @staticmethod
    def joining() -> Joining:
        """What puts the lines of one file together."""
        return Joining(LONGEST_LINE)

    def take_next(self, line: bytes | None, joining: Joining, log: tuple[str, int, int], coverage: Coverage) -> bool:
        """Take the next line of a file, which stood at ``log``; False where it, or one before it, waits for its rest."""
        if line is not None and line.startswith(long_lines.START) and not joining.waiting:
            coverage.lines += 1
            self.take(line, log, coverage)
            return True
        generation, start, end = log
        self._take_joined(joining.add(start, end, line), generation, coverage)
        return not joining.waiting

    def take_rest(self, joining: Joining, generation: str, coverage: Coverage) -> None:
        """Take what waits, as far as it goes: nothing more is to be expected."""
        self._take_joined(joining.rest(), generation, coverage)

    def _take_joined(self, lines: Sequence[JoinedLine], generation: str, coverage: Coverage) -> None:
        for start, end, written in lines:
            coverage.lines += 1
            self.take(written, (generation, start, end), coverage)

    def take(self, line: bytes | None, log: tuple[str, int, int], coverage: Coverage) -> None:
        """Take a line, None for one that is too long to be read, that stood at ``log``; and count it."""
        if line is None:
            coverage.skip("too_long")
            return
        stripped = line.strip(b"\0")  # a truncated file that was written on at its old offset begins with a hole
        if line and not stripped:
            coverage.skip(access_line.NUL_BYTES)
            return
        try:
            call = self._reader.parse(stripped, self._store.known)
            self._take(call, log, coverage)
        except MemoryError:  # one line must not cost the others
            self._take(ai_log.parse_sparingly(stripped), log, coverage)

    def _take(self, call: Round | ShortCall | Skipped, log: tuple[str, int, int], coverage: Coverage) -> None:
        """Store a call where it is one, and count it last, so that nothing counts twice where memory is short."""
        if isinstance(call, Skipped):
            coverage.skip(call.reason, answered=call.answered)
            return
        if self._chain and isinstance(call, Round):
            call = chained(call)
        if self._session_key is not None and not is_meant(call.group, self._session_key):
            coverage.skip("other_session")
            return
        if self.recorded and self._is_recorded(call):
            coverage.skip("recorded_elsewhere")
            return
        if isinstance(call, ShortCall):
            self._store.add_short(call, log)
        else:
            self._store.add(call, log)
        coverage.count(call)

    def _is_recorded(self, call: Round | ShortCall) -> bool:
        chat_id = call.chat_id if isinstance(call, Round) else call.places[_CHAT_ID]
        return chat_id is not None and known_calls.mark(known_calls.of_provider(chat_id)) in self.recorded


def is_whole(line: bytes, joining: Joining | None = None) -> bool:
    """Whether a line without its newline lacks nothing else: it is JSON to its end, with what is joined to it."""
    written = (joining or Joining(LONGEST_LINE)).completed_by(line)
    call = ai_log.parse(written) if written else None
    return isinstance(call, Round) and not call.outer_broken


def is_meant(session_id: str, session_key: str | None) -> bool:
    """Whether a run with this filter is about this session."""
    return session_key is None or session_id == session_key or fnmatch.fnmatchcase(session_id, session_key)
