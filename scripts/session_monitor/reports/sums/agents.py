"""What do the calls of each agent add up to, by what the ids of its sessions begin with?

No sums are kept by that.  But those of each session are, so that calls are looked at one by one only where not all of a
session's are meant.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import tzinfo
from typing import Callable, NamedTuple, Optional

from session_monitor.index.database import Index
from session_monitor.index.tables import schema
from session_monitor.reports.selected.filter_sql import SelectionSql
from session_monitor.reports.selected.filters import Selection
from session_monitor.totals import usage_totals
from session_monitor.totals.usage_totals import Sums

from . import breakdown
from .breakdown import Breakdown, BreakdownRow, SpanNameRow

Grouping = Callable[[str], Optional[str]]
"""The name under which a session's calls are told, by its id; None for one that has no such name."""

_TABLE = "grouped"


def agent_of(session_id: str) -> str | None:
    """The agent of a session that OpenClaw named: ``main`` of ``agent:main:discord:channel:146``."""
    match = _OPENCLAW.match(session_id)
    return match and match[1]


_OPENCLAW = re.compile(r"agent:([^:]+):", re.DOTALL)


def by_prefix(parts: int, delimiter: str) -> Grouping:
    """The first so many parts of an id, where more follow: ``team/a`` of ``team/a/17``, for two of them."""

    def prefix(session_id: str) -> str | None:
        split = session_id.split(delimiter, parts)
        return delimiter.join(split[:parts]) if len(split) > parts else None

    return prefix


class _Meant(NamedTuple):
    """Which calls are meant, in SQL: all of some rows of ``session``, and rows of ``round``; None for none."""

    sessions: str | None
    rounds: str | None


def by_agent(index: Index, selection: Selection, grouping: Grouping) -> Breakdown:
    """A row for each name that sessions are grouped under, the dearest first."""
    selected = SelectionSql(index, selection)
    meant = _meant(selected, has_undated=selected.has_undated())
    return _summed(index, meant, _grouped(index, grouping))


def by_time_and_agent(
    index: Index, selection: Selection, unit: str, zone: tzinfo | None, grouping: Grouping
) -> Breakdown:
    """A row for each name in each span that has calls of it: the newest span last, in each the dearest first."""
    names = _grouped(index, grouping)
    rows, sums = [], []
    selected = SelectionSql(index, selection)
    spans, has_undated = breakdown.spans_of(selected, unit, zone), selected.has_undated()
    for span in spans:
        within = selection._replace(since=span.start, until=span.end)
        of_span = _summed(index, _meant(SelectionSql(index, within), has_undated=has_undated), names)
        rows += [SpanNameRow(span, row) for row in of_span.rows]
        sums.append(of_span.sums)
    sessions = breakdown.session_count_within(SelectionSql(index, selection), spans)
    return Breakdown(rows, sessions, usage_totals.added(sums))


def _grouped(index: Index, grouping: Grouping) -> list[str | None]:
    """Number names in a table of this connection, ``grouped``, by the sessions that they stand for; the names."""
    numbers: dict[str | None, int] = {}
    sessions = index.db.execute("SELECT id, session_id FROM session").fetchall()
    rows = [(session, numbers.setdefault(grouping(session_id), len(numbers))) for session, session_id in sessions]
    index.db.execute(f"DROP TABLE IF EXISTS temp.{_TABLE}")
    index.db.execute(f"CREATE TEMP TABLE {_TABLE}(member INTEGER PRIMARY KEY, name INTEGER)")
    index.db.executemany(f"INSERT INTO {_TABLE} VALUES (?, ?)", rows)
    return list(numbers)


def _meant(selected: SelectionSql, *, has_undated: bool) -> _Meant:
    """Which calls are meant: most sessions lie in a time as a whole, and the others are those that its edges may cut."""
    selection = selected.selection
    since, until = selection.since, selection.until
    if not selection.is_of_calls:
        return _Meant(selected.sessions(), None)
    if selection._replace(since=None, until=None).is_of_calls or has_undated:
        return _Meant(None, selected.rounds_of_talks(since, until))
    cut = selected.cut_sessions()
    limits = [f"updated >= {since}"] if since is not None else []
    limits += [f"updated < {until}"] if until is not None else []
    whole = " AND ".join([*limits, selected.sessions(), f"id NOT IN ({cut})"])
    return _Meant(whole, f"session IN ({cut}) AND {selected.rounds(since, until)}")


