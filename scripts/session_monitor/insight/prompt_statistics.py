"""What do calls cost under each system prompt, how often do they fail, and since when is it in use?"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, Callable, NamedTuple, Optional, TypeVar

from session_monitor.base import timestamps
from session_monitor.calls import messages as said
from session_monitor.index.database import Index, Progress
from session_monitor.index.tables import schema
from session_monitor.prices import money
from session_monitor.reports.report import Report, silent
from session_monitor.reports.selected.filter_sql import SelectionSql, SumSource
from session_monitor.reports.selected.filters import ALL, Selection
from session_monitor.reports.sums import drivers
from session_monitor.reports.sums.breakdown import columns_by, share
from session_monitor.reports.sums.drivers import Cells, Drivers
from session_monitor.sessions.rounds import open_session, round_at
from session_monitor.totals.usage_totals import Sums

from . import answers
from .basis.prompt_versions import NO_PROMPT
from .kept import kept_sessions
from .own_rules import OwnRules

Answer = TypeVar("Answer")

NONE = "none"
"""What calls without a system prompt are told under."""
_RUNS = "prompt_run"


class PromptVersion(NamedTuple):
    """The calls under one system prompt, and how many sessions they belong to.

    ``prompt`` is what it is known by, "none" for calls without one, and None for those of which it is not logged.  ``first`` and ``last`` are when its
    first and last call began, in milliseconds since 1970; in round ``stands_in`` of a session with this id it can be read.
    """

    prompt: Optional[str]  # noqa: UP045 -- a NamedTuple's types are asked for at run time, in Python 3.9, too
    sessions: int
    sums: Sums
    first: Optional[int]  # noqa: UP045
    last: Optional[int]  # noqa: UP045
    session_id: str
    stands_in: int

    @property
    def is_told(self) -> bool:
        """Whether there is a prompt to read."""
        return self.prompt not in (None, NONE)

    @property
    def per_call(self) -> int | None:
        """What a call cost of those that have a price, in pico-dollars."""
        return _each(self.sums.spending.pico, self.sums.calls - self.sums.spending.unpriced_rounds)

    @property
    def per_session(self) -> int | None:
        """What calls of one session cost; None where no call has a price."""
        is_known = self.sums.calls > self.sums.spending.unpriced_rounds
        return _each(self.sums.spending.pico, self.sessions) if is_known else None

    def to_json(self) -> dict[str, Any]:
        """For JSON; None for what is not known."""
        return {
            "prompt": self.prompt,
            "sessions": self.sessions,
            **self.sums.to_json(),
            "failed_share": share(self.sums.failed, self.sums.calls),
            "cost_per_call_usd": None if self.per_call is None else money.plain(self.per_call),
            "cost_per_session_usd": None if self.per_session is None else money.plain(self.per_session),
            "first_seen": None if self.first is None else timestamps.rfc3339(self.first),
            "last_seen": None if self.last is None else timestamps.rfc3339(self.last),
            "session_id": self.session_id,
            "round": self.stands_in,
        }


def _each(pico: int, number: int) -> int | None:
    return (2 * pico + number) // (2 * number) if number else None


def name_of(mark: int | None) -> str | None:
    """What a prompt with this mark is known by."""
    return None if mark is None else NONE if mark == NO_PROMPT else f"{mark:014x}"


# -- in the index ------------------------------------------------------------------------------------------------------


def _ask(
    report: Report, selections: Sequence[Selection], question: Callable[[Index], Answer], progress: Progress
) -> Answer:
    """The answer of an index with the runs of all sessions that are meant in a table of this connection."""

    def with_runs(db: sqlite3.Connection, index: Index, _own: OwnRules) -> Answer:
        rows = "of_session INTEGER, of_first INTEGER, of_last INTEGER, mark INTEGER, stands_in INTEGER"
        index.db.execute(f"DROP TABLE IF EXISTS temp.{_RUNS}")
        index.db.execute(f"CREATE TEMP TABLE {_RUNS}({rows})")
        meant = {number for (number,) in index.db.execute(f"SELECT id FROM session WHERE {_meant(index, selections)}")}
        runs = (run for run in kept_sessions.prompt_runs(db) if run[0] in meant)
        index.db.executemany(f"INSERT INTO {_RUNS} VALUES (?, ?, ?, ?, ?)", runs)
        return question(index)

    return answers.ask(report, lambda _db, index, _own: _meant(index, selections), with_runs, progress)


def _meant(index: Index, selections: Iterable[Selection]) -> str:
    """SQL for the sessions that any of these means."""
    conditions = [SelectionSql(index, each).sessions() for each in selections]
    if kept_sessions.EVERY in conditions:
        return kept_sessions.EVERY
    return " OR ".join(f"id IN (SELECT id FROM session WHERE {each})" for each in conditions)


def _rounds_under(selected: SelectionSql) -> str:
    """SQL for the rounds that are meant, each with its run."""
    meant = selected.rounds(selected.selection.since, selected.selection.until)
    return f"{_RUNS} CROSS JOIN round ON round.session = of_session AND round.number BETWEEN of_first AND of_last WHERE {meant}"


def _source(selected: SelectionSql) -> SumSource:
    rows = _rounds_under(selected)
    return SumSource(rows, schema.OF_ROUNDS, "0", rows)


def by_prompt(report: Report, selection: Selection = ALL, progress: Progress = silent) -> list[PromptVersion]:
    """A row for each prompt, the dearest first."""
    return _ask(report, (selection,), lambda index: _versions(index, selection), progress)


def changes(report: Report, now: Selection, before: Selection, limit: int = 10, progress: Progress = silent) -> Drivers:
    """Why the calls of one time cost more or less than those of another, prompt by prompt."""

    def question(index: Index) -> Drivers:
        return drivers.of_cells(index, _cells(index, before), _cells(index, now), now, limit)

    return _ask(report, (now, before), question, progress)


def _versions(index: Index, selection: Selection) -> list[PromptVersion]:
    models = dict(index.db.execute("SELECT id, name FROM model").fetchall())
    sums = {name: drivers.sums_of(cells, models) for name, cells in _cells(index, selection).items()}
    by_session = (
        f"SELECT mark, round.session, max(stands_in), min(at), max(at) FROM {_rounds_under(SelectionSql(index, selection))} "
        "GROUP BY mark, round.session"
    )
    found: dict[str | None, _Seen] = {}
    for mark, *seen in index.db.execute(by_session):
        found.setdefault(name_of(mark), _Seen()).add(*seen)
    rows = [each.told(index, name, sums[name]) for name, each in found.items()]
    return sorted(rows, key=lambda row: (-row.sums.spending.pico, -row.sums.calls, row.prompt or ""))


class _Seen:
    """In how many sessions a prompt was seen, when, and where last."""

    def __init__(self) -> None:
        self._sessions = 0
        self._first: int | None = None
        self._last: tuple[int, int, int] | None = None

    def add(self, session: int, stands_in: int, first: int | None, last: int | None) -> None:
        """One session more."""
        self._sessions += 1
        if first is not None:
            self._first = first if self._first is None else min(self._first, first)
        here = schema.NEVER if last is None else last, session, stands_in
        self._last = here if self._last is None else max(self._last, here)

    def told(self, index: Index, name: str | None, sums: Sums) -> PromptVersion:
        """A row of them."""
        last, session, stands_in = self._last or (schema.NEVER, 0, 0)
        (session_id,) = index.db.execute("SELECT session_id FROM session WHERE id = ?", (session,)).fetchone()
        at = None if last == schema.NEVER else last
        return PromptVersion(name, self._sessions, sums, self._first, at, session_id, stands_in)


def _cells(index: Index, selection: Selection) -> dict[str | None, Cells]:
    selected = SelectionSql(index, selection)
    found: dict[str | None, Cells] = {}
    for (mark, model), notes, columns in columns_by(selected, [_source(selected)], ("mark", "model")):
        drivers.add_to(found.setdefault(name_of(mark), {}), model, notes, columns)
    return found


# -- what it says ------------------------------------------------------------------------------------------------------


def first_words(report: Report, row: PromptVersion, most: int) -> str | None:
    """How a prompt begins, in so many characters at most, from a session's file: conversation text.  None where that is not there."""
    if not row.is_told:
        return None
    for place in report.places(row.session_id, row.stands_in, row.stands_in, None):
        try:
            with open_session(report.folder, place.file) as file:
                stored = round_at(file, place)
        except OSError:
            return None
        if stored is not None:
            return _beginning(stored.get("system") or _first_message(stored["messages"]), most)
    return None


def _first_message(messages: Sequence[Any]) -> Any:
    return messages[0].get("content") if messages and isinstance(messages[0], dict) else None


def _beginning(system: Any, most: int) -> str | None:
    text = system if isinstance(system, str) else said.spoken(system)
    return " ".join(text[: 4 * most].split())[:most] if text else None
