"""Which generation of the log is in which file?

A generation is what the gateway wrote between two rotations; it keeps its identity while rotation renames it, copies
it, compresses it or moves it to another device.  Content proves which one a file holds: its first lines, and the last
line that was read.  Device and inode only hint (ext4 gives an inode to the next file at once), names only order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from .coverage import Coverage
from .log_file import LogFile

HEAD = 64 << 10
"""The identity covers the whole lines in so many first bytes, or the first line where that is longer."""
MARK = 4096
"""The identity covers the last so many bytes before the offset."""

_NOTHING = hashlib.sha256().hexdigest()


@dataclass
class Generation:
    """One generation as far as it was read: up to ``offset``, a line's end.

    ``gone`` is one whose file is no more; it is remembered for a while, in case the file comes back.
    """

    gid: str
    sequence: int
    path: str
    device: int
    inode: int
    head_length: int
    head_sha256: str
    offset: int = 0
    mark_sha256: str = _NOTHING
    size_seen: int = 0
    file_state: tuple[int, ...] = ()
    gone: bool = False
    coverage: Coverage = field(default_factory=Coverage)

    @property
    def mark_start(self) -> int:
        """The mark is what stands from here to the offset."""
        return max(0, self.offset - MARK)

    def to_json(self) -> dict[str, Any]:
        """As the checkpoint keeps it."""
        return {**vars(self), "coverage": self.coverage.to_json()}

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> Generation:
        """From ``to_json``; raises ``TypeError`` or ``KeyError`` where it is something else."""
        values = {each.name: found[each.name] for each in fields(cls)}
        values.update(file_state=tuple(values["file_state"]), coverage=Coverage.from_json(values["coverage"]))
        return cls(**values)

    def seen_in(self, file: LogFile) -> None:
        """Remember where it was found."""
        self.path, (self.device, self.inode) = file.place.path, file.key
        self.size_seen = max(file.size, self.offset)
        self.file_state = file.state
        self.gone = False
        self.coverage.lost_bytes = 0

    def rewind(self) -> None:
        """Nothing of it counts as read."""
        self.offset, self.mark_sha256, self.coverage = 0, _NOTHING, Coverage()

    def advance(self, file: LogFile, offset: int) -> None:
        """Everything up to here has been read; the identity grows with it."""
        self.offset = offset
        self.mark_sha256 = file.sha256(self.mark_start, offset) or ""
        if self.head_length < HEAD:
            head_end = file.line_end(0, min(HEAD, offset)) or 0
            if self.head_length < head_end <= offset:
                self.head_length, self.head_sha256 = head_end, file.sha256(0, head_end) or ""


@dataclass
class Match:
    """What one look at the folder found.

    ``found`` pairs generations with their files, ``new`` are files of generations not known yet, ``missing`` are
    generations that are in no file.  Files that only copy a generation are in none of them.
    """

    found: list[tuple[Generation, LogFile]] = field(default_factory=list)
    new: list[LogFile] = field(default_factory=list)
    missing: list[Generation] = field(default_factory=list)


def new_generation(file: LogFile, taken: set[str], sequence: int) -> Generation | None:
    """The generation that starts in this file; None while it has no whole line to tell it by.

    Its id comes from its first line, so that it is the same when all that was remembered is lost.
    """
    first_line = file.line_end(0, 1)
    if first_line is None:
        return None
    gid = base = (file.sha256(0, first_line) or "")[:16]
    number = 1
    while gid in taken:
        number += 1
        gid = f"{base}-{number}"
    head_length = file.line_end(0, HEAD) or first_line
    head = file.sha256(0, head_length) or ""
    generation = Generation(gid, sequence, file.place.path, *file.key, head_length, head)
    generation.seen_in(file)
    return generation


def match(known: Sequence[Generation], files: Sequence[LogFile]) -> Match:
    """Decide over all generations and all files at once; a choice one by one would depend on their order."""
    result = Match()
    free = list(files)
    open_ones = sorted(known, key=lambda generation: generation.gone)

    def bind(generation: Generation, file: LogFile) -> None:
        result.found.append((generation, file))
        open_ones.remove(generation)
        free.remove(file)

    # 1 The same inode with the same content: still there, perhaps renamed.
    by_key = {file.key: file for file in files}
    for generation in list(open_ones):
        file = by_key.get((generation.device, generation.inode))
        if file in free and (_unchanged(generation, file) or _continues(generation, file)):
            bind(generation, file)
    # 2 Another file that goes on where it was read to: copied and truncated, compressed, moved.
    for generation in sorted(open_ones, key=lambda each: -each.offset):
        heirs = [file for file in free if _continues(generation, file)]
        if heirs:
            bind(generation, max(heirs, key=lambda file: file.size))
    # 3 A copy that ends before what was read: lines came between the copy and the truncation, and were read.
    for generation in list(open_ones):
        heirs = [file for file in free if begins(generation, file) and file.size < generation.offset]
        if heirs:
            bind(generation, max(heirs, key=lambda file: file.size))
    # 4 A copy of a generation that has its own file: on its way to inherit it, or to nothing.
    result.new = [file for file in free if not any(_copies(file, *pair) for pair in result.found)]
    result.missing = open_ones
    return result


def _unchanged(generation: Generation, file: LogFile) -> bool:
    """A compressed file does not change any more; to prove its content it would have to be read whole each time."""
    return bool(file.place.compressed) and generation.file_state == file.state


def begins(generation: Generation, file: LogFile) -> bool:
    """Whether this file begins as the generation does."""
    return file.sha256(0, generation.head_length) == generation.head_sha256


def _continues(generation: Generation, file: LogFile) -> bool:
    """Whether this file holds what was read, up to the offset at least."""
    return (
        file.size >= generation.offset
        and begins(generation, file)
        and file.sha256(generation.mark_start, generation.offset) == generation.mark_sha256
    )


def _copies(file: LogFile, generation: Generation, original: LogFile) -> bool:
    """Whether two files begin alike and are still alike where the shorter one ends."""
    if not begins(generation, file):
        return False
    end = min(file.size, original.size)
    return file.sha256(max(0, end - MARK), end) == original.sha256(max(0, end - MARK), end)
