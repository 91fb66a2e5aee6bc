"""How is something put on disk so that it stays there, whole and private?"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import sys
import time
from collections.abc import Iterator, Sequence

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
TEMPORARY = ".tmp"
"""Behind a file's name: what is to be put in its place."""
_BETWEEN_TRIES = 0.01
_FOR_A_QUESTION = 0.05
"""Seconds that ``lock`` waits: whoever asks ``is_locked`` has the lock for less."""
FEW = 16
"""Up to so many files are synced one by one; more of them by one sync of their file system."""


class LockHeldError(Exception):
    """Another process holds the lock; the argument is what it wrote there about itself."""


def make_folder(folder: str) -> None:
    """Make the folder, for this user alone, and those above it that lack; one that is there stays as it is."""
    os.makedirs(folder, mode=PRIVATE_FOLDER, exist_ok=True)


def close_to_others(folder: str) -> bool:
    """Make a folder that is this user's, and as ``mkdir`` or a checkout leaves it, one for this user alone.

    Whether it was: a mode that somebody chose, a folder of somebody else's, and one on a file system that keeps no modes,
    stay as they are.  Raises ``OSError`` where there is no such folder.
    """
    state = os.stat(folder)
    umask = os.umask(0o077)
    os.umask(umask)
    mode = stat.S_IMODE(state.st_mode)
    if state.st_uid != os.geteuid() or mode != 0o777 & ~umask or mode == PRIVATE_FOLDER:
        return False
    with contextlib.suppress(OSError):
        os.chmod(folder, PRIVATE_FOLDER)
    return stat.S_IMODE(os.stat(folder).st_mode) == PRIVATE_FOLDER


def write_all(descriptor: int, data: bytes, offset: int) -> None:
    """Write all of the data at the offset; a short write is carried on.  Raises ``OSError`` where the disk says no."""
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        offset += written
        view = view[written:]


def replace(path: str, data: bytes, mode: int = PRIVATE_FILE) -> None:
    """Put the data under this name, wholly or not at all, and so that a power loss does not undo it."""
    temporary = path + TEMPORARY
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    try:
        try:
            write_all(descriptor, data, 0)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    sync_folder(os.path.dirname(path) or ".")


def copy(path: bytes, target: bytes) -> None:
    """Copy a file to a name that is free, and make the copy last."""
    import shutil  # noqa: PLC0415 -- few ever copy

    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_FILE)
    try:
        with open(path, "rb") as source, open(descriptor, "wb") as copied:
            shutil.copyfileobj(source, copied)
            copied.flush()
            os.fsync(descriptor)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(target)
        raise
    sync_folder(os.fsdecode(os.path.dirname(target)) or ".")


def sync_folder(folder: str) -> None:
    """Make the names in this folder last: new files, renames, removals."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_files(folder: str, paths: Sequence[bytes]) -> None:
    """Make the contents of these files of the folder last."""
    if len(paths) > FEW and _sync_file_system(folder):
        return
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _sync_file_system(folder: str) -> bool:
    """Linux' ``syncfs``: one call for hundreds of files.  False where the system has none or it failed."""
    if not sys.platform.startswith("linux"):
        return False
    import ctypes  # noqa: PLC0415 -- questions write nothing

    function = getattr(ctypes.CDLL(None), "syncfs", None)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return function is not None and function(descriptor) == 0
    finally:
        os.close(descriptor)


def is_locked(path: str) -> bool:
    """Whether somebody holds the lock file; asking takes it for a moment, which ``lock`` puts up with."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


def take(descriptor: int, patience: float) -> bool:
    """Lock an open file until it is closed; False where somebody else still has it after so many seconds."""
    end = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                return False
            time.sleep(_BETWEEN_TRIES)
        else:
            return True


@contextlib.contextmanager
def lock(path: str, about: str) -> Iterator[None]:
    """Hold the lock file for as long as the block runs; raises ``LockHeldError`` where somebody else does.

    The file is neither renamed nor removed: a lock on a name that can be replaced protects nothing.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
    try:
        if not take(descriptor, _FOR_A_QUESTION):
            raise LockHeldError(os.pread(descriptor, 200, 0).decode("utf-8", "replace").strip())
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, about.encode() + b"\n", 0)
        yield
    finally:
        os.close(descriptor)
