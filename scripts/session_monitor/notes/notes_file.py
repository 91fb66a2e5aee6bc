"""Where does stand what is noted of the sessions of a data folder, and how does it change?

The file is put in place whole, under a lock, so that two who change it at once lose nothing of one another's.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from session_monitor.base import data_folder, files, stated_file, timestamps

from . import session_notes
from .session_notes import NOTHING, NoteMistakeError, SessionNotes

SCHEMA = 1
PATIENCE = 10.0
"""Seconds to wait for somebody else who changes the file."""


class BadNotesError(files.MistakeInFileError):
    """The file of notes cannot be used: says where, and why."""

    code = "bad_notes"


class NotesBusyError(OSError):
    """Somebody else has been changing the notes for too long."""


class FolderNotes:
    """What is noted of the sessions of a folder, by their ids; of all others that is nothing.

    Sessions whose last call was before ``stale_before`` (milliseconds since 1970) were given up by then.
    """

    def __init__(self, sessions: Mapping[str, SessionNotes] | None = None, stale_before: int | None = None) -> None:
        self.sessions = dict(sessions or {})
        self.stale_before = stale_before

    def of(self, session_id: str) -> SessionNotes:
        """What is noted of a session."""
        return self.sessions.get(session_id, NOTHING)

    def put(self, session_id: str, noted: SessionNotes) -> None:
        """Note this of a session, in place of all else."""
        if noted == NOTHING:
            self.sessions.pop(session_id, None)
        else:
            self.sessions[session_id] = noted

    def archived(self) -> list[str]:
        """The ids of sessions that are archived."""
        return [session_id for session_id, noted in self.sessions.items() if noted.archived is not None]


def path_of(folder: str) -> str:
    """Where a data folder's notes stand."""
    return os.path.join(folder, data_folder.NOTES)


def state(folder: str) -> tuple[int, int, int] | None:
    """Changes when the file does; None where there is none."""
    return stated_file.stamp(path_of(folder))


def read(folder: str) -> FolderNotes:
    """What is noted in a data folder; nothing where there is no file.  Raises ``BadNotesError`` and ``OSError``."""
    path = path_of(folder)
    return _noted(path, stated_file.read(path, SCHEMA, BadNotesError))


def asked(folder: str) -> FolderNotes:
    """The same within an answer: that the file cannot be read is a mistake as well.  Raises ``BadNotesError`` alone.

    Whoever asks the index takes an ``OSError`` for the index's own.
    """
    path = path_of(folder)
    return _noted(path, stated_file.asked(path, SCHEMA, BadNotesError))


def _noted(path: str, document: Mapping[str, Any] | None) -> FolderNotes:
    return FolderNotes() if document is None else FolderNotes(_sessions(path, document), _stale_before(path, document))


def is_there(folder: str) -> bool:
    """Whether anything was ever noted in this folder."""
    return os.path.lexists(path_of(folder))


def _mistake(path: str, text: str) -> files.MistakeInFileError:
    return stated_file.mistake(path, text, BadNotesError)


def _sessions(path: str, document: Mapping[str, Any]) -> dict[str, SessionNotes]:
    listed = document.get("sessions", {})
    if not isinstance(listed, dict):
        raise _mistake(path, "sessions must be an object, with what is noted by each session's id")
    sessions = {}
    for session_id, each in listed.items():
        try:
            sessions[session_id] = session_notes.of_json(each)
        except NoteMistakeError as mistake:
            raise _mistake(path, f"sessions[{json.dumps(session_id)}]: {mistake}") from None
    return sessions


def _stale_before(path: str, document: Mapping[str, Any]) -> int | None:
    told = document.get("stale_before")
    moment = timestamps.milliseconds(timestamps.utc(told))
    if told is not None and moment is None:
        raise _mistake(path, "stale_before must be a time such as 2026-02-01T09:30:00Z")
    return moment


@contextlib.contextmanager
def changing(folder: str) -> Iterator[FolderNotes]:
    """What is noted, to change it: it is put on disk, for its user alone, when the block ends as it should.

    Raises ``BadNotesError``, ``NotesBusyError`` and ``OSError``.
    """
    lock = os.path.join(folder, data_folder.NOTES_LOCK)
    descriptor = files.kept(lock)
    try:
        if not files.take(descriptor, PATIENCE):
            raise NotesBusyError(errno.EAGAIN, f"another process has been changing notes for {PATIENCE:.0f} s", lock)
        noted = read(folder)
        before = _content(noted)
        yield noted
        after = _content(noted)
        if after != before:
            files.replace(path_of(folder), after)
    finally:
        os.close(descriptor)


def _content(noted: FolderNotes) -> bytes:
    document: dict[str, Any] = {"schema_version": SCHEMA}
    if noted.stale_before is not None:
        document["stale_before"] = timestamps.rfc3339(noted.stale_before)
    document["sessions"] = {session_id: _brief(each) for session_id, each in noted.sessions.items()}
    # What is no character, as in an id of a strange log, is written as JSON's own escape.
    return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


def _brief(noted: SessionNotes) -> dict[str, Any]:
    """As JSON without what there is none of: people read the file."""
    return {name: value for name, value in noted.to_json().items() if value}


def forget(folder: str, session_ids: Iterable[str]) -> None:
    """Forget what is noted of these sessions.  Raises as ``changing`` does."""
    gone = list(session_ids)
    if not os.path.lexists(path_of(folder)) or read(folder).sessions.keys().isdisjoint(gone):
        return
    with changing(folder) as noted:
        for session_id in gone:
            noted.put(session_id, NOTHING)
