"""What do the calls that are meant add up to, in all, by model, by consumer, by tool and by time?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, tzinfo
from typing import Any, NamedTuple

from session_monitor.base import periods
from session_monitor.base.periods import TimeSpan
from session_monitor.index.database import Index
from session_monitor.index.tables import schema
from session_monitor.index.tables.schema import SLOT
from session_monitor.index.tables.ways import gateway_of
from session_monitor.reports.selected.filter_sql import SelectionSql, SumSource
from session_monitor.reports.selected.naming import Naming
from session_monitor.totals import usage_totals
from session_monitor.totals.usage_totals import Sums

_SUMMED_TOOLS = "sum(tool.calls), sum(tool.results), sum(tool.failed), sum(tool.tokens), sum(tool.tokens IS NOT NULL)"


class BreakdownRow(NamedTuple):
    """The calls of one name (None where the log tells none), and how many sessions they belong to."""

    name: str | None
    sessions: int
    sums: Sums

    def to_json(self, column: str) -> dict[str, Any]:
        """For JSON, with the name under the column's."""
        return {column: self.name, "sessions": self.sessions, **self.sums.to_json()}


class SpanRow(NamedTuple):
    """The calls in one span of time, how many sessions they belong to, and their models, by name."""

    span: TimeSpan
    sessions: int
    sums: Sums
    models: list[str]

    def to_json(self, zone: tzinfo | None) -> dict[str, Any]:
        """For JSON, with the beginning as a time of the zone that the span was made for."""
        return {
            "date": self.span.name,
            "start": _rfc3339(self.span.start, zone),
            "sessions": self.sessions,
            "models": self.models,
            **self.sums.to_json(),
        }


class SpanNameRow(NamedTuple):
    """The calls of one name in one span of time."""

    span: TimeSpan
    row: BreakdownRow

    def to_json(self, column: str, zone: tzinfo | None) -> dict[str, Any]:
        """For JSON, as both rows are."""
        start = _rfc3339(self.span.start, zone)
        return {"date": self.span.name, "start": start, **self.row.to_json(column)}


class ToolRow(NamedTuple):
    """One tool: how often it was asked for, how many results came back, how many of them say that it failed.

    ``tokens`` are those that the results added to the prompts that they came in first, of so many results as that could
    be told for (``measured``); ``sessions`` are those that have to do with the tool.
    """

    tool: str
    sessions: int
    calls: int
    results: int
    failed: int
    tokens: int
    measured: int

    def to_json(self) -> dict[str, Any]:
        """For JSON; ``tokens`` is None where none could be measured."""
        return {**self._asdict(), "tokens": self.tokens if self.measured else None}


class Breakdown(NamedTuple):
    """Rows of one of the kinds above, and all of them together: a session in two rows counts once."""

    rows: list[Any]
    sessions: int
    sums: Sums

    def total_to_json(self) -> dict[str, Any]:
        """All rows together, for JSON."""
        return {"sessions": self.sessions, **self.sums.to_json()}


def _rfc3339(moment: int, zone: tzinfo | None) -> str | None:
    try:
        return datetime.fromtimestamp(moment / 1000, zone).astimezone(zone).isoformat()
    except (OverflowError, ValueError, OSError):
        return None


# -- in all, and by name -----------------------------------------------------------------------------------------------


def everything(selected: SelectionSql) -> tuple[int, Sums]:
    """How many sessions the calls belong to, and what these add up to."""
    sources = selected.sources()
    return session_count(selected, sources), sums_of(selected, sources)


def by_name(selected: SelectionSql, column: str) -> Breakdown:
    """A row for each name that one of ``naming.COLUMNS`` has, the dearest first."""
    return _by_name(selected, Naming(selected.index, column), selected.sources())


def _by_name(selected: SelectionSql, naming: Naming, sources: list[SumSource]) -> Breakdown:
    sums = _sums_by(selected, sources, naming)
    in_all = session_count(selected, sources)
    # Most logs name no consumer, and who is in the one row need not be counted again.
    sessions = dict.fromkeys(sums, in_all) if len(sums) == 1 else _session_count_by(selected, sources, naming)
    rows = [BreakdownRow(name, sessions.get(name, 0), each) for name, each in sums.items()]
    rows.sort(key=lambda row: (-row.sums.spending.pico, -row.sums.total_tokens, row.name or ""))
    return Breakdown(rows, in_all, usage_totals.added(sums.values()))


