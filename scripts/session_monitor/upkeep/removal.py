"""How are sessions deleted, so that nothing of them stays and no other session is touched?

    1 remember   up to where the log was read for them, so that they do not come back      deleted
    2 remove     the index of words, what was found and noted of them, their files, the copies of damaged ones
    3 follow     the index without them                                                     writable

Whatever ends the process in between, each session is either there as before or gone for good.
"""

from __future__ import annotations

import contextlib
import fnmatch
import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from typing import BinaryIO, NamedTuple

from session_monitor.base import data_folder, files, last_run, timestamps
from session_monitor.index import opening, writable
from session_monitor.insight import forgetting
from session_monitor.log import checkpoint
from session_monitor.notes import notes_file
from session_monitor.sessions import deleted, file_names, session_file, write_lock
from session_monitor.sessions.round_counts import Counted, RoundCounts
from session_monitor.sessions.session_file import NotASessionFileError
from session_monitor.work import work_file

_COPY = re.compile(rf"(.+){re.escape(data_folder.SET_ASIDE)}\d+")


class Stored(NamedTuple):
    """One session as it was found: its file, or the name of a file of which only copies are left.

    ``size`` counts the copies in; ``positions`` are those up to which the log was read for it.
    """

    session_id: str
    file: str
    copies: tuple[str, ...]
    size: int
    updated_at: str | None
    positions: Mapping[str, int]
    state: tuple[int, int] | None


def find(folder: str, session_ids: Iterable[str]) -> dict[str, Stored]:
    """Those of these sessions that there are, by their ids.  Raises ``OSError``."""
    copies = _copies(folder)
    stored = {session_id: _find(folder, session_id, copies) for session_id in session_ids}
    return {session_id: session for session_id, session in stored.items() if session}


def last_called_before(folder: str, moment: int) -> list[Stored]:
    """The sessions whose last call began before a moment (in milliseconds), the oldest first, else by file.

    Sessions without any time are not among them, nor those whose file is damaged.  Raises ``OSError``.
    """
    copies = _copies(folder)
    with os.scandir(folder) as entries:
        names = sorted(file_names.listed(entry.name) for entry in entries if file_names.is_session(entry.name))
    sessions = [_read(folder, name, copies) for name in names]
    old = [stored for stored in sessions if stored and _is_before(stored, moment)]
    return sorted(old, key=lambda stored: timestamps.milliseconds(stored.updated_at) or 0)


def delete(folder: str, sessions: Iterable[Stored], *, before: int | None = None) -> list[Stored]:
    """Delete these sessions, and return them as they were; with ``before``, not those called since that moment.

    Raises ``write_lock.BusyError``, ``deleted.DeletedListDamagedError``, ``OSError``, and ``notes_file.BadNotesError``
    before anything is done.
    """
    notes_file.read(folder)
    with write_lock.changing(folder):
        copies = _copies(folder)
        present = [stored for stored in (_again(folder, each, copies) for each in sessions) if stored]
        doomed = [stored for stored in present if before is None or _is_before(stored, before)]
        if doomed:
            with writable.taking_out(folder, {stored.session_id: stored.file for stored in doomed}):
                _remember(folder, doomed)
                _forget_words(folder)
                _forget_told(folder, doomed)
                for stored in doomed:
                    _unlink(folder, stored)
                _forget_counts(folder, doomed)
                _forget_words(folder)  # again, for somebody may just have searched
                files.sync_folder(folder)
    if doomed:
        _forget_told(folder, doomed)  # as above; now nobody notes any more
        writable.rewrite(folder)  # takes a while where it is large, for which the monitor need not wait
    return doomed


def _remember(folder: str, doomed: Iterable[Stored]) -> None:
    known = deleted.read(folder)
    with contextlib.closing(RoundCounts(folder, to_write=False)) as counts:
        for stored in doomed:
            known.add(stored.session_id, stored.positions)
            if _went_back(folder, stored, counts):  # the file does not tell what it had once, and that is deleted too
                known.add(stored.session_id, _read_for(folder, stored.session_id))
    deleted.write(folder, known)


def _went_back(folder: str, stored: Stored, counts: RoundCounts) -> bool:
    """Whether a session file lacks what was written to it, as one that was put back from a backup."""
    try:
        with files.reading(file_names.path_of(folder, stored.file)) as file:
            return counts.missing(file_names.raw(stored.file), file, session_file.read_end(file)) is not None
    except (OSError, NotASessionFileError):
        return False


def _read_for(folder: str, session_id: str) -> dict[str, int]:
    """Up to where the logs were read by runs that are about this session."""
    read: dict[str, int] = {}
    with contextlib.suppress(checkpoint.UnusableStateError):
        state = checkpoint.read(last_run.state_file(folder), folder)
        for key, view in state.views.items() if state else ():
            if key in ("", session_id) or fnmatch.fnmatchcase(session_id, key):
                for generation in view.generations:
                    read[generation.gid] = max(generation.known_to, read.get(generation.gid, 0))
    return read


def _forget_told(folder: str, doomed: Iterable[Stored]) -> None:
    """Forget what people noted of these sessions, the work that they were begun for, and what was found in them."""
    session_ids = [stored.session_id for stored in doomed]
    forgetting.forget(folder, session_ids)
    notes_file.forget(folder, session_ids)
    work_file.forget(folder, session_ids)


