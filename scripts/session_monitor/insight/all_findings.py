"""What is found in all sessions that are meant?"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Optional

from session_monitor.base import data_folder, stated_file, timestamps
from session_monitor.index.database import Index, Progress
from session_monitor.index.tables import schema
from session_monitor.prices import money
from session_monitor.prices.money import MICRO
from session_monitor.reports.report import Report, silent
from session_monitor.reports.selected.filter_sql import SelectionSql
from session_monitor.reports.selected.filters import ALL, Selection

from . import answers, own_rules, wording
from .basis.finding import CRITICAL, SEVERITIES, WARNING, Finding
from .kept import kept_sessions
from .own_rules import DismissedFinding, OwnRules

LIMIT = 50


class FoundRow(NamedTuple):
    """A finding, and the session that it is of."""

    session_id: str
    finding: Finding


class FoundList(NamedTuple):
    """Findings, the gravest first, and what all that are meant come to, those that are not among the rows with them.

    ``counts`` has how many there are, by kind and severity; ``pico`` what they come to at most in pico-dollars, as far as that is known, None where
    it is of none: two findings may be about the same tokens, so that it may be more than all calls cost.
    Of the sessions ``judged`` were judged, and ``not_judged`` have no content.  ``mistakes`` are those in a person's own
    rules, in words.  ``pico_by_kind`` has parts of ``pico``, of the kinds of which any is known; ``by_session`` is how many there are of each severity in each session that
    has any, None where that was not asked.
    """

    rows: list[FoundRow]
    counts: Mapping[str, Mapping[str, int]]
    pico: Optional[int]  # noqa: UP045 -- a NamedTuple's types are asked for at run time, in Python 3.9, too
    judged: int
    not_judged: int
    mistakes: tuple[str, ...] = ()
    pico_by_kind: Mapping[str, int] = {}
    by_session: Optional[Mapping[str, Mapping[str, int]]] = None  # noqa: UP045

    @property
    def total(self) -> int:
        """How many findings there are."""
        return sum(sum(each.values()) for each in self.counts.values())

    @property
    def by_severity(self) -> dict[str, int]:
        """How many there are of each severity, the gravest first."""
        return {each: sum(of_kind.get(each, 0) for of_kind in self.counts.values()) for each in reversed(SEVERITIES)}

    def to_json(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return {
            "findings": [{"session_id": row.session_id, **wording.to_json(row.finding)} for row in self.rows],
            "total": self.total,
            "by_severity": self.by_severity,
            "by_kind": {kind: dict(each) for kind, each in self.counts.items()},
            "cost_usd": None if self.pico is None else money.plain(self.pico),
            "cost_by_kind_usd": {kind: money.plain(pico) for kind, pico in self.pico_by_kind.items()},
            "by_session": self.by_session,
            "sessions_judged": self.judged,
            "sessions_not_judged": self.not_judged,
            "mistakes": list(self.mistakes),
        }


def across(
    report: Report,
    selection: Selection = ALL,
    *,
    kinds: Sequence[str] = (),
    severities: Sequence[str] = (),
    limit: int | None = LIMIT,
    offset: int = 0,
    counts_sessions: bool = False,
    progress: Progress = silent,
) -> FoundList:
    """The findings in the sessions that are meant; of a time those whose last round began in it.

    ``kinds`` and ``severities``: those alone, where any are given; the first ``offset`` are skipped.  Where it ``counts_sessions``
    those of each session are counted: of few sessions.
    ``progress`` hears of the judging.  Raises ``NoSuchFolderError``.
    """

    def question(db: sqlite3.Connection, index: Index, own: OwnRules) -> FoundList:
        wanted = _Wanted(db, index, selection)
        wanted.leave_out(own.dismissed)
        wanted.choose(kinds, severities)
        found = wanted.found(limit, offset)._replace(mistakes=own.mistakes)
        return found._replace(by_session=wanted.by_session()) if counts_sessions else found

    return answers.ask(report, lambda _db, index, _own: _sessions(index, selection), question, progress)


def known(report: Report, selection: Selection = ALL, severities: Sequence[str] = ()) -> FoundList | None:
    """The same without any rows, session by session, of what is judged by now; None where that is not to be had.

    Raises ``NoSuchFolderError``.
    """

    def question(db: sqlite3.Connection, index: Index, own: OwnRules) -> FoundList:
        wanted = _Wanted(db, index, selection)
        wanted.leave_out(own.dismissed)
        wanted.choose((), severities)
        return wanted.found(0, 0)._replace(mistakes=own.mistakes, by_session=wanted.by_session())

    return answers.known(report, question)


class RecentFindings:
    """The grave findings of the last day that are known, from look to look: counted anew where what is kept has changed."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._mark: tuple[object, ...] | None = None
        self._counts: Mapping[str, int] = {}
        self._by_session: Mapping[str, Mapping[str, int]] = {}

    def look(self, report: Report) -> None:
        """See what is known by now, at the moment of a report."""
        path = os.path.join(report.folder, data_folder.INSIGHTS)
        mark = stated_file.stamp(path), own_rules.state(report.folder), report.now // _MINUTE
        if mark == self._mark:
            return
        found = known(report, ALL._replace(since=report.now - _DAY), GRAVE)
        if found is not None or mark[0] is None:
            self._mark = mark
            self._counts = found.by_severity if found else {}
            self._by_session = (found.by_session if found else None) or {}

    def __str__(self) -> str:
        """All of them in words; empty where there are none."""
        told = wording.counts(self._counts)
        return f"{told} in the last 24 hours" if told else ""

    def of(self, session_id: str) -> str:
        """Those of a session, as signs; empty where there are none."""
        return wording.signs(self._by_session.get(session_id, {}))


