"""Who brings the index of a database up to date before somebody asks?

Whoever asks about a folder that stands for a database would wait for it first.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from typing import Callable

from session_monitor.base import mounts

from .folder import Folder

EVERY = 2.0
"""Seconds between two looks at the database."""


def follow(folder: Folder, wait: Callable[[float], bool]) -> threading.Thread | None:
    """Look at the database behind a folder again and again, in a thread; None where there is none.

    ``wait`` waits for so many seconds, and says whether it is over.
    """
    behind = mounts.of(folder.path)
    if behind is None:
        return None
    thread = threading.Thread(target=_look, args=(behind, folder, wait), daemon=True)
    thread.start()
    return thread


def _look(behind: mounts.Mount, folder: Folder, wait: Callable[[float], bool]) -> None:
    while True:
        with contextlib.suppress(mounts.UnreachableDataError, sqlite3.Error, OSError):  # who asks is told
            behind.follow(folder.path, folder.state().book)
        if wait(EVERY):
            return
