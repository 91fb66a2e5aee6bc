"""Where are the pieces of work of a data folder kept, and how does that change?

The file is put in place whole, under the lock of all that people set, so that two who change it at once lose nothing of one another's.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Iterator
from typing import Any

from session_monitor.base import data_folder, files, stated_file

from . import piece
from .piece import Piece, WorkMistakeError

SCHEMA = 1


class BadWorkFileError(files.MistakeInFileError):
    """The file of pieces of work cannot be used: says where, and why."""

    code = "bad_work"


class FolderWork:
    """The pieces of work of a folder, by the ids of their sessions, in the order in which they began."""

    def __init__(self, pieces: Iterable[Piece] = ()) -> None:
        self.by_id = {each.session_id: each for each in pieces}

    def put(self, each: Piece) -> None:
        """Keep this one, in place of what was kept of it."""
        self.by_id[each.session_id] = each

    def under_way(self, scope: str | None = None) -> list[Piece]:
        """Those that have not ended, in this scope or in all."""
        return [each for each in self.by_id.values() if each.is_under_way and scope in (None, each.scope)]


def path_of(folder: str) -> str:
    """Where a data folder's file stands."""
    return os.path.join(folder, data_folder.WORK)


def is_there(folder: str) -> bool:
    """Whether any work was ever begun in this folder."""
    return os.path.lexists(path_of(folder))


def stamp(folder: str) -> tuple[int, int, int] | None:
    """Changes when the file does; None where there is none."""
    return stated_file.stamp(path_of(folder))


def read(folder: str) -> FolderWork:
    """The pieces of work; none where there is no file.  Raises ``BadWorkFileError``, also where it cannot be read."""
    path = path_of(folder)
    document = stated_file.asked(path, SCHEMA, BadWorkFileError)
    return FolderWork() if document is None else FolderWork(_pieces(path, document.get("pieces", [])))


def _mistake(path: str, text: str) -> files.MistakeInFileError:
    return stated_file.mistake(path, text, BadWorkFileError)


def _pieces(path: str, listed: Any) -> Iterator[Piece]:
    if not isinstance(listed, list):
        raise _mistake(path, "pieces must be a list")
    for at, each in enumerate(listed):
        try:
            yield piece.of_json(each)
        except WorkMistakeError as mistake:
            raise _mistake(path, f"pieces[{at}]: {mistake}") from None


@contextlib.contextmanager
def changing(folder: str) -> Iterator[FolderWork]:
    """The pieces of work, to change them: they are put on disk, for their user alone, when the block ends as it should.

    Raises ``BadWorkFileError`` and ``OSError``.
    """
    with data_folder.changing(folder):
        pieces = read(folder)
        before = _content(pieces)
        yield pieces
        after = _content(pieces)
        if after != before:
            files.replace(path_of(folder), after)


def _content(pieces: FolderWork) -> bytes:
    document = {"schema_version": SCHEMA, "pieces": [each.to_json() for each in pieces.by_id.values()]}
    # What is no character, as in the path of a strange file, is written as JSON's own escape.
    return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


def forget(folder: str, session_ids: Iterable[str]) -> None:
    """Forget the pieces of work of these sessions.  Raises as ``changing`` does."""
    gone = set(session_ids)
    if not is_there(folder) or gone.isdisjoint(read(folder).by_id):
        return
    with changing(folder) as pieces:
        for session_id in gone:
            pieces.by_id.pop(session_id, None)
