"""Which files may begin as which generations do, or as each other?

To prove that takes a look into a file; to try all pairs would take the square of that.  So both are entered in tables
by the hashes of their first lines, and only those that meet there are tried.  A text without a newline may go on
anywhere: such texts are sorted, so that those that another text begins with are found next to it.
"""

from __future__ import annotations

import bisect
import itertools
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Optional

from session_monitor.base.hashing import sha256

from .generation import HEAD, Generation, first_lines
from .log_file import BLOCK, LogFile

Beginning = tuple[int, Optional[str]]
"""So many first bytes, and their hash."""


class Beginnings:
    """Generations and files by how they begin."""

    def __init__(self, known: Sequence[Generation], files: Sequence[LogFile]) -> None:
        """Those that are known, and the files that may be theirs."""
        self._lines = {file: first_lines(file, file.size) for file in files}
        # What lacks its newline may go on anywhere; of a generation only the length of that is known, and its hash.
        self._lengths = sorted({generation.head[0][0] for generation in known if generation.head_is_open})
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
        self._made_parts: Parts | None = None
        self._with_parts: defaultdict[bytes, list[Generation]] = defaultdict(list)
        self._tried_for_parts = 0

    def _beginnings_of(self, file: LogFile) -> list[Beginning]:
        lines, _ = self._lines[file]
        return [*lines, *self._without_newline(file), *([_head_of(file)] if self._is_giant(file) else [])]

    def _without_newline(self, file: LogFile) -> Iterator[Beginning]:
        """Its beginnings of the lengths at which a generation lacked its newline: all of them in its first line."""
        first_end = self._lines[file][0][0][0]
        lengths = self._lengths[: bisect.bisect_right(self._lengths, first_end)]
        head = file.read(min(HEAD, first_end), 0) if lengths else b""
        digest, start = sha256(), 0
        for length in lengths:
            while start < length:
                block = head[start:length] or file.read(min(BLOCK, length - start), start)
                if not block:
                    return
                digest.update(block)
                start += len(block)
            yield length, digest.hexdigest()

    def _is_giant(self, file: LogFile) -> bool:
        """Whether its first line goes on behind the head."""
        (lines, is_open) = self._lines[file]
        return file.size >= HEAD and (is_open or lines[0][0] > HEAD)

    def is_part_of_line(self, file: LogFile) -> bool:
        """Whether it has no whole line, so that it may be the beginning of any."""
        return self._lines[file][1] and file.size < HEAD

    def parts(self) -> Parts:
        """What the files hold that have no whole line."""
        if self._made_parts is None:
            self._made_parts = Parts([file.read(HEAD, 0) for file in self._lines if self.is_part_of_line(file)])
        return self._made_parts

    def all(self, file: LogFile) -> list[Beginning]:
        """Each beginning of a file that another one may have."""
        return self._all[file]

    def last(self, file: LogFile) -> Beginning:
        """The one that is among all of another file if that is not shorter, and begins as this one does.

        To be asked of a file that has a whole line, or more than a head.
        """
        return _head_of(file) if self._is_giant(file) else self._lines[file][0][-1]

    def last_line(self, file: LogFile) -> Beginning:
        """All of its first lines, or of its first one what there is."""
        return self._lines[file][0][-1]

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

    def beginning_with_part(self, file: LogFile, bound: Collection[tuple[Generation, LogFile]]) -> Sequence[Generation]:
        """Of a file that has no whole line: the generations among these whose file begins with all that it holds.

        Those that were there in an earlier question must come first again.
        """
        for generation, original in itertools.islice(bound, self._tried_for_parts, None):
            for text in self.parts().that_begin(original.read(HEAD, 0)):
                self._with_parts[text].append(generation)
        self._tried_for_parts = len(bound)
        return self._with_parts[file.read(HEAD, 0)]

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


class Parts:
    """Texts without a newline.

    Sorted, they stand behind those that they begin with; so of all that a text begins with the longest is right before its
    own place, or is one that the text there begins with too.
    """

    def __init__(self, texts: Iterable[bytes]) -> None:
        """Those that are to be looked for."""
        self._texts = sorted(set(texts))
        self._shorter: list[int] = []  # where the longest other one is that this begins with; -1 for none
        within: list[int] = []
        for at, text in enumerate(self._texts):
            while within and not text.startswith(self._texts[within[-1]]):
                within.pop()
            self._shorter.append(within[-1] if within else -1)
            within.append(at)

    def that_begin(self, text: bytes) -> Iterator[bytes]:
        """Those that a text begins with, the longest first."""
        at = bisect.bisect_right(self._texts, text) - 1
        while at >= 0:
            if text.startswith(self._texts[at]):
                yield self._texts[at]
            at = self._shorter[at]
