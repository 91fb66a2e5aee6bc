"""What bytes does one file of a log hold?

A file is opened first and judged by its descriptor, so that what was judged is what is read, whatever is renamed
meanwhile.  Offsets are those of the text: a compressed file is read as what it decompresses to.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, Callable, cast

from session_monitor.base.hashing import sha256

from .rotation import LogPlace

BLOCK = 1 << 20
LONGEST_LINE = 32 << 20
"""A longer line is passed over and counted; the gateway's own limits keep lines far below."""


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


class LogFile:
    """One open file of a log.

    ``size`` is that of the text at the time of opening; more may have been written since.
    """

    def __init__(self, place: LogPlace, allowed: Sequence[str] = ()) -> None:
        """Open it, if it lies beneath one of the allowed real folders; none given allow all.

        Raises ``OSError``, ``NotAFileError`` and ``OutsideError``.
        """
        self.place = place
        descriptor = _opened(place.path, allowed)
        self.stat = os.fstat(descriptor)
        if not stat.S_ISREG(self.stat.st_mode):
            os.close(descriptor)
            raise NotAFileError(place.path)
        self._raw = os.fdopen(descriptor, "rb", buffering=0)
        self._text: BinaryIO | None = None
        self._size: int | None = None if place.compressed else self.stat.st_size

    @property
    def key(self) -> tuple[int, int]:
        """Device and inode: equal for two names of one file."""
        return self.stat.st_dev, self.stat.st_ino

    @property
    def state(self) -> tuple[int, int, int, int, int]:
        """Equal only while nothing about the file has changed."""
        stat = self.stat
        return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns

    @property
    def size(self) -> int:
        """Bytes of text.  A compressed file is read to its end for that, once."""
        if self._size is None:
            self._size = self._measure()
        return self._size

    def _measure(self) -> int:
        opener, damage = _opener(self.place.compressed)
        try:
            self._text = cast("BinaryIO", opener(self._raw, "rb"))
            size = 0
            while block := self._text.read(BLOCK):
                size += len(block)
        except damage as error:
            raise NotReadyError(self.place.path) from error
        except OSError as error:
            if error.errno is None:  # bz2's word for bytes that are not its own
                raise NotReadyError(self.place.path) from error
            raise
        return size

    def has_shrunk(self) -> bool:
        """Whether it has less now than when it was opened; a compressed file does not change."""
        return not self.place.compressed and os.fstat(self._raw.fileno()).st_size < self.stat.st_size

    def read(self, length: int, offset: int) -> bytes:
        """Up to ``length`` bytes of text from ``offset``; fewer at the end.  An ``OSError`` names the file."""
        try:
            if not self.place.compressed:
                return os.pread(self._raw.fileno(), length, offset)
            if self._text is None:
                self._measure()
            text = cast("BinaryIO", self._text)
            text.seek(offset)
            return text.read(length)
        except OSError as error:
            error.filename = self.place.path
            raise

    def sha256(self, start: int, end: int) -> str | None:
        """The hash of this range, None where the file is shorter."""
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

    def close(self) -> None:
        """Close it."""
        if self._text is not None:
            self._text.close()
        self._raw.close()


def _opened(path: str, allowed: Sequence[str]) -> int:
    """A descriptor to read what this name leads to; see ``LogFile``."""
    if not allowed:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    from . import beneath  # noqa: PLC0415 -- few name folders

    descriptor = beneath.open_beneath(path, allowed)
    if descriptor is None:
        raise OutsideError(path)
    return descriptor


def _opener(ending: str) -> tuple[Callable[..., Any], tuple[type[Exception], ...]]:
    """What opens a file with this ending, and what it raises where that is damaged."""
    if ending == ".gz":
        import gzip  # noqa: PLC0415 -- a pass every minute reads no compressed file, and these take a while
        import zlib  # noqa: PLC0415 -- as above

        return gzip.open, (EOFError, zlib.error, gzip.BadGzipFile)
    if ending == ".bz2":
        import bz2  # noqa: PLC0415 -- as above

        return bz2.open, (EOFError,)
    import lzma  # noqa: PLC0415 -- as above

    return lzma.open, (EOFError, lzma.LZMAError)


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
