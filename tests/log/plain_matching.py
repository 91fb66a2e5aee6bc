"""``matching`` as it is said plainly: each generation is tried with each file, and each file with each other.

It takes the square of their number; what it decides is what the room must decide.
"""

from __future__ import annotations

from session_monitor.log import generation as identity
from session_monitor.log.generation import begins
from session_monitor.log.matching import Match


def match(known, files, has_line=lambda _file: True):
    """Decide over all generations and all files at once; a choice one by one would depend on their order.

    A file of an unknown generation must have a line, as ``has_line`` says: less is like the beginning of any file.
    """
    result = Match()
    free = list(files)
    open_ones = sorted(known, key=lambda generation: generation.gone)

    def bind(generation, file):
        result.found.append((generation, file))
        open_ones.remove(generation)
        free.remove(file)

    by_key = {file.key: file for file in files}
    for proof in (_holds_all, _continues):
        # 1 The same inode with the same content: still there, perhaps renamed.
        for generation in list(open_ones):
            file = by_key.get((generation.device, generation.inode))
            if file in free and (_unchanged(generation, file) or proof(generation, file)):
                bind(generation, file)
        # 2 Another file that goes on where it was read to: copied and truncated, compressed, moved.
        for generation in sorted(open_ones, key=lambda each: -each.offset):
            heirs = [file for file in free if proof(generation, file) and not _is_others(file, generation, result)]
            if heirs:
                bind(generation, max(heirs, key=lambda file: file.size))
    # 3 A copy that ends before what was read: lines came between the copy and the truncation, and were read.
    for generation in list(open_ones):
        heirs = [file for file in free if _ends_early(generation, file)]
        if heirs:
            bind(generation, max(heirs, key=lambda file: (not file.place.is_live, file.size)))
    # 4 Copies: of a generation that has its own file, or of each other.
    result.new = _without_copies(
        result, [file for file in free if not file.place.is_former and file.size and has_line(file)]
    )
    result.missing = open_ones
    return result


def _without_copies(result, free):
    """The files that hold what no other file does; where a copy is the longer one, its generation is read from it."""
    new = []
    for file in sorted(free, key=lambda file: -file.size):
        # Of several originals, which then begin alike, the one that it has most in common with.
        pairs = [pair for pair in result.found if _is_copy(file, *pair)]
        pair = max(pairs, key=lambda pair: pair[1].size, default=None)
        if pair and file.size > pair[1].size and _continues(pair[0], file):
            result.found[result.found.index(pair)] = pair[0], file
        elif not pair and not any(_alike(file, other) for other in new):
            new.append(file)
    return [file for file in free if file in new]


def _is_others(file, generation, result):
    """Whether the file has more in common with another generation, which begins as this one does."""
    return any(min(file.size, pair[1].size) > generation.offset and _is_copy(file, *pair) for pair in result.found)


def _is_copy(file, generation, original):
    """Whether the file holds this generation as its own file does; a longer one may be what it should be read from."""
    longer = file.size > original.size
    return _alike(file, original) and (not longer or _continues(generation, file) or _ends_early(generation, file))


def _unchanged(generation, file):
    """A compressed file does not change any more; to prove its content it would have to be read whole each time."""
    return bool(file.place.compressed) and generation.file_state == file.state


def _ends_early(generation, file):
    """Whether this is a copy of the generation that lacks the last of what was read.

    The log itself is no copy: where that is shorter than before, it was truncated.
    """
    is_own = file.key == (generation.device, generation.inode)
    if is_own and file.place.is_live and file.size < generation.size_seen:
        return False
    return 0 < file.size < generation.offset and begins(generation, file)


def _continues(generation, file):
    """Whether this file holds what was read, and nothing speaks against the rest of what was seen."""
    if file.size < generation.offset or not begins(generation, file):
        return False
    if file.sha256(generation.mark_start, generation.offset) != generation.mark_sha256:
        return False
    return file.size < generation.size_seen or _holds_all(generation, file)


def _holds_all(generation, file):
    """Whether this file holds all that was seen, also what was not read yet."""
    size = generation.size_seen
    return (
        file.size >= max(size, generation.offset)
        and file.sha256(max(0, size - identity.MARK), size) == generation.seen_sha256
        and file.sha256(generation.mark_start, generation.offset) == generation.mark_sha256
        and begins(generation, file)
    )


def _alike(file, other):
    """Whether two files begin alike, and are still alike where the shorter one ends."""
    one, two = file.read(identity.MARK, 0), other.read(identity.MARK, 0)
    if not (one.startswith(two) or two.startswith(one)):
        return False
    end = min(file.size, other.size)
    ranges = [(0, min(identity.HEAD, end)), (max(0, end - identity.MARK), end)]
    lines, _ = identity.first_lines(file, file.size)
    if file.size <= other.size:
        ranges.append((0, lines[-1][0]))
    return all(file.sha256(*each) == other.sha256(*each) for each in ranges)
