"""Are the logs there, readable, rotated, and read?"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence

from session_monitor.base import data_folder, timestamps
from session_monitor.base.last_run import LastRun
from session_monitor.log import matching, rotation, tail, verdicts
from session_monitor.log.checkpoint import LogView
from session_monitor.log.log_file import Descriptors, LogFile, NotAFileError, OutsideError, TruncatedError
from session_monitor.log.rotation import LogPlace
from session_monitor.prices.book import Book
from session_monitor.text import humanize

from . import log_search
from .checks import FAIL, OK, WARN, Case, Check, has_sessions, some
from .sample import LOOK_BYTES, LOOK_LINES, Sample, last_lines, take


def logs_of(ran: LastRun | None) -> list[str]:
    """The logs that the last run was told to read; none where that is not known, or was standard input."""
    return [log for log in ran.logs if log != "-"] if ran else []


def of_last_run(case: Case, ran: LastRun) -> Check:
    """What the last run did not find, and the commands that would find it."""
    since = f", since {timestamps.local_time(timestamps.rfc3339(ran.since))}" if ran.since is not None else ""
    return Check("last run", WARN, f"{'; '.join(ran.lacks)}{since}", _elsewhere(case, ran.logs))


def _elsewhere(case: Case, logs: Sequence[str]) -> str:
    """What to do about a log that is not there, or none."""
    others = [log for log in log_search.found(case.places, case.allowed) if os.path.abspath(log) not in logs]
    if not others:
        return "name the gateway's access log with --log-path, here and for main.py"
    return (
        f"there are calls in {some(others)}: {'  or  '.join(log_search.commands(others, case.monitor, case.data_dir))}"
    )


def named_logs(default: str, views: Mapping[str, LogView]) -> list[str]:
    """The default log; where that is not there, those that the monitor read last."""
    if os.path.lexists(default):
        return [default]
    generations = [each for view in views.values() for each in view.generations if not each.gone]
    logs: list[str] = []
    rotated: set[str] = set()
    for log in sorted({generation.log or generation.path for generation in generations}, key=len):
        try:
            files = [place.path for place in rotation.find([log])]
        except OSError:
            files = [log]
        if files and log not in rotated:
            logs.append(log)
            rotated.update(files)
    return logs


def checks(case: Case, logs: Sequence[str], views: Mapping[str, LogView]) -> Iterator[Check]:
    """Whether the logs are there and can be read, and what rotation leaves beside them."""
    if not logs:
        todo = _elsewhere(case, [case.default_log])
        level = WARN if has_sessions(case.data_dir) else FAIL
        yield Check("log", level, f"there is no {case.default_log}, and no state file that names another", todo)
    for log in logs:
        try:
            places = rotation.find([log])
        except OSError as error:
            found = f"{error.filename} cannot be listed: {error.strerror}"
            yield Check("log", FAIL, found, "let this user read the log's folder: rotated files are found in it")
            continue
        if not places:
            yield Check("log", FAIL, f"there is no {log}", _elsewhere(case, logs))
            continue
        yield _log(case, log, places)
        yield _rotation(case, log, places, views)


def _log(case: Case, log: str, places: Sequence[LogPlace]) -> Check:
    """Whether all files of a log can be read."""
    size = whole = 0
    for place in places:
        try:
            with contextlib.closing(LogFile(place, case.allowed)) as file:
                size += file.stat.st_size if place.is_live else 0
                whole += file.stat.st_size
        except FileNotFoundError:  # renamed just now
            continue
        except NotAFileError:
            return Check("log", FAIL, f"{place.path} is no regular file", "name the file that the gateway writes")
        except OutsideError as error:
            todo = "permit its folder with --allow-dir, here and for main.py, or see who set the link that leads there"
            return Check("log", FAIL, f"{place.path} is not read: {error.strerror}", todo)
        except OSError as error:
            todo = "let this user read it, such as by the group that the log belongs to, also after it was rotated"
            return Check("log", FAIL, f"{place.path} cannot be read: {error.strerror}", todo)
    live = [place.path for place in places if place.is_live]
    if not live:
        todo = "see that the gateway writes to it; after a rotation it may take until its next call"
        return Check("log", WARN, f"only rotated files of {log} are there", todo)
    if not whole:
        todo = (
            "call a model through the gateway; if it stays empty, see that this is the file that the gateway writes to"
        )
        return Check("log", WARN, f"{', '.join(live)}: empty, as if no request had ever come", todo)
    return Check("log", OK, f"{', '.join(live)}: {humanize.size(size)}, readable")


def _rotation(case: Case, log: str, places: Sequence[LogPlace], views: Mapping[str, LogView]) -> Check:
    """What rotation leaves, and whether the monitor can follow it."""
    rotated = [place for place in places if not place.is_live]
    compressed = [place for place in rotated if place.compressed]
    wrong = list(_flaws(case, compressed, views))
    todos = []
    if wrong:
        todos.append("see whether the disk was full when such a file was made")
    passed = _unread_names(places)
    if passed:
        wrong.append(f"beside {log} are files that look as if rotation had left them, and are not read: {some(passed)}")
        todos.append(_UNREAD)
    if wrong:
        return Check("rotation", WARN, "; ".join(wrong), "; ".join(todos))
    if not rotated:
        return Check("rotation", OK, f"no rotated files beside {log} yet")
    kind = " and ".join(
        name
        for name, is_dated in (("numbered", False), ("dated", True))
        if is_dated in {each.is_dated for each in rotated}
    )
    found = (
        f"{humanize.counted(len(rotated), 'rotated file')} beside {log}, {kind}, {len(compressed) or 'none'} compressed"
    )
    if rotated[-1].compressed and not rotated[-1].beside_plain:
        todo = "add delaycompress to logrotate: what the gateway writes while a file is being compressed is lost"
        return Check("rotation", WARN, f"{found}, the newest of them too", todo)
    return Check("rotation", OK, found)


_UNREAD = (
    "give what is not read as a further --log-path, such as 'DIR/access-*.log', or let rotation name files by a number or "
    "a date (access.log.1, access.log-20261128) and compress them with gzip, bzip2 or xz: others are not read"
)
_COMPRESSED = r"(?:\.(?:gz|bz2|xz|zst|lz4|lzma|zip|Z|7z))"


def _unread_names(places: Sequence[LogPlace]) -> list[str]:
    """Names beside a log that look rotated, and that it is not read by."""
    read = {os.path.basename(place.path) for place in places}
    bases = {
        os.path.basename(path) for place in places for path in (place.log, place.path if place.is_live else "") if path
    }
    patterns = [_rotated(*map(re.escape, os.path.splitext(base))) for base in bases]
    folders = {os.path.dirname(place.path) or "." for place in places}
    names = {name for folder in folders for name in os.listdir(folder) if os.path.isfile(os.path.join(folder, name))}
    return sorted(name for name in names - read if any(pattern.fullmatch(name) for pattern in patterns))


def _rotated(root: str, extension: str) -> re.Pattern[str]:
    """What names look like that rotation makes of a log's, by whichever program."""
    left = rf"[._-](?:old|bak|orig|prev|save|\d[\w.:+-]*)(?:{extension})?{_COMPRESSED}?"
    return re.compile(rf"{root}(?:{extension})?(?:{left}|{_COMPRESSED}(?:[._-]\d[\w.:+-]*)?)")


