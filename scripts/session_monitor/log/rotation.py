"""Which files belong to a log, and which of them is older?

Rotation leaves siblings: ``access.log.1``, ``access.log-20260201``, ``access.1.log`` (logrotate's ``extension``), each
perhaps compressed.  A log is there as long as one of its files is, also where the name that the gateway writes to is
gone.  Names only give an order; which file is which is for ``generation`` to say.
"""

from __future__ import annotations

import fnmatch
import functools
import glob
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Callable, NamedTuple

from session_monitor.base.lazy_regex import lazy

ALLOW_VARIABLE = "SESSION_MONITOR_ALLOW_DIRS"
"""The environment's word for where logs may lie, if ``--allow-dir`` has none."""
COMPRESSED = (".gz", ".bz2", ".xz")

_NUMBER = lazy(r"[.-](\d{1,5})")
_DATE = lazy(r"[.-](\d{4}-?\d\d-?\d\d(?:[-_.T]?\d[\d:_-]*)?|\d{8,})")
_MIDDLE = lazy(r"[.-][\d.:_T-]*\Z")
_DATED, _NUMBERED, _LIVE = range(3)


class LogPlace(NamedTuple):
    """One file by name.  ``order`` sorts the files of all logs oldest first; ``log`` is the one that it belongs to.

    ``is_former`` says that no pattern leads to it any more: only what is known already is to be looked for there.
    """

    path: str
    order: tuple[int, int, str]
    compressed: str = ""
    beside_plain: bool = False  # as it is while a file is being compressed
    log: str = ""
    is_former: bool = False

    @property
    def is_live(self) -> bool:
        """Whether the gateway writes to this name."""
        return self.order[1] == _LIVE and not self.beside_plain and not self.is_former

    @property
    def is_dated(self) -> bool:
        """Whether rotation named it by a date."""
        return self.order[1] == _DATED


_Rotated = tuple[str, int, str, str]
"""A name read as a rotated file's: its log, the kind, a text that sorts the older first, a compressed one's ending."""


def _raised(error: OSError) -> None:
    raise error


def find(
    patterns: Sequence[str], known: Mapping[str, str] | None = None, on_error: Callable[[OSError], None] = _raised
) -> list[LogPlace]:
    """All files of these logs, oldest first.  A pattern is a path or a glob; a log that is not there has no files.

    ``known`` has the real paths at which something was read, each with its log.  Where a log is named still, and does
    not lead there any more, as a link that was set to another folder, what is there comes too, last.

    ``on_error`` hears of each folder that cannot be listed; by default it is raised.  Of the folders that a glob names
    those are passed over.
    """
    search = _Search(on_error)
    for pattern in patterns:
        search.add(pattern)
    former = [(path, log) for path, log in (known or {}).items() if path not in search.places]
    if former:
        is_named = named_by(patterns)
        search.add_former([(path, log) for path, log in former if is_named(log or path)])
    return search.sorted()


def searched(patterns: Sequence[str]) -> list[tuple[str, str]] | None:
    """The logs that these patterns name, each with the folder in which ``find`` looks for its files.

    None where a glob names folders: only a search tells which.
    """
    found = []
    for pattern in patterns:
        folder = os.path.dirname(pattern)
        if glob.has_magic(folder):
            return None
        found.append((pattern, folder or "."))
        if os.path.islink(pattern):
            real = os.path.realpath(pattern)
            found.append((real, os.path.dirname(real)))
    return found


