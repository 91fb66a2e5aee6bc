"""How is a file written that somebody names: wholly or not at all, and not through another one's link?"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterable

from session_monitor.base.files import PRIVATE_FILE

from .failures import Failure

STDOUT = "-"
_STICKY = stat.S_ISVTX | stat.S_IWOTH
_LONGEST_WAY = 4096
"""Names, after which a path that goes round in circles is left alone."""


def _anothers_link(file: str) -> str | None:
    """The link on the way to a file that Linux would not follow either (``fs.protected_symlinks``), if there is one."""
    done, left = "/", os.path.abspath(file).split("/")[::-1]
    for _ in range(_LONGEST_WAY):
        if not left:
            return None
        step = os.path.join(done, left.pop())
        if not os.path.islink(step):
            done = os.path.normpath(step)
            continue
        folder, owner = os.stat(done), os.lstat(step).st_uid
        if folder.st_mode & _STICKY == _STICKY and owner not in (os.geteuid(), folder.st_uid):
            return step
        target = os.readlink(step)
        done = "/" if target.startswith("/") else done
        left += target.split("/")[::-1]
    return None  # a loop, of which whoever opens it will hear


def place(file: str, data_dir: str) -> str:
    """The path that a name leads to, where a file may be written.  Raises ``Failure``."""
    link = _anothers_link(file)
    if link:
        text = f"{link} is another user's link in a folder where everybody may make one: write {file} to another folder"
        raise Failure("not_written", text)
    path = os.path.realpath(file)
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        raise Failure("not_written", f"there is no folder {folder} for {file}")
    if os.path.exists(path) and not os.path.isfile(path):
        raise Failure("not_written", f"{file} is no file; {STDOUT} stands for stdout")
    if os.path.isdir(data_dir) and os.path.samefile(folder, data_dir):
        raise Failure("not_written", f"{folder} is for the monitor's own files: write {file} to another folder")
    return path


def write(path: str, pieces: Iterable[str], mode: int = PRIVATE_FILE) -> None:
    """Write a file wholly or not at all; for this user alone, unless another ``mode`` is given.  Raises ``Failure``."""
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=".unfinished-", suffix=".tmp", dir=os.path.dirname(path))
        try:
            with open(descriptor, "w", encoding="utf-8", errors="backslashreplace", newline="") as file:
                file.writelines(pieces)
                file.flush()
                if mode != PRIVATE_FILE:  # as it was made
                    os.fchmod(descriptor, mode)
                os.fsync(descriptor)
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
    except OSError as error:
        raise Failure("not_written", f"{path}: {error.strerror or error}; nothing was written there") from None
