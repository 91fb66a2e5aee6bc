"""How is the index's file read so that nobody notices, and removed?"""

from __future__ import annotations

import os
import sqlite3

from session_monitor.base import files

DAMAGE = (sqlite3.DatabaseError, ValueError)
"""What an index says whose pages are none, or whose text is none."""


def read_only(path: str) -> sqlite3.Connection:
    """A connection that never writes."""
    return _connected(path, "mode=ro")


def without_trace(path: str) -> sqlite3.Connection:
    """A connection that does not even make the side files that readers share, which would show in the folder's time.

    Raises ``sqlite3.OperationalError`` where that cannot be had.  Where there are no side files, ``has_side_files``
    tells afterwards whether somebody has come to write: then what was read may be of two states.
    """
    if has_side_files(path):
        return read_only(path)
    if os.path.exists(path + "-wal") and os.path.getsize(path + "-wal"):
        raise sqlite3.OperationalError("a part of it stands in a write-ahead log that nobody has open")
    return _connected(path, "mode=ro&immutable=1")


def has_side_files(path: str) -> bool:
    """Whether the files are there that those who read and write share."""
    return os.path.exists(path + "-wal") and os.path.exists(path + "-shm")


def _connected(path: str, how: str) -> sqlite3.Connection:
    check(path)
    quoted = os.path.abspath(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return sqlite3.connect(f"file:{quoted}?{how}", uri=True)


_ENDS = ("", "-wal", "-shm", "-journal")


def check(path: str) -> None:
    """Raises ``sqlite3.OperationalError`` where a database or a side file is something that must not be opened."""
    try:
        for end in _ENDS:
            files.check(path + end)
    except files.OddFileError as odd:
        raise sqlite3.OperationalError(str(odd)) from None


def remove(path: str) -> None:
    """Remove a database with its side files."""
    for end in _ENDS:
        files.remove(path + end)
