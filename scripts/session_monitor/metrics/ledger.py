"""Why do counters never fall, whatever is deleted or priced anew?

A sum of what is stored falls when sessions are deleted, and cost also when prices are corrected; Prometheus would take a
counter that falls for one that began again from 0, and count all of it as new.  So what a sum lost is added to what is
shown of it from then on: the counter stays where it was, and goes on with what comes.  What was shown last stands in the
data folder, so that it goes on whoever is asked next.

    shown = stored + base        and where stored fell by so much since the last time: base += so much

A series ends with the last call of its names.  One that gets room of its own later begins at 0 then: what came before
stays in ``other``, so all series together still come to what is stored.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from session_monitor.base import data_folder, files

from .of_calls import FIELDS, Pair, Rows, calls_of
from .series import KINDS, SeriesNames

_VERSION = 1
_UNUSABLE = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What a file that somebody else wrote may raise."""


class CounterLedger:
    """What was shown of each pair of labels: what was stored by then, and what is added to it."""

    def __init__(self, names: SeriesNames | None = None, stored: Rows | None = None, base: Rows | None = None) -> None:
        """Nothing was shown yet, unless something is given.  ``waiting`` has the kinds of names of which some counted as ``other``."""
        self.names = names or SeriesNames()
        self.waiting: Collection[str] = ()
        self._stored = stored or {}
        self._base = base or {}

    @property
    def shown(self) -> Rows:
        """What is shown of each pair of labels by now."""
        return {pair: _plus(row, self._base.get(pair)) for pair, row in self._stored.items()}

    def go_on(self, rows: Rows, now: int, late: Mapping[Pair, int]) -> None:
        """Take in what is stored now, a row for each pair of labels that has calls; ``late`` as ``SeriesNames.take`` has it."""
        before = self.shown
        self.names.forget(rows)
        # Where nobody waits, whoever is new was never counted as another.
        self.names.take(rows, now, late, [kind for kind in KINDS if kind not in self.waiting])
        self._add(self.names.folded(rows), now)
        if self.waiting and self.names.take(rows, now, late):
            self._move(self.names.folded(rows), before)
        self.waiting = [kind for kind in KINDS if self.names.waiting(kind, rows)]

    def _add(self, stored: Rows, now: int) -> None:
        base: Rows = {}
        for pair, row in stored.items():
            before = self._stored.get(pair)
            if before is None or calls_of(row) > calls_of(before):
                self.names.saw(pair, now)
            fallen = before and [max(0, old - new) for old, new in zip(before, row)]
            added = _plus(fallen, self._base.get(pair)) if fallen else [0] * len(row)
            if any(added):
                base[pair] = added
        self._stored, self._base = stored, base

    def _move(self, stored: Rows, before: Rows) -> None:
        """The same calls count under other labels from now on: what was shown stays, and who is new begins at 0."""
        shown, self._stored = {**before, **self.shown}, stored
        zero = [0] * len(FIELDS)
        moved = {pair: [old - new for old, new in zip(shown.get(pair, zero), row)] for pair, row in stored.items()}
        self._base = {pair: row for pair, row in moved.items() if any(row)}

    # -- on disk -------------------------------------------------------------------------------------------------------

    def to_json(self) -> dict[str, Any]:
        """As it is kept."""
        rows = [[*pair, row, self._base.get(pair)] for pair, row in self._stored.items()]
        return {
            "schema_version": _VERSION,
            "fields": FIELDS,
            "names": self.names.to_json(),
            "waiting": list(self.waiting),
            "rows": rows,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> CounterLedger:
        """From ``to_json``; raises one of several errors where it is something else."""
        if document["schema_version"] != _VERSION or document["fields"] != list(FIELDS):
            raise ValueError("of another version")
        stored, base = {}, {}
        for model, consumer, row, added in document["rows"]:
            pair: Pair = str(model), str(consumer)
            stored[pair] = _numbers(row)
            if added is not None:
                base[pair] = _numbers(added)
        found = cls(SeriesNames.from_json(document["names"]), stored, base)
        found.waiting = [kind for kind in KINDS if kind in document["waiting"]]
        return found


def _plus(row: Sequence[int], more: Sequence[int] | None) -> list[int]:
    return [one + other for one, other in zip(row, more)] if more else [*row]


def _numbers(row: Sequence[Any]) -> list[int]:
    if len(row) != len(FIELDS) or not all(type(each) is int for each in row):
        raise ValueError("no row")
    return list(row)


class KeptLedger:
    """The ledger of a data folder, as the file there has it; in memory where none can be kept there."""

    def __init__(self, folder: str) -> None:
        # Not beside the sessions: a name that comes there makes the index look for new ones.
        self._path = os.path.join(folder, data_folder.METRICS_FOLDER, "shown.json")
        self._ledger = CounterLedger()
        self._seen: object = None

    def current(self) -> CounterLedger:
        """As whoever was asked last left it."""
        state = self._state()
        if state is not None and state != self._seen:
            self._ledger = _read(self._path) or self._ledger
            self._seen = state
        return self._ledger

    def keep(self) -> None:
        """Leave it for whoever is asked next.  What a power loss takes of it is no more than counters that begin anew."""
        text = json.dumps(self._ledger.to_json(), ensure_ascii=False, separators=(",", ":"))
        with contextlib.suppress(OSError):
            files.make_folder_within(os.path.dirname(self._path))
            files.replace(self._path, text.encode(), is_lasting=False)
            self._seen = self._state()

    def _state(self) -> tuple[int, int, int] | None:
        try:
            found = os.stat(self._path)
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino


def _read(path: str) -> CounterLedger | None:
    try:
        with files.reading(path) as file:
            return CounterLedger.from_json(json.loads(file.read()))
    except (OSError, *_UNUSABLE):
        return None
