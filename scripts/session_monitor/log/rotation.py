"""Which files belong to a log, and which of them is older?

Rotation leaves siblings: ``access.log.1``, ``access.log-20260201``, ``access.1.log`` (logrotate's ``extension``),
each perhaps compressed.  Names only give an order; which file is which is for ``generation`` to say.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from session_monitor.base.lazy_regex import lazy

ALLOW_VARIABLE = "SESSION_MONITOR_ALLOW_DIRS"
"""The environment's word for where logs may lie, if ``--allow-dir`` has none."""
COMPRESSED = (".gz", ".bz2", ".xz")

_NUMBER = lazy(r"[.-](\d{1,5})")
_DATE = lazy(r"[.-](\d{4}-?\d\d-?\d\d(?:[-_.T]?\d[\d:_-]*)?|\d{8,})")
_DATED, _NUMBERED, _LIVE = range(3)


class LogPlace(NamedTuple):
    """One file by name.  ``order`` sorts the files of all logs oldest first."""

    path: str
    order: tuple[int, int, str]
    compressed: str = ""
    beside_plain: bool = False  # as it is while a file is being compressed

    @property
    def is_live(self) -> bool:
        """Whether the gateway writes to this name."""
        return self.order[1] == _LIVE and not self.beside_plain

    @property
    def is_dated(self) -> bool:
        """Whether rotation named it by a date."""
        return self.order[1] == _DATED


def find(patterns: Sequence[str]) -> list[LogPlace]:
    """All files of these logs, oldest first.  A pattern is a path or a glob; a log that is not there has no files.

    Raises ``OSError`` where a folder cannot be listed.
    """
    places: dict[str, LogPlace] = {}
    for family, base in enumerate(_bases(patterns)):
        for path in dict.fromkeys((base, os.path.realpath(base))):
            folder = os.path.realpath(os.path.dirname(path))
            for place in _of_log(path, family):
                places.setdefault(os.path.join(folder, os.path.basename(place.path)), place)
    files = [
        place._replace(beside_plain=bool(place.compressed) and real[: -len(place.compressed)] in places)
        for real, place in places.items()
    ]
    return sorted(files, key=lambda place: (place.order, not place.compressed, place.compressed))


def allowed_folders(named: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """The real folders that logs must lie beneath: those named, else the environment's; empty where any will do."""
    folders = named or list(filter(None, environment.get(ALLOW_VARIABLE, "").split(os.pathsep)))
    return [os.path.realpath(folder) for folder in folders]


def _bases(patterns: Sequence[str]) -> list[str]:
    """The logs that these patterns name; of two names the shorter first, so that siblings stay siblings."""
    bases: list[str] = []
    for pattern in patterns:
        is_glob = glob.has_magic(pattern) and not os.path.lexists(pattern)
        bases += sorted(glob.glob(pattern), key=len) if is_glob else [pattern]
    return list(dict.fromkeys(bases))


def _of_log(path: str, family: int) -> list[LogPlace]:
    folder, base = os.path.split(path)
    try:
        listed = os.listdir(folder or ".")
    except (FileNotFoundError, NotADirectoryError):
        return []
    files = []
    for name in listed:
        compressed = next(filter(name.endswith, COMPRESSED), "")
        kind = _kind(name if name == base else name[: len(name) - len(compressed)], base)
        if kind and (name == base or not os.path.isdir(os.path.join(folder, name))):
            files.append(LogPlace(os.path.join(folder, name), (family, *kind), compressed))
    return files


def _kind(name: str, base: str) -> tuple[int, str] | None:
    """Whether this is the log itself or a rotated one, and a text that sorts the older first."""
    if name == base:
        return _LIVE, ""
    root, extension = os.path.splitext(base)
    if name.startswith(base):
        middle = name[len(base) :]
    elif extension and name.startswith(root) and name.endswith(extension):
        middle = name[len(root) : -len(extension)]
    else:
        return None
    number = _NUMBER.fullmatch(middle)
    if number:
        return _NUMBERED, f"{99999 - int(number[1]):05d}"
    return (_DATED, re.sub(r"\D", "", middle)) if _DATE.fullmatch(middle) else None
