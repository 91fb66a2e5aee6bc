"""How does a batch of lines that were taken get to last?

Session files first, synced; then the read positions; then the index.  Whatever ends the process between two of these, the
next poll reads from the last read positions, and the session files drop what they have.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Callable, NamedTuple, Protocol

from session_monitor.calls.coverage import Coverage
from session_monitor.log.checkpoint import Checkpoint, LogView
from session_monitor.log.generation import Generation
from session_monitor.log.log_file import LogFile
from session_monitor.sessions.store import Store
from session_monitor.sessions.summary import Coming, Summary, Written
from session_monitor.totals import usage_totals

from .index_keeper import IndexKeeper
from .poll import Poll

if TYPE_CHECKING:
    from session_monitor.index.tables.rows import Rows
    from session_monitor.prices.book import Book


class LineBatch:
    """Lines that were taken and not committed yet."""

    def __init__(self) -> None:
        self.ends: dict[str, tuple[Generation, LogFile, int]] = {}
        self.coverage: dict[str, Coverage] = {}
        self.bytes = 0

    def advance(self, generation: Generation, file: LogFile, start: int, end: int) -> None:
        """What stands there has been taken."""
        gid, size = generation.gid, end - start
        self.coverage[gid].bytes += max(0, end - max(start, generation.read_before))
        self.ends[gid] = generation, file, end
        self.bytes += size


class New(NamedTuple):
    """What session files have now that they had not: so many new sessions, what is new in each, and the rows of that."""

    sessions: int
    written: Sequence[Written]
    rows: Rows


class Writing(Protocol):
    """Who has what was taken of a batch, and writes it."""

    def coming(self) -> list[Coming]:
        """What is about to be written."""

    def write(self) -> New:
        """Write it, make it last, and count the flush.  Raises as ``Store.flush`` does."""

    def is_kept(self, committed: dict[str, int]) -> None:
        """The read positions follow what was written: up to there all of each generation is read for good."""


class WritingAlone:
    """One process has taken all of it."""

    def __init__(self, store: Store, book: Book) -> None:
        """What is in this store, priced by this book."""
        self._store = store
        self._book = book

    def coming(self) -> list[Coming]:
        """See ``Writing``."""
        return self._store.coming()

    def write(self) -> New:
        """See ``Writing``."""
        from session_monitor.index.tables.rows import rows_of  # noqa: PLC0415 -- most passes commit nothing

        new, written = self._store.flush()
        return New(new, written, rows_of(written, self._book))

    def is_kept(self, committed: dict[str, int]) -> None:
        """See ``Writing``."""
        self._store.committed = committed


class Committer:
    """The way of batches to disk."""

    def __init__(
        self,
        store: Store,
        checkpoint: Checkpoint,
        view: LogView,
        index: IndexKeeper,
        *,
        on_writing: Callable[[list[Coming]], None] | None,
        on_commit: Callable[[Poll, dict[str, Summary]], None],
    ) -> None:
        """``on_writing`` hears of what is about to be written, ``on_commit`` of each batch, with the sessions that it wrote."""
        self._store = store
        self._checkpoint = checkpoint
        self._view = view
        self._index = index
        self.on_writing = on_writing
        self._on_commit = on_commit
        self.lags = False
        """Whether the read positions did not follow the last flush when more was written."""

    @property
    def positions(self) -> dict[str, int]:
        """Up to which byte each generation was read."""
        return {generation.gid: generation.offset for generation in self._view.generations}

    @property
    def flushes(self) -> int:
        """How many flushes the read positions follow."""
        return self._checkpoint.flushes

    def commit(self, poll: Poll, batch: LineBatch, writing: Writing, *, is_priced: bool) -> None:
        """Make a batch last, with what was taken of it.

        Raises ``Outdated``, ``TruncatedError`` and ``OSError``; then nothing of it counts as written.
        """
        with self._store.changing():
            # Before anything is written: what can be said of the files afterwards may be about their successors.
            grown = [(generation, generation.advanced(file, end)) for generation, file, end in batch.ends.values()]
            new = self._write(poll, batch, writing, grown)
            self._index.after(new.written, new.rows if is_priced else None)
        poll.bytes_read += batch.bytes
        poll.new_sessions += new.sessions
        poll.sums = usage_totals.added([poll.sums, new.rows.total()])
        self._on_commit(poll, {each.session_id: each.summary for each in new.written})

    def _write(
        self, poll: Poll, batch: LineBatch, writing: Writing, grown: Sequence[tuple[Generation, Generation]]
    ) -> New:
        """Write what was taken, and with it how far these generations were read."""
        with self._index_waiting():
            if self.on_writing:
                self.on_writing(writing.coming())
            follows = self._checkpoint.flushes == self._store.flushes
            try:
                new = writing.write()
            except BaseException:
                poll.at_least = True  # a part may be written, and is nothing new when it is read again
                raise
            for generation, other in grown:
                generation.become(other)
                generation.coverage.add(batch.coverage[generation.gid])
                poll.coverage.add(batch.coverage[generation.gid])
            flushes = self._store.flushes
            follows = follows and not self._has_more(new.written)
            # Read positions of before some flush do not follow it because one more was made.
            self._checkpoint.flushes = flushes if follows else min(self._checkpoint.flushes, flushes - 1)
            self.lags = not follows
            self._checkpoint.save()
            writing.is_kept(self.positions)
            return new

    def _has_more(self, written: Sequence[Written]) -> bool:
        """Whether session files have rounds from behind the read positions: a run that was killed had read further.

        They were counted with the others; missed some time, they would not be known among the lines that are new.
        """
        known_to = {each.gid: each.known_to for each in self._view.generations}
        ends = (pair for each in written for pair in each.summary.positions.items())
        return any(end > known_to.get(gid, end) for gid, end in ends)

    @contextlib.contextmanager
    def _index_waiting(self) -> Iterator[None]:
        """While the block runs session files change; where that fails, the index looks which of them have."""
        self._index.before()
        try:
            yield
        except BaseException:
            self._index.outdated()
            raise
