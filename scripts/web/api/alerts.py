"""What fires, what was told of it and to whom, and what is looked for?

All of it as the files of the data folder have it: it is read and never changed here.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Callable, TypeVar

from session_monitor.alerts import gate, raised, rules
from session_monitor.alerts.raised import KEPT, AlertState, ToldAlert
from session_monitor.alerts.rules import Watched
from session_monitor.base import data_folder, timestamps
from session_monitor.delivery import delivery_log, outbox, targets
from session_monitor.delivery.delivery_log import Entry
from session_monitor.delivery.outbox import Waiting
from session_monitor.reports.report import Report
from web.asking import parameters
from web.asking.questions import OF_ALL_HOLDS, Question, Setting
from web.server.exchange import Request

FIRING, ALL = "firing", "all"
_PARTS = (ALL, FIRING)
_DELIVERIES = 20
Value = TypeVar("Value")
Stamp = tuple[object, ...]


def stamp(folder: str) -> Stamp:
    """Changes when anything does of what is told, of who is told, and of what became of it."""
    paths = (raised.path_of(folder), targets.file_of(folder), delivery_log.file_of(folder), data_folder.outbox(folder))
    return tuple(map(_state, paths))


def _state(path: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


@dataclass(frozen=True)
class AlertsQuestion(Question):
    """What fires; and unless that alone is meant, what was told in the last days, what is looked for, and who is told.

    ``minute`` is the moment for which silences hold, ``stamp`` stands for the state of the files.
    """

    part: str
    limit: int
    minute: int
    stamp: Stamp

    has_coverage = False

    @classmethod
    def of(cls, request: Request, setting: Setting) -> AlertsQuestion:
        """What a request asks."""
        part = parameters.choice(request, "part", _PARTS, ALL)
        limit = parameters.limit(request, 200, raised.MOST)
        return cls(part, limit, setting.since(OF_ALL_HOLDS), stamp(setting.folder))

    def answer(self, report: Report, _setting: Setting) -> dict[str, Any]:
        """As the files have it; what of them cannot be read is among the problems."""
        folder, problems = report.folder, _Problems(report.folder)
        state = problems.tried(lambda: raised.read(folder), AlertState())
        watched = problems.tried(lambda: rules.of_document(rules.document(folder)), rules.of_document({}))
        problems.add(watched.mistakes)
        firing = [self._row(key, told, watched) for key, told in state.firing().items()]
        parts = {} if self.part == FIRING else self._more(folder, state, watched, problems)
        never: int | None = None
        at = problems.tried(lambda: gate.looked_at(folder), never)
        looked = None if at is None else timestamps.rfc3339(at)
        return {"firing": firing, "looked_at": looked, **parts, "problems": problems.texts}

    def _more(self, folder: str, state: AlertState, watched: Watched, problems: _Problems) -> dict[str, Any]:
        known = targets.read(folder)
        problems.add(known.mistakes)
        told = [pair for pair in state.told.items() if (pair[1].over or self.minute) > self.minute - KEPT]
        told.sort(key=lambda pair: -pair[1].since)
        return {
            "history": [self._row(key, each, watched) for key, each in told[: self.limit]],
            "told": len(told),
            "rules": list(_rules(watched)),
            "silences": [each._asdict() for each in watched.silences if not each.is_over(self.minute)],
            "targets": [each.to_json() for each in known.targets],
            **_deliveries(folder, problems),
        }

    def _row(self, key: tuple[str, str], told: ToldAlert, watched: Watched) -> dict[str, Any]:
        return raised.to_json(key, told, is_silent=watched.is_silent(key[0], self.minute))


def _rules(watched: Watched) -> Iterator[dict[str, Any]]:
    for name, usual in rules.usual().items():
        limits = watched.rules.get(name)
        yield {"rule": name, "about": rules.about(name), "limits": limits, "usual": limits == usual}


def _deliveries(folder: str, problems: _Problems) -> dict[str, Any]:
    """What waits, and the last of those that do not any more, the latest first."""
    nothing: list[Entry] = []
    nobody: list[Waiting] = []
    waiting = [each.to_json() for each in problems.tried(lambda: outbox.waiting_in(folder), nobody)]
    ended = [each.to_json() for each in reversed(problems.tried(lambda: delivery_log.entries(folder), nothing))]
    return {"waiting": len(waiting), "deliveries": [*waiting[-_DELIVERIES:], *ended][:_DELIVERIES]}


class _Problems:
    """What is wrong with the files, in words; where the folder lies is nobody's business who looks at a page."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self.texts: list[str] = []

    def add(self, texts: list[str]) -> None:
        """Some more, each once."""
        for text in texts:
            shown = text.replace(os.path.join(self._folder, ""), "")
            if shown not in self.texts:
                self.texts.append(shown)

    def tried(self, read: Callable[[], Value], otherwise: Value) -> Value:
        """What was read; something else where that could not be."""
        try:
            return read()
        except OSError as error:
            self.add([f"{os.path.relpath(error.filename or self._folder, self._folder)}: {error.strerror}"])
            return otherwise
