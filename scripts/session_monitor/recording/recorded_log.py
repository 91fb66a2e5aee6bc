"""Where do recorded calls stand until the monitor reads them?

In a log of the data folder's own, to which several processes append at once.  A line goes there by one write, behind the
newline that one who was killed may have left out; who appends holds the log's lock meanwhile.  From some size on it
is renamed, as a rotation does, and a new one begun.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Iterable, Iterator
from typing import Callable

from session_monitor.base import data_folder, files, timestamps

LARGEST = 64 << 20
"""So many bytes the log holds before it is renamed."""
_AT_ONCE = 1 << 20
_PATIENCE = 10.0


def append(
    folder: str,
    lines: Iterable[bytes],
    *,
    largest: int = LARGEST,
    now: Callable[[], int] = timestamps.now,
) -> int:
    """Append whole lines to the log of this data folder, which is made where there is none; returns how many bytes.

    Once it returns they are on disk.  ``now`` gives milliseconds since 1970, for the name of a log that has become so
    ``largest``.  Raises ``OSError``; then those before the last megabyte may be there, and none of them in part.
    """
    path = data_folder.recorded_log(folder)
    files.make_folder_within(os.path.dirname(path))
    written = 0
    for piece in _pieces(lines):
        with _held(path) as descriptor:
            written += _append(descriptor, piece)
            if os.fstat(descriptor).st_size >= largest:
                _rotate(path, now())
    return written


def paths(folder: str) -> list[str]:
    """The log of this data folder and its renamed ones, the log first.  Raises ``OSError``."""
    log = data_folder.recorded_log(folder)
    home, name = os.path.split(log)
    try:
        names = os.listdir(home)
    except FileNotFoundError:
        return []
    return [os.path.join(home, each) for each in sorted(names) if each == name or each.startswith(f"{name}-")]


def check(folder: str) -> None:
    """Raises ``OSError`` where nothing can be appended to the log of this data folder, before somebody relies on it."""
    path = data_folder.recorded_log(folder)
    files.make_folder_within(os.path.dirname(path))
    try:
        os.close(files.opened(path, os.O_RDWR))
    except FileNotFoundError:
        if not os.access(os.path.dirname(path), os.W_OK):
            raise PermissionError(errno.EACCES, "nothing can be written there", os.path.dirname(path)) from None


def _pieces(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines, some at once."""
    piece = bytearray()
    for each in lines:
        piece += each
        if len(piece) >= _AT_ONCE:
            yield bytes(piece)
            piece.clear()
    if piece:
        yield bytes(piece)


@contextlib.contextmanager
def _held(path: str) -> Iterator[int]:
    """The log, open and locked: it is this file, and stays so until the block ends.  Raises ``OSError``."""
    while True:
        descriptor = files.kept(path)
        try:
            if not files.take(descriptor, _PATIENCE):
                raise OSError(errno.EAGAIN, f"another process has been writing to it for {_PATIENCE:.0f} s", path)
            if _is_still(path, descriptor):
                yield descriptor
                return
        finally:
            os.close(descriptor)


def _is_still(path: str, descriptor: int) -> bool:
    """Whether the open file is the one of this name: somebody may have renamed it meanwhile."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _append(descriptor: int, data: bytes) -> int:
    end = os.fstat(descriptor).st_size
    if end and os.pread(descriptor, 1, end - 1) != b"\n":
        data = b"\n" + data
    try:
        files.write_all(descriptor, data, end)
        os.fsync(descriptor)
    except OSError:
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, end)
        raise
    return len(data)


def _rotate(path: str, moment: int) -> None:
    """Give the log a name with this moment behind it, or the next that is free."""
    while os.path.lexists(rotated := f"{path}-{_stamp(moment)}"):
        moment += 1
    os.rename(path, rotated)
    files.sync_folder(os.path.dirname(path))


def _stamp(moment: int) -> str:
    """The moment as rotated logs are dated, ``20260201-093015-120``, in UTC."""
    return time.strftime("%Y%m%d-%H%M%S", time.gmtime(moment / 1000)) + f"-{moment % 1000:03d}"
