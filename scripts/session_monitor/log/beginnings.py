"""Which files may begin as which generations do, or as each other?

To prove that takes a look into a file; to try all pairs would take the square of that.  So both are entered in tables
by the hashes of their first lines, and only those that meet there are tried.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Optional

from session_monitor.base.hashing import sha256

from .generation import HEAD, Generation, first_lines
from .log_file import LogFile

Beginning = tuple[int, Optional[str]]
"""So many first bytes, and their hash."""


class Beginnings:
    """Generations and files by how they begin."""

    def __init__(self, known: Sequence[Generation], files: Sequence[LogFile]) -> None:
        """Those that are known, and the files that may be theirs."""
        self._lines = {file: first_lines(file, file.size) for file in files}
        self._parts = {file for file, (_, is_open) in self._lines.items() if is_open and file.size < HEAD}
        # Of a text that is no whole line yet, only the length is sure: it may go on anywhere.
        self._lengths = {generation.head[0][0] for generation in known if generation.head_is_open}
        self._lengths |= {file.size for file in self._parts}
        self._by_last: defaultdict[Beginning, list[Generation]] = defaultdict(list)
        self._by_any: defaultdict[Beginning, list[Generation]] = defaultdict(list)
        for generation in known:
            self._by_last[generation.head[-1]].append(generation)
            for each in generation.head:
                self._by_any[each].append(generation)
        self._line_ends = {end for end, _ in self._by_any}
        self._all = {file: self._beginnings_of(file) for file in self._lines}
        self._files: defaultdict[int, list[LogFile]] = defaultdict(list)
        for file in self._lines:
            for number in {id(generation) for generation in self.generations(file)}:
                self._files[number].append(file)
        self._heads: defaultdict[Beginning, list[Generation]] = defaultdict(list)
        self._with_heads = 0

    def _beginnings_of(self, file: LogFile) -> list[Beginning]:
        lines, _ = self._lines[file]
        more = [(length, file.sha256(0, length)) for length in self._lengths if length <= file.size]
        return [*lines, *more, *([_head_of(file)] if self._is_giant(file) else [])]

    def _is_giant(self, file: LogFile) -> bool:
        """Whether its first line goes on behind the head."""
        (lines, is_open) = self._lines[file]
        return file.size >= HEAD and (is_open or lines[0][0] > HEAD)

    def is_part_of_line(self, file: LogFile) -> bool:
        """Whether it has no whole line, so that it may be the beginning of any."""
        return file in self._parts

    def all(self, file: LogFile) -> list[Beginning]:
        """Each beginning of a file that another one may have."""
        return self._all[file]

    def last(self, file: LogFile) -> Beginning:
        """The one that is among all of another file if that is not shorter, and begins as this one does."""
        return _head_of(file) if self._is_giant(file) else self._lines[file][0][-1]

    def files(self, generation: Generation) -> Sequence[LogFile]:
        """The files that may begin as the generation does, in the order in which they were given."""
        return self._files[id(generation)]

    def generations(self, file: LogFile) -> Iterable[Generation]:
        """The generations that the file may begin as."""
        for each in self._all[file]:
            yield from self._by_last.get(each, ())
        yield from self._by_any.get(self._lines[file][0][-1], ())
        if file.size + 1 in self._line_ends:  # all of a line but its newline
            digest = sha256(file.read(file.size, 0) + b"\n").hexdigest()
            yield from self._by_any.get((file.size + 1, digest), ())

    def with_its_head(self, file: LogFile, bound: Collection[tuple[Generation, LogFile]]) -> Sequence[Generation]:
        """Where a file's first line goes on behind the head: the generations among these whose file has the same head.

        Those that were there in an earlier question must come first again.
        """
        if not self._is_giant(file):
            return ()
        for generation, original in itertools.islice(bound, self._with_heads, None):
            if generation.head[0][0] >= HEAD:
                self._heads[_head_of(original)].append(generation)
        self._with_heads = len(bound)
        return self._heads[_head_of(file)]


def _head_of(file: LogFile) -> Beginning:
    return HEAD, file.sha256(0, HEAD)
