"""Which generation of the log is in which file?

A generation is what the gateway wrote between two rotations; it keeps its identity while rotation renames it, copies
it, compresses it or moves it to another device.  Content proves which one a file holds: its first lines, and the last
line that was read.  Device and inode only hint (ext4 gives an inode to the next file at once), names only order.
"""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any

from session_monitor.base.hashing import sha256
from session_monitor.calls.coverage import Coverage

from .log_file import LogFile, TruncatedError

HEAD = 16 << 10
"""The identity covers the whole lines that begin in so many first bytes, or more: see ``LEAST_LINES``."""
LEAST_LINES = 2
"""The identity covers so many lines, however long: the first may be a banner, which all generations begin with."""
MARK = 4096
"""The identity covers the last so many bytes before the offset."""

QUIET_POLLS = 3
QUIET_SECONDS = 120.0
"""A rotated file that did not grow for so long is sealed; the gateway flushes its buffer every ten seconds."""

_NOTHING = sha256().hexdigest()


_UNREAD: dict[str, Any] = {
    "offset": 0,
    "read_before": 0,
    "mark_sha256": _NOTHING,
    "tail_sha256": "",
    "size_seen": 0,
    "seen_sha256": _NOTHING,
    "file_state": (),
    "rested": False,
    "gone": False,
    "unterminated": False,
    "quiet_size": -1,
    "quiet_since": 0.0,
    "quiet_polls": 0,
    "log": "",
}
_LATER = {"tail_sha256", "log", "read_before", "rested", "head_is_open"}
"""What earlier versions did not keep."""


