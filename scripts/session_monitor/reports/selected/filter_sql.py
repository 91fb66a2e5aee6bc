"""Which rows of the index does a selection mean?"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

from session_monitor.base import utf8
from session_monitor.calls import outcome
from session_monitor.index.database import Index
from session_monitor.index.tables import schema
from session_monitor.index.tables.schema import SLOT
from session_monitor.index.tables.ways import gateway_of
from session_monitor.prices.money import MICRO

from .filters import ACTIVE, ACTIVE_FOR, ENDED, ERROR, FAILED, STALE, Selection

_TABLE = "chosen"
_GATHERED = "gathered"
_OFTEN = 3
"""So many times rounds are gone through; then those that are meant are kept in the order of their time."""


class SumSource(NamedTuple):
    """Where the sums of some calls stand: a table or rounds, and the SQL that sums its rows up.

    ``unpriced`` sums up the calls whose model has no price; ``sessions`` is what has rows for each session and model;
    ``distinct`` counts the sessions in less time, where there is a way.
    """

    rows: str
    summed: str
    unpriced: str
    sessions: str
    distinct: str | None = None


_SUMMED = ", ".join(f"coalesce(sum({name}), 0)" for name in schema.ADDITIVE)
_UNPRICED = "coalesce(sum(unpriced - without_tokens - partly_told), 0)"
_UNPRICED_ROUNDS = f"coalesce(sum(usd IS NULL AND NOT flags & {schema.UNTOLD}), 0)"


class SelectionSql:
    """A selection, as SQL for one index."""

    def __init__(self, index: Index, selection: Selection, among: Collection[int] | None = None) -> None:
        """Looks up what names and patterns stand for; ``among`` are the numbers of some sessions: no other one is meant."""
        self.index = index
        self.selection = selection
        self._asked = 0
        self._of_calls = [
            f"{column} IN ({', '.join(map(str, _ids(index, column, patterns)))})"
            for column, patterns in (("model", selection.models), ("consumer", selection.consumers))
            if patterns
        ]
        if selection.gateways:
            self._of_calls.append(f"way IN ({', '.join(map(str, _ways(index, selection.gateways)))})")
        self._of_rounds = [*self._of_calls, *([_OUTCOMES[selection.outcome]] if selection.outcome else [])]
        self._has_chosen = selection.is_of_sessions or among is not None
        if self._has_chosen:
            self._choose(among)

    def sessions(self) -> str:
        """SQL for which rows of ``session`` are meant: those that have such calls, whenever these were."""
        conditions = []
        if self._of_calls:
            conditions.append(f"id IN (SELECT session FROM part WHERE {' AND '.join(self._of_calls)})")
        if self.selection.outcome:
            conditions.append(_HAS_OUTCOME[self.selection.outcome])
        if self.selection.outcome and self._of_calls:
            such = " AND ".join(self._of_rounds)
            conditions.append(f"EXISTS (SELECT 1 FROM round WHERE round.session = session.id AND {such})")
        if self._has_chosen:
            conditions.append(f"id IN (SELECT id FROM {_TABLE})")
        return " AND ".join(conditions) or "true"

    def is_everything(self) -> bool:
        """Whether nothing is left out."""
        return not (self.selection.is_of_calls or self._has_chosen)

    def rounds(self, start: int | None, end: int | None) -> str:
        """SQL for which rows of ``round`` are meant, from a moment to before another, where these are given."""
        conditions = [*self._of_rounds, *_within(start, end)]
        if self._has_chosen:
            conditions.append(f"session IN (SELECT id FROM {_TABLE})")
        return " AND ".join(conditions) or "true"

    def active(self) -> str:
        """SQL for which rows of ``active`` may have such calls.

        All rows are gone through: a plus leaves no other choice, as what is asked for beside the slot stands in none of them.
        """
        since, until = self.selection.since, self.selection.until
        conditions = [f"+{each}" for each in _slots(since, until)] + self._of_calls
        if self._has_chosen:
            conditions.append(f"session IN (SELECT id FROM {_TABLE})")
        return " AND ".join(conditions) or "true"

    def candidates(self) -> str:
        """SQL for which rows of ``round``, or of others with a session, are of those that may have such calls: quick where these are few."""
        since, until = self.selection.since, self.selection.until
        conditions = _talked(since, until)
        if self._of_calls:
            conditions.append(f"session IN (SELECT session FROM part WHERE {' AND '.join(self._of_calls)})")
        if self._has_chosen:
            conditions.append(f"session IN (SELECT id FROM {_TABLE})")
        return " AND ".join(conditions) or "true"

    def histograms(self) -> str | None:
        """SQL for which rows of ``latency`` are meant, whenever their calls were; None where these cannot tell it."""
        if self._has_chosen or self.selection.gateways:
            return None
        of_outcome = [f"ended = {_ENDED[self.selection.outcome]}"] if self.selection.outcome else []
        return " AND ".join([*self._of_calls, *of_outcome]) or "true"

    def rounds_of_talks(self, start: int | None, end: int | None) -> str:
        """SQL for the same rows of ``round`` as ``rounds``; quick where few sessions have any in that time."""
        return " AND ".join([*_talked(start, end), self.rounds(start, end)])

    def partly_meant(self) -> str:
        """SQL for the sessions of which some calls may be meant and others not; of all others it is all calls or none."""
        parts = [self.cut_sessions()] if self.selection.is_of_time else []
        if self._of_calls:
            such = " AND ".join(self._of_calls)
            others = f"SELECT session FROM part WHERE NOT ({such})"
            parts.append(f"SELECT DISTINCT session FROM part WHERE {such} AND session IN ({others})")
        if self.selection.outcome:
            parts.append(f"SELECT id FROM session WHERE {_HAS_OTHERS[self.selection.outcome]}")
        return " UNION ".join(parts)

    def cut_sessions(self) -> str:
        """SQL for the sessions in the time that its edges may cut in two: no other has calls on both sides of one."""
        since, until = self.selection.since, self.selection.until
        parts = []
        if since is not None:
            whole = -(-since // SLOT)
            earlier = f"before < {whole} AND (before > {schema.NEVER} OR slot < {whole})"
            slots = " AND ".join(_slots(since, until))
            parts.append(f"SELECT session FROM active WHERE {slots} AND {earlier}")
        if until is not None:
            parts.append(self.later_sessions())
        return " UNION ".join(parts)

    def later_sessions(self) -> str:
        """SQL for the sessions that talked in the half hours of the time, and after its end as well."""
        since, until = self.selection.since, self.selection.until or 0
        slots = [*([f"slot >= {since // SLOT}"] if since is not None else []), f"slot <= {until // SLOT}"]
        in_it = f"id IN (SELECT session FROM active WHERE {' AND '.join(slots)})"
        return f"SELECT id FROM session WHERE updated >= {until} AND {in_it}"

    def has_undated(self) -> bool:
        """Whether there are calls without a time, which are in no session's time."""
        (undated,) = self.index.db.execute(
            "SELECT (SELECT total(calls) FROM total) > (SELECT total(calls) FROM slot)"
        ).fetchone()
        return bool(undated)

    def of_session(self, number: int) -> SumSource:
        """The calls that are meant, of one session alone."""
        return _rounds(f"session = {number} AND {self.rounds(self.selection.since, self.selection.until)}")

    def sources(self) -> list[SumSource]:
        """Where the calls that are meant are summed up, best first: in all, by half hours and on their edges, by rounds."""
        return self.between(self.selection.since, self.selection.until)

    def between(self, start: int | None, end: int | None) -> list[SumSource]:
        """The same for those from one moment to before another; None for no limit."""
        if self._has_chosen or self.selection.outcome:  # of which no table holds sums
            return [self._one_by_one(start, end)]
        if start is None and end is None:
            of_calls = " AND ".join(self._of_calls) or "true"
            distinct = None if self._of_calls else "SELECT count(*) FROM session"
            return [SumSource(f"total WHERE {of_calls}", _SUMMED, _UNPRICED, f"part WHERE {of_calls}", distinct)]
        return [self._whole_slots(start, end), *self._edges(start, end)]

    def _one_by_one(self, start: int | None, end: int | None) -> SumSource:
        """The rounds of a time."""
        self._asked += 1
        if self._asked < _OFTEN:
            return _rounds(self.rounds_of_talks(start, end))
        if self._asked == _OFTEN:
            self._gather()
        rows = f"{_GATHERED} WHERE {' AND '.join(_within(start, end)) or 'true'}"
        return SumSource(rows, schema.OF_ROUNDS, _UNPRICED_ROUNDS, rows)

    def _gather(self) -> None:
        """Put what sums are made of into a table of this connection, for all rounds that are meant at any time."""
        db, columns = self.index.db, ", ".join(_SUMMED_COLUMNS)
        db.execute(f"DROP TABLE IF EXISTS temp.{_GATHERED}")
        db.execute(
            f"CREATE TEMP TABLE {_GATHERED} AS SELECT {columns} FROM round WHERE {self.rounds(None, None)} ORDER BY at"
        )
        db.execute(f"CREATE INDEX temp.{_GATHERED}_at ON {_GATHERED}(at)")

    def _whole_slots(self, start: int | None, end: int | None) -> SumSource:
        """The slots that lie in the time as a whole."""
        first = None if start is None else -(-start // SLOT)
        slots = [f"slot >= {first}"] if first is not None else []
        slots += [f"slot < {end // SLOT}"] if end is not None else []
        whole = " AND ".join([*slots, *self._of_calls])
        distinct = None
        if not self._of_calls:
            earlier = schema.NEVER + 1 if first is None else first
            distinct = f"SELECT count(*) FROM active WHERE {whole} AND before < {earlier}"
        return SumSource(f"slot WHERE {whole}", _SUMMED, _UNPRICED, f"active WHERE {whole}", distinct)

    def _edges(self, start: int | None, end: int | None) -> Iterator[SumSource]:
        """Of the slots that an edge of the time cuts, the rounds one by one."""
        for slot in {moment // SLOT for moment in (start, end) if moment is not None and moment % SLOT}:
            begin = slot * SLOT if start is None else max(start, slot * SLOT)
            stop = (slot + 1) * SLOT if end is None else min(end, (slot + 1) * SLOT)
            active = f"session IN (SELECT session FROM active WHERE slot = {slot})"
            yield _rounds(f"{active} AND {self.rounds(begin, stop)}")

    def _choose(self, among: Collection[int] | None) -> None:
        """Put the sessions that are meant into a table of this connection."""
        db = self.index.db
        conditions, values = _session_conditions(self.selection)
        if among is not None:
            conditions.append(f"id IN ({', '.join(map(str, among))})")
        if self.selection.is_of_notes:
            conditions += _note_conditions(self.index, self.selection)
        db.execute(f"DROP TABLE IF EXISTS temp.{_TABLE}")
        db.execute(f"CREATE TEMP TABLE {_TABLE}(id INTEGER PRIMARY KEY)")
        db.execute(f"INSERT INTO {_TABLE} SELECT id FROM session WHERE {' AND '.join(conditions)}", values)


_OUTCOMES = {
    outcome.OK: f"NOT flags & {schema.FAILED | schema.LEFT}",
    outcome.LEFT: f"flags & {schema.LEFT}",
    outcome.FAILED: f"flags & {schema.FAILED}",
}
"""SQL for how a round ended."""
_ENDED = {outcome.OK: 0, outcome.LEFT: schema.LEFT, outcome.FAILED: schema.FAILED}
"""The same in ``latency``."""
_HAS_OUTCOME = {
    outcome.OK: "calls > failed + left_calls",
    outcome.LEFT: "left_calls > 0",
    outcome.FAILED: "failed > 0",
}
"""SQL for which sessions have such rounds."""
_HAS_OTHERS = {
    outcome.OK: "failed + left_calls > 0 AND calls > failed + left_calls",
    outcome.LEFT: "left_calls > 0 AND calls > left_calls",
    outcome.FAILED: "failed > 0 AND calls > failed",
}
"""SQL for which sessions have others beside such rounds."""


_SUMMED_COLUMNS = (
    *("session", "at", *schema.OF_CALLS, "notes", "fresh", "read", "written", "visible", "reasoning", "flags"),
    *("usd", "pico", "saved_usd", "saved_pico", "stake_usd", "stake_pico"),
)


def _within(start: int | None, end: int | None) -> list[str]:
    """SQL for which rounds are from a moment to before another."""
    return [*([f"at >= {start}"] if start is not None else []), *([f"at < {end}"] if end is not None else [])]


def _talked(start: int | None, end: int | None) -> list[str]:
    """SQL for which rounds are of sessions that have any in the half hours of a time."""
    slots = _slots(start, end)
    return [f"session IN (SELECT session FROM active WHERE {' AND '.join(slots)})"] if slots else []


def _slots(start: int | None, end: int | None) -> list[str]:
    """SQL for which half hours a time has a part in."""
    slots = [f"slot >= {start // SLOT}"] if start is not None else []
    return slots + ([f"slot <= {end // SLOT}"] if end is not None else [])


def _session_conditions(selection: Selection) -> tuple[list[str], list[object]]:
    """SQL conditions for which sessions are meant, and the values in them."""
    conditions: list[str] = []
    values: list[object] = []
    if selection.sessions:
        either = "session_id = CAST(? AS TEXT) OR session_id GLOB CAST(? AS TEXT)"
        conditions.append(f"({' OR '.join([either] * len(selection.sessions))})")
        values += [utf8.encoded(pattern) for pattern in selection.sessions for _ in range(2)]
    if selection.min_cost is not None:
        # Dollars in millionths and a sum of their rests, which may be above one; their product would end 64 bits.
        whole, rest = f"usd + pico / {MICRO}", f"pico % {MICRO}"
        conditions.append(f"({whole} > ? OR ({whole} = ? AND {rest} >= ?))")
        values += [selection.min_cost // MICRO, *divmod(selection.min_cost, MICRO)]
    if selection.status and selection.status not in (STALE, ENDED):
        conditions.append(f"({_status_condition(selection.status, selection.now)})")
    return conditions, values


def _status_condition(status: str, now: int) -> str:
    """As ``session_rows`` tells the status."""
    failed, recent = f"last_flags & {schema.FAILED}", f"coalesce(updated, 0) >= {now - ACTIVE_FOR}"
    conditions = {ERROR: failed, ACTIVE: f"NOT {failed} AND {recent}", FAILED: "failed > 0"}
    return conditions.get(status, f"NOT {failed} AND NOT {recent}")


def _note_conditions(index: Index, selection: Selection) -> Iterator[str]:
    """SQL conditions for which sessions are meant by what is noted of them.  Raises ``notes_file.BadNotesError``."""
    from session_monitor.notes import notes_file  # noqa: PLC0415 -- few ask about notes

    from . import states  # noqa: PLC0415 -- as above

    noted = notes_file.asked(index.folder)
    archived = f"id IN (SELECT id FROM {_put(index, 'archived', noted.archived())})"
    if selection.tags or selection.is_starred:
        such = [
            session_id
            for session_id, each in noted.sessions.items()
            if (each.starred or not selection.is_starred)
            and (not selection.tags or any(map(each.has_tag, selection.tags)))
        ]
        yield f"id IN (SELECT id FROM {_put(index, 'noted_such', such)})"
    if selection.without_archived:
        yield f"NOT {archived}"
    if selection.status == ENDED:
        yield archived
    elif selection.status == STALE:
        yield f"updated < {states.stale_before(noted.stale_before, selection.now)} AND NOT {archived}"


def _put(index: Index, table: str, session_ids: Iterable[str]) -> str:
    """Put the numbers of those of these sessions that there are into a table of this connection; its name."""
    numbers = ((number,) for number in map(index.session_number, session_ids) if number is not None)
    index.db.execute(f"DROP TABLE IF EXISTS temp.{table}")
    index.db.execute(f"CREATE TEMP TABLE {table}(id INTEGER PRIMARY KEY)")
    index.db.executemany(f"INSERT INTO {table} VALUES (?)", numbers)
    return table


def _rounds(where: str) -> SumSource:
    return SumSource(f"round WHERE {where}", schema.OF_ROUNDS, _UNPRICED_ROUNDS, f"round WHERE {where}")


def _ids(index: Index, table: str, patterns: Iterable[str]) -> list[int]:
    """The numbers of the names that one of the patterns means; -1 for none, which no row has.  Case does not matter."""
    return _fitting(index.db.execute(f"SELECT id, name FROM {table}"), patterns)


def _ways(index: Index, patterns: Iterable[str]) -> list[int]:
    """The same of the ways that begin at gateways of such names."""
    named = ((number, gateway_of(way)) for number, way in index.db.execute("SELECT id, name FROM way"))
    return _fitting(((number, gateway) for number, gateway in named if gateway is not None), patterns)


def _fitting(named: Iterable[tuple[int, str]], patterns: Iterable[str]) -> list[int]:
    wanted = [pattern.lower() for pattern in patterns]
    ids = [
        number
        for number, name in named
        if any(name.lower() == each or fnmatchcase(name.lower(), each) for each in wanted)
    ]
    return ids or [-1]
