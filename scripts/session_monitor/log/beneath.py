"""Does a name lead to a file beneath one of these folders, whatever is swapped meanwhile?

To judge a name and then open it would be two looks, and who may write to a folder can set a link in between.  So the
name is resolved first, and what it was resolved to is opened folder by folder, none of which may be a link by then.
What cannot be told from outside is a hard link or a mount: the file is in the folder, and also elsewhere.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence

_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_SWAPPED = (errno.ELOOP, errno.EMLINK, errno.ENOTDIR)


def is_beneath(path: str, folders: Sequence[str]) -> bool:
    """Whether the file that this name leads to now lies beneath one of these real folders."""
    return _is_in(os.path.realpath(path), folders)


def open_beneath(path: str, folders: Sequence[str]) -> int | None:
    """A descriptor to read the file that this name leads to; None where that does not lie beneath one of these folders.

    It never waits for a writer.  Raises ``OSError``: ``FileNotFoundError`` also where the name was made to lead
    elsewhere just now.
    """
    real = os.path.realpath(path)
    if not _is_in(real, folders):
        return None
    *between, name = real.strip(os.sep).split(os.sep)
    folder = os.open(os.sep, _FOLDER)
    try:
        for each in between:
            inner = os.open(each, _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = inner
        return os.open(name, _READ | os.O_NOFOLLOW, dir_fd=folder)
    except OSError as error:
        if error.errno in _SWAPPED:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path) from error
        raise
    finally:
        os.close(folder)


def _is_in(real: str, folders: Sequence[str]) -> bool:
    return any(os.path.commonpath([real, folder]) == folder for folder in folders)
