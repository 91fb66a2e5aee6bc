"""What does a process do that takes its share of a log?

It goes through the same bytes as the others, takes the calls of its own sessions alone, and writes them when it is told to.
How far they go together, what is kept of that, and what becomes of anything odd, is left to the process that started it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from session_monitor.calls.coverage import Coverage
from session_monitor.index.tables import tool_rows
from session_monitor.index.tables.rows import Rows, rows_of
from session_monitor.log import log_file
from session_monitor.log.generation import Generation
from session_monitor.log.log_file import LogFile
from session_monitor.prices.book import Book
from session_monitor.sessions.store import Flushed, Store
from session_monitor.sessions.summary import Coming

from .intake import Intake
from .shares import SessionShare

WRITE, FORGET = "write", "forget"


class Stretch(NamedTuple):
    """Lines to be taken: of the look's file with this number, from a byte on, so many bytes of whole lines or a few more.

    ``committed`` and ``flushes`` say up to where each generation was read for good, and after how many flushes.
    """

    file: int
    start: int
    size: int
    committed: Mapping[str, int]
    flushes: int


class Taken(NamedTuple):
    """What was taken of a stretch, and up to which byte all went through it; ``flaw`` says why it is not to be written.

    ``sessions`` are going to be written, with so many ``bytes``.
    """

    end: int = 0
    coverage: Coverage = Coverage()
    sessions: int = 0
    bytes: int = 0
    coming: Sequence[Coming] = ()
    flaw: str | None = None


class Wrote(NamedTuple):
    """What was written: what ``Store.write`` says, but of the rounds only what tools need, and all rows."""

    flushed: Flushed
    rows: Rows


class ShareTaker:
    """One process's share of what a look found."""

    def __init__(
        self,
        share: SessionShare,
        found: Sequence[tuple[Generation, LogFile]],
        store: Store,
        book: Book,
        *,
        session_key: str | None,
        chain: bool,
        tells_coming: bool,
    ) -> None:
        """``found`` are the look's generations with their files, ``store`` is for this share alone."""
        self._found = found
        self._store = store
        self._book = book
        self._intake = Intake(store, session_key, chain=chain, share=share)
        self._tells_coming = tells_coming

    def do(self, order: Stretch | str) -> Taken | Wrote | None:
        """Take a stretch, ``WRITE`` what was taken, or ``FORGET`` all that is known of session files.

        Raises as ``Store.flush`` does.
        """
        if isinstance(order, Stretch):
            return self.take(order)
        if order == WRITE:
            return self.write()
        self._store.discard()
        return None

    def take(self, stretch: Stretch) -> Taken:
        """Take this share of a stretch into memory; nothing of it is to be written where there is a flaw."""
        self._store.committed, self._store.committed_flushes = stretch.committed, stretch.flushes
        try:
            return self._take(stretch)
        except Exception as error:  # noqa: BLE001 -- whatever it is, one process alone finds it, too, and says so
            return Taken(flaw=type(error).__name__)

    def _take(self, stretch: Stretch) -> Taken:
        generation, file = self._found[stretch.file]
        coverage, repeated = Coverage(), Coverage()
        joining = self._intake.joining()
        taken_to = stretch.start
        for start, end, data in log_file.lines(file, stretch.start, file.size):
            covered = coverage if start >= generation.read_before else repeated
            if self._intake.take_next(data, joining, (generation.gid, start, end), covered):
                taken_to = end
                if end - stretch.start >= stretch.size:
                    break
            del data  # or a long line would still take room when the next is read
        if self._store.problem:
            return Taken(flaw=self._store.problem)
        coming = self._store.coming() if self._tells_coming else ()
        return Taken(taken_to, coverage, self._store.touched, self._store.pending_bytes, coming)

    def write(self) -> Wrote:
        """Write what was taken since the last time, and make it last.  Raises as ``Store.flush`` does."""
        flushed = self._store.write()
        rows = rows_of(flushed.written, self._book)
        return Wrote(flushed._replace(written=list(map(tool_rows.needed_of, flushed.written))), rows)
