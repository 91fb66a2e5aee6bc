"""Is everything set up so that the answers are right, and if not, what is to be done?

Nothing is written and nothing locked for longer than a moment.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import sqlite3
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping

from session_monitor.base import data_folder, files, last_run
from session_monitor.index import opening
from session_monitor.index.database import Index
from session_monitor.log import checkpoint
from session_monitor.log.checkpoint import LogView
from session_monitor.own_prices import own_lists
from session_monitor.prices.book import Book
from session_monitor.prices.price_list import BadPriceListError
from session_monitor.sessions import file_names
from session_monitor.text import humanize

from . import alert_checks, call_checks, log_checks, otlp_checks, store_checks
from .checks import FAIL, OK, WARN, Case, Check, has_sessions, some

SMALL_INDEX = 64 << 20
"""An index up to this size is looked through without being asked to."""
_OLDEST_PYTHON = (3, 9)
_OLDEST_SQLITE = (3, 24)  # the first that knows ON CONFLICT DO UPDATE
_LITTLE_ROOM = 1 << 30
_NO_ROOM = 50 << 20


def examine(case: Case) -> Iterator[Check]:
    """All checks, each as soon as it is made."""
    views, of_state = _state(case)
    book, of_prices = _book(case)
    yield python(sys.version_info[:3])
    yield sqlite(sqlite3.sqlite_version_info, has_full_text=_has_full_text())
    if case.settings:
        yield Check("settings", OK, "; ".join(case.settings))
    ran = last_run.read(case.data_dir)
    logs = case.logs or log_checks.logs_of(ran) or log_checks.named_logs(case.default_log, views)
    if ran and ran.lacks:
        yield log_checks.of_last_run(case, ran)
    yield from log_checks.checks(case, logs, views)
    sample = log_checks.sampled(case, logs, book)
    if sample:
        yield from call_checks.checks(sample, case.now)
    yield _folder(case.data_dir)
    yield _monitor(case)
    if sample:
        yield log_checks.unread(case, logs, views)
    yield of_state
    yield _index(case, book)
    yield of_prices
    yield from alert_checks.checks(case)
    yield from otlp_checks.checks(case)
    yield from store_checks.checks(case)
    yield disk(case.data_dir, shutil.disk_usage(_existing(case.data_dir)).free)


# -- the machine -------------------------------------------------------------------------------------------------------


def python(version: tuple[int, ...]) -> Check:
    """Whether this Python will do."""
    found = f"Python {'.'.join(map(str, version))}"
    if version < _OLDEST_PYTHON:
        return Check("Python", FAIL, found, "use Python 3.9 or newer")
    return Check("Python", OK, found)


def sqlite(version: tuple[int, ...], *, has_full_text: bool) -> Check:
    """Whether Python's SQLite will do."""
    found = f"SQLite {'.'.join(map(str, version))}, {'with' if has_full_text else 'without'} full-text search (FTS5)"
    if version < _OLDEST_SQLITE:
        return Check("SQLite", FAIL, found, "use a Python that was built with SQLite 3.24 or newer")
    if not has_full_text:
        return Check("SQLite", WARN, found, "use a Python whose SQLite has FTS5, if conversations are to be searched")
    return Check("SQLite", OK, found)


def _has_full_text() -> bool:
    try:
        with contextlib.closing(sqlite3.connect(":memory:")) as db:
            db.execute("CREATE VIRTUAL TABLE words USING fts5(word)")
    except sqlite3.OperationalError:
        return False
    return True


def disk(folder: str, free: int) -> Check:
    """Whether there is room where the sessions are kept."""
    found = f"{humanize.size(free)} free where {folder} is"
    if free >= _LITTLE_ROOM:
        return Check("disk", OK, found)
    todo = "make room, or name another --output-dir; nothing that is not written is lost while its log is still there"
    return Check("disk", FAIL if free < _NO_ROOM else WARN, found, todo)


def _existing(folder: str) -> str:
    """The folder, or the nearest one above it that is there."""
    while not os.path.isdir(folder or "."):
        folder = os.path.dirname(folder)
    return folder or "."


# -- the monitor -------------------------------------------------------------------------------------------------------