def _flaws(case: Case, compressed: Sequence[LogPlace], views: Mapping[str, LogView]) -> Iterator[str]:
    """What is wrong with compressed files: what the monitor found, and in the newest what a look at it finds."""
    if not compressed:
        return
    found = {key: verdict for view in views.values() for key, verdict in view.verdicts.items()}
    for place in compressed:
        with contextlib.suppress(OSError):  # gone meanwhile
            verdict = found.get(verdicts.key_of(os.stat(place.path)))
            text = verdicts.in_words(place.path, verdict) if verdict else ""
            if not verdict and place is compressed[-1]:
                text = _looked_into(case, place)
            if text and not place.beside_plain:
                yield text


def _looked_into(case: Case, place: LogPlace) -> str:
    """Why a compressed file cannot be read; empty where it can, or is too large to be tried."""
    try:
        with contextlib.closing(LogFile(place, case.allowed)) as file:
            measured = file.measuring().go_on() if file.stat.st_size <= LOOK_BYTES else None
    except (OSError, NotAFileError, TruncatedError):  # gone meanwhile
        return ""
    if measured is None:
        return ""
    return (
        verdicts.in_words(place.path, measured._asdict())
        if measured.size or measured.flaw
        else f"{place.path} is empty"
    )


def sampled(case: Case, logs: Sequence[str], book: Book | None) -> Sample | None:
    """The calls at the end of the logs; None where no file can be read."""
    newest = [place for log in logs for place in _newest(log)]
    sample = None
    for place in newest:
        with contextlib.suppress(OSError, NotAFileError), contextlib.closing(LogFile(place, case.allowed)) as file:
            sample = sample or Sample()
            lines = last_lines(file, LOOK_BYTES // len(newest), LOOK_LINES // len(newest))
            take(sample, lines, book)
    return sample


def _newest(log: str) -> Iterator[LogPlace]:
    """Of each log that this names, the newest file that is plain and has something in it."""
    with contextlib.suppress(OSError):
        newest: dict[str, LogPlace] = {}
        for place in rotation.find([log]):
            if not place.compressed and os.path.isfile(place.path) and os.path.getsize(place.path):
                newest[place.log] = place
        yield from newest.values()


def unread(case: Case, logs: Sequence[str], views: Mapping[str, LogView]) -> Check:
    """How far the sessions are behind the logs."""
    view = views.get("") or next(iter(views.values()), LogView())
    try:
        unread, unknown = unread_bytes(logs, view, case.allowed)
    except OSError as error:
        return Check("unread", WARN, f"not known: {error.filename} cannot be read", "see what is said of the log")
    except TruncatedError as error:
        return Check("unread", WARN, f"not known: {error} was renamed or emptied meanwhile", "ask again")
    found = f"{humanize.size(unread)} of the log are still to be read" if unread else "all of the log has been read"
    if unknown:
        found += f"; {humanize.counted(unknown, 'compressed file')} not looked into"
    if not unread or data_folder.is_monitor_at_work(case.data_dir):
        return Check("unread", OK, found)
    todo = "run main.py on it: with --follow, or from cron with --once"
    return Check("unread", WARN, found, todo)


def unread_bytes(logs: Sequence[str], view: LogView, allowed: Sequence[str] = ()) -> tuple[int, int]:
    """Bytes of the logs behind what was read; and how many compressed files may hold some, which would take long.

    Raises ``OSError`` where a file cannot be read.
    """
    known = {generation.file_state: generation for generation in view.generations}
    descriptors = Descriptors()
    try:
        opened: dict[tuple[int, int], LogFile] = {}
        for place in rotation.find(logs):
            with contextlib.suppress(FileNotFoundError, NotAFileError):
                file = LogFile(place, allowed, descriptors)
                opened.setdefault(file.key, file)
        packed = {file.state: file for file in opened.values() if file.place.compressed}
        unread = sum(max(0, known[state].size_seen - known[state].offset) for state in packed.keys() & known.keys())
        judged = {state for state, file in packed.items() if verdicts.key_of(file.stat) in view.verdicts}
        rest = [generation for generation in view.generations if generation.file_state not in packed]
        match = matching.match(rest, [file for file in opened.values() if not file.place.compressed])
        unread += sum(tail.unread(*pair) for pair in match.found) + sum(file.size for file in match.new)
    finally:
        descriptors.close_all()
    return unread, len(packed.keys() - known.keys() - judged)
