"""Up to where was each generation of the log read?

The state file is a cache: the session files themselves say which lines they have, so losing it costs time and
nothing else.  It is written after them, as a whole.

It can be ahead of them as well, in a copy of a folder that was made while a monitor worked.  So it holds the number of
its own inode, by which a copy is known: that is not believed, and the logs are read again.  Nor is one that was damaged
since, which its checksum tells: with a wrong offset, lines would be taken for those of another generation.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Collection, Mapping
from types import SimpleNamespace
from typing import Any, NamedTuple

from session_monitor import __version__
from session_monitor.base import data_folder, files
from session_monitor.base.hashing import sha256
from session_monitor.calls.coverage import Coverage

from .generation import Generation

SCHEMA_VERSION = 1
REMEMBERED = 100
"""How many generations are remembered that are in no file any more, or of logs that a run does not name."""

_text_of = json.JSONEncoder(separators=(",", ":")).encode


class LogView(SimpleNamespace):
    """The read positions of all runs with one session filter; a filter's run does not eat the others' lines."""

    generations: list[Generation]
    past: Coverage
    verdicts: dict[str, dict[str, Any]]

    def __init__(
        self,
        generations: list[Generation] | None = None,
        past: Coverage | None = None,
        verdicts: dict[str, dict[str, Any]] | None = None,
    ) -> None:
        """Nothing was read yet, unless something else is given; ``verdicts`` are those on compressed files."""
        super().__init__(generations=generations or [], past=past or Coverage(), verdicts=verdicts or {})

    @property
    def coverage(self) -> Coverage:
        """All that was ever read."""
        total = Coverage()
        for part in (self.past, *(generation.coverage for generation in self.generations)):
            total.add(part)
        return total

    def next_sequence(self) -> int:
        """The sequence number for the next generation."""
        return max((generation.sequence for generation in self.generations), default=0) + 1

    def forget_old(self, unnamed: Collection[str] = ()) -> None:
        """Keep the newest of those that are gone, or are in ``unnamed`` by their ids; what others covered stays counted."""
        old = [each for each in self.generations if each.gone or each.gid in unnamed]
        forgotten = sorted(old, key=lambda each: each.sequence)[:-REMEMBERED]
        for generation in forgotten:
            self.past.add(generation.coverage)
        if forgotten:
            ids = set(map(id, forgotten))
            self.generations[:] = [generation for generation in self.generations if id(generation) not in ids]

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> LogView:
        """From ``to_json``; raises ``ValueError``, ``TypeError`` or ``KeyError`` where it is something else."""
        generations = [Generation.from_json(each) for each in stored["generations"]]
        if len({each.gid for each in generations}) < len(generations):
            raise ValueError(
                "two generations are called the same"
            )  # one would be read for ever with the other's offset
        verdicts = {str(key): dict(each) for key, each in stored.get("verdicts", {}).items()}
        return cls(generations, Coverage.from_json(stored["past_coverage"]), verdicts)


MOST_COPIES = 3
"""So many times in a row a state file is taken for a copy; some file systems number a file anew each time."""


class UnusableStateError(Exception):
    """A state file that says nothing about this folder; the argument says why."""


class _Written:
    """What the state file has of one view, by which it is known whether it must be written again, and which part."""

    def __init__(self, view: LogView, before: _Written | None = None) -> None:
        """As it is by now; ``before`` is what the file has."""
        self._past = view.past.copy()
        self._verdicts = {key: {**verdict, "hashes": {**verdict["hashes"]}} for key, verdict in view.verdicts.items()}
        old: dict[str, dict[str, Any]] = before.by_gid if before else {}
        self._generations = [_copied(generation, old) for generation in view.generations]
        self.by_gid: dict[str, dict[str, Any]] = {generation["gid"]: generation for generation in self._generations}
        texts: dict[str, str] = before.texts if before else {}
        self.texts: dict[str, str] = {
            gid: texts[gid] for gid, each in self.by_gid.items() if gid in texts and old.get(gid) is each
        }

    def is_still(self, view: LogView) -> bool:
        """Whether the view has not changed since."""
        if list(map(vars, view.generations)) != self._generations:
            return False
        return view.past == self._past and view.verdicts == self._verdicts

    def text(self, view: LogView) -> str:
        """The view as JSON, one generation a line."""
        lines = []
        for generation in view.generations:
            if generation.gid not in self.texts:
                self.texts[generation.gid] = _text_of(generation.to_json())
            lines.append(self.texts[generation.gid])
        rest = _text_of({"past_coverage": view.past.to_json(), "verdicts": view.verdicts})
        return f'{rest[:-1]},"generations":[\n' + ",\n".join(lines) + "]}"


def _copied(generation: Generation, before: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    same = before.get(generation.gid)
    if same == vars(generation):
        return same
    return {**vars(generation), "coverage": generation.coverage.copy()}


class Checkpoint:
    """The state file: one view for each session filter, ``""`` for none."""

    def __init__(self, path: str, output_dir: str) -> None:
        """Load it.  ``problem`` says what was wrong with it, if anything; then it counts as empty.

        ``flushes`` counts those of session files that it follows.  ``to_look_at`` names sessions that lack what they
        had once, which shows when the logs were read again, and how many rounds that are, or None.  With ``is_copy``
        that begins now.  What a count of rounds says that is of before the flush ``losses_told`` may have been told.
        """
        self.path = path
        self.problem: str | None = None
        self.flushes = self.losses_told = 0
        self.to_look_at: dict[str, int | None] = {}
        self.is_copy = False
        self._copies = 0
        self._output_dir = os.path.realpath(output_dir)
        self._head: dict[str, Any] = {}
        self._written: dict[str, _Written] = {}
        self.views: dict[str, LogView] = self._load()
        if self.is_copy:
            self.rewind()

    def _load(self) -> dict[str, LogView]:
        try:
            state = read(self.path, self._output_dir)
        except UnusableStateError as unusable:
            self.problem = str(unusable)
            with contextlib.suppress(OSError):
                os.replace(self.path, self.path + data_folder.UNUSABLE)
            return {}
        if state is None:
            return {}
        self._head = state.head
        self._written = {name: _Written(view) for name, view in state.views.items()}
        self.flushes, self.losses_told, self._copies = state.flushes, state.losses_told, state.copies
        self.to_look_at = state.to_look_at
        if state.is_copy and self._copies < MOST_COPIES:
            self.is_copy = True
            self._copies += 1
        elif not state.is_copy:
            self._copies = 0
        return state.views

    def rewind(self) -> None:
        """All logs that are still there are to be read from their beginning, in every view."""
        for view in self.views.values():
            for generation in view.generations:
                if not generation.gone:
                    generation.rewind()

    def elsewhere(self, view: LogView) -> list[Generation]:
        """The generations that other runs know, and those with this view do not; each once, as who knows most of it does.

        Given twice it would be found in two files that begin alike, and these would be one generation.
        """
        own = {generation.gid for generation in view.generations}
        others = [generation for each in self.views.values() if each is not view for generation in each.generations]
        others.sort(key=lambda each: (each.head[-1][0], each.known_to))
        return list({each.gid: each for each in others if each.gid not in own}.values())

    def view(self, session_key: str | None) -> LogView:
        """The positions of the runs with this filter, which know their generations as well as others' runs do."""
        view = self.views.setdefault(session_key or "", LogView())
        known = {each.gid: each for each in view.generations}
        for other in (each for others in self.views.values() if others is not view for each in others.generations):
            if other.gid in known:
                known[other.gid].learn(other)
        return view

    def has_one_view(self) -> bool:
        """Whether no run with another filter has read positions."""
        return sum(bool(view.generations) for view in self.views.values()) < 2

    def release(self, path: str) -> None:
        """The file of this name was a passing one, and is gone."""
        path = os.path.realpath(path)
        for view in self.views.values():
            for generation in view.generations:
                if generation.path == path and not generation.gone:
                    generation.release()

    def save(self) -> None:
        """Write it, if anything changed.  Raises ``OSError``."""
        head = {
            "schema_version": SCHEMA_VERSION,
            "written_by": f"agent-session-monitor {__version__}",
            "output_dir": self._output_dir,
            "flushes": self.flushes,
            "losses_told": self.losses_told,
            "copies": self._copies,
            "to_look_at": {**self.to_look_at},
        }
        before = self._written
        is_still_there = head == self._head and before.keys() == self.views.keys()
        if is_still_there and all(before[name].is_still(view) for name, view in self.views.items()):
            return
        written = {name: _Written(view, before.get(name)) for name, view in self.views.items()}
        views = [f"{_text_of(name)}:{written[name].text(view)}" for name, view in self.views.items()]
        rest = f'{_text_of(head)[1:-1]},"views":{{{",".join(views)}}}}}\n'.encode()
        seal = _sealed(sha256(rest).hexdigest())
        files.replace(self.path, lambda inode: b'{"inode":%d,' % inode + seal + rest)
        self._head, self._written = head, written


