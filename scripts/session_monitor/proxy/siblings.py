"""Which other proxies record into the same data folder?

What a run within a run asks passes both of their proxies: only the first of them writes it down, and tells the next one so.
Each holds a lock on the byte of a file beside the log that has its port's number, which ends with its process, however
that ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import os

from session_monitor.base import data_folder, files

MARK = "x-agent-session-monitor"
"""The header that one proxy tells another one by that a call is written down; no provider sees it."""
_FILE = "proxies"


class Siblings:
    """The proxies of one data folder, as one of them sees them, which is at work on this port.

    Where the folder cannot be written to, nothing is recorded either, and nobody is known.
    """

    def __init__(self, folder: str, port: int) -> None:
        self._port = port
        self._file: int | None = None
        path = os.path.join(os.path.dirname(data_folder.recorded_log(folder)), _FILE)
        with contextlib.suppress(OSError):
            files.make_folder_within(os.path.dirname(path))
            self._file = files.kept(path)
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)

    def has(self, port: int) -> bool:
        """Whether another process has a proxy of the same data folder on this port."""
        if self._file is None or port == self._port:
            return False
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
        except BlockingIOError:
            return True
        except OSError:
            return False
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, port)
        return False

    def close(self) -> None:
        """This one is at work no more."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