def _folder(folder: str) -> Check:
    try:
        state = os.stat(folder)
        mode = stat.S_IMODE(state.st_mode)
        entries = os.listdir(folder)
    except FileNotFoundError:
        todo = "run main.py, or name the folder that it writes to with --data-dir"
        return Check("data folder", FAIL, f"there is no folder {folder}", todo)
    except OSError as error:
        return Check("data folder", FAIL, f"{folder} cannot be listed: {error.strerror}", "ask as the monitor's user")
    problem = (
        _distrusted(folder)
        or _odd(folder, entries)
        or _closed(folder, entries)
        or _seen_by_others(folder, mode, entries)
    )
    if problem:
        return problem
    sessions = humanize.counted(sum(map(file_names.is_session, entries)), "session")
    if not os.access(folder, os.W_OK):
        found = f"{folder}: {sessions}; this user may not write there"
        return Check("data folder", WARN, found, "fine for asking; the monitor must run as the user who may")
    whose = f"shared with {_group(state.st_gid)}" if files.is_shared(mode) else "private"
    return Check("data folder", OK, f"{folder}: {sessions}, {whose}")


def _group(number: int) -> str:
    import grp  # noqa: PLC0415 -- few share

    try:
        return f"the group {grp.getgrgid(number).gr_name}"
    except KeyError:
        return f"the group {number}"


def _distrusted(folder: str) -> Check | None:
    """Why others can put their own files in the place of the folder's, if they can."""
    name = shlex.quote(folder)
    try:
        data_folder.check_whose(folder)
    except files.OddFileError as odd:
        todo = f'name another one, or run: chown "$(id -un)" {name}'
        return Check("data folder", FAIL, f"{folder} {odd.what}", todo)
    who = data_folder.other_writers(folder)
    if who:
        return Check("data folder", FAIL, f"{folder}: {who} may exchange what is in it", f"run: chmod 700 {name}")
    return None


def _odd(folder: str, entries: Iterable[str]) -> Check | None:
    """What is in the folder under a file's name and is none of its files, if anything is."""
    found = list(data_folder.odd_things(folder))
    for name in sorted(filter(file_names.is_session, entries)):
        try:
            files.check(os.path.join(folder, name))
        except files.OddFileError as odd:
            found.append(odd)
    if not found:
        return None
    named = some([f"{os.path.basename(odd.filename)} {odd.what}" for odd in found])
    todo = "take out of the folder what is none of its own files; it is neither read nor written to"
    return Check("data folder", FAIL, f"{folder}: {named}", todo)


def _closed(folder: str, entries: Iterable[str]) -> Check | None:
    """Which session files this user may not read, if there are any: there is no answer without them."""
    sessions = list(filter(file_names.is_session, entries))
    closed = [name for name in sessions if _is_closed(os.path.join(folder, name))]
    if not closed:
        return None
    found = f"{folder}: this user may not read {humanize.count(len(closed))} of {humanize.counted(len(sessions), 'session file')}"
    return Check(
        "data folder", FAIL, found, "ask as the monitor's user; no question is answered by a part of the sessions"
    )


def _is_closed(path: str) -> bool:
    return not os.access(path, os.R_OK) and os.access(path, os.F_OK)  # or it was deleted meanwhile


def _seen_by_others(folder: str, mode: int, entries: Iterable[str]) -> Check | None:
    open_ones = [folder] if mode & 0o077 and not files.is_shared(mode) else []
    open_ones += [name for name in entries if _holds_calls(name) and _is_open(os.path.join(folder, name), mode)]
    if open_ones:
        found = f"{folder}: others may look into {', '.join(open_ones[:3])}{' …' if len(open_ones) > 3 else ''}"
        todo = "conversations are private: chmod 700 for the folder, 600 for what is in it"
        return Check("data folder", WARN, found, todo)
    return None


def _holds_calls(name: str) -> bool:
    return (
        file_names.is_session(name)
        or name.startswith(data_folder.INDEX)
        or f"{file_names.SUFFIX}{data_folder.SET_ASIDE}" in name
    )


def _is_open(path: str, folder_mode: int) -> bool:
    try:
        mode = os.lstat(path).st_mode
        return not stat.S_ISLNK(mode) and files.is_open(mode, folder_mode)
    except OSError:
        return False


def _monitor(case: Case) -> Check:
    try:
        written = f", read positions last written {humanize.ago(case.now - os.stat(case.state_file).st_mtime)}"
    except OSError:
        written = ", no read positions written yet"
    if data_folder.is_monitor_at_work(case.data_dir):
        with files.reading(os.path.join(case.data_dir, data_folder.LOCK)) as file:
            about = file.read(200).decode("utf-8", "replace").strip()
        return Check("monitor", OK, f"at work ({about}){written}")
    return Check("monitor", OK, f"none is at work now{written}")