_HEAD = ("schema_version", "written_by", "output_dir", "flushes", "losses_told", "copies", "to_look_at")


class SavedState(NamedTuple):
    """What a state file holds; ``head`` is all but the views, ``is_copy`` whether it names another inode than its own."""

    head: dict[str, Any]
    views: dict[str, LogView]
    is_copy: bool
    copies: int
    flushes: int
    losses_told: int
    to_look_at: dict[str, int | None]


def read(path: str, output_dir: str) -> SavedState | None:
    """What a state file holds; None where there is none.

    Raises ``UnusableStateError``, and ``OSError`` where it may not be read.
    """
    try:
        with files.reading(path) as file:
            inode, raw = os.fstat(file.fileno()).st_ino, file.read()
    except FileNotFoundError:
        return None
    except files.OddFileError as odd:
        raise UnusableStateError(odd.what) from None
    try:
        state = json.loads(raw)
        if state["schema_version"] != SCHEMA_VERSION:
            raise UnusableStateError("was written by another version")
        if not _is_sound(raw, state.get("sha256")):
            raise UnusableStateError("is damaged")
        if not _is_of(path, output_dir, state["output_dir"]):
            raise UnusableStateError("belongs to another output folder")
        views = {name: LogView.from_json(view) for name, view in state["views"].items()}
        is_copy = state.get("inode", inode) != inode
        counts = state.get("copies", 0), state.get("flushes", 0), state.get("losses_told", 0)
        head = {name: state.get(name) for name in _HEAD}
        return SavedState(head, views, is_copy, *counts, _lacking(state.get("to_look_at", {})))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise UnusableStateError("is damaged") from None


def _sealed(digest: str) -> bytes:
    return b'"sha256":"%b",' % digest.encode()


def _is_sound(raw: bytes, digest: str | None) -> bool:
    """Whether what stands behind the checksum in a state file is what was written; earlier versions wrote none."""
    return digest is None or sha256(raw.partition(_sealed(digest))[2]).hexdigest() == digest


def _lacking(stored: Any) -> dict[str, int | None]:
    """Which sessions lack how many rounds; they used to be listed without a number."""
    return dict.fromkeys(stored) if isinstance(stored, list) else dict(stored)


def _is_of(path: str, output_dir: str, named: object) -> bool:
    """A state file inside the output folder belongs to it, also after the folder was moved."""
    real = os.path.realpath(output_dir)
    return named == real or os.path.dirname(os.path.realpath(path)) == real
