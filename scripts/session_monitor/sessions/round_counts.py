"""How many rounds did each session file have when it was last written?

A session file that somebody puts back from a backup is sound, and says nothing of the rounds that it had since.  So
``.round-counts`` keeps, apart from these files, how many rounds were in each and the checksum of the last one's line: a
table of slots of one size, found by a digest of the file's name, so that one costs the same whatever their number.
Where the table knows nothing of a file, or is not there, the file is trusted.

It also counts the flushes.  The read positions name the flush that they follow: where they name one that the table does
not know yet, they were copied later than it was.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from session_monitor.base import data_folder, files
from session_monitor.base.hashing import blake2b

from . import session_file

if TYPE_CHECKING:
    from .session_file import End

_HEAD = struct.Struct(">8sB8sQI")  # magic, bits, salt, flushes, checksum of these
_SLOT = struct.Struct(">8sIII")  # digest of a name, rounds, checksum of the last line, checksum of these
_MAGIC = b"rounds1\n"
_START = 32
_FIRST_BITS = 10
_NEXT_TO_EACH_OTHER = 32
"""A name's slot is among so many from the one that its digest names; where all are others', the table doubles."""
_NEAR = _SLOT.size * _NEXT_TO_EACH_OTHER
_AT_ONCE = 1 << 12


class Counted(NamedTuple):
    """The rounds of a session file, and the checksum of the last one's line."""

    rounds: int
    crc32: int


class RoundCounts:
    """The table of one folder; open from its first use until ``close``."""

    def __init__(self, folder: str, *, to_write: bool = True) -> None:
        """It need not be there; ``put`` needs one ``to_write``."""
        self._flags = os.O_RDWR if to_write else os.O_RDONLY
        self._path = os.path.join(folder, data_folder.ROUND_COUNTS)
        self._table: _Table | None = None
        self._is_missing = False  # whether it was looked for, since ``close``, and there is none

    def of(self, name: bytes) -> Counted | None:
        """What is known of the session file of this name.  Raises ``OSError``."""
        table = self._opened()
        return table.find(name) if table else None

    def missing(self, name: bytes, file: BinaryIO, end: End) -> int | None:
        """How many rounds fewer a session file has than were counted; None where what was counted is in it.

        0 says that it has as many, and others.  Raises ``OSError``.
        """
        return _missing(file, end, self.of(name))

    def lags(self, name: bytes, rounds: int) -> bool:
        """Whether fewer rounds of a session file were counted than these.  Where there is no table, none was to be.

        Raises ``OSError``.
        """
        table = self._opened()
        if table is None:
            return False
        counted = table.find(name)
        return counted is None or counted.rounds < rounds

    @property
    def flushes(self) -> int:
        """How many there were; 0 where nothing is known.  Raises ``OSError``."""
        table = self._opened()
        return table.flushes if table else 0

    def begin_flush(self, after: int = 0) -> None:
        """One more flush is made, whose number lasts with the next ``put``.  Raises ``OSError``.

        It is behind ``after``, too, another number that was heard of: a table that was put back from a backup gives
        none twice.
        """
        table = self._to_write()
        table.flushes = max(table.flushes, after) + 1
        table.write_head()

    def put(self, counted: Iterable[tuple[bytes, tuple[int, int]]]) -> None:
        """Keep these, and make them last; one that has 0 rounds is forgotten.  Raises ``OSError``."""
        table = self._to_write()
        for name, each in counted:
            while not table.put(table.key(name), Counted(*each)):
                table = self._doubled(table)
        os.fsync(table.descriptor)

    def _to_write(self) -> _Table:
        self._is_missing = False
        return self._opened() or self._made(_FIRST_BITS, os.urandom(8), 0)

    def close(self) -> None:
        """Close the table; somebody may put another one in its place."""
        self._is_missing = False
        if self._table:
            os.close(self._table.descriptor)
            self._table = None

    def _opened(self) -> _Table | None:
        """The table; None where there is none that can be used."""
        if self._table is None and not self._is_missing:
            self._is_missing = True
            try:
                descriptor = files.opened(self._path, self._flags)
            except (FileNotFoundError, files.OddFileError):
                return None
            head = os.pread(descriptor, _HEAD.size, 0)
            if len(head) < _HEAD.size or not _is_sound(head):
                os.close(descriptor)
                return None
            _, bits, salt, flushes, _ = _HEAD.unpack(head)
            self._table = _Table(descriptor, bits, salt, flushes)
        return self._table

    def _made(self, bits: int, salt: bytes, flushes: int, kept: Iterable[tuple[bytes, Counted]] = ()) -> _Table:
        """A table in the place of the one that was there."""
        slots = _slots(bits, kept)
        temporary = self._path + files.TEMPORARY
        files.remove(temporary)
        table = _Table(files.opened(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL), bits, salt, flushes)
        try:
            table.write_head()
            files.write_all(table.descriptor, slots, _START)
            os.fsync(table.descriptor)
            if os.path.isdir(self._path):  # nothing else keeps a file from taking a name
                os.rename(self._path, self._path + data_folder.UNUSABLE)
            os.replace(temporary, self._path)
        except BaseException:
            os.close(table.descriptor)
            os.unlink(temporary)
            raise
        files.sync_folder(os.path.dirname(self._path))
        self.close()
        self._table = table
        return table

    def _doubled(self, table: _Table) -> _Table:
        bits = table.bits
        while True:
            bits += 1
            try:
                return self._made(bits, table.salt, table.flushes, table.all())
            except _FullError:
                continue