def _sums_by(selected: SelectionSql, sources: list[SumSource], naming: Naming) -> dict[str | None, Sums]:
    """What the calls of each name add up to, of those that have any."""
    columns: dict[str | None, dict[int, list[int]]] = {}
    for key, notes, values in columns_by(selected, sources, naming.by):
        of_name = columns.setdefault(naming.of(key), {})
        of_name[notes] = added_columns(of_name.get(notes), values)
    unpriced: dict[str | None, dict[str | None, int]] = {}
    if any(model_without_price(values) for by_notes in columns.values() for values in by_notes.values()):
        for key, model, number in _unpriced(selected, sources, naming.by):
            of_models = unpriced.setdefault(naming.of(key), {})
            of_models[model] = of_models.get(model, 0) + number
    sums = {name: usage_totals.of_noted(by_notes, unpriced.get(name, {})) for name, by_notes in columns.items()}
    return {name: each for name, each in sums.items() if each.calls}


def by_tool(selected: SelectionSql) -> list[ToolRow]:
    """A row a tool, those that were asked for most first."""
    selection = selected.selection
    tools = "tool"
    if not selected.is_everything():
        of_rounds = selected.rounds(selection.since, selection.until)
        tools = f"tool JOIN round USING (session, number) WHERE {of_rounds}"
    sql = f"SELECT tool.tool, count(DISTINCT tool.session), {_SUMMED_TOOLS} FROM {tools} GROUP BY tool.tool"
    names = _names(selected, "tool_name")
    rows = [
        ToolRow(names.get(tool) or "?", *(number or 0 for number in numbers))
        for tool, *numbers in selected.index.db.execute(sql)
    ]
    return sorted(rows, key=lambda row: (-row.calls, -row.results, row.tool))


# -- by time -----------------------------------------------------------------------------------------------------------


def by_time(selected: SelectionSql, unit: str, zone: tzinfo | None) -> Breakdown:
    """A row for each hour, day, week or month of a time zone that has calls, the newest last."""
    spans = spans_of(selected, unit, zone)
    names = _names(selected, "model")
    rows = []
    for span in spans:
        sources = selected.between(span.start, span.end)
        sums = sums_of(selected, sources)
        if sums.calls:
            models = sorted(names[number] for number in _models_in(selected, sources) if number in names)
            rows.append(SpanRow(span, session_count(selected, sources), sums, models))
    return Breakdown(rows, session_count_within(selected, spans), usage_totals.added(row.sums for row in rows))


def by_time_and_name(selected: SelectionSql, unit: str, zone: tzinfo | None, column: str) -> Breakdown:
    """A row for each name in each span that has calls of it: the newest span last, in each the dearest first."""
    spans, naming = spans_of(selected, unit, zone), Naming(selected.index, column)
    rows, sums = [], []
    for span in spans:
        of_span = _by_name(selected, naming, selected.between(span.start, span.end))
        rows += [SpanNameRow(span, row) for row in of_span.rows]
        sums.append(of_span.sums)
    return Breakdown(rows, session_count_within(selected, spans), usage_totals.added(sums))


def session_count_within(selected: SelectionSql, spans: Sequence[TimeSpan]) -> int:
    """How many sessions have calls in these spans; calls without a time are in none."""
    return session_count(selected, selected.between(spans[0].start, spans[-1].end)) if spans else 0


def _models_in(selected: SelectionSql, sources: list[SumSource]) -> set[int]:
    """The numbers of the models of some calls."""
    db = selected.index.db
    return {number for source in sources for (number,) in db.execute(f"SELECT DISTINCT model FROM {source.rows}")}


