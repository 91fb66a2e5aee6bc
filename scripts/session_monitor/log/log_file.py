"""What bytes does one file of a log hold?

A file is opened first and judged by its descriptor, so that what was judged is what is read, whatever is renamed
meanwhile.  Offsets are those of the text: a compressed file is read as what it decompresses to.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from session_monitor.base.hashing import sha256

from .rotation import LogPlace

if TYPE_CHECKING:
    from .compressed import Measuring, UnpackedText

BLOCK = 1 << 20
LONGEST_LINE = 32 << 20
"""A longer line is passed over and counted; the gateway's own limits keep lines far below."""

MOST_OPEN = 64
"""Files of logs at a time, or a quarter of what the system grants this process."""
TOO_MANY = (errno.EMFILE, errno.ENFILE)
"""What the system says where this process, or all of them, have too many files open."""
_HEAD, _TAIL = 16 << 10, 4096
_MOST_HASHES = 16
_SECOND = 1_000_000_000
_TICK, _SLOW_TICK = _SECOND // 10, 3 * _SECOND


class NotReadyError(Exception):
    """The file cannot be read yet: a compressed file that is still being written, or is damaged."""


class TruncatedError(Exception):
    """The file became shorter, or another one, while it was looked at."""


class NotAFileError(Exception):
    """Something other than a regular file has this name."""


class OutsideError(PermissionError):
    """The name leads to a file outside the folders that logs must lie beneath."""

    def __init__(self, path: str) -> None:
        """``path`` is the name."""
        super().__init__(errno.EACCES, "it is outside the folders that --allow-dir permits", path)


