"""What text does a compressed file hold, and how much of it can be had?

A file that rotation compressed may have been cut short, may be written to meanwhile, and may have been made to do harm:
so it is read forward only, in steps that can be counted, and whatever a decoder says against it is damage, never an
error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

STEP = 1 << 20
_PACKED_STEP = 64 << 10
LONGEST_TEXT = 16 << 30
"""A larger text is passed over."""
MOST_EXPANSION = {".gz": 500, ".bz2": 5000, ".xz": 6000}
"""So many bytes of text for one of the file are more than a log has, which says something new in each line.

Agents' logs, whose calls resend all that was said, reach 10, 40 and 370; a call that is sent again and again 130 and
2200 (gz and xz).  Zeros reach 1030, 800,000 and 6800.
"""
_FEW = 64 << 20
"""Bytes of text within which nothing is too large."""
MOST_MEMORY = 128 << 20
"""An ``.xz`` file may ask for up to 4 GiB; ``xz -9`` asks for 65 MiB."""
KEPT = 4 << 20
"""Bytes of text that are kept for a look back: what was read last is looked at once more when it is committed."""

WHOLE, CUT, GARBAGE, BROKEN, BOMB, TOO_LARGE, MEMORY = "", "cut", "garbage", "broken", "bomb", "too_large", "memory"

_MAGIC = {".gz": b"\x1f\x8b", ".bz2": b"BZh", ".xz": b"\xfd7zXZ\0"}


class DamagedError(Exception):
    """What is wrong with the file at this place: one of the flaws."""

    def __init__(self, flaw: str) -> None:
        """``flaw`` is not ``WHOLE``."""
        super().__init__(flaw)
        self.flaw = flaw


class Measured(NamedTuple):
    """How many bytes of text can be trusted, from the first on, and what is wrong with the rest."""

    size: int
    flaw: str = WHOLE


class Reading:
    """The text from its beginning on.  ``text`` bytes were given so far, for ``packed`` bytes of the file.

    ``proved`` bytes of them stood in parts that are whole, whose check sums are right.
    """

    def __init__(self, ending: str, raw: Callable[[int, int], bytes]) -> None:
        """``raw`` gives so many bytes of the file from an offset, fewer at its end."""
        self.text = self.packed = self.proved = 0
        self._ending = ending
        self._raw = raw
        self._held = b""
        self._part: Any = None

    def read(self, length: int) -> bytes:
        """The next bytes of text, at most so many; none at the end of a whole file.  Raises ``DamagedError``."""
        while self._part or self._begins():
            data = b""
            if self._part.needs_input:
                data = self._take()
                if not data:
                    raise DamagedError(CUT)
            try:
                text: bytes = self._part.decompress(data, length)
            except MemoryError:
                raise DamagedError(MEMORY) from None
            except Exception as error:  # zlib, bz2 and lzma have words of their own
                raise DamagedError(MEMORY if "emory usage limit" in str(error) else BROKEN) from error
            self.text += len(text)
            if self._part.eof:
                self.proved, self._held, self._part = self.text, self._part.unused_data, None
            if text:
                return text
        return b""

    def _take(self) -> bytes:
        data, self._held = self._held, b""
        if not data:
            data = self._raw(_PACKED_STEP, self.packed)
            self.packed += len(data)
        return data

    def _begins(self) -> bool:
        """Whether another part begins here, or the first; zeros may fill the file up behind one."""
        is_first = not self.packed
        data = self._take()
        while data and not is_first and not data.strip(b"\0"):
            data = self._take()
        if is_first and not data:
            raise DamagedError(CUT)
        if not data:
            return False
        magic = _MAGIC[self._ending]
        if not is_first:
            data = data.lstrip(b"\0")
            self._held = b""
            data += self._take() if len(data) < len(magic) else b""
            if not data.startswith(magic):
                raise DamagedError(GARBAGE)
        self._held, self._part = data, _part(self._ending)
        return True


class _Gzip:
    """A decoder with the manners of the other two."""

    def __init__(self) -> None:
        import zlib  # noqa: PLC0415 -- a pass every minute reads no compressed file

        self._part = zlib.decompressobj(31)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._part.eof

    @property
    def unused_data(self) -> bytes:
        return self._part.unused_data

    def decompress(self, data: bytes, length: int) -> bytes:
        text = self._part.decompress(self._part.unconsumed_tail + data, length)
        self.needs_input = not self._part.unconsumed_tail and len(text) < length
        return text


def _part(ending: str) -> Any:
    """What decompresses one part of a file."""
    if ending == ".gz":
        return _Gzip()
    if ending == ".bz2":
        import bz2  # noqa: PLC0415 -- as above

        return bz2.BZ2Decompressor()
    import lzma  # noqa: PLC0415 -- as above

    return lzma.LZMADecompressor(memlimit=MOST_MEMORY)


class Measuring:
    """How large the text is; it takes a look at all of it, in as many steps as one likes."""

    def __init__(self, ending: str, raw: Callable[[int, int], bytes]) -> None:
        """See ``Reading``."""
        self._reading = Reading(ending, raw)
        self._ending = ending

    def go_on(self, may_go_on: Callable[[int], bool] = lambda _size: True) -> Measured | None:
        """Read on until all is known.  None where ``may_go_on``, which hears how much text each step brought, says no."""
        reading = self._reading
        size = STEP
        while may_go_on(size):
            try:
                text = reading.read(STEP)
            except DamagedError as damage:
                return Measured(reading.text if damage.flaw == CUT else reading.proved, damage.flaw)
            size = len(text)
            if not text:
                return Measured(reading.text)
            if reading.text > LONGEST_TEXT:
                return Measured(0, TOO_LARGE)
            if reading.text > max(_FEW, MOST_EXPANSION[self._ending] * reading.packed):
                return Measured(0, BOMB)
        return None


class UnpackedText:
    """The text at any place.  To go back costs a new beginning, so what was read last is kept."""

    def __init__(self, ending: str, raw: Callable[[int, int], bytes]) -> None:
        """See ``Reading``."""
        self._ending = ending
        self._raw = raw
        self._reading: Reading | None = None
        self._kept: list[bytes] = []
        self._start = self._end = 0  # of what is kept

    def read(self, length: int, offset: int) -> bytes:
        """Up to so many bytes from there; fewer at the end.  Raises ``DamagedError`` where it cannot get there."""
        if self._reading is None or offset < self._start:
            self._reading, self._kept, self._start, self._end = Reading(self._ending, self._raw), [], 0, 0
        while self._end < offset + length:
            block = self._reading.read(STEP)
            if not block:
                break
            self._kept.append(block)
            self._end += len(block)
            while self._end - self._start - len(self._kept[0]) > KEPT and self._start + len(self._kept[0]) <= offset:
                self._start += len(self._kept.pop(0))
        return self._of_kept(length, offset)

    def _of_kept(self, length: int, offset: int) -> bytes:
        parts, start = [], self._start
        for block in self._kept:
            if start < offset + length and start + len(block) > offset:
                parts.append(block[max(0, offset - start) : offset + length - start])
            start += len(block)
        return b"".join(parts)