GRAVE = (WARNING, CRITICAL)
_MINUTE, _DAY = 60_000, 86_400_000


def _sessions(index: Index, selection: Selection) -> str:
    """SQL for the sessions that may have such findings."""
    conditions = (
        []
        if SelectionSql(index, selection._replace(since=None, until=None)).is_everything()
        else [_meant(index, selection)]
    )
    if selection.since is not None:
        conditions.append(f"updated >= {selection.since}")
    if selection.until is not None:
        until = timestamps.rfc3339(selection.until).rstrip("Z")
        conditions.append(f"coalesce({schema.SESSION_CREATED} < '{until}', true)")
    return " AND ".join(conditions) or kept_sessions.EVERY


def _meant(index: Index, selection: Selection) -> str:
    return SelectionSql(index, selection._replace(since=None, until=None)).sessions()


class _Wanted:
    """What is asked of what is kept."""

    def __init__(self, db: sqlite3.Connection, index: Index, selection: Selection) -> None:
        self._db = db
        self._index = index
        self._conditions: list[str] = []
        self._values: list[object] = []
        where = _sessions(index, selection)
        self._of_sessions = "true"
        if where != kept_sessions.EVERY:
            self._of_sessions = "id IN (SELECT id FROM temp.meant)"
            self._conditions.append("session IN (SELECT id FROM temp.meant)")
            self._fill("meant(id INTEGER PRIMARY KEY)", index.db.execute(f"SELECT id FROM session WHERE {where}"))
        if selection.since is not None:
            self._conditions.append(f"at >= {selection.since}")
        if selection.until is not None:
            self._conditions.append(f"at < {selection.until}")

    def _fill(self, table: str, rows: Iterable[tuple[object, ...]]) -> None:
        name = table.partition("(")[0]
        self._db.execute(f"DROP TABLE IF EXISTS temp.{name}")
        self._db.execute(f"CREATE TEMP TABLE {table}")
        self._db.executemany(f"INSERT INTO temp.{name} VALUES ({', '.join('?' * (table.count(',') + 1))})", rows)

    def leave_out(self, dismissed: Iterable[DismissedFinding]) -> None:
        """Leave these out."""
        numbered = ((self._index.session_number(each.session), each.kind, each.first) for each in dismissed)
        rows = [row for row in numbered if row[0] is not None]
        if rows:
            self._fill("dismissed(session INTEGER, kind TEXT, first INTEGER)", rows)
            self._conditions.append("(session, kind, first) NOT IN (SELECT session, kind, first FROM temp.dismissed)")

    def choose(self, kinds: Sequence[str], severities: Sequence[str]) -> None:
        """Of these kinds and severities alone, where any are given."""
        for column, values in (("kind", kinds), ("severity", [SEVERITIES.index(each) for each in severities])):
            if values:
                self._conditions.append(f"{column} IN ({', '.join('?' * len(values))})")
                self._values += values

    @property
    def _where(self) -> str:
        return " AND ".join(self._conditions) or "true"

    def by_session(self) -> dict[str, dict[str, int]]:
        """How many there are of each severity in each session."""
        counts: dict[str, dict[str, int]] = {}
        counted = f"SELECT session, severity, count(*) FROM finding WHERE {self._where} GROUP BY session, severity"
        for session, severity, count in self._db.execute(counted, self._values):
            counts.setdefault(self._index.session_id(session), {})[SEVERITIES[severity]] = count
        return counts

    def found(self, limit: int | None, offset: int) -> FoundList:
        """All but what is told of each session."""
        where, values = self._where, self._values
        counts: dict[str, dict[str, int]] = {}
        pico_by_kind: dict[str, int] = {}
        summed = (
            "SELECT kind, severity, count(*), count(usd), coalesce(sum(usd), 0), coalesce(sum(pico), 0) FROM finding"
        )
        for kind, severity, count, priced, usd, rest in self._db.execute(
            f"{summed} WHERE {where} GROUP BY kind, severity", values
        ):
            counts.setdefault(kind, {})[SEVERITIES[severity]] = count
            if priced:
                pico_by_kind[kind] = pico_by_kind.get(kind, 0) + usd * MICRO + rest
        rows = [
            FoundRow(self._index.session_id(session), kept_sessions.finding_of(*columns))
            for session, *columns in self._db.execute(
                f"SELECT session, {kept_sessions.COLUMNS} FROM finding WHERE {where} ORDER BY {kept_sessions.ORDER} LIMIT ? OFFSET ?",
                (*values, -1 if limit is None else limit, offset),
            )
        ]
        sessions = "SELECT count(*), coalesce(sum(not_judged < rounds), 0) FROM session"
        of_all, judged = self._db.execute(f"{sessions} WHERE {self._of_sessions}").fetchone()
        pico = sum(pico_by_kind.values()) if pico_by_kind else None
        return FoundList(rows, counts, pico, judged, of_all - judged, pico_by_kind=pico_by_kind)
