"""Which file holds which generation?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Callable

from .generation import HEAD, MARK, Generation, begins
from .log_file import LogFile

if TYPE_CHECKING:
    from .beginnings import Beginning, Beginnings


class Match:
    """What one look at the folder found.

    ``found`` pairs generations with their files, ``new`` are files of generations not known yet, ``missing`` are
    generations that are in no file.  Files that are mere copies are in none of them.
    """

    def __init__(self) -> None:
        """Nothing was found yet."""
        self.found: list[tuple[Generation, LogFile]] = []
        self.new: list[LogFile] = []
        self.missing: list[Generation] = []


def match(
    known: Sequence[Generation], files: Sequence[LogFile], has_line: Callable[[LogFile], bool] = lambda _file: True
) -> Match:
    """Decide over all generations and all files at once; a choice one by one would depend on their order.

    A file of an unknown generation must belong to a log still, and have a line, as ``has_line`` says: less is like the
    beginning of any file.
    """
    matching = _Matching(known, files)
    matching.find()
    result = Match()
    # Copies: of a generation that has its own file, or of each other.
    result.new = matching.without_copies(
        [file for file in matching.free if not file.place.is_former and file.size and has_line(file)]
    )
    result.found = list(matching.bound.values())
    result.missing = list(matching.open.values())
    return result


class _Matching:
    """The choice, as far as it was made: ``bound`` pairs, ``open`` generations, ``free`` files.

    Each generation is tried with the file that has its inode, and with those that may begin as it does: so the work
    grows with the number of files, not with that of all pairs.
    """

    def __init__(self, known: Sequence[Generation], files: Sequence[LogFile]) -> None:
        self.known = known
        self.free = dict.fromkeys(files)
        self.open = {id(generation): generation for generation in sorted(known, key=lambda each: each.gone)}
        self.bound: dict[int, tuple[Generation, LogFile]] = {}
        self._turns: dict[int, int] = {}
        self._short: set[int] = set()
        self._made: Beginnings | None = None
        self._tails: dict[LogFile, tuple[int, str | None]] = {}

    def find(self) -> None:
        """Bind whatever holds a known generation."""
        by_key = {file.key: file for file in self.free}
        for proof in (_holds_all, _continues):
            # 1 The same inode with the same content: still there, perhaps renamed.
            for generation in list(self.open.values()):
                file = by_key.get((generation.device, generation.inode))
                if file in self.free and (_is_unchanged(generation, file) or proof(generation, file)):
                    self._bind(generation, file)
            # 2 Another file that goes on where it was read to: copied and truncated, compressed, moved.
            for generation in sorted(self.open.values(), key=lambda each: -each.offset):
                heirs = [
                    file
                    for file in self._candidates(generation)
                    if proof(generation, file) and not self._is_others(file, generation)
                ]
                if heirs:
                    self._bind(generation, max(heirs, key=lambda file: file.size))
        # 3 A copy that ends before what was read: lines came between the copy and the truncation, and were read.
        for generation in list(self.open.values()):
            heirs = [file for file in self._candidates(generation) if _ends_early(generation, file)]
            if heirs:
                self._bind(generation, max(heirs, key=lambda file: (not file.place.is_live, file.size)))

    def without_copies(self, files: Sequence[LogFile]) -> list[LogFile]:
        """The files that hold what no other does; where a copy is the longer one, its generation is read from it."""
        new: set[LogFile] = set()
        beginning: defaultdict[Beginning, list[LogFile]] = defaultdict(list)
        begun: set[bytes] = set()  # what has no whole line, and another file begins with

        def is_begun(file: LogFile) -> bool:
            if self._beginnings.is_part_of_line(file):
                return file.read(HEAD, 0) in begun
            return any(self._alike(file, other) for other in beginning[self._beginnings.last(file)])

        for file in sorted(files, key=lambda file: -file.size):
            # Of several originals, which then begin alike, the one that it has most in common with.
            pairs = [pair for pair in self._alike_pairs(file) if self._is_copy(file, *pair)]
            pair = max(pairs, key=lambda pair: pair[1].size, default=None)
            if pair and file.size > pair[1].size and _continues(pair[0], file):
                self.bound[id(pair[0])] = pair[0], file
            elif not pair and not is_begun(file):
                new.add(file)
                for each in self._beginnings.all(file):
                    beginning[each].append(file)
                for text in self._beginnings.parts().that_begin(file.read(HEAD, 0)):
                    if text in begun:  # and so are those that it begins with
                        break
                    begun.add(text)
        return [file for file in files if file in new]

    def _bind(self, generation: Generation, file: LogFile) -> None:
        number = id(generation)
        self.bound[number] = generation, file
        self._turns[number] = len(self._turns)
        del self.open[number], self.free[file]
        if file.size < generation.head[-1][0]:
            self._short.add(number)

    @property
    def _beginnings(self) -> Beginnings:
        """How all begin; most looks find all files by their inodes, and do without."""
        if self._made is None:
            from .beginnings import Beginnings  # noqa: PLC0415 -- as said

            self._made = Beginnings(self.known, list(self.free))
        return self._made

    def _candidates(self, generation: Generation) -> list[LogFile]:
        """The free files that may begin as this generation does."""
        return [file for file in self._beginnings.files(generation) if file in self.free] if self.free else []

    def _alike_pairs(self, file: LogFile) -> list[tuple[Generation, LogFile]]:
        """The bound pairs whose file may begin as this one does, in the order in which they were bound."""
        if not self.bound:
            return []
        numbers = {id(generation) for generation in self._beginnings.generations(file)} | self._short
        is_part = self._beginnings.is_part_of_line(file)
        ask = self._beginnings.beginning_with_part if is_part else self._beginnings.with_its_head
        numbers |= {id(generation) for generation in ask(file, self.bound.values())}
        return [self.bound[each] for each in sorted(numbers & self.bound.keys(), key=self._turns.__getitem__)]

    def _is_others(self, file: LogFile, generation: Generation) -> bool:
        """Whether the file has more in common with another generation, which begins as this one does."""
        return any(
            min(file.size, pair[1].size) > generation.offset and self._is_copy(file, *pair)
            for pair in self._alike_pairs(file)
        )

    def _is_copy(self, file: LogFile, generation: Generation, original: LogFile) -> bool:
        """Whether the file holds this generation as its own file does; a longer one may be what it should be read from."""
        longer = file.size > original.size
        return self._alike(file, original) and (
            not longer or _continues(generation, file) or _ends_early(generation, file)
        )

    def _alike(self, file: LogFile, other: LogFile) -> bool:
        """Whether two files begin alike, and are still alike where the shorter one ends.

        With all first lines, where the second file is not the shorter one; otherwise they are to be looked at besides.
        """
        end = min(file.size, other.size)
        if self._tail(file, end) != self._tail(other, end):
            return False
        if file.sha256(0, min(HEAD, end)) != other.sha256(0, min(HEAD, end)):
            return False
        lines_end, digest = self._beginnings.last_line(file)
        return lines_end <= HEAD or file.size > other.size or other.sha256(0, lines_end) == digest

    def _tail(self, file: LogFile, end: int) -> str | None:
        """The hash of what stands before this byte; thousands of files that begin alike are asked for it again and again."""
        known = self._tails.get(file)
        if known is None or known[0] != end:
            self._tails[file] = known = end, file.sha256(max(0, end - MARK), end)
        return known[1]


def _is_unchanged(generation: Generation, file: LogFile) -> bool:
    """Whether the file needs no look inside: nothing about it has changed since its content was proved.

    A compressed file is written once.
    """
    if generation.file_state != file.state:
        return False
    return bool(file.place.compressed) or (generation.rested and generation.size_seen == file.size >= generation.offset)


def _ends_early(generation: Generation, file: LogFile) -> bool:
    """Whether this is a copy of the generation that lacks the last of what was read.

    The log itself is no copy: where that is shorter than before, it was truncated.
    """
    is_own = file.key == (generation.device, generation.inode)
    if is_own and file.place.is_live and file.size < generation.size_seen:
        return False
    return 0 < file.size < generation.offset and begins(generation, file)


def _continues(generation: Generation, file: LogFile) -> bool:
    """Whether this file holds what was read, and nothing speaks against the rest of what was seen."""
    if file.size < generation.offset or not begins(generation, file):
        return False
    if file.sha256(generation.mark_start, generation.offset) != generation.mark_sha256:
        return False
    return file.size < generation.size_seen or _holds_all(generation, file)


def _holds_all(generation: Generation, file: LogFile) -> bool:
    """Whether this file holds all that was seen, also what was not read yet."""
    size = generation.size_seen
    return (
        file.size >= max(size, generation.offset)
        and file.sha256(max(0, size - MARK), size) == generation.seen_sha256
        and file.sha256(generation.mark_start, generation.offset) == generation.mark_sha256
        and begins(generation, file)
    )
