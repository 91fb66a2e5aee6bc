"""Is everything set up so that the answers are right, and if not, what is to be done?

Nothing is written and nothing locked for longer than a moment.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from session_monitor.base import files
from session_monitor.index import database, opening
from session_monitor.index.database import Index
from session_monitor.log import checkpoint, rotation, tail
from session_monitor.log import generation as identity
from session_monitor.log.checkpoint import View
from session_monitor.log.log_file import LogFile, NotAFile, NotReady
from session_monitor.log.rotation import Place
from session_monitor.prices import own_lists
from session_monitor.prices.book import Book
from session_monitor.prices.price_list import BadPriceList
from session_monitor.sessions import file_names
from session_monitor.text import humanize

from . import call_checks
from .call_checks import FAIL, LOOK_BYTES, LOOK_LINES, OK, WARN, Check, Sample

SMALL_INDEX = 64 << 20
"""An index up to this size is looked through without being asked to."""
_OLDEST_PYTHON = (3, 9)
_OLDEST_SQLITE = (3, 24)  # the first that knows ON CONFLICT DO UPDATE
_LITTLE_ROOM = 1 << 30
_NO_ROOM = 50 << 20


class Case(NamedTuple):
    """What is to be looked at.  Without ``logs`` it is the default one, or those that the state file names.

    ``now`` is the time in seconds since 1970; with ``deep`` a large index is looked through as well.
    """

    logs: Sequence[str]
    data_dir: str
    state_file: str
    environment: Mapping[str, str]
    now: float
    default_log: str
    deep: bool = False


def examine(case: Case) -> Iterator[Check]:
    """All checks, each as soon as it is made."""
    views, of_state = _state(case)
    book, of_prices = _book(case)
    yield python(sys.version_info[:3])
    yield sqlite(sqlite3.sqlite_version_info, has_full_text=_has_full_text())
    logs = case.logs or _named_logs(case.default_log, views)
    yield from _logs(case, logs)
    sample = _sample(logs, book)
    if sample:
        yield from call_checks.checks(sample, case.now)
    yield _folder(case.data_dir)
    yield _monitor(case)
    if sample:
        yield _unread(case, logs, views)
    yield of_state
    yield _index(case, book)
    yield of_prices
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


# -- the logs ----------------------------------------------------------------------------------------------------------


def _named_logs(default: str, views: Mapping[str, View]) -> list[str]:
    """The default log; where that is not there, those that the monitor read last."""
    if os.path.lexists(default):
        return [default]
    generations = [each for view in views.values() for each in view.generations if not each.gone]
    found: list[str] = []
    rotated: set[str] = set()
    for path in sorted({generation.path for generation in generations}, key=len):
        if path not in rotated and os.path.lexists(path):
            found.append(path)
            with contextlib.suppress(OSError):
                rotated.update(place.path for place in rotation.find([path]))
    return found


def _logs(case: Case, logs: Sequence[str]) -> Iterator[Check]:
    todo = "name the gateway's access log with --log-path, here and for main.py"
    if not logs:
        level = WARN if _has_sessions(case.data_dir) else FAIL
        yield Check("log", level, f"there is no {case.default_log}, and no state file that names another", todo)
    for log in logs:
        try:
            places = rotation.find([log])
        except OSError as error:
            found = f"{error.filename} cannot be listed: {error.strerror}"
            yield Check("log", FAIL, found, "let this user read the log's folder: rotated files are found in it")
            continue
        if not places:
            yield Check("log", FAIL, f"there is no {log}", todo)
            continue
        yield _log(log, places)
        yield _rotation(log, places)


def _log(log: str, places: Sequence[Place]) -> Check:
    """Whether all files of a log can be read."""
    size = 0
    for place in places:
        try:
            with contextlib.closing(LogFile(place)) as file:
                size += file.stat.st_size if place.is_live else 0
        except FileNotFoundError:  # renamed just now
            continue
        except NotAFile:
            return Check("log", FAIL, f"{place.path} is no regular file", "name the file that the gateway writes")
        except OSError as error:
            todo = "let this user read it, such as by the group that the log belongs to, also after it was rotated"
            return Check("log", FAIL, f"{place.path} cannot be read: {error.strerror}", todo)
    live = [place.path for place in places if place.is_live]
    if not live:
        todo = "see that the gateway writes to it; after a rotation it may take until its next call"
        return Check("log", WARN, f"only rotated files of {log} are there", todo)
    return Check("log", OK, f"{', '.join(live)}: {humanize.size(size)}, readable")


def _rotation(log: str, places: Sequence[Place]) -> Check:
    """What rotation leaves, and whether the monitor can follow it."""
    rotated = [place for place in places if not place.is_live]
    passed = [
        name for folder in {os.path.dirname(place.path) for place in places} for name in _unread_names(folder, log)
    ]
    if passed:
        todo = "let logrotate compress with gzip, bzip2 or xz: .zst is not read"
        return Check("rotation", WARN, f"beside {log} are files that are not read: {', '.join(passed)}", todo)
    if not rotated:
        return Check("rotation", OK, f"no rotated files beside {log} yet")
    kind = " and ".join(
        name
        for name, is_dated in (("numbered", False), ("dated", True))
        if is_dated in {each.is_dated for each in rotated}
    )
    compressed = [place for place in rotated if place.compressed]
    found = (
        f"{humanize.counted(len(rotated), 'rotated file')} beside {log}, {kind}, {len(compressed) or 'none'} compressed"
    )
    for place in reversed(compressed):
        problem = _unreadable(place)
        if problem:
            return Check("rotation", WARN, f"{place.path} {problem}", "see whether the disk was full when it was made")
        break  # the newest stands for the others
    if rotated[-1].compressed and not rotated[-1].beside_plain:
        todo = "add delaycompress to logrotate: what the gateway writes while a file is being compressed is lost"
        return Check("rotation", WARN, f"{found}, the newest of them too", todo)
    return Check("rotation", OK, found)


def _unread_names(folder: str, log: str) -> list[str]:
    base = os.path.basename(log)
    return sorted(name for name in os.listdir(folder or ".") if name.startswith(base) and name.endswith(".zst"))[:5]


def _unreadable(place: Place) -> str:
    """Why a compressed file cannot be read; empty where it can, or is too large to be tried."""
    try:
        with contextlib.closing(LogFile(place)) as file:
            return "" if file.stat.st_size > LOOK_BYTES or file.size else "is empty"
    except NotReady:
        return "" if place.beside_plain else "is not whole"
    except (OSError, NotAFile):  # gone meanwhile
        return ""


def _sample(logs: Sequence[str], book: Book | None) -> Sample | None:
    """The calls at the end of the logs; None where no file can be read."""
    newest = [place for log in logs for place in _newest(log)]
    sample = None
    for place in newest:
        with contextlib.suppress(OSError, NotAFile), contextlib.closing(LogFile(place)) as file:
            sample = sample or Sample()
            lines = call_checks.last_lines(file, LOOK_BYTES // len(newest), LOOK_LINES // len(newest))
            call_checks.take(sample, lines, book)
    return sample


def _newest(log: str) -> Iterator[Place]:
    """Of each log that this names, the newest file that is plain and has something in it."""
    with contextlib.suppress(OSError):
        families: dict[int, Place] = {}
        for place in rotation.find([log]):
            if not place.compressed and os.path.isfile(place.path) and os.path.getsize(place.path):
                families[place.order[0]] = place
        yield from families.values()


# -- the monitor -------------------------------------------------------------------------------------------------------


def _folder(folder: str) -> Check:
    try:
        mode = os.stat(folder).st_mode & 0o777
        entries = os.listdir(folder)
    except FileNotFoundError:
        todo = "run main.py, or name the folder that it writes to with --data-dir"
        return Check("data folder", FAIL, f"there is no folder {folder}", todo)
    except OSError as error:
        return Check("data folder", FAIL, f"{folder} cannot be listed: {error.strerror}", "ask as the monitor's user")
    sessions = humanize.counted(sum(map(file_names.is_session, entries)), "session")
    open_ones = [folder] if mode & 0o077 else []
    open_ones += [name for name in entries if _holds_calls(name) and _is_open(os.path.join(folder, name))]
    if open_ones:
        found = f"{folder}: others may look into {', '.join(open_ones[:3])}{' …' if len(open_ones) > 3 else ''}"
        todo = "conversations are private: chmod 700 for the folder, 600 for what is in it"
        return Check("data folder", WARN, found, todo)
    if not os.access(folder, os.W_OK):
        found = f"{folder}: {sessions}; this user may not write there"
        return Check("data folder", WARN, found, "fine for asking; the monitor must run as the user who may")
    return Check("data folder", OK, f"{folder}: {sessions}, private")


def _holds_calls(name: str) -> bool:
    return file_names.is_session(name) or name.startswith(opening.FILE) or ".json.corrupt-" in name


def _is_open(path: str) -> bool:
    try:
        return bool(os.lstat(path).st_mode & 0o077) and not os.path.islink(path)
    except OSError:
        return False


def _monitor(case: Case) -> Check:
    lock = os.path.join(case.data_dir, database.LOCK)
    try:
        written = f", read positions last written {humanize.ago(case.now - os.stat(case.state_file).st_mtime)}"
    except OSError:
        written = ", no read positions written yet"
    if files.is_locked(lock):
        with open(lock, "rb") as file:
            about = file.read(200).decode("utf-8", "replace").strip()
        return Check("monitor", OK, f"at work ({about}){written}")
    return Check("monitor", OK, f"none is at work now{written}")


def _unread(case: Case, logs: Sequence[str], views: Mapping[str, View]) -> Check:
    """How far the sessions are behind the logs."""
    view = views.get("") or next(iter(views.values()), View())
    try:
        unread, unknown = unread_bytes(logs, view)
    except OSError as error:
        return Check("unread", WARN, f"not known: {error.filename} cannot be read", "see what is said of the log")
    found = f"{humanize.size(unread)} of the log are still to be read" if unread else "all of the log has been read"
    if unknown:
        found += f"; {humanize.counted(unknown, 'compressed file')} not looked into"
    if not unread or files.is_locked(os.path.join(case.data_dir, database.LOCK)):
        return Check("unread", OK, found)
    todo = "run main.py on it: with --follow, or from cron with --once"
    return Check("unread", WARN, found, todo)


def unread_bytes(logs: Sequence[str], view: View) -> tuple[int, int]:
    """Bytes of the logs behind what was read; and how many compressed files may hold some, which would take long.

    Raises ``OSError`` where a file cannot be read.
    """
    known = {generation.file_state: generation for generation in view.generations}
    unknown = unread = 0
    with contextlib.ExitStack() as stack:
        opened: list[LogFile] = []
        for place in rotation.find(logs):
            with contextlib.suppress(FileNotFoundError, NotAFile):
                file = stack.enter_context(contextlib.closing(LogFile(place)))
                if file.key not in {other.key for other in opened}:
                    opened.append(file)
        packed: set[tuple[int, ...]] = {file.state for file in opened if file.place.compressed}
        unread += sum(max(0, known[state].size_seen - known[state].offset) for state in packed & set(known))
        unknown = len(packed - set(known))
        rest = [generation for generation in view.generations if generation.file_state not in packed]
        match = identity.match(rest, [file for file in opened if not file.place.compressed])
        unread += sum(tail.unread(*pair) for pair in match.found) + sum(file.size for file in match.new)
    return unread, unknown


def _state(case: Case) -> tuple[Mapping[str, View], Check]:
    """The read positions, and what is to be said of them."""
    todo = "the next run of main.py reads the logs from their beginning; nothing is counted twice"
    try:
        found = checkpoint.read(case.state_file, case.data_dir)
    except checkpoint.Unusable as unusable:
        return {}, Check("state file", WARN, f"{case.state_file} {unusable}", todo)
    except OSError as error:
        found_text = f"{case.state_file} cannot be read: {error.strerror}"
        return {}, Check("state file", WARN, found_text, "ask as the monitor's user")
    if found is None:
        if _has_sessions(case.data_dir):
            return {}, Check("state file", WARN, f"there are sessions and no {case.state_file}", todo)
        return {}, Check("state file", WARN, f"there is no {case.state_file}", "run main.py")
    views = found[1]
    return views, _told(views)


def _told(views: Mapping[str, View]) -> Check:
    generations = [generation for view in views.values() for generation in view.generations]
    there = sum(not generation.gone for generation in generations)
    lost = sum(view.coverage.lost_bytes for view in views.values())
    gaps = sum(view.coverage.unknown_gaps for view in views.values())
    found = f"sound; knows {humanize.counted(len(generations), 'generation')} of the log, {humanize.count(there)} of them there"
    if views and "" not in views:
        found += "; only runs with --session-key have read it"
    if lost or gaps:
        found += f"; at least {humanize.size(lost)} were removed unread"
        found += f", and {humanize.counted(gaps, 'time')} all files were exchanged between two runs" if gaps else ""
        todo = "keep more rotated files (logrotate's rotate), or run the monitor more often; what is lost stays lost"
        return Check("state file", WARN, found, todo)
    return Check("state file", OK, found)


def _has_sessions(folder: str) -> bool:
    try:
        return any(map(file_names.is_session, os.listdir(folder)))
    except OSError:
        return False


# -- index and prices --------------------------------------------------------------------------------------------------


def _index(case: Case, book: Book | None) -> Check:
    path = os.path.join(case.data_dir, opening.FILE)
    try:
        size = os.path.getsize(path)
        with contextlib.closing(opening.without_trace(path)) as db:
            return _of_index(Index(db, case.data_dir, book or Book([])), size, is_priced=book is not None, case=case)
    except OSError:
        return Check("index", OK, "none yet; the next question makes it")
    except sqlite3.OperationalError as error:
        return Check("index", WARN, f"{path} cannot be opened: {error}", "ask as the monitor's user")
    except opening.DAMAGE:
        return _damaged(path)


def _of_index(found: Index, size: int, *, is_priced: bool, case: Case) -> Check:
    if not found.is_known():
        return Check("index", OK, "another version's; the next question makes it anew")
    sound = "sound"
    if case.deep or size <= SMALL_INDEX:
        (answer,) = found.db.execute("PRAGMA quick_check(1)").fetchone()
        if answer != "ok":
            return _damaged(os.path.join(case.data_dir, opening.FILE))
    else:
        sound = "not looked through (--deep does)"
    if not found.is_current():
        return Check("index", OK, f"{sound}; behind the session files: the next question brings it up to date")
    if is_priced and not found.is_priced():
        return Check("index", OK, f"{sound} and current, with earlier prices: the next question prices it anew")
    return Check("index", OK, f"{sound} and current")


def _damaged(path: str) -> Check:
    return Check("index", WARN, f"{path} is damaged", "take it away: the next question makes it anew")


def _book(case: Case) -> tuple[Book | None, Check]:
    try:
        found = own_lists.book(case.data_dir, case.environment)
    except (BadPriceList, OSError) as error:
        return None, Check("price lists", FAIL, str(error), "correct it there, or take the file away")
    own = [path for path in _own_lists(case) if os.path.exists(path)]
    return found, Check("price lists", OK, f"without a mistake: {', '.join([*own, 'the shipped one'])}")


def _own_lists(case: Case) -> Iterable[str]:
    return own_lists.of_folder(case.data_dir), own_lists.of_person(case.environment)