def spans_of(selected: SelectionSql, unit: str, zone: tzinfo | None) -> list[TimeSpan]:
    """The spans in which there may be calls, the first and the last one cut to the time that is meant."""
    since, until = selected.selection.since, selected.selection.until
    spans: list[TimeSpan] = []
    next_moment = since
    while True:
        slot = _first_slot(selected, next_moment)
        if slot is None or (until is not None and slot * SLOT >= until):
            return spans
        # A slot that an edge of a span cuts is looked at from there on.
        moment = slot * SLOT if next_moment is None else max(slot * SLOT, next_moment)
        span = periods.span_of(unit, moment, zone)
        # Where clocks change by half an hour, an hour by name begins within the one before.
        start = span.start if next_moment is None else max(span.start, next_moment)
        spans.append(TimeSpan(span.name, start, span.end if until is None else min(span.end, until)))
        next_moment = span.end


def _first_slot(selected: SelectionSql, moment: int | None) -> int | None:
    """The first slot with calls that ends behind a moment, or of all."""
    limit = "" if moment is None else f"WHERE slot >= {moment // SLOT} "
    row = selected.index.db.execute(f"SELECT slot FROM slot {limit}ORDER BY slot LIMIT 1").fetchone()
    return row and int(row[0])


# -- sums and counts ---------------------------------------------------------------------------------------------------


def share(part: int, whole: int) -> float | None:
    """The part of the whole; None of nothing."""
    return round(part / whole, 6) if whole else None


def sums_of(selected: SelectionSql, sources: list[SumSource]) -> Sums:
    """What the calls of some sources add up to."""
    by_notes: dict[int, list[int]] = {}
    for _, notes, values in columns_by(selected, sources):
        by_notes[notes] = added_columns(by_notes.get(notes), values)
    unpriced: dict[str | None, int] = {}
    if any(map(model_without_price, by_notes.values())):
        for _, model, number in _unpriced(selected, sources):
            unpriced[model] = unpriced.get(model, 0) + number
    return usage_totals.of_noted(by_notes, unpriced)


def columns_by(
    selected: SelectionSql, sources: Iterable[SumSource], by: Sequence[str] = ()
) -> Iterator[tuple[tuple[int, ...], int, list[int]]]:
    """What some calls add up to, by the numbers in some columns: these, notes, and ``schema.ADDITIVE``."""
    keys, width = ", ".join((*by, "notes")), len(by)
    for source in sources:
        for row in selected.index.db.execute(f"SELECT {keys}, {source.summed} FROM {source.rows} GROUP BY {keys}"):
            yield row[:width], row[width], list(row[width + 1 :])


def _unpriced(
    selected: SelectionSql, sources: Iterable[SumSource], by: Sequence[str] = ()
) -> Iterator[tuple[tuple[int, ...], str | None, int]]:
    """How many calls of which model have no price, by the numbers in some columns."""
    names = _names(selected, "model")
    keys = ", ".join((*by, "model"))
    for source in sources:
        sql = f"SELECT {keys}, {source.unpriced} AS n FROM {source.rows} GROUP BY {keys} HAVING n > 0"
        for *key, model, number in selected.index.db.execute(sql):
            yield tuple(key), names.get(model), number


def session_count(selected: SelectionSql, sources: list[SumSource]) -> int:
    """How many sessions have calls in one of the sources."""
    first, *edges = sources
    counts = [first.distinct or f"SELECT count(DISTINCT session) FROM {first.sessions}"]
    if edges:
        # Few: each is looked up among those of the first one.
        union = " UNION ALL ".join(f"SELECT session FROM {edge.sessions}" for edge in edges)
        is_counted = f"EXISTS (SELECT 1 FROM {first.sessions} AND session = edge.session)"
        counts.append(f"SELECT count(DISTINCT session) FROM ({union}) AS edge WHERE NOT {is_counted}")
    return sum(int(selected.index.db.execute(sql).fetchone()[0]) for sql in counts)


def _session_count_by(selected: SelectionSql, sources: list[SumSource], naming: Naming) -> dict[str | None, int]:
    """The same for each name."""
    keys = ", ".join(naming.by)
    if naming.is_one_to_one and len(sources) == 1 and sources[0].sessions.startswith("part "):
        return _session_count_of_parts(selected, sources[0].sessions, naming)
    union = " UNION ALL ".join(f"SELECT {keys}, session FROM {source.sessions}" for source in sources)
    if naming.is_one_to_one:
        sql = f"SELECT {keys}, count(DISTINCT session) FROM ({union}) GROUP BY {keys}"
        return {naming.of(tuple(key)): count for *key, count in selected.index.db.execute(sql)}
    numbered, names = naming.numbered()
    sql = f"SELECT number, count(DISTINCT session) FROM ({union}) JOIN {numbered} USING ({keys}) GROUP BY number"
    return {names[number]: count for number, count in selected.index.db.execute(sql)}