def _forget_words(folder: str) -> None:
    """Remove the index of words, which is made anew when somebody searches."""
    opening.remove(os.path.join(folder, data_folder.WORD_INDEX))


def _forget_counts(folder: str, doomed: Iterable[Stored]) -> None:
    """What was in their files is not missed."""
    counts = RoundCounts(folder)
    names = [file_names.raw(stored.file) for stored in doomed]
    known = [(name, Counted(0, 0)) for name in names if counts.of(name)]
    if known:
        counts.put(known)
    counts.close()


def _unlink(folder: str, stored: Stored) -> None:
    for name in (*stored.copies, stored.file):
        files.remove(file_names.path_of(folder, name))


# -- what is there -----------------------------------------------------------------------------------------------------


def _is_before(stored: Stored, moment: int) -> bool:
    updated = timestamps.milliseconds(stored.updated_at)
    return updated is not None and updated < moment


def _copies(folder: str) -> dict[str, tuple[str, ...]]:
    """The copies of damaged files, by the names of these; a folder that was in a file's place is none."""
    copies: dict[str, tuple[str, ...]] = {}
    with os.scandir(folder) as entries:
        for entry in entries:
            copy = _COPY.fullmatch(file_names.listed(entry.name))
            if copy and not entry.is_dir(follow_symlinks=False):
                copies[copy[1]] = (*copies.get(copy[1], ()), copy[0])
    return copies


def _again(folder: str, stored: Stored, copies: Mapping[str, tuple[str, ...]]) -> Stored | None:
    """What has become of a session since it was found."""
    if stored.copies == copies.get(stored.file, ()) and stored.state == _state(file_names.path_of(folder, stored.file)):
        return stored
    return _find(folder, stored.session_id, copies)


def _state(path: str) -> tuple[int, int] | None:
    """Changes with what is there; None where that is nothing, or a folder, which is nobody's session."""
    try:
        state = os.lstat(path)
    except FileNotFoundError:
        return None
    return None if stat.S_ISDIR(state.st_mode) else (state.st_size, state.st_mtime_ns)


def _find(folder: str, session_id: str, copies: Mapping[str, tuple[str, ...]]) -> Stored | None:
    for name in (file_names.file_name(session_id), file_names.other_name(session_id)):
        stored = _read(folder, name, copies) or _unreadable(folder, name, session_id, copies)
        if stored and stored.session_id == session_id:
            return stored
    return None


def _read(folder: str, name: str, copies: Mapping[str, tuple[str, ...]]) -> Stored | None:
    """The session in a file of this name; None where there is none, or somebody gave the file another name."""
    path = file_names.path_of(folder, name)
    try:
        with files.reading(path) as file:
            state = os.fstat(file.fileno())
            session_id = session_file.read_header(file)
            end = session_file.read_end(file)
    except (FileNotFoundError, files.OddFileError, NotASessionFileError):
        return None
    if name not in (file_names.file_name(session_id), file_names.other_name(session_id)):
        return None
    own = copies.get(name, ())
    tells_all = end.footer and end.summary.knows_all_positions and not own
    positions = end.summary.positions if tells_all else _applied(folder, (name, *own))
    size = state.st_size + _size(folder, own)
    updated_at = end.summary.updated_at if end.footer else None  # there may be later calls behind the damage
    return Stored(session_id, name, own, size, updated_at, positions, (state.st_size, state.st_mtime_ns))


def _unreadable(folder: str, name: str, session_id: str, copies: Mapping[str, tuple[str, ...]]) -> Stored | None:
    """A session of which only a file without a whole header is left, or copies of such files."""
    state = _state(file_names.path_of(folder, name))
    own = copies.get(name, ())
    there = (name, *own) if state else own
    if not there or any(_is_anothers(file_names.path_of(folder, each), session_id) for each in there):
        return None
    return Stored(session_id, name, own, _size(folder, there), None, _applied(folder, there), state)


def _is_anothers(path: str, session_id: str) -> bool:
    try:
        with files.reading(path) as file:
            return session_file.read_header(file) != session_id
    except (files.OddFileError, PermissionError, NotASessionFileError):
        return False


def _size(folder: str, names: Iterable[str]) -> int:
    return sum(os.lstat(file_names.path_of(folder, name)).st_size for name in names)


def _applied(folder: str, names: Iterable[str]) -> dict[str, int]:
    """Up to where the log was applied, as far as footers and whole rounds of these files tell."""
    applied: dict[str, int] = {}
    for name in names:
        with (
            contextlib.suppress(files.OddFileError, PermissionError),
            files.reading(file_names.path_of(folder, name)) as file,
        ):
            for generation, end in _ends(file):
                applied[generation] = max(end, applied.get(generation, 0))
    return applied


def _ends(file: BinaryIO) -> Iterator[tuple[str, int]]:
    with contextlib.suppress(NotASessionFileError):
        yield from session_file.read_end(file).summary.positions.items()
    for entry in session_file.rounds_behind(file, 0):
        generation, _, end = entry["log"]
        yield generation, end
