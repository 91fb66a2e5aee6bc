"""How much of what comes in on standard input was read before?

Somebody pipes the same log again and again: all of it, which has grown; what a ring buffer still has of it; or its last
lines.  Content tells which: where it begins as a generation does it is that one, and read on where that was read to.
Otherwise the ends of what was read are looked for in it, and what stands before the last of them was read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from . import log_file, matching
from .generation import MARK, Generation, begins
from .log_file import LogFile

SHORTEST_LINE = 32
"""Bytes of a line by which an end may be told; shorter ones may stand anywhere."""


class MixedError(Exception):
    """What was read before stands beside what was not, so that the new lines cannot be told."""


class ReadBefore(NamedTuple):
    """Of a piped log: the generation that it begins as; and how many bytes of it are in others, from its beginning on.

    ``ends_within`` one of these: as far as it goes by now it was read, and what comes next was read, too.
    """

    known: Generation | None
    in_others: int
    ends_within: bool = False


def read_before(generations: Sequence[Generation], file: LogFile) -> ReadBefore:
    """How much of this file was read before, as far as it is there by now.  Raises ``MixedError``."""
    match = matching.match(generations, [file])
    known = match.found[0][0] if match.found else None
    if known is None and any(each.offset and begins(each, file) for each in generations):
        raise MixedError
    start = known.offset if known else 0
    ends = _ends([each for each in generations if each is not known], file, start)
    last = max(ends, default=start)
    if not _is_read(last, start, ends, file):
        raise MixedError
    if any(each is not known and _ends_within(each, file, last) for each in generations):
        return ReadBefore(known, file.size, ends_within=True)
    return ReadBefore(known, last if ends else 0)


def _ends_within(generation: Generation, file: LogFile, start: int) -> bool:
    """Whether this file has the beginning of a generation there, and ends before what was last read of it."""
    left = file.size - start
    heads = [each for each in generation.head if each[0] <= min(left, generation.offset)]
    if left >= generation.offset or not heads or heads[-1][0] < SHORTEST_LINE:
        return False
    end, sha256 = heads[-1]
    return file.sha256(start, start + end) == sha256


def _ends(generations: Sequence[Generation], file: LogFile, start: int) -> dict[int, Generation]:
    """The bytes behind those lines up to which one of these was read.  Raises ``MixedError`` where others precede them."""
    tails: defaultdict[str, list[Generation]] = defaultdict(list)
    for each in generations:
        if each.tail_sha256:
            tails[each.tail_sha256].append(each)
    ends: dict[int, Generation] = {}
    for first, end, _ in log_file.lines(file, start, file.size) if tails else ():
        candidates = tails.get(file.fingerprint(max(first, end - MARK), end)) if end - first >= SHORTEST_LINE else None
        if candidates:
            found = [each for each in candidates if _stands_before(end, each, file)]
            if not found:
                raise MixedError
            ends[end] = found[0]
    return ends


def _stands_before(end: int, generation: Generation, file: LogFile) -> bool:
    """Whether what was last read of this generation stands before this byte, as far as the file has that."""
    start = end - generation.offset + generation.mark_start
    return start < 0 or file.sha256(start, end) == generation.mark_sha256


def _is_read(end: int, start: int, ends: dict[int, Generation], file: LogFile) -> bool:
    """Whether all before this byte was read: those from ``start`` on in generations that stand one behind the other."""
    while end > start:
        generation = ends.get(end)
        if generation is None:
            return False
        end -= generation.offset
        if end < 0:  # the file begins in the middle of it
            return start == 0
        first = [each for each in generation.head if each[0] <= generation.offset]
        if first and file.sha256(end, end + first[-1][0]) != first[-1][1]:
            return False
    return end == start
