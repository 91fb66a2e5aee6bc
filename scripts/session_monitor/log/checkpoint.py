"""Up to where was each generation of the log read?

The state file is a cache: the session files themselves say which lines they have, so losing it costs time and
nothing else.  It is written after them, as a whole.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Collection
from types import SimpleNamespace
from typing import Any

from session_monitor import __version__
from session_monitor.base import data_folder, files
from session_monitor.calls.coverage import Coverage

from .generation import Generation

SCHEMA_VERSION = 1
REMEMBERED = 100
"""How many generations are remembered that are in no file any more, or of logs that a run does not name."""


class LogView(SimpleNamespace):
    """The read positions of all runs with one session filter; a filter's run does not eat the others' lines."""

    generations: list[Generation]
    past: Coverage

    def __init__(self, generations: list[Generation] | None = None, past: Coverage | None = None) -> None:
        """Nothing was read yet, unless something else is given."""
        super().__init__(generations=generations or [], past=past or Coverage())

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
        """Keep the newest of those that are gone, or are named here by their ids; what the others covered stays counted."""
        old = [each for each in self.generations if each.gone or each.gid in unnamed]
        for generation in sorted(old, key=lambda each: each.sequence)[:-REMEMBERED]:
            self.past.add(generation.coverage)
            self.generations.remove(generation)

    def to_json(self) -> dict[str, Any]:
        """As the state file keeps it."""
        generations = [generation.to_json() for generation in self.generations]
        return {"past_coverage": self.past.to_json(), "generations": generations}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> LogView:
        """From ``to_json``."""
        generations = [Generation.from_json(each) for each in stored["generations"]]
        return cls(generations, Coverage.from_json(stored["past_coverage"]))


class UnusableStateError(Exception):
    """A state file that says nothing about this folder; the argument says why."""


class Checkpoint:
    """The state file: one view for each session filter, ``""`` for none."""

    def __init__(self, path: str, output_dir: str) -> None:
        """Load it.  ``problem`` says what was wrong with it, if anything; then it counts as empty."""
        self.path = path
        self.problem: str | None = None
        self._output_dir = os.path.realpath(output_dir)
        self._written = b""
        self.views: dict[str, LogView] = self._load()

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
        self._written, views = state
        return views

    def view(self, session_key: str | None) -> LogView:
        """The positions of the runs with this filter."""
        return self.views.setdefault(session_key or "", LogView())

    def release(self, path: str) -> None:
        """The file of this name was a passing one, and is gone."""
        path = os.path.realpath(path)
        for view in self.views.values():
            for generation in view.generations:
                if generation.path == path and not generation.gone:
                    generation.release()

    def save(self) -> None:
        """Write it, if anything changed.  Raises ``OSError``."""
        content = {
            "schema_version": SCHEMA_VERSION,
            "written_by": f"agent-session-monitor {__version__}",
            "output_dir": self._output_dir,
            "views": {name: view.to_json() for name, view in self.views.items()},
        }
        raw = json.dumps(content, indent=1).encode() + b"\n"
        if raw != self._written:
            files.replace(self.path, raw)
            self._written = raw


def read(path: str, output_dir: str) -> tuple[bytes, dict[str, LogView]] | None:
    """What a state file holds, as bytes and as views; None where there is none.

    Raises ``UnusableStateError``, and ``OSError`` where it may not be read.
    """
    try:
        with files.reading(path) as file:
            raw = file.read()
    except FileNotFoundError:
        return None
    except files.OddFileError as odd:
        raise UnusableStateError(odd.what) from None
    try:
        state = json.loads(raw)
        if state["schema_version"] != SCHEMA_VERSION:
            raise UnusableStateError("was written by another version")
        if not _is_of(path, output_dir, state["output_dir"]):
            raise UnusableStateError("belongs to another output folder")
        return raw, {name: LogView.from_json(view) for name, view in state["views"].items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise UnusableStateError("is damaged") from None


def _is_of(path: str, output_dir: str, named: object) -> bool:
    """A state file inside the output folder belongs to it, also after the folder was moved."""
    real = os.path.realpath(output_dir)
    return named == real or os.path.dirname(os.path.realpath(path)) == real
