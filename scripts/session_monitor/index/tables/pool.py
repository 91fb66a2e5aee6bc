"""How are the rows of very many session files made in little time?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from session_monitor.base import side_by_side
from session_monitor.prices.book import Book

from . import rows, tool_rows
from .rows import Rows
from .tool_rows import ToolUseRow

AT_ONCE = 4 << 20
"""Bytes of session files whose rows are made together."""
MANY = 16 << 20
"""Up to so many bytes are read by this process alone: others take a moment to start."""


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
    is_much = sum(size for size, _ in files.values()) > MANY
    workers = side_by_side.workers() if is_much else 1
    return side_by_side.done(_works(files), lambda work: _chunk(folder, work, book), workers)


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
