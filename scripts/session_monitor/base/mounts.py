"""Which folders stand for what is kept elsewhere, and who knows what is in them?

A database of many gateways' calls is asked as a data folder is.  A folder stands in for it, in which an index and what
people note are; its sessions are no files there.  Whoever makes that so in this process says it here, and whoever opens an
index or a session file asks here first.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, BinaryIO, Optional, Protocol

if TYPE_CHECKING:
    import sqlite3

DATABASE = "clickhouse://"
"""How the address of a database begins that may be named in a data folder's place."""


class UnreachableDataError(Exception):
    """What stands behind a folder cannot be asked; the argument says why, without secrets."""

    code = "no_database"


class Mount(Protocol):
    """What stands behind a folder.  Methods may be called by any thread."""

    def index(self, db: sqlite3.Connection, folder: str, book: Any) -> Any:
        """An ``Index`` to read."""

    def writer(self, db: sqlite3.Connection, folder: str, book: Any, parts: Optional[str]) -> Any:  # noqa: UP045
        """An ``IndexWriter``."""

    def follow(self, folder: str, book: Any) -> None:
        """Bring the folder's index up to date now.  Raises ``UnreachableDataError``."""

    def first_round(self, folder: str, file: str) -> bytes:
        """The line of a session's first round; nothing where nothing is known of what was said in it.  Raises as ``session_file``."""

    def session_file(self, folder: str, file: str) -> BinaryIO:
        """What reads like a session file, by its name in the index.  Raises ``OSError``."""


_mounts: dict[str, Mount] = {}


def is_elsewhere(data_dir: str) -> bool:
    """Whether what should be a data folder is an address."""
    return data_dir.startswith(DATABASE)


def mount(folder: str, behind: Mount) -> None:
    """From now on the folder stands for that."""
    _mounts[os.path.abspath(folder)] = behind


def of(folder: str) -> Mount | None:
    """What the folder stands for; None where it is one as any other."""
    return _mounts.get(os.path.abspath(folder)) if _mounts else None
