"""How are the rows of very many session files made in little time?"""

from __future__ import annotations

import collections
import contextlib
import gc
import itertools
import os
import signal
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from session_monitor.prices.book import Book

from . import rows, tool_rows
from .rows import Rows
from .tool_rows import ToolUseRow

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

AT_ONCE = 4 << 20
"""Bytes of session files whose rows are made together."""
MANY = 16 << 20
"""Up to so many bytes are read by this process alone: others take a moment to start."""


MOST = 4
"""More processes than this make rows faster than one can put them in."""


class Chunk(NamedTuple):
    """The rows of some files, the names of those that are no session files any more, and the bytes of all of them.

    ``closed`` are the names of those that this user may not read.
    """

    rows: Rows
    tools: list[ToolUseRow]
    damaged: list[str]
    closed: list[str]
    size: int


Work = list[tuple[str, int, int]]
"""Name, size and time of change of some files."""
Files = Mapping[str, tuple[int, int]]
"""Size and time of change of files, by name."""


def chunks(folder: str, files: Files, book: Book) -> Iterator[Chunk]:
    """All files' rows, some files at a time, in their order."""
    works, workers = _works(files), _workers()
    if workers == 1 or sum(size for size, _ in files.values()) <= MANY:
        return (_chunk(folder, work, book) for work in works)
    return _side_by_side(folder, works, book, workers)


def _side_by_side(folder: str, works: Iterable[Work], book: Book, workers: int) -> Iterator[Chunk]:
    helpers: list[_Helper] = []
    try:
        for _ in range(workers):
            helpers.append(_Helper(folder, book, helpers))
        turns = itertools.cycle(helpers)
        waiting: collections.deque[tuple[_Helper, Work]] = collections.deque()
        for work in works:
            if len(waiting) == workers:
                helper, given = waiting.popleft()
                chunk = helper.done() or _chunk(folder, given, book)
                waiting.append((helper, work))
                helper.give(work)
                yield chunk
            else:
                waiting.append((next(turns), work))
                waiting[-1][0].give(work)
        for helper, given in waiting:
            yield helper.done() or _chunk(folder, given, book)
    finally:
        for helper in helpers:
            helper.end()


class _Helper:
    """Another process that makes rows.  Where it dies, as for lack of memory, its work is left to who gave it.

    (``multiprocessing.Pool`` waits for ever for what a process had that died, and can hang when it is ended early.)
    """

    def __init__(self, folder: str, book: Book, others: Sequence[_Helper]) -> None:
        """Start it; the ``others`` were started before."""
        import multiprocessing  # noqa: PLC0415 -- it takes a while, and few questions find so much to do

        fork = multiprocessing.get_context("fork")
        self.ours, theirs = fork.Pipe()
        # It has copies of our ends, and would never hear that this process has ended if it kept them.
        inherited = [self.ours, *(other.ours for other in others)]
        self._process = fork.Process(target=_help, args=(theirs, inherited, folder, book), daemon=True)
        self._process.start()
        theirs.close()

    def give(self, work: Work) -> None:
        """Give it something to do."""
        with contextlib.suppress(OSError):
            self.ours.send(work)

    def done(self) -> Chunk | None:
        """What came of what it was given longest ago; None where it is no more."""
        try:
            chunk: Chunk = self.ours.recv()
        except (EOFError, OSError):
            return None
        return chunk

    def end(self) -> None:
        """End it, whatever it is at."""
        self.ours.close()
        self._process.kill()
        self._process.join()


def _help(work: Connection, inherited: Sequence[Connection], folder: str, book: Book) -> None:
    # Who started it ends it; a monitor's own handling of signals is not for its helpers.
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # It makes plain values and ends soon: there is nothing to collect, and looking for that takes its time.
    gc.disable()
    for each in inherited:
        each.close()
    with contextlib.suppress(EOFError, OSError):
        while True:
            work.send(_chunk(folder, work.recv(), book))


def _workers() -> int:
    """How many processes may share the work.

    A fork is quick and safe on Linux in a process of one thread, which a server is not; elsewhere one does it alone.
    """
    is_safe = sys.platform.startswith("linux") and threading.active_count() == 1
    return min(os.cpu_count() or 1, MOST) if is_safe else 1


def _works(files: Files) -> Iterator[Work]:
    work: Work = []
    total = 0
    for file, (size, mtime) in files.items():
        work.append((file, size, mtime))
        total += size
        if total >= AT_ONCE:
            yield work
            work, total = [], 0
    if work:
        yield work


def _chunk(folder: str, work: Iterable[tuple[str, int, int]], book: Book) -> Chunk:
    batch, damaged, closed, total = [], [], [], 0
    for file, size, mtime in work:
        total += size
        try:
            written = rows.read(folder, file, size, mtime)
        except PermissionError:
            closed.append(file)
            continue
        if written is None:
            damaged.append(file)
        else:
            batch.append(written)
    return Chunk(rows.rows_of(batch, book), list(tool_rows.of_written(batch)), damaged, closed, total)
