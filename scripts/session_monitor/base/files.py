"""How is something put on disk so that it stays there, whole and private?"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import sys
import time
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Callable

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
SHARED_FOLDER = 0o2750
"""Of a folder that is shared with its group: what is made in it is the group's, and the group may read it."""
TEMPORARY = ".tmp"
"""Behind a file's name: what is to be put in its place."""
_BETWEEN_TRIES = 0.01
_FOR_A_QUESTION = 0.05
"""Seconds that ``lock`` waits: whoever asks ``is_locked`` has the lock for less."""
FEW = 16
"""Up to so many files are synced one by one; more of them by one sync of their file system."""


_CAREFULLY = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH
_KINDS = {stat.S_IFLNK: "a link", stat.S_IFDIR: "a folder", stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket"}


class LockHeldError(Exception):
    """Another process holds the lock; the argument is what it wrote there about itself."""


class OddFileError(OSError):
    """Something that has a file's name and must not be opened: ``what`` it is; ``strerror`` says also what to do."""

    def __init__(self, path: str | bytes, what: str, todo: str = "take it away") -> None:
        super().__init__(errno.EPERM, f"{what}: {todo}", os.fsdecode(path))
        self.what = what

    def __str__(self) -> str:
        return f"{self.filename} {self.strerror}"


class MistakeInFileError(Exception):
    """A file that people may write cannot be used: says where, why, and what to do; ``code`` is a word for scripts."""

    code = "bad_file"


# -- files that may have been exchanged for something else -------------------------------------------------------------


def opened(path: str | bytes, flags: int = os.O_RDONLY, mode: int = PRIVATE_FILE) -> int:
    """Open a file of a data folder, and nothing else that has its name; returns the descriptor.

    What root makes in the folder of a user is that user's, who could not read it otherwise; what is made in a folder that
    is shared with a group, its members may read.  Raises ``OSError``, and ``OddFileError`` for what ``check`` objects to.
    """
    try:
        descriptor = os.open(path, flags | _CAREFULLY, mode)
    except OSError:
        check(path)
        raise
    try:
        _judge(path, os.fstat(descriptor))
        if flags & os.O_EXCL:
            _make_as_its_folder(descriptor, _folder_of(path), mode)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def reading(path: str | bytes) -> BinaryIO:
    """Open a file of a data folder to read it, as ``opened`` does."""
    return open(opened(path), "rb")


def kept(path: str) -> int:
    """Open a file that stays for good, such as a lock, and make it where there is none; else as ``opened``."""
    try:
        return opened(path, os.O_RDWR)
    except FileNotFoundError:
        with contextlib.suppress(FileExistsError):
            return opened(path, os.O_RDWR | os.O_CREAT | os.O_EXCL)
    return opened(path, os.O_RDWR)  # somebody else was first


def check(path: str | bytes) -> None:
    """Raises ``OddFileError`` where this is anything but a file of this user, root or the folder's owner.

    Whoever opens the file by its name afterwards can be deceived by the folder's owner alone.
    """
    try:
        state = os.lstat(path)
    except OSError:  # for whoever opens it to tell
        return
    _judge(path, state)


def _judge(path: str | bytes, state: os.stat_result) -> None:
    if not stat.S_ISREG(state.st_mode):
        raise OddFileError(path, f"is {_KINDS.get(stat.S_IFMT(state.st_mode), 'a device')}")
    user = os.geteuid()
    if state.st_uid == user and state.st_nlink == 1:
        return
    folder = _folder_of(path)
    if state.st_uid not in (user, 0, folder.st_uid):
        todo = "take it away, or make it this user's with chown"
        raise OddFileError(path, f"belongs to the user {state.st_uid}", todo)
    # A second name may be one that somebody gave to another file of its owner.  Where nobody else can make names, it is
    # a backup's.
    if state.st_nlink > 1 and (state.st_uid != folder.st_uid or folder.st_mode & _OTHERS_MAY_WRITE):
        raise OddFileError(path, "is a file that has other names as well", "put a copy in its place")


def _folder_of(path: str | bytes) -> os.stat_result:
    return os.stat(os.path.dirname(path) or os.curdir)


def _hand_over(descriptor: int, owner: os.stat_result) -> None:
    if owner.st_uid:
        with contextlib.suppress(OSError):  # a file system that keeps no owners
            os.fchown(descriptor, owner.st_uid, owner.st_gid)


def _make_as_its_folder(descriptor: int, folder: os.stat_result, mode: int) -> None:
    if os.geteuid() == 0:
        _hand_over(descriptor, folder)
    if is_shared(folder.st_mode):
        with contextlib.suppress(OSError):  # a file system that keeps no modes
            os.fchmod(descriptor, mode | stat.S_IRGRP)


def is_shared(mode: int) -> bool:
    """Whether a folder with this mode is shared with its group, and with nobody else."""
    return stat.S_IMODE(mode) == SHARED_FOLDER


def is_open(mode: int, folder_mode: int) -> bool:
    """Whether a file with this mode can be used by others than its owner, and the group that its folder is shared with."""
    mine = stat.S_IRWXU | (stat.S_IRGRP if is_shared(folder_mode) else 0)
    return bool(stat.S_IMODE(mode) & ~mine)


def share(folder: str, group: int) -> None:
    """Share a folder, and what is in it, with a group from now on.  Raises ``OSError``."""
    state = os.stat(folder)
    if is_shared(state.st_mode) and state.st_gid == group:
        return
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        with contextlib.suppress(FileNotFoundError):
            if stat.S_ISREG(os.lstat(path).st_mode):
                descriptor = opened(path)
                try:
                    os.fchown(descriptor, -1, group)
                    os.fchmod(descriptor, PRIVATE_FILE | stat.S_IRGRP)
                finally:
                    os.close(descriptor)
    os.chown(folder, -1, group)
    os.chmod(folder, SHARED_FOLDER)  # at last: where something above fails, it is done once more


def remove(path: str) -> None:
    """Take a name away, if it is there; a folder, which nobody here made, stays.  Raises ``OSError``."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
    except OSError:  # of a folder, Linux says what POSIX does not
        if not stat.S_ISDIR(os.lstat(path).st_mode):
            raise


# -- folders -----------------------------------------------------------------------------------------------------------


def make_folder(folder: str) -> None:
    """Make the folder, for this user alone, and those above it that lack; one that is there stays as it is."""
    os.makedirs(folder, mode=PRIVATE_FOLDER, exist_ok=True)


def make_folder_within(folder: str) -> None:
    """Make a folder in one that is there, for its owner alone; one that is there stays as it is.

    Raises ``OSError``, also for a link in its place, which may lead to a folder of somebody else.
    """
    try:
        os.mkdir(folder, PRIVATE_FOLDER)
    except FileExistsError:
        if os.path.islink(folder):
            raise OddFileError(folder, "is a link") from None
        return
    owner = _folder_of(folder)
    if os.geteuid() == 0 and owner.st_uid:
        with contextlib.suppress(OSError):  # a file system that keeps no owners
            os.chown(folder, owner.st_uid, owner.st_gid)


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


# -- writing -----------------------------------------------------------------------------------------------------------


def write_all(descriptor: int, data: bytes, offset: int) -> None:
    """Write all of the data at the offset; a short write is carried on.  Raises ``OSError`` where the disk says no."""
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        offset += written
        view = view[written:]


def replace(
    path: str, data: bytes | Callable[[int], bytes], mode: int = PRIVATE_FILE, *, is_lasting: bool = True
) -> None:
    """Put the data under this name, wholly or not at all, and so that a power loss does not undo it.

    Data may also be made of the inode that the file has, and keeps for as long as it is this file.  What can be found out
    anew need not last: of that a power loss may leave anything.
    """
    temporary = path + TEMPORARY
    anew = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        descriptor = opened(temporary, anew, mode)
    except (FileExistsError, OddFileError):  # left by somebody who was killed, or put there to be written through
        remove(temporary)
        descriptor = opened(temporary, anew, mode)
    try:
        try:
            write_all(descriptor, data(os.fstat(descriptor).st_ino) if callable(data) else data, 0)
            if is_lasting:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    if is_lasting:
        sync_folder(os.path.dirname(path) or ".")


def copy(path: bytes, target: bytes) -> None:
    """Copy a file to a name that is free, and make the copy last; it is whose the file is."""
    import shutil  # noqa: PLC0415 -- few ever copy

    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_FILE)
    try:
        with open(descriptor, "wb") as copied, reading(path) as source:
            if os.geteuid() == 0:
                _hand_over(descriptor, os.fstat(source.fileno()))
            if is_shared(_folder_of(target).st_mode):
                os.fchmod(descriptor, PRIVATE_FILE | stat.S_IRGRP)
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
        descriptor = opened(path)
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
        descriptor = opened(path)
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


def take(descriptor: int, patience: float, how: int = fcntl.LOCK_EX) -> bool:
    """Lock an open file until it is closed; False where somebody else still has it after so many seconds."""
    end = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, how | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                return False
            time.sleep(_BETWEEN_TRIES)
        else:
            return True


def give_back(descriptor: int) -> None:
    """Unlock an open file, also for whoever has the same descriptor."""
    fcntl.flock(descriptor, fcntl.LOCK_UN)


@contextlib.contextmanager
def lock(path: str, about: str) -> Iterator[None]:
    """Hold the lock file for as long as the block runs.

    Raises ``LockHeldError`` where somebody else does, and ``OSError``.  The file is neither renamed nor removed: a lock on a name that can be replaced protects nothing.
    """
    descriptor = kept(path)
    try:
        if not take(descriptor, _FOR_A_QUESTION):
            raise LockHeldError(os.pread(descriptor, 200, 0).decode("utf-8", "replace").strip())
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, about.encode() + b"\n", 0)
        yield
    finally:
        os.close(descriptor)
