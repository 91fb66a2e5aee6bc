"""What stands beside a log and is none of its rotated files, though it is called like one?"""

from __future__ import annotations

import gzip
import lzma
import os
import random
import struct
import zlib

BOMB_BYTES = 400_000
_ENDINGS = {"cut": ".gz", "broken": ".gz", "packed garbage": ".gz", "bomb": ".gz", "other": ".bz2", "hungry": ".xz"}
KINDS = (*_ENDINGS, "garbage", "empty", "pipe", "folder", "packed folder", "dangling", "loop", "unreadable")


class OddSiblings:
    """A part of the world: its real folder ``real``, and ``odd_names`` there that rotation leaves alone."""

    def files_of_log(self):
        """The log's own files."""
        return [path for path in self.real.iterdir() if path.name not in self.odd_names]

    def odd(self, kind, number):
        """Something odd appears beside the log, where nothing has that name."""
        ending = ".gz" if kind == "packed folder" else _ENDINGS.get(kind, "")
        numbered = self.real / f"access.log.{100 + number}{ending}"
        path = self.real / f"access.log-2025010{number % 10}{ending}" if number % 2 else numbered
        if os.path.lexists(path):
            return
        self.odd_names.add(path.name)
        if kind == "pipe":
            os.mkfifo(path)
        elif kind.endswith("folder"):
            path.mkdir()
        elif kind in ("dangling", "loop"):
            path.symlink_to(path.name if kind == "loop" else "nothing")
        else:
            path.write_bytes(self._odd_content(kind, number))
        if kind == "unreadable":
            self.unreadable.add(path.stat().st_ino)

    def _odd_content(self, kind, number):
        """What it holds.  Of damaged files the lines that are whole may be found: they are in no other file."""
        noise = random.Random(number).getrandbits(24_000).to_bytes(3000, "big")
        if kind in ("empty", "garbage", "packed garbage", "other"):
            return b"" if kind == "empty" else noise
        if kind == "bomb":
            return gzip.compress(bytes(BOMB_BYTES), mtime=0)
        text = b"".join(self._line(300) for _ in range(6))
        if kind in ("unreadable", "hungry"):
            return text if kind == "unreadable" else _hungry(text)
        data = bytearray(gzip.compress(text + noise.hex().encode() + b"\n" + self._line(), mtime=0))
        if kind == "cut":
            return bytes(data[: len(data) * 2 // 3])
        data[len(data) // 2] ^= 0xFF
        return bytes(data)

    def crowd(self, count):
        """More files than may be open, each with a call of its own."""
        for number in range(1000, 1000 + count):
            path = self.real / f"access.log.{number}"
            self.odd_names.add(path.name)
            path.write_bytes(self._line())

    def tidy(self):
        """All that is odd goes away again."""
        for name in sorted(self.odd_names):
            path = self.real / name
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            else:
                path.unlink()
        self.odd_names.clear()

    def damage(self, index, way):
        """Something befalls a compressed rotated file that was whole."""
        found = sorted(path for path in self.files_of_log() if path.suffix == ".gz")
        if found:
            path = found[index % len(found)]
            data = bytearray(path.read_bytes())
            if way == "cut":
                del data[len(data) * 2 // 3 :]
            else:
                data[len(data) // 2 : len(data) // 2 + 4] = b"\xff\0\xff\0"
            path.write_bytes(data)


def _hungry(text):
    """An ``.xz`` file that asks for a window of 4 GiB."""
    data = bytearray(lzma.compress(text, filters=[{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 20}]))
    start = 12
    end = start + (data[start] + 1) * 4
    data[data.index(0x21, start) + 2] = 40
    data[end - 4 : end] = struct.pack("<I", zlib.crc32(bytes(data[start : end - 4])))
    return bytes(data)