def allowed_folders(named: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """The real folders that logs must lie beneath: those named, else the environment's; empty where any will do."""
    folders = named or list(filter(None, environment.get(ALLOW_VARIABLE, "").split(os.pathsep)))
    return [os.path.realpath(folder) for folder in folders]


def named_by(patterns: Sequence[str]) -> Callable[[str], bool]:
    """What says whether these patterns name a log, or a file of one, whether it is there or not."""
    named = []
    for pattern in patterns:
        folder, name = os.path.split(os.path.abspath(pattern))
        named += [os.path.join(each, name).split(os.sep) for each in {folder, os.path.realpath(folder)}]

    def is_meant(path: str) -> bool:
        parts = path.split(os.sep)
        return any(
            parts == each or (len(parts) == len(each) and all(map(fnmatch.fnmatchcase, parts, each))) for each in named
        )

    @functools.lru_cache(maxsize=256)
    def is_named(path: str) -> bool:
        folder, name = os.path.split(os.path.abspath(path))
        names = [name, *(base for base, *_ in _bases_of(name))]
        return any(is_meant(os.path.join(each, base)) for each in {folder, os.path.realpath(folder)} for base in names)

    return is_named


class _Folder:
    """What one folder holds, listed once; ``rotated`` has the names of rotated files by the name of their log."""

    def __init__(self, path: str) -> None:
        """Raises ``OSError``."""
        self.real = os.path.realpath(path or ".")
        with os.scandir(path or ".") as entries:
            self.names = {entry.name: entry for entry in entries}
        self.rotated: dict[str, list[tuple[str, _Rotated]]] = {}
        for name in self.names:
            for each in _bases_of(name):
                self.rotated.setdefault(each[0], []).append((name, each))

    def is_folder(self, name: str) -> bool:
        """Whether a folder has this name, or what it leads to is one."""
        entry = self.names[name]
        return os.path.isdir(entry.path) if entry.is_symlink() else entry.is_dir(follow_symlinks=False)


class _Search:
    """The files found so far, by the real path of their folder and their name."""

    def __init__(self, on_error: Callable[[OSError], None]) -> None:
        self.places: dict[str, tuple[bool, str, int, _Rotated, str]] = {}  # is it former, path, rank, what it is, log
        self._on_error = on_error
        self._folders: dict[str, _Folder | None] = {}
        self._families: dict[str, int] = {}
        self._ranks: list[tuple[int, int, str]] = []
        self._taken: set[str] = set()

    def add(self, pattern: str) -> None:
        """The logs that this pattern names, with their rotated files."""
        if not glob.has_magic(pattern) or os.path.lexists(pattern):
            self._add_log(pattern)
            return
        folder_pattern, name_pattern = os.path.split(pattern)
        several = glob.has_magic(folder_pattern)
        for path in sorted(glob.glob(folder_pattern)) if several else [folder_pattern]:
            if not glob.has_magic(name_pattern):
                base = os.path.join(path, name_pattern)
                if self._folder(path, is_passed_over=not os.path.lexists(base)):
                    self._add_log(base)
                continue
            folder = self._folder(path, is_passed_over=several)
            if not folder:
                continue
            for name in _matching(name_pattern, folder):
                if os.path.join(folder.real, name) not in self.places:  # no rotated file is a log of its own
                    self._add_log(os.path.join(path, name))

    def _add_log(self, base: str) -> None:
        log, rank = os.path.abspath(base), self._rank(os.path.basename(base))
        self._take(base, rank, log)
        if os.path.islink(base):
            self._take(os.path.realpath(base), rank, log)

    def add_former(self, known: Sequence[tuple[str, str]]) -> None:
        """Where these logs were read before: real paths, each with its log."""
        for path, log in known:
            folder, name = os.path.split(path)
            for base in (name, *(base for base, *_ in _bases_of(name)[:1])):
                self._take(os.path.join(folder, base), self._rank(base), log, is_former=True)

    def _take(self, base: str, rank: int, log: str, *, is_former: bool = False) -> None:
        """One log, by one of its names, with what rotation left beside it."""
        path, name = os.path.split(base)
        folder = self._folder(path)
        key = os.path.join(folder.real, name) if folder else base
        if not folder or key in self._taken:
            return
        self._taken.add(key)
        start, real = os.path.join(path, ""), os.path.join(folder.real, "")
        if name in folder.names:
            self.places.setdefault(key, (is_former, start + name, rank, (name, _LIVE, "", _ending(name)), log))
        for each, rotated in folder.rotated.get(name, ()):
            if real + each not in self.places and not folder.is_folder(each):
                self.places[real + each] = (is_former, start + each, rank, rotated, log)

    def _rank(self, name: str) -> int:
        """A log's place among all: equal for equal names, wherever they are, as an ``olddir`` keeps them.

        Where the name itself is as of a rotated file it comes before the log that this would be of.
        """
        family, kind, age, _ = next(iter(_bases_of(name)), (name, _LIVE, "", ""))
        self._ranks.append((self._families.setdefault(family, len(self._families)), kind, age))
        return len(self._ranks) - 1

    def _folder(self, path: str, *, is_passed_over: bool = False) -> _Folder | None:
        """None where it is not there, or cannot be listed."""
        if path not in self._folders:
            self._folders[path] = None
            try:
                self._folders[path] = _Folder(path)
            except (FileNotFoundError, NotADirectoryError):
                pass
            except OSError as error:
                if not is_passed_over:
                    self._on_error(error)
        return self._folders[path]

    def sorted(self) -> list[LogPlace]:
        """All that were found, oldest first."""
        numbers = {rank: number for number, rank in enumerate(sorted(set(self._ranks)))}
        ranks = [numbers[rank] for rank in self._ranks]
        files = []
        for at, (real, (is_former, path, rank, (_, kind, age, ending), log)) in enumerate(self.places.items()):
            beside_plain = bool(ending) and real[: -len(ending)] in self.places
            files.append((is_former, (ranks[rank], kind, age), not ending, ending, at, path, beside_plain, log))
        files.sort()
        return [
            LogPlace(path, order, ending, beside_plain, log, is_former)
            for is_former, order, _, ending, _, path, beside_plain, log in files
        ]


def _matching(pattern: str, folder: _Folder) -> Iterator[str]:
    """The logs in a folder that a glob for names means, whether they are there or rotated files alone.

    Of two names the shorter first, so that siblings stay siblings.
    """
    matches = re.compile(fnmatch.translate(pattern)).match

    def is_meant(name: str) -> bool:
        return bool(matches(name)) and (name[:1] != "." or pattern[:1] == ".")

    there = set(filter(is_meant, folder.names))
    # ``gw-1.log`` is there, and need not be a rotated ``gw.log`` that nobody sees; ``access.log.1`` is one.
    rotated = set(filter(is_meant, folder.rotated))
    sure = {base for base in rotated if os.path.splitext(base)[1] and _is_certain(base, folder.rotated[base])}
    for names in (there | sure, rotated - there - sure):
        yield from sorted(names, key=lambda name: (len(name), name))


def _is_certain(base: str, rotated: Sequence[tuple[str, _Rotated]]) -> bool:
    """Whether one of these names is the log's own, with a number or a date behind it."""
    return any(name.startswith(base) and kind != _LIVE for name, (_, kind, _, _) in rotated)


def _ending(name: str) -> str:
    return next(filter(name.endswith, COMPRESSED), "")


@functools.lru_cache(maxsize=1 << 14)
def _bases_of(name: str) -> tuple[_Rotated, ...]:
    """All that this may be a rotated file of, the shortest log's name first.

    A compressed file may also be of the log itself.
    """
    compressed = _ending(name)
    stem = name[: len(name) - len(compressed)]
    root, extension = os.path.splitext(stem)
    found = []
    for text, behind in ((stem, ""), (root, extension)) if extension else ((stem, ""),):
        middle = _MIDDLE.search(text)
        for at in range(middle.start(), len(text)) if middle else ():
            base = text[:at] + behind
            rotated = text[at] in ".-" and _kind(text[at:])
            if rotated and text[:at] and (not behind or os.path.splitext(base)[1] == behind):
                found.append((base, *rotated, compressed))
    if compressed and stem:
        found.append((stem, _LIVE, "", compressed))
    return tuple(sorted(found, key=lambda each: len(each[0])))


def _kind(middle: str) -> tuple[int, str] | None:
    """How rotation named a file, by what stands behind the log's name; and a text that sorts the older first."""
    number = _NUMBER.fullmatch(middle)
    if number:
        return _NUMBERED, f"{99999 - int(number[1]):05d}"
    return (_DATED, re.sub(r"\D", "", middle)) if _DATE.fullmatch(middle) else None
