"""Is there an index that is sound and current, and what does it say?

Whoever asks brings it up to date: beside the session files where it may write there, else in memory.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from typing import Callable, TypeVar

from . import files, index
from .index import Index, Progress
from .prices import Book

LOCK = ".lock"
"""The monitor holds it while it is at work."""

DAMAGE = (sqlite3.DatabaseError, ValueError)
"""What an index says whose pages are none, or whose text is none."""

Answer = TypeVar("Answer")


def ask(folder: str, book: Book, question: Callable[[Index], Answer], progress: Progress) -> Answer:
    """The answer to a question, from an index that is sound and current.

    ``progress`` hears of the making of one, if it has to be made.  Raises ``OSError`` where there is no such folder.
    """
    os.stat(folder)
    is_damaged = False
    try:
        with _reading(folder, book) as found:
            if found.is_known() and is_current(found) and found.is_priced():
                return question(found)
    except sqlite3.OperationalError:  # not there, or not for this user
        pass
    except DAMAGE:
        is_damaged = True
    # Most questions find it current, and need not wait for what can write it to be loaded.
    from . import index_keeper  # noqa: PLC0415

    for anew in (is_damaged, True):
        try:
            with index_keeper.writing(folder, book, index_keeper.READERS_PATIENCE, anew=anew) as made:
                index_keeper.bring_up_to_date(made, progress)
                return question(made)
        except (sqlite3.OperationalError, OSError):  # no room, or not for this user
            break
        except DAMAGE:
            continue
    with contextlib.closing(sqlite3.connect(":memory:")) as db:
        return question(index_keeper.made_in(db, folder, book, progress))


def is_current(found: Index) -> bool:
    """Whether it holds all that was written; what a monitor is just writing comes as a whole later."""
    return found.is_complete() or bool(found.meta("writing") and files.is_locked(os.path.join(found.folder, LOCK)))


@contextlib.contextmanager
def _reading(folder: str, book: Book) -> Iterator[Index]:
    """The index as it is, in one snapshot."""
    with contextlib.closing(read_only(os.path.join(folder, index.FILE))) as db:
        found = Index(db, folder, book)
        db.execute("BEGIN")
        yield found


def read_only(path: str) -> sqlite3.Connection:
    """A connection that never writes."""
    quoted = os.path.abspath(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return sqlite3.connect(f"file:{quoted}?mode=ro", uri=True)