def _state(case: Case) -> tuple[Mapping[str, LogView], Check]:
    """The read positions, and what is to be said of them."""
    todo = "the next run of main.py reads the logs from their beginning; nothing is counted twice"
    try:
        state = checkpoint.read(case.state_file, case.data_dir)
    except checkpoint.UnusableStateError as unusable:
        return {}, Check("state file", WARN, f"{case.state_file} {unusable}", todo)
    except OSError as error:
        found_text = f"{case.state_file} cannot be read: {error.strerror}"
        return {}, Check("state file", WARN, found_text, "ask as the monitor's user")
    if state is None:
        if has_sessions(case.data_dir):
            return {}, Check("state file", WARN, f"there are sessions and no {case.state_file}", todo)
        return {}, Check("state file", WARN, f"there is no {case.state_file}", "run main.py")
    return state.views, _told(state.views)


def _told(views: Mapping[str, LogView]) -> Check:
    generations = [generation for view in views.values() for generation in view.generations]
    there = sum(not generation.gone for generation in generations)
    lost = sum(view.coverage.lost_bytes for view in views.values())
    gaps = sum(view.coverage.unknown_gaps for view in views.values())
    went = sum(view.coverage.lost_calls for view in views.values())
    found = f"sound; knows {humanize.counted(len(generations), 'generation')} of the log, {humanize.count(there)} of them there"
    if views and "" not in views:
        found += "; only runs with --session-key have read it"
    if went:
        found += f"; {humanize.counted(went, 'call')} were lost with session files that were put back from a backup"
    if lost:
        found += f"; at least {humanize.size(lost)} were removed unread"
    if gaps:
        found += f"; {humanize.counted(gaps, 'time')} all files were exchanged between two runs"
    if lost or gaps:
        todo = "keep more rotated files (logrotate's rotate), or run the monitor more often; what is lost stays lost"
        return Check("state file", WARN, found, todo)
    if went:
        return Check("state file", WARN, found, "put back a later backup, if there is one; what no file has stays lost")
    return Check("state file", OK, found)


# -- index and prices --------------------------------------------------------------------------------------------------


def _index(case: Case, book: Book | None) -> Check:
    path = os.path.join(case.data_dir, data_folder.INDEX)
    try:
        size = os.path.getsize(path)
        with contextlib.closing(opening.read_only(path)) as db:
            return _of_index(Index(db, case.data_dir, book or Book([])), size, is_priced=book is not None, case=case)
    except OSError:
        return Check("index", OK, "none yet; the next question makes it")
    except opening.NoIndexError:
        found = "a copy, or a part of it was taken away or replaced; the next question makes it anew"
        return Check("index", OK, found)
    except sqlite3.OperationalError as error:
        return Check("index", WARN, f"{path} cannot be opened: {error}", "ask as the monitor's user")
    except opening.DAMAGE:
        return _damaged(path)


def _of_index(index: Index, size: int, *, is_priced: bool, case: Case) -> Check:
    if not index.is_known():
        return Check("index", OK, "another version's; the next question makes it anew")
    sound = "sound"
    if case.deep or size <= SMALL_INDEX:
        (answer,) = index.db.execute("PRAGMA quick_check(1)").fetchone()
        if answer != "ok":
            return _damaged(os.path.join(case.data_dir, data_folder.INDEX))
    else:
        sound = "not looked through (--deep does)"
    if not index.is_current():
        return Check("index", OK, f"{sound}; perhaps behind the session files: the next question brings it up to date")
    if is_priced and not index.is_priced():
        return Check("index", OK, f"{sound} and current, with earlier prices: the next question prices it anew")
    return Check("index", OK, f"{sound} and current")


def _damaged(path: str) -> Check:
    return Check("index", WARN, f"{path} is damaged", "take it away: the next question makes it anew")


def _book(case: Case) -> tuple[Book | None, Check]:
    try:
        book = own_lists.book(case.data_dir, case.environment)
    except (BadPriceListError, OSError) as error:
        return None, Check("price lists", FAIL, str(error), "correct it there, or take the file away")
    own = [path for path in _own_lists(case) if os.path.exists(path)]
    return book, Check("price lists", OK, f"without a mistake: {', '.join([*own, 'the shipped one'])}")


def _own_lists(case: Case) -> Iterable[str]:
    return filter(None, (own_lists.of_folder(case.data_dir), own_lists.of_person(case.environment)))
