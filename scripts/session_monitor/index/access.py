"""Is there an index that is sound and current, and what does it say?

Whoever asks brings it up to date: beside the session files where it may write there, else in memory.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from typing import Callable, TypeVar

from session_monitor.base import data_folder
from session_monitor.prices.book import Book

from . import opening
from .database import Index, Progress, reader

KEPT = 2.0
"""Seconds for which an index in memory answers more questions: the folder is searched for changes only then."""

Answer = TypeVar("Answer")


class Access:
    """The way to a folder's index."""

    def __init__(self, folder: str, book: Book, progress: Progress) -> None:
        """``progress`` hears of the making of an index, if one has to be made."""
        self._folder = folder
        self._book = book
        self._progress = progress
        self._in_memory: tuple[Index, float] | None = None

    def ask(self, question: Callable[[Index], Answer]) -> Answer:
        """What a question finds in an index that is sound and current.

        It is asked once more, of another index, where one turns out while it reads to be damaged, or not to be had.
        What it raises of ``sqlite3.DatabaseError``, ``ValueError`` and ``OSError`` is taken for that; and whatever it
        answered or raised where somebody took a part of the index's files away meanwhile: nobody knows what was read
        then.  Raises ``OSError`` where there is no such folder.
        """
        os.stat(self._folder)
        is_damaged = False
        path = os.path.join(self._folder, data_folder.INDEX)
        parts = opening.parts(path)
        try:
            with _reading(self._folder, self._book) as index:
                if index.is_ready():
                    return _answer(question, index, lambda: opening.parts(path) == parts)
        except _TakenAwayError:
            pass
        except opening.DAMAGE as error:
            is_damaged = opening.is_damage(error)
        if self._in_memory and time.monotonic() - self._in_memory[1] < KEPT:
            return question(self._in_memory[0])
        # Most questions find it current, and need not wait for what can write it to be loaded.
        from . import writable  # noqa: PLC0415

        for anew in (is_damaged, True):
            try:
                with writable.opened(self._folder, self._book, writable.READERS_PATIENCE, anew=anew) as index:
                    index.bring_up_to_date(self._progress)
                    return _answer(question, index, lambda: index.is_in(path))
            except _TakenAwayError:
                continue
            except OSError:
                break
            except opening.DAMAGE as error:
                if not opening.is_damage(error):  # no room, or not for this user
                    break
        self.close()
        fresh = writable.in_memory(self._folder, self._book, self._progress)
        self._in_memory = fresh, time.monotonic()
        return question(fresh)

    def close(self) -> None:
        """Forget an index in memory."""
        if self._in_memory:
            self._in_memory[0].db.close()
            self._in_memory = None

    __del__ = close


def ask(folder: str, book: Book, question: Callable[[Index], Answer], progress: Progress) -> Answer:
    """The answer to one question, as ``Access`` gives it."""
    with contextlib.closing(Access(folder, book, progress)) as access:
        return access.ask(question)


class _TakenAwayError(Exception):
    """Others stand where the files of the index stood that a question was asked of."""


def _answer(question: Callable[[Index], Answer], index: Index, is_in_its_place: Callable[[], bool]) -> Answer:
    """What the question finds.  Raises ``_TakenAwayError``, whatever the question made of that."""
    try:
        answer = question(index)
    except Exception as error:
        if is_in_its_place():
            raise
        raise _TakenAwayError from error
    if not is_in_its_place():
        raise _TakenAwayError
    return answer


@contextlib.contextmanager
def _reading(folder: str, book: Book) -> Iterator[Index]:
    """The index as it is, in one snapshot."""
    with contextlib.closing(opening.read_only(os.path.join(folder, data_folder.INDEX))) as db:
        index = reader(db, folder, book)
        db.execute("BEGIN")
        yield index