class Descriptors:
    """The files that are open: few at a time, however many there are, so that some are left for the rest of a run."""

    def __init__(self) -> None:
        """None is open."""
        granted = os.sysconf("SC_OPEN_MAX")  # less than none where there is no limit
        self._most = max(1, min(MOST_OPEN, granted // 4)) if granted > 0 else MOST_OPEN
        self._open: dict[LogFile, int] = {}

    def opened(self, path: str, allowed: Sequence[str]) -> int:
        """A new descriptor, see ``LogFile``; where there are too many, others are given back for it."""
        while True:
            try:
                return _opened(path, allowed)
            except OSError as error:
                if error.errno not in TOO_MANY or not self._open:
                    raise
                self._give_back(next(iter(self._open)))

    def keep(self, file: LogFile, descriptor: int) -> None:
        """Keep a file's descriptor; the one that was used least lately is closed for it, the log's own last of all."""
        if len(self._open) >= self._most:
            self._give_back(next((each for each in self._open if not each.place.is_live), next(iter(self._open))))
        self._open[file] = descriptor

    def of(self, file: LogFile) -> int | None:
        """The file's descriptor, if it is open."""
        descriptor = self._open.pop(file, None)
        if descriptor is not None:
            self._open[file] = descriptor  # the last one again
        return descriptor

    def _give_back(self, file: LogFile) -> None:
        file.remember()
        file.close()

    def close(self, file: LogFile) -> None:
        """Close a file's descriptor, if there is one."""
        descriptor = self._open.pop(file, None)
        if descriptor is not None:
            os.close(descriptor)

    def close_all(self) -> None:
        """Close those that an earlier look left open, which was broken off."""
        for file in list(self._open):
            self.close(file)


class LogFile:
    """One file of a log, which is open while it is read.

    ``size`` is that of the text at the time of opening; more may have been written since.  ``key`` is its device and
    inode: equal for two names of one file.  ``state`` is equal only while nothing about the file has changed, as far as
    the system's clock tells; where it ``rested`` when it was looked at, the clock does tell.
    """

    def __init__(
        self,
        place: LogPlace,
        allowed: Sequence[str] = (),
        descriptors: Descriptors | None = None,
        *,
        seen: os.stat_result | None = None,
        now: int = 0,
    ) -> None:
        """Open it, if it lies beneath one of the allowed real folders; none given allow all.

        With ``seen``, what the system said of it just now, it is not opened before it is read.  ``now`` is a time
        before that, in nanoseconds since 1970.  Raises ``OSError``, ``NotAFileError`` and ``OutsideError``.
        """
        self.place = place
        self._allowed = allowed
        self._descriptors = descriptors or Descriptors()
        self.stat = seen or self._open(place.path)
        self.key = self.stat.st_dev, self.stat.st_ino
        self.state = state_of(self.stat)
        self.rested = has_rested(self.stat, now)
        self._ends: str | None = None  # what its ends were when it was closed
        self._text: UnpackedText | None = None
        self._hashes: dict[str, str] = {}
        self._size: int | None = None if place.compressed else self.stat.st_size

    def _open(self, path: str) -> os.stat_result:
        descriptor = self._descriptors.opened(path, self._allowed)
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            os.close(descriptor)
            raise NotAFileError(path)
        self._descriptors.keep(self, descriptor)
        return found

    # -- open or not ---------------------------------------------------------------------------------------------------

    def remember(self) -> None:
        """Know it again when it is opened the next time; to be called before it is closed."""
        descriptor = self._descriptors.of(self)
        if descriptor is not None and not self.place.compressed and not self.rested:
            with contextlib.suppress(OSError):
                self._ends = self._ends_of(descriptor)

    def _ends_of(self, descriptor: int) -> str:
        """The hash of its first and last bytes, as far as it went when it was looked at."""
        size = self.stat.st_size
        ends = os.pread(descriptor, min(_HEAD, size), 0), os.pread(descriptor, min(_TAIL, size), max(0, size - _TAIL))
        return sha256(b"".join(ends)).hexdigest()

    def _descriptor(self) -> int:
        """Its descriptor.  Raises ``TruncatedError`` where its name leads to another file by now."""
        descriptor = self._descriptors.of(self)
        if descriptor is None:
            descriptor = self._opened_again()
            self._descriptors.keep(self, descriptor)
        return descriptor

    def _opened_again(self) -> int:
        try:
            descriptor = self._descriptors.opened(self.place.path, self._allowed)
        except OSError as error:
            if error.errno in TOO_MANY:
                raise
            raise TruncatedError(self.place.path) from error
        is_same = False
        try:
            is_same = self._is_same(os.fstat(descriptor), descriptor)
        finally:
            if not is_same:
                os.close(descriptor)
        if not is_same:
            raise TruncatedError(self.place.path)
        return descriptor

    def _is_same(self, found: os.stat_result, descriptor: int) -> bool:
        """Whether an open file is this one, perhaps grown."""
        if (found.st_dev, found.st_ino) != self.key or found.st_size < self.stat.st_size:
            return False
        if self.place.compressed:
            return self._is_untouched(found)
        if self._ends is None:
            return state_of(found) == self.state
        return self._ends_of(descriptor) == self._ends

    def _is_untouched(self, found: os.stat_result) -> bool:
        return (found.st_size, found.st_mtime_ns) == (self.stat.st_size, self.stat.st_mtime_ns)

    def close(self) -> None:
        """Close it, and let go of its text; it is opened again where it is read."""
        self._descriptors.close(self)
        self._text = None  # megabytes; and since it reads this file, it would go only when garbage is collected

    def has_shrunk(self) -> bool:
        """Whether it has less now than when it was opened; a compressed one, whether it was written to.

        One that is not open is looked at when it is opened again.
        """
        descriptor = self._descriptors.of(self)
        if descriptor is None:
            return False
        found = os.fstat(descriptor)
        return not self._is_untouched(found) if self.place.compressed else found.st_size < self.stat.st_size

    # -- what it holds -------------------------------------------------------------------------------------------------

    @property
    def size(self) -> int:
        """Bytes of text.  A compressed file is read to its end for that.  Raises ``NotReadyError`` where it is damaged."""
        if self._size is None:
            measured = self.measuring().go_on()
            if measured is None or measured.flaw:
                raise NotReadyError(self.place.path)
            self._size = measured.size
        return self._size

    def measuring(self) -> Measuring:
        """What measures a compressed file's text; an ``OSError`` of it names the file."""
        from .compressed import Measuring  # noqa: PLC0415 -- a pass every minute reads no compressed file

        return Measuring(self.place.compressed, self._raw)

    def has_text(self, size: int, hashes: dict[str, str]) -> None:
        """So many bytes of a compressed file's text are good, and the hashes of these ranges known; more are added."""
        self._size, self._hashes = size, hashes

    def _raw(self, length: int, offset: int) -> bytes:
        try:
            return os.pread(self._descriptor(), length, offset)
        except OSError as error:
            error.filename = self.place.path
            raise

    def read(self, length: int, offset: int) -> bytes:
        """Up to ``length`` bytes of text from ``offset``; fewer at the end.

        An ``OSError`` names the file.  Raises ``TruncatedError`` where it is not the same file any more.
        """
        return self._unpacked(length, offset) if self.place.compressed else self._raw(length, offset)

    def _unpacked(self, length: int, offset: int) -> bytes:
        from .compressed import DamagedError, UnpackedText  # noqa: PLC0415 -- as above

        if self._text is None:
            self._text = UnpackedText(self.place.compressed, self._raw)
        if self._size is not None:
            length = min(length, self._size - offset)
        try:
            return self._text.read(length, offset) if length > 0 else b""
        except DamagedError as error:  # it was written to since it was measured
            self._text = None
            raise TruncatedError(self.place.path) from error

    def sha256(self, start: int, end: int) -> str | None:
        """The hash of this range, None where the file is shorter."""
        if not self.place.compressed:
            return self._sha256(start, end)
        name = f"{start}-{end}"
        digest = self._hashes.get(name) or self._sha256(start, end)
        if digest:
            if len(self._hashes) >= _MOST_HASHES:
                del self._hashes[next(iter(self._hashes))]
            self._hashes[name] = digest
        return digest

    def _sha256(self, start: int, end: int) -> str | None:
        digest = sha256()
        while start < end:
            block = self.read(min(BLOCK, end - start), start)
            if not block:
                return None
            digest.update(block)
            start += len(block)
        return digest.hexdigest()

    def fingerprint(self, start: int, end: int) -> str:
        """The hash of this range; raises ``TruncatedError`` where the file is shorter."""
        digest = self.sha256(start, end)
        if digest is None:
            raise TruncatedError(self.place.path)
        return digest

    def line_end(self, start: int, within: int) -> int | None:
        """The byte behind the last newline of ``start … start + within``, or of the first line if that is longer.

        None where the file has no whole line there.
        """
        end = start + self.read(within, start).rfind(b"\n") + 1
        position = start + within
        while end == start:
            block = self.read(BLOCK, position)
            if not block:
                return None
            newline = block.find(b"\n")
            end = position + newline + 1 if newline >= 0 else start
            position += len(block)
        return end


def state_of(found: os.stat_result) -> tuple[int, int, int, int, int]:
    """What changes with a file."""
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def has_rested(found: os.stat_result, now: int) -> bool:
    """Whether a file was left alone for so long before ``now`` that a later change must show in its times.

    The system's clock for files ticks every few milliseconds, and on some file systems every second or two.
    """
    last = max(found.st_mtime_ns, found.st_ctime_ns)
    return now - last >= (_TICK if found.st_ctime_ns % _SECOND else _SLOW_TICK)


def _opened(path: str, allowed: Sequence[str]) -> int:
    """A descriptor to read what this name leads to; see ``LogFile``."""
    if not allowed:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    from . import beneath  # noqa: PLC0415 -- few name folders

    descriptor = beneath.open_beneath(path, allowed)
    if descriptor is None:
        raise OutsideError(path)
    return descriptor


def lines(file: LogFile, start: int, end: int, *, rest_too: bool = False) -> Iterator[tuple[int, int, bytes | None]]:
    """The whole lines from ``start`` to at most ``end``: (first byte, byte behind the newline, line without it).

    With ``rest_too`` the last one may lack its newline.

    A line over ``LONGEST_LINE`` comes as None, and is not held in memory.  Of NUL bytes at its beginning those may be
    missing that fill whole blocks.
    """
    first = position = start  # of the line that is being collected, and of the next block
    held: list[bytes] = []
    line: bytes | None
    length = zeros = 0
    while position < end:
        block = file.read(min(BLOCK, end - position), position)
        if not block:
            return
        position += len(block)
        at = 0
        while (newline := block.find(b"\n", at)) >= 0:  # ``split`` takes four times as long for long lines
            part = block[at:newline]
            at = newline + 1
            behind = first + zeros + length + len(part) + 1
            line = None if length + len(part) > LONGEST_LINE else b"".join([*held, part]) if held else part
            held.clear()  # what is done with a long line takes room enough
            yield first, behind, line
            line = None
            first, length, zeros = behind, 0, 0
        rest = block[at:]
        if not length and not rest.strip(b"\0"):
            zeros += len(rest)  # a hole may be larger than any line, and holds nothing
            continue
        length += len(rest)
        if length > LONGEST_LINE:
            held.clear()
        else:
            held.append(rest)
    if rest_too and held:
        yield first, position, b"".join(held)