class Generation(SimpleNamespace):
    """One generation as far as it was read: up to ``offset``, a line's end.

    ``read_before`` says up to where it had been read when it was last rewound: what stands before that is covered
    already.

    ``gone`` is one whose file is no more; it is remembered for a while, in case the file comes back.  ``unterminated``
    says that a last line was taken whose newline had not come.  ``path`` is the real one of its file, and ``log`` the
    log that was named when it was found there; that may lead elsewhere by now.  ``quiet_size``, ``quiet_since`` and
    ``quiet_polls`` tell how long a file that nothing should write to has not grown.

    ``head`` has the end of each of its first lines, with the hash of all that stands before it: so a copy is known that
    ends early, as when lines came between the copy and the truncation; ``head_is_open`` where that is the part of a
    line that there was.  ``file_state`` is what its file was when its content was looked at, which had ``rested`` by
    then or not.  ``tail_sha256`` is the hash of the last line that was read, or of as much of its end as the mark has;
    by that it is found in what is piped.
    """

    gid: str
    sequence: int
    path: str
    device: int
    inode: int
    head: list[tuple[int, str]]
    head_is_open: bool
    offset: int
    read_before: int
    mark_sha256: str
    tail_sha256: str
    size_seen: int
    seen_sha256: str
    file_state: tuple[int, ...]
    rested: bool
    gone: bool
    unterminated: bool
    quiet_size: int
    quiet_since: float
    quiet_polls: int
    log: str
    coverage: Coverage

    def __init__(self, **known: Any) -> None:
        """One of which nothing was read yet, but for what is known.  Raises ``TypeError`` where a field lacks."""
        values = {**_UNREAD, "coverage": Coverage(), **known}
        if values.keys() != self.__annotations__.keys():
            raise TypeError(f"fields too many or too few: {values.keys() ^ self.__annotations__.keys()}")
        super().__init__(**values)

    @property
    def mark_start(self) -> int:
        """The mark is what stands from here to the offset."""
        return max(0, self.offset - MARK)

    def to_json(self) -> dict[str, Any]:
        """As the checkpoint keeps it."""
        return {**vars(self), "coverage": {name: count for name, count in vars(self.coverage).items() if count}}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Generation:
        """From ``to_json``; raises ``TypeError`` or ``KeyError`` where it is something else."""
        values = {**stored}
        if values.keys() != _FIELDS:  # of another version
            missing = _FIELDS - _LATER - stored.keys()
            if missing:
                raise KeyError(missing)
            values = {name: value for name, value in {**_UNREAD, **stored}.items() if name in _FIELDS}
        values["head"] = [(end, sha256) for end, sha256 in values["head"]]
        if "head_is_open" not in stored:  # what it may be
            values["head_is_open"] = len(values["head"]) == 1 and (
                values["unterminated"] or values["offset"] < values["head"][0][0]
            )
        values["file_state"], values["coverage"] = tuple(values["file_state"]), Coverage.from_json(values["coverage"])
        made = cls.__new__(cls)
        vars(made).update(values)
        return made

    def seen_in(self, file: LogFile) -> int:
        """Remember where it was found.  Returns how many unread bytes are lost: seen before, and not in this file.

        Raises ``TruncatedError`` where the file is not the same any more.
        """
        seen_sha256 = file.fingerprint(max(0, file.size - MARK), file.size)
        if not begins(self, file):
            raise TruncatedError(file.place.path)
        lost = self.size_seen - max(self.known_to, file.size)
        if self.gone:  # what was given up with its file may be there again
            self.gone = False
            self.coverage.lost_bytes -= max(0, self.size_seen - self.known_to)
        self.found_at(file)
        self.device, self.inode = file.key
        self.size_seen, self.seen_sha256 = file.size, seen_sha256
        self.file_state, self.rested = file.state, file.rested
        return max(0, lost)

    def learn(self, other: Generation) -> None:
        """Another run's knowledge of this same one: where more of its beginning was there by then, that tells it better."""
        if other.head[-1][0] > self.head[-1][0]:
            self.head, self.head_is_open = other.head, other.head_is_open
            if not other.gone:
                self.device, self.inode = other.device, other.inode

    def found_at(self, file: LogFile) -> None:
        """Remember the name, and of which log that is."""
        self.path, self.log = os.path.realpath(file.place.path), file.place.log

    def release(self) -> None:
        """Its file was a passing one and is gone: what was not read of it is no loss, and will come again."""
        self.gone = True
        self.device = self.inode = 0
        self.file_state = ()
        self.size_seen, self.seen_sha256 = self.offset, self.mark_sha256

    @property
    def known_to(self) -> int:
        """Up to where it has been read, now or before it was rewound."""
        return max(self.offset, self.read_before)

    def rewind(self) -> None:
        """It is read again from its beginning; what it covered stays counted, and is not counted once more."""
        self.read_before = self.known_to
        self.offset, self.mark_sha256, self.tail_sha256 = 0, _NOTHING, ""
        self.unterminated = False

    def is_sealed(self, file: LogFile, now: float) -> bool:
        """Whether nothing more is to be expected: rotated, and not grown for a while (or compressed).

        ``now`` is a monotonic time in seconds; where it goes back, as after a reboot, the waiting begins again.
        """
        if file.place.compressed:
            return True
        if file.place.is_live or self.offset == file.size:
            self.quiet_size = self.quiet_size if file.place.is_former else -1
            return False
        return self.rests(file, now)

    def rests(self, file: LogFile, now: float) -> bool:
        """Whether the file has not grown for a while; to be asked once a look, and as ``is_sealed``."""
        if self.quiet_size != file.size or now < self.quiet_since:
            self.quiet_size, self.quiet_since, self.quiet_polls = file.size, now, 0
        # The last one counts when the time is over, so that whoever sees all of them knows that it was told before.
        most = QUIET_POLLS if now - self.quiet_since >= QUIET_SECONDS else QUIET_POLLS - 1
        self.quiet_polls = min(self.quiet_polls + 1, most)
        return self.quiet_polls == QUIET_POLLS

    def has_rested(self, file: LogFile) -> bool:
        """Whether ``rests`` has said so already."""
        return self.quiet_size == file.size and self.quiet_polls == QUIET_POLLS

    def advanced(self, file: LogFile, offset: int) -> Generation:
        """This generation when everything up to the offset has been read; its identity grows with that.

        Raises ``TruncatedError`` where the file is not the same any more.
        """
        grown = Generation(**vars(self))
        grown.offset = offset
        grown.unterminated = file.read(1, offset - 1) != b"\n"
        grown.mark_sha256 = file.fingerprint(grown.mark_start, offset)
        mark = file.read(offset - grown.mark_start, grown.mark_start)
        grown.tail_sha256 = sha256(mark[mark.rfind(b"\n", 0, -1) + 1 :]).hexdigest()
        if self.head[-1][0] < offset and (self.head[-1][0] < HEAD or len(self.head) < LEAST_LINES):
            grown.head, grown.head_is_open = first_lines(file, offset)
        # Looked at last: what was read above belongs to the same file if this still does.
        if file.has_shrunk() or not begins(self, file):
            raise TruncatedError(file.place.path)
        return grown

    def become(self, other: Generation) -> None:
        """Take over all that ``advanced`` found."""
        vars(self).update(vars(other))


