"""What is broken in a data folder, and what can be mended?

A session file that lacks its end, because a process was killed, gets one again: whatever is whole in it stays, and the
monitor reads the rest from the log.  One that is damaged otherwise is left to the monitor, which knows what of it can
be read again.  Where one has fewer rounds than were written to it, the next run reads the logs from their beginning.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Callable, NamedTuple

from session_monitor.base import data_folder, files, last_run
from session_monitor.index import access, opening
from session_monitor.index.database import Index, Progress
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.prices.book import Book
from session_monitor.sessions import file_names, session_file, summary, write_lock
from session_monitor.sessions.round_counts import RoundCounts

from . import session_check
from .session_check import CheckFinding

LEFTOVER_SECONDS = 60
"""How old a temporary file is that nobody is writing any more."""


class Mended(NamedTuple):
    """A session file that got an end again: its rounds, and the bytes behind them that made no whole line."""

    file: str
    rounds: int
    dropped: int


@dataclass
class Repaired:
    """What was done; ``damaged`` says of session files why they were left as they are.

    ``read_again`` are those that lack what they had once, and for which the next run reads the logs again; ``waiting``
    the same, while a monitor at work keeps that from being asked for.
    """

    mended: list[Mended] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    damaged: list[CheckFinding] = field(default_factory=list)
    read_again: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    index_made_anew: bool = False


def repair(folder: str, book: Book, now: float, progress: Progress, state_file: str | None = None) -> Repaired:
    """Repair a data folder; ``now`` is in seconds since 1970, ``progress`` hears of the making of an index.

    Raises ``write_lock.BusyError`` and ``OSError``.
    """
    done = Repaired()
    names = sorted(map(file_names.listed, filter(file_names.is_session, os.listdir(folder))))
    suspects = [name for name in names if _faults(folder, name)]
    if suspects:
        with write_lock.changing(folder):
            for name in suspects:
                _repair_session(folder, name, done)
            files.sync_folder(folder)
    _have_read_again(folder, state_file or last_run.state_file(folder), done)
    for name in _leftovers(folder, now):
        files.remove(os.path.join(folder, name))
        done.removed.append(name)
    for name in (data_folder.WORD_INDEX, data_folder.INSIGHTS):
        derived = os.path.join(folder, name)
        if not _is_sound(opening.database, derived):
            opening.remove(derived)
            done.removed.append(name)
    path = os.path.join(folder, data_folder.INDEX)
    if not _is_sound(opening.read_only, path):
        access.ask(folder, book, _check, progress)
        done.index_made_anew = _is_sound(opening.read_only, path)
        with write_lock.changing(folder):  # tells the monitor, which has the other one open
            pass
    return done


# -- session files -----------------------------------------------------------------------------------------------------


def _faults(folder: str, name: str) -> list[CheckFinding]:
    return session_check.look(folder, name, quick=False).faults


def _repair_session(folder: str, name: str, done: Repaired) -> None:
    """Mend a session file; since it was looked at, the monitor may have done so, or it may be gone."""
    path = file_names.path_of(folder, name)
    faults = _faults(folder, name)
    if not faults:
        return
    is_blank = _is_blank(path)
    if not is_blank and any(fault.todo != session_check.TORN for fault in faults):
        done.damaged += faults
        return
    with open(files.opened(path, os.O_RDWR), "r+b") as file:
        end = session_file.End(summary.Summary(), 0) if is_blank else session_file.recover(file)
        if end.summary.messages_count:
            footer = session_file.footer(end.summary, end.next_byte, b"")
            files.write_all(file.fileno(), footer, end.next_byte)
            os.ftruncate(file.fileno(), end.next_byte + len(footer))
            os.fsync(file.fileno())
            done.mended.append(Mended(name, end.summary.messages_count, end.dropped))
        else:  # its first round was never whole
            os.unlink(path)
            done.removed.append(name)


def _have_read_again(folder: str, state_file: str, done: Repaired) -> None:
    """Have the logs read again for the files that lack what they had once."""
    with contextlib.closing(RoundCounts(folder, to_write=False)) as counts:
        went_back = dict(_went_back(folder, counts))
        removed = [name for name in done.removed if counts.of(file_names.raw(name))]
    if not went_back and not removed:
        return
    try:
        with files.lock(os.path.join(folder, data_folder.LOCK), f"repair, pid {os.getpid()}"):
            state = Checkpoint(state_file, folder)
            asked = [session_id for session_id in went_back if session_id not in state.to_look_at]
            state.rewind()  # also for those that are asked for: they may have gone back once more since they were read for
            state.to_look_at.update(dict.fromkeys(went_back))
            state.save()
            done.read_again += [*removed, *(went_back[session_id] for session_id in asked)]
    except files.LockHeldError:
        done.waiting += [*removed, *went_back.values()]


def _went_back(folder: str, counts: RoundCounts) -> Iterator[tuple[str, str]]:
    """The ids and the names of those that are there."""
    for name in sorted(map(file_names.listed, filter(file_names.is_session, os.listdir(folder)))):
        looked = session_check.look(folder, name, quick=True, counts=counts)
        if looked.written and any(fault.todo == session_check.WENT_BACK for fault in looked.faults):
            yield looked.written.session_id, name


def _is_blank(path: str) -> bool:
    """Whether nothing in a file is whole, and it begins like a session file."""
    try:
        with files.reading(path) as file:
            return session_file.is_blank(file) and next(session_file.rounds_behind(file, 0), None) is None
    except OSError:
        return False


# -- the rest ----------------------------------------------------------------------------------------------------------


def _leftovers(folder: str, now: float) -> Iterator[str]:
    """Files that were to be put in the place of others, by somebody who was killed."""
    with os.scandir(folder) as entries:
        for entry in list(entries):
            is_ours = entry.name.startswith(".") and entry.name.endswith(".json" + files.TEMPORARY)
            if is_ours and not entry.is_dir(follow_symlinks=False) and _is_old(entry, now):
                yield entry.name
    rest = data_folder.input_file(folder)
    is_there = os.path.lexists(rest) and (os.path.islink(rest) or not os.path.isdir(rest))
    if is_there and not data_folder.is_monitor_at_work(folder):
        yield data_folder.STDIN


def _is_old(entry: os.DirEntry[str], now: float) -> bool:
    return now - entry.stat(follow_symlinks=False).st_mtime > LEFTOVER_SECONDS


def _is_sound(connect: Callable[[str], sqlite3.Connection], path: str) -> bool:
    """Whether a database is consistent, as far as can be told; also where there is none."""
    try:
        with contextlib.closing(connect(path)) as db:
            return bool(db.execute("PRAGMA quick_check(1)").fetchall() == [("ok",)])
    except sqlite3.OperationalError:  # not there, or somebody is at work on it
        return True
    except opening.DAMAGE:
        return False


def _check(index: Index) -> None:
    if index.db.execute("PRAGMA quick_check(1)").fetchall() != [("ok",)]:
        raise sqlite3.DatabaseError
