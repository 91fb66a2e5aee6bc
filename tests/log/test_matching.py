"""Which file holds which generation?  What is decided is what a try of all pairs decides, at a cost that is not their number's."""

from __future__ import annotations

import random

import pytest

from session_monitor.log import beginnings, matching
from session_monitor.log import generation as identity
from session_monitor.log.log_file import Descriptors, LogFile, TruncatedError
from session_monitor.log.rotation import LogPlace

from . import plain_matching


class Shelf:
    """Files of texts that begin alike, end early, go on otherwise; and what is remembered of such."""

    def __init__(self, folder, rng):
        self.folder, self.rng, self.number = folder, rng, 0
        self.descriptors = Descriptors()
        self.texts = [self.text() for _ in range(rng.randint(1, 4))]

    def text(self):
        if self.rng.random() < 0.3:  # no whole line
            return bytes(self.rng.choices(b"ab", k=self.rng.randint(1, 14)))
        lines = [
            b"\n",
            b"a\n",
            b"b\n",
            b"aaaa\n",
            b"aaab\n",
            b"\0" * 9 + b"\n",
            b"x" * 30 + b"\n",
            b"x" * 30,
            b"a",
            b"ab",
        ]
        return b"".join(self.rng.choices(lines, k=self.rng.randint(1, 12)))

    def variant(self):
        """One of the texts, or part of it, or more than it."""
        text = self.rng.choice(self.texts)
        how = self.rng.random()
        if how < 0.3:
            return text
        if how < 0.6:
            return text[: self.rng.randint(0, len(text))]
        if how < 0.8:
            return text + self.text()
        cut = self.rng.randint(0, len(text))
        return text[:cut] + self.text()

    def file(self, content=None, *, live=False):
        self.number += 1
        path = self.folder / str(self.number)
        path.write_bytes(self.variant() if content is None else content)
        return LogFile(LogPlace(str(path), (0, 2 if live else 1, "")), descriptors=self.descriptors)

    def generation(self, sequence, files):
        """What was remembered of one of the files, or of another that held something like it."""
        rng = self.rng
        file = rng.choice(files) if files and rng.random() < 0.4 else self.file()
        if not file.size:
            return None
        known = identity.new_generation(file, set(), sequence)
        ends = [end for end in range(1, file.size + 1) if file.read(1, end - 1) == b"\n"] + [file.size]
        try:
            for end in sorted(rng.sample(ends, min(len(ends), rng.randint(0, 2)))):
                known.become(known.advanced(file, end))
        except TruncatedError:
            return None
        known.rested = rng.random() < 0.5
        if rng.random() < 0.2:
            known.size_seen = rng.randint(known.offset, file.size)
            known.seen_sha256 = file.sha256(max(0, known.size_seen - identity.MARK), known.size_seen)
            known.file_state = ()
        if rng.random() < 0.3 and files:
            other = rng.choice(files)
            known.device, known.inode = other.key
            known.file_state = known.file_state if other is file else ()
        known.gone = rng.random() < 0.2
        return known


def decided(found):
    """What was decided, so that it can be compared."""
    return (
        [(generation.sequence, file.place.path) for generation, file in found.found],
        [file.place.path for file in found.new],
        [generation.sequence for generation in found.missing],
    )


@pytest.mark.parametrize("seed", range(4))
def test_what_is_decided_is_what_a_try_of_all_pairs_decides(tmp_path, monkeypatch, seed):
    """Over files and generations that are copies, beginnings and continuations of each other, in any number."""
    for room in (identity, matching, beginnings):
        monkeypatch.setattr(room, "HEAD", 12)
    for room in (identity, matching):
        monkeypatch.setattr(room, "MARK", 5)
    bound = new = missing = 0
    for history in range(250):
        rng = random.Random(f"{seed} {history}")
        folder = tmp_path / str(history)
        folder.mkdir()
        shelf = Shelf(folder, rng)
        files = [shelf.file(live=not number) for number in range(rng.randint(0, 7))]
        known = list(filter(None, (shelf.generation(number, files) for number in range(rng.randint(0, 7)))))

        has_line = rng.choice([lambda file: file.line_end(0, 1) is not None, lambda _file: True])
        found = decided(matching.match(known, files, has_line))

        assert found == decided(plain_matching.match(known, files, has_line)), f"seed {seed} {history}"
        bound, new, missing = bound + len(found[0]), new + len(found[1]), missing + len(found[2])
        shelf.descriptors.close_all()
    assert min(bound, new, missing) > 100
