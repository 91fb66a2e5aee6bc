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
from .shares import AnothersCallError, SessionShare

_CHAT_ID = ai_log.PLACES.index("chat_id")


class Intake:
    """The way of lines into a store."""

    def __init__(
        self, store: Store, session_key: str | None, *, chain: bool = False, share: SessionShare | None = None
    ) -> None:
        """Only calls of the sessions that ``session_key`` names, by id or shell pattern, get there; with None all do.

        With ``chain`` calls without any id are joined by their history.  With a ``share`` the lines of all others are left
        to who takes these, uncounted; then ``AnothersCallError`` may be raised, and what was taken since the last flush
        is to be discarded.
        """
        self._share = share
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
            self.take(written, (generation, start, end), coverage)

    def take(self, line: bytes | None, log: tuple[str, int, int], coverage: Coverage) -> None:
        """Take a line, None for one that is too long to be read, that stood at ``log``; and count it."""
        is_shown_here = self._share.may_have(line) if self._share and line is not None else None
        if is_shown_here is False:
            return
        try:
            is_ours = self._take(self._told(line), log, coverage, is_shown_here=is_shown_here)
        except MemoryError:  # one line must not cost the others
            call = self._chained(ai_log.parse_sparingly((line or b"").strip(b"\0")))
            is_ours = self._take(call, log, coverage, is_shown_here=is_shown_here)
        coverage.lines += is_ours

    def _told(self, line: bytes | None) -> Round | ShortCall | Skipped:
        """What a line says."""
        if line is None:
            return _TOO_LONG
        stripped = line.strip(b"\0")  # a truncated file that was written on at its old offset begins with a hole
        if line and not stripped:
            return _NUL_BYTES
        return self._chained(self._reader.parse(stripped, self._store.known))

    def _chained(self, call: Round | ShortCall | Skipped) -> Round | ShortCall | Skipped:
        return chained(call) if self._chain and isinstance(call, Round) else call

    def _take(
        self,
        call: Round | ShortCall | Skipped,
        log: tuple[str, int, int],
        coverage: Coverage,
        *,
        is_shown_here: bool | None,
    ) -> bool:
        """Store a call where it is one, and count it last, so that nothing counts twice where memory is short.

        False for one that another process takes, for a line that shows its session's id or for one that does not.
        """
        if self._share and not self._is_ours(call, self._share, is_shown_here=is_shown_here):
            return False
        if isinstance(call, Skipped):
            coverage.skip(call.reason, answered=call.answered)
        elif self._session_key is not None and not is_meant(call.group, self._session_key):
            coverage.skip("other_session")
        elif self.recorded and self._is_recorded(call):
            coverage.skip("recorded_elsewhere")
        else:
            if isinstance(call, ShortCall):
                self._store.add_short(call, log)
            else:
                self._store.add(call, log)
            coverage.count(call)
        return True

    @staticmethod
    def _is_ours(call: Round | ShortCall | Skipped, share: SessionShare, *, is_shown_here: bool | None) -> bool:
        if isinstance(call, Skipped):
            return is_shown_here or share.is_first
        if is_shown_here and not share.has(call.group):
            raise AnothersCallError
        return share.has(call.group)

    def _is_recorded(self, call: Round | ShortCall) -> bool:
        chat_id = call.chat_id if isinstance(call, Round) else call.places[_CHAT_ID]
        return chat_id is not None and known_calls.mark(known_calls.of_provider(chat_id)) in self.recorded


_TOO_LONG, _NUL_BYTES = Skipped("too_long"), Skipped(access_line.NUL_BYTES)


def is_whole(line: bytes, joining: Joining | None = None) -> bool:
    """Whether a line without its newline lacks nothing else: it is JSON to its end, with what is joined to it."""
    written = (joining or Joining(LONGEST_LINE)).completed_by(line)
    call = ai_log.parse(written) if written else None
    return isinstance(call, Round) and not call.outer_broken


def is_meant(session_id: str, session_key: str | None) -> bool:
    """Whether a run with this filter is about this session."""
    return session_key is None or session_id == session_key or fnmatch.fnmatchcase(session_id, session_key)
