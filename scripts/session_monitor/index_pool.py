"""How are the rows of very many session files made in little time?"""

from __future__ import annotations

import collections
import gc
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from multiprocessing.pool import AsyncResult
from typing import NamedTuple

from . import index_rows
from .index_rows import Rows
from .prices import Book

AT_ONCE = 4 << 20
"""Bytes of session files whose rows are made together."""
MANY = 16 << 20
"""Up to so many bytes are read by this process alone: others take a moment to start."""


MOST = 4
"""More processes than this make rows faster than one can put them in."""


class Chunk(NamedTuple):
    """The rows of some files, the names of those that are no session files any more, and the bytes of all of them."""

    rows: list[Rows]
    damaged: list[str]
    size: int


Files = Mapping[str, tuple[int, int]]
"""Size and time of change of files, by name."""


def chunks(folder: str, files: Files, book: Book) -> Iterator[Chunk]:
    """All files' rows, some files at a time, in their order."""
    works = _works(files)
    workers = _workers()
    if workers == 1 or sum(size for size, _ in files.values()) <= MANY:
        for work in works:
            yield _chunk(folder, work, book)
        return
    with multiprocessing.get_context("fork").Pool(workers, _begin, (folder, book)) as pool:
        waiting: collections.deque[AsyncResult[Chunk]] = collections.deque()
        for work in works:
            waiting.append(pool.apply_async(_of_worker, (work,)))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().get()
        while waiting:
            yield waiting.popleft().get()


def _workers() -> int:
    """How many processes may share the work.

    A fork is quick and safe on Linux in a process of one thread, which a server is not; elsewhere one does it alone.
    """
    is_safe = sys.platform.startswith("linux") and threading.active_count() == 1
    return min(os.cpu_count() or 1, MOST) if is_safe else 1


Work = list[tuple[str, int, int]]


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
    found, damaged, total = [], [], 0
    for file, size, mtime in work:
        rows = index_rows.of_file(folder, file, size, mtime, book)
        total += size
        if rows is None:
            damaged.append(file)
        else:
            found.append(rows)
    return Chunk(found, damaged, total)


_of_this_process: list[tuple[str, Book]] = []


def _begin(folder: str, book: Book) -> None:
    # Who started it ends it; a monitor's own handling of signals is not for its helpers.
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # It makes plain values and ends soon: there is nothing to collect, and looking for that takes its time.
    gc.disable()
    _of_this_process.append((folder, book))


def _of_worker(work: Work) -> Chunk:
    folder, book = _of_this_process[0]
    return _chunk(folder, work, book)