def _session_count_of_parts(selected: SelectionSql, parts: str, naming: Naming) -> dict[str | None, int]:
    """The same for each name, of parts.

    A session is in a part once, so who has one part alone, as most models do, need not be told apart from others.
    """
    keys, db = ", ".join(naming.by), selected.index.db
    # Which parts there are is in the sums, which are few.
    names = db.execute(f"SELECT {keys}, count(*) FROM (SELECT DISTINCT {schema.CALLS} FROM total) GROUP BY {keys}")
    counts = {}
    for *key, number in names.fetchall():
        counted = "count(*)" if number == 1 else "count(DISTINCT session)"
        of_name = " AND ".join(f"{column} = {value}" for column, value in zip(naming.by, key))
        (count,) = db.execute(f"SELECT {counted} FROM {parts} AND {of_name}").fetchone()
        if count:
            counts[naming.of(tuple(key))] = count
    return counts


def _names(selected: SelectionSql, table: str) -> dict[int, str]:
    return dict(selected.index.db.execute(f"SELECT id, name FROM {table}").fetchall())


def added_columns(columns: Sequence[int] | None, more: Sequence[int]) -> list[int]:
    """Two rows of sums added up; None counts as nothing."""
    return [one + other for one, other in zip(columns, more)] if columns else list(more)


def model_without_price(columns: Sequence[int]) -> int:
    """Of how many of some calls, by ``schema.ADDITIVE``, the model has no price: that is why these have none."""
    unpriced, *otherwise = (columns[schema.ADDITIVE.index(name)] for name in _UNPRICED)
    return unpriced - sum(otherwise)


_UNPRICED = ("unpriced", "without_tokens", "partly_told")


# -- what is there at all ----------------------------------------------------------------------------------------------


def ends(index: Index) -> tuple[int | None, int | None]:
    """The half hour of the first call that has a time, and the moment of the last one, in milliseconds."""
    (newest,) = index.db.execute("SELECT max(updated) FROM session").fetchone()
    oldest = index.db.execute("SELECT slot FROM slot WHERE calls ORDER BY slot LIMIT 1").fetchone()
    return oldest and oldest[0] * SLOT, newest


def known(index: Index, column: str, limit: int) -> list[str]:
    """Some of the models or consumers that have calls; a session that had the only ones may be gone."""
    used = f"SELECT {column} FROM total WHERE calls"
    sql = f"SELECT name FROM {column} WHERE id IN ({used}) ORDER BY name LIMIT ?"
    return [name for (name,) in index.db.execute(sql, (limit,))]


def known_gateways(index: Index, limit: int) -> list[str]:
    """Some of the gateways that have calls, where a database holds those of many."""
    ways = index.db.execute("SELECT name FROM way WHERE id IN (SELECT way FROM total WHERE calls)")
    return sorted({gateway for (way,) in ways if (gateway := gateway_of(way)) is not None})[:limit]


def without_content(index: Index) -> tuple[int, int]:
    """How many rounds there are, and of how many of them the log holds no content."""
    sql = "SELECT count(*), coalesce(sum(flags & ? != 0), 0) FROM round"
    rounds, unlogged = index.db.execute(sql, (schema.NO_CONTENT,)).fetchone()
    return rounds, unlogged


def unpriced(index: Index, session: int) -> dict[str | None, int]:
    """In how many of a session's calls which model has no price."""
    return dict(index.db.execute(_UNPRICED_OF_SESSION, (session,)).fetchall())


_UNPRICED_OF_SESSION = (
    "SELECT model.name, count(*) FROM round LEFT JOIN model ON model.id = round.model "
    f"WHERE session = ? AND usd IS NULL AND NOT flags & {schema.UNTOLD} GROUP BY round.model"
)