# -- sums --------------------------------------------------------------------------------------------------------------


class _Group:
    """What the calls of one name add up to, as far as they were counted in."""

    def __init__(self) -> None:
        """None yet."""
        self.sessions = 0
        self.by_notes: dict[int, list[int]] = {}
        self.unpriced: dict[str | None, int] = {}

    def count(self, notes: int, columns: Sequence[int]) -> None:
        """Count calls with these notes in."""
        self.by_notes[notes] = breakdown.added_columns(self.by_notes.get(notes), columns)

    def sums(self) -> Sums:
        """What they come to."""
        return usage_totals.of_noted(self.by_notes, self.unpriced)


_SUMMED = ", ".join(f"sum({name})" for name in schema.ADDITIVE)
_NOTED = ", ".join(f"sum(noted.{name})" for name in schema.NOTED)
_NOTED_AT = [schema.ADDITIVE.index(name) for name in schema.NOTED]
_UNPRICED_AT = schema.ADDITIVE.index("unpriced")
_UNPRICED = "unpriced - without_tokens - partly_told > 0"
_IS_UNPRICED = f"usd IS NULL AND NOT flags & {schema.UNTOLD}"


def _summed(index: Index, meant: _Meant, names: Sequence[str | None]) -> Breakdown:
    groups = [_Group() for _ in names]
    if meant.sessions is not None:
        _count_sessions(index, meant.sessions, groups)
    if meant.rounds is not None:
        _count_rounds(index, meant.rounds, groups)
    found = [(name, group.sessions, group.sums()) for name, group in zip(names, groups) if group.sessions]
    rows = [BreakdownRow(*each) for each in found]
    rows.sort(key=lambda row: (-row.sums.spending.pico, -row.sums.total_tokens, row.name or ""))
    return Breakdown(rows, sum(row.sessions for row in rows), usage_totals.added(row.sums for row in rows))


def _count_sessions(index: Index, where: str, groups: Sequence[_Group]) -> None:
    """Count all calls of some sessions in: the sums of those with notes are taken off those of all, where they stand too."""
    execute = index.db.execute
    of_sessions = f"(SELECT * FROM session WHERE {where}) JOIN {_TABLE} ON member = id"
    are_unpriced = False
    for name, sessions, *columns in execute(f"SELECT name, count(*), {_SUMMED} FROM {of_sessions} GROUP BY name"):
        groups[name].sessions += sessions
        groups[name].count(0, columns)
        are_unpriced = are_unpriced or columns[_UNPRICED_AT] > 0
    chosen = f"SELECT id FROM session WHERE {where}"
    of_noted = f"noted JOIN {_TABLE} ON member = noted.session WHERE noted.session IN ({chosen})"
    for name, notes, *values in execute(f"SELECT name, notes, {_NOTED} FROM {of_noted} GROUP BY name, notes"):
        columns = [0] * len(schema.ADDITIVE)
        for at, value in zip(_NOTED_AT, values):
            columns[at] = value
        groups[name].count(notes, columns)
        groups[name].count(0, [-value for value in columns])
    if are_unpriced:
        _count_unpriced(index, f"session IN ({chosen} AND {_UNPRICED})", groups)


def _count_rounds(index: Index, where: str, groups: Sequence[_Group]) -> None:
    """Count some rounds in."""
    execute = index.db.execute
    rounds = f"round JOIN {_TABLE} ON member = session WHERE {where}"
    for name, sessions in execute(f"SELECT name, count(DISTINCT session) FROM {rounds} GROUP BY name"):
        groups[name].sessions += sessions
    for name, notes, *columns in execute(f"SELECT name, notes, {schema.OF_ROUNDS} FROM {rounds} GROUP BY name, notes"):
        groups[name].count(notes, columns)
    _count_unpriced(index, where, groups)


def _count_unpriced(index: Index, where: str, groups: Sequence[_Group]) -> None:
    """Count in how many of some rounds which model has no price."""
    models = dict(index.db.execute("SELECT id, name FROM model").fetchall())
    rounds = f"round JOIN {_TABLE} ON member = session WHERE {where} AND {_IS_UNPRICED}"
    for name, model, number in index.db.execute(f"SELECT name, model, count(*) FROM {rounds} GROUP BY name, model"):
        unpriced = groups[name].unpriced
        unpriced[models.get(model)] = unpriced.get(models.get(model), 0) + number