class _FullError(Exception):
    """Too many names have their slots side by side."""


class _Table:
    """The slots in an open file.  The digests have a salt, so that no stranger's session ids can crowd one place."""

    def __init__(self, descriptor: int, bits: int, salt: bytes, flushes: int) -> None:
        self.descriptor, self.bits, self.salt, self.flushes = descriptor, bits, salt, flushes

    def key(self, name: bytes) -> bytes:
        return blake2b(name, digest_size=8, key=self.salt).digest()

    def find(self, name: bytes) -> Counted | None:
        key = self.key(name)
        return _place_of(key, self._near(key))[1]

    def _near(self, key: bytes) -> bytes:
        """The slots among which a key's is."""
        return os.pread(self.descriptor, _NEAR, _START + _nearest(key, self.bits)).ljust(_NEAR, b"\0")

    def put(self, key: bytes, counted: Counted) -> bool:
        """Keep it; False where there is no place."""
        place, _ = _place_of(key, self._near(key))
        if place >= 0:
            slot = _sealed(_SLOT, key, *counted)
            files.write_all(self.descriptor, slot, _START + _nearest(key, self.bits) + place)
        return place >= 0

    def write_head(self) -> None:
        files.write_all(self.descriptor, _sealed(_HEAD, _MAGIC, self.bits, self.salt, self.flushes), 0)

    def all(self) -> Iterator[tuple[bytes, Counted]]:
        place = _START
        while block := os.pread(self.descriptor, _AT_ONCE * _SLOT.size, place):
            place += len(block)
            for at in range(0, len(block) - _SLOT.size + 1, _SLOT.size):
                slot = block[at : at + _SLOT.size]
                counted = _counted(slot)
                if counted:
                    yield slot[:8], counted


def _nearest(key: bytes, bits: int) -> int:
    """Where the first slot is that may be this key's; in bytes, from where the slots begin."""
    return _SLOT.size * (int.from_bytes(key, "big") >> (64 - bits))


def _place_of(key: bytes, near: bytes) -> tuple[int, Counted | None]:
    """Where among these slots a key's is, or may be, and what it says; -1 where no place is free."""
    at = near.find(key)
    while at >= 0 and at % _SLOT.size:
        at = near.find(key, at + 1)
    if at >= 0:
        return at, _counted(near[at : at + _SLOT.size])
    places = range(0, len(near), _SLOT.size)
    return next((at for at in places if not _counted(near[at : at + _SLOT.size])), -1), None


def _slots(bits: int, kept: Iterable[tuple[bytes, Counted]]) -> bytes:
    """The slots of a new table.  Raises ``_FullError``."""
    slots = bytearray(_SLOT.size << bits) + bytes(_NEAR)
    for key, counted in kept:
        first = _nearest(key, bits)
        place, _ = _place_of(key, bytes(slots[first : first + _NEAR]))
        if place < 0:
            raise _FullError
        slots[first + place : first + place + _SLOT.size] = _sealed(_SLOT, key, *counted)
    return bytes(slots)


def _sealed(form: struct.Struct, *values: object) -> bytes:
    body = form.pack(*values, 0)[:-4]
    return body + zlib.crc32(body).to_bytes(4, "big")


def _is_sound(sealed: bytes) -> bool:
    return zlib.crc32(sealed[:-4]).to_bytes(4, "big") == sealed[-4:]


def _counted(slot: bytes) -> Counted | None:
    """What a slot says; None for one that is empty, torn or given up."""
    _, rounds, crc32, _ = _SLOT.unpack(slot)
    return Counted(rounds, crc32) if rounds and _is_sound(slot) else None


def _missing(file: BinaryIO, end: End, counted: Counted | None) -> int | None:
    if counted is None:
        return None
    rounds = end.summary.messages_count
    if rounds < counted.rounds:
        return counted.rounds - rounds
    # Written since, if the process was killed before that was counted: then the last write follows what was counted.
    if any(session_file.crc32_before(file, place) == counted.crc32 for place in (end.next_byte, end.written_from)):
        return None
    return None if session_file.crc32_of(file, counted.rounds) == counted.crc32 else 0
