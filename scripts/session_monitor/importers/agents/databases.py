"""How is the database of an agent read, which may be at work with it, without anything of it being changed?

SQLite itself would make files beside it.  So what has no write-ahead log is read as a file that does not change, and is
read again where it did; what an agent has open, through the memory that it shares; and of what a killed one left, a
copy is read.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import tempfile
import urllib.parse
from collections.abc import Iterator
from typing import Any, Callable

from . import json_lines
from .found import FileReading, FoundCall

_BEGINS = b"SQLite format 3\x00"
_ZSTD = b"\x28\xb5\x2f\xfd"
LARGEST = 256 << 20
"""Bytes that one compressed text may have."""
_PATIENCE = 5


def is_database(path: str) -> bool:
    """Whether a file begins as one of SQLite.  Raises ``OSError``."""
    with json_lines.opened(path) as file:
        return file.read(len(_BEGINS)) == _BEGINS


def state(path: str) -> list[list[int]]:
    """Changes when something is written to the database.  Raises ``OSError``."""
    return [_state(path), _state(f"{path}-wal")]


def _state(path: str) -> list[int]:
    try:
        told = os.lstat(path)
    except FileNotFoundError:
        return []
    return [told.st_dev, told.st_ino, told.st_size, told.st_mtime_ns]


def calls(
    path: str, reading: FileReading, read: Callable[[sqlite3.Connection, FileReading], Iterator[FoundCall]]
) -> Iterator[FoundCall]:
    """Those that ``read`` finds in a database; of one that is damaged nothing counts as read.  Raises ``OSError``."""
    try:
        with opened(path) as db:
            yield from read(db, reading)
    except sqlite3.Error:
        reading.passed_over["damaged"] += 1
        reading.done.clear()


@contextlib.contextmanager
def opened(path: str) -> Iterator[sqlite3.Connection]:
    """The database, which nothing is written to.  Raises ``OSError``, and ``sqlite3.Error``."""
    with contextlib.ExitStack() as stack:
        db = _opened(path, stack)
        stack.callback(db.close)
        yield db


def _opened(path: str, stack: contextlib.ExitStack) -> sqlite3.Connection:
    """The database, within one transaction."""
    if _has_bytes(f"{path}-journal"):  # somebody is just writing: wait for them
        return _connected(path, "mode=ro")
    if not _has_bytes(f"{path}-wal"):
        return _connected(path, "mode=ro&immutable=1")
    if os.path.exists(f"{path}-shm"):
        with contextlib.suppress(sqlite3.Error):  # nobody has it open any more
            return _connected(path, "mode=ro&readonly_shm=1")
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="session-import-"))
    return _connected(_copied(path, folder), "mode=ro")


def _connected(path: str, how: str) -> sqlite3.Connection:
    name = f"file:{urllib.parse.quote(path)}?{how}"
    db = sqlite3.connect(name, uri=True, timeout=_PATIENCE, isolation_level=None)
    try:
        db.execute("BEGIN")
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error:
        db.close()
        raise
    return db


def _has_bytes(path: str) -> bool:
    try:
        return os.lstat(path).st_size > 0
    except FileNotFoundError:
        return False


def _copied(path: str, folder: str) -> str:
    copy = os.path.join(folder, "copy.sqlite")
    for end in ("", "-wal"):
        with json_lines.opened(path + end) as source, open(copy + end, "xb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
    return copy


def columns(db: sqlite3.Connection, table: str) -> set[str]:
    """The columns of a table; none where there is no such table.  Raises ``sqlite3.Error``."""
    return {str(row[1]) for row in db.execute(f"PRAGMA table_info({table})")}


def document(raw: object, packed: object, reading: FileReading) -> Any:
    """The value of a text of JSON that stands there as it is, or compressed; None where it is none that can be read."""
    if isinstance(packed, bytes) and raw is None:
        raw = unpacked(packed)
        if raw is None:
            reading.passed_over["compressed"] += 1
            return None
    return (
        json_lines.decoded(raw + "\n" if isinstance(raw, str) else raw, reading)
        if isinstance(raw, (str, bytes))
        else None
    )


def unpacked(packed: bytes) -> bytes | None:
    """What was compressed by zstd, or was not; None where nothing here can read it.

    Python has that from 3.14 on; else there may be a program for it.
    """
    if not packed.startswith(_ZSTD):
        return packed
    return _unpacked_by_python(packed) or _by_program(packed)


def _unpacked_by_python(packed: bytes) -> bytes | None:
    try:
        from compression import zstd  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415 -- new
    except ImportError:
        return None
    try:
        decompressor = zstd.ZstdDecompressor()
        raw: bytes = decompressor.decompress(packed, LARGEST)
    except zstd.ZstdError:
        return None
    return raw if decompressor.eof else None


def _by_program(packed: bytes) -> bytes | None:
    program = shutil.which("zstd")
    if program is None:
        return None
    with tempfile.TemporaryFile() as file:
        file.write(packed)
        file.seek(0)
        with subprocess.Popen(  # noqa: S603 -- by its whole path, with no word of a stranger's
            [program, "-dc", "-q"], stdin=file, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            raw = process.stdout.read(LARGEST + 1) if process.stdout else b""
            if len(raw) > LARGEST:
                process.kill()
        return raw if process.returncode == 0 and len(raw) <= LARGEST else None