_FIELDS = Generation.__annotations__.keys()


def new_generation(file: LogFile, taken: set[str], sequence: int, known_as: str | None = None) -> Generation:
    """The generation that starts in this file, which has a line at least, perhaps without its newline.

    Its id is what it is ``known_as``, or comes from its first line, so that it is the same when all that was remembered
    is lost.  Raises ``TruncatedError`` where the file is not the same any more.
    """
    first_line = file.line_end(0, 1)
    gid = base = file.fingerprint(0, file.size if first_line is None else first_line - 1)[:16]
    number = 1
    while gid in taken and not known_as:
        number += 1
        gid = f"{base}-{number}"
    device, inode = file.key
    head, is_open = first_lines(file, file.size)
    generation = Generation(
        gid=known_as or gid,
        sequence=sequence,
        path="",
        device=device,
        inode=inode,
        head=head,
        head_is_open=is_open,
    )
    generation.seen_in(file)
    return generation


def first_lines(file: LogFile, size: int) -> tuple[list[tuple[int, str]], bool]:
    """The ends of the first lines of so many bytes, each with the hash of what stands before it.

    Of a first line without its newline it is the end that there is by now; the other value says whether that is so.
    """
    block = file.read(min(HEAD, size), 0)
    digest, head, start = sha256(), [], 0
    while newline := block.find(b"\n", start) + 1:
        digest.update(block[start:newline])
        head.append((newline, digest.hexdigest()))
        start = newline
    # One that goes on behind these bytes belongs to them: before it may stand no more than all generations begin with.
    while not head or (size > HEAD and start < size and (start < HEAD or len(head) < LEAST_LINES)):
        end = file.line_end(start, 1)
        if end is None or (head and end > size):
            break
        head.append((end, file.fingerprint(0, end)))
        start = end
    return (head, False) if head else ([(size, file.fingerprint(0, size))], True)


def begins(generation: Generation, file: LogFile) -> bool:
    """Whether this file begins as the generation does; a shorter one, whether its lines are the first ones of it."""
    end, digest = generation.head[-1]
    if file.size >= end:
        # Where all of its first lines are known, one more of them is of another generation; a line that was taken
        # without its newline may have got it, or not.
        more = generation.offset >= HEAD and end < HEAD and (file.line_end(0, HEAD) or 0) > end + 1
        return not more and file.sha256(0, end) == digest
    known = dict(generation.head)
    if file.size + 1 in known:  # all of a line but its newline
        return sha256(file.read(file.size, 0) + b"\n").hexdigest() == known[file.size + 1]
    end = max((each for each in known if each <= file.size), default=0)
    return end > 0 and file.sha256(0, end) == known[end] and (file.line_end(end, 1) or file.size + 1) > file.size
