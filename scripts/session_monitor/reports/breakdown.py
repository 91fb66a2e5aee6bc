"""What do the calls that are meant add up to, in all, by model, by consumer, by tool and by time?"""

from __future__ import annotations

from datetime import tzinfo
from typing import Any, NamedTuple

from session_monitor.base import periods
from session_monitor.base.periods import TimeSpan
from session_monitor.index import schema
from session_monitor.index.database import Index
from session_monitor.index.schema import SLOT
from session_monitor.prices import usage_totals
from session_monitor.prices.usage_totals import Sums

from .filter_sql import Chosen, Source

_SUMMED_TOOLS = "sum(tool.calls), sum(tool.results), sum(tool.failed), sum(tool.tokens), sum(tool.tokens IS NOT NULL)"


class BreakdownRow(NamedTuple):
    """The calls of one model or consumer (None where the log names none), and how many sessions they belong to."""

    name: str | None
    sessions: int
    sums: Sums


class SpanRow(NamedTuple):
    """The calls in one span of time, how many sessions they belong to, and their models, by name."""

    span: TimeSpan
    sessions: int
    sums: Sums
    models: list[str]


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


class Breakdown(NamedTuple):
    """Rows, and all of them together; a session that is in two rows counts once there."""

    rows: list[Any]
    sessions: int
    sums: Sums


def everything(chosen: Chosen) -> tuple[int, Sums]:
    """How many sessions the calls belong to, and what these add up to."""
    sources = chosen.sources()
    return _sessions(chosen, sources), _sums(chosen, sources)


def by(chosen: Chosen, column: str) -> Breakdown:
    """A row for each ``model`` or each ``consumer``, the dearest first."""
    db, sources = chosen.found.db, chosen.sources()
    names = _names(chosen, column)
    found: dict[int, list[int]] = {}
    unpriced: dict[int, dict[str | None, int]] = {}
    models = names if column == "model" else _names(chosen, "model")
    for source in sources:
        for key, *columns in db.execute(f"SELECT {column}, {source.summed} FROM {source.rows} GROUP BY {column}"):
            found[key] = _added(found.get(key), columns)
        sql = f"SELECT {column}, model, {source.unpriced} AS n FROM {source.rows} GROUP BY {column}, model HAVING n > 0"
        for key, model, number in db.execute(sql):
            of_key = unpriced.setdefault(key, {})
            of_key[models.get(model)] = of_key.get(models.get(model), 0) + number
    in_all, summed = everything(chosen)
    # Most logs name no consumer, and who is in the one row need not be counted again.
    sessions = dict.fromkeys(found, in_all) if len(found) == 1 else _sessions_by(chosen, sources, column)
    rows = [
        BreakdownRow(names.get(key), sessions.get(key, 0), usage_totals.of_columns(columns, unpriced.get(key, {})))
        for key, columns in found.items()
        if columns[0]
    ]
    rows.sort(key=lambda row: (-row.sums.spending.pico, -row.sums.total_tokens, row.name or ""))
    return Breakdown(rows, in_all, summed)


def by_tool(chosen: Chosen) -> list[ToolRow]:
    """A row a tool, those that were asked for most first."""
    db, meant = chosen.found.db, chosen.meant
    tools = "tool"
    if not chosen.is_everything():
        of_rounds = chosen.rounds(meant.since, meant.until)
        tools = f"tool JOIN round USING (session, number) WHERE {of_rounds}"
    sql = f"SELECT tool.tool, count(DISTINCT tool.session), {_SUMMED_TOOLS} FROM {tools} GROUP BY tool.tool"
    names = _names(chosen, "tool_name")
    rows = [ToolRow(names.get(tool) or "?", *(number or 0 for number in row)) for tool, *row in db.execute(sql)]
    return sorted(rows, key=lambda row: (-row.calls, -row.results, row.tool))


def by_time(chosen: Chosen, unit: str, where: tzinfo | None) -> Breakdown:
    """A row for each hour, day, week or month of a time zone that has calls, the newest last."""
    db = chosen.found.db
    spans = _spans(chosen, unit, where)
    names = _names(chosen, "model")
    rows = []
    for span in spans:
        sources = chosen.between(span.start, span.end)
        added = _sums(chosen, sources)
        if added.calls:
            in_use = {key for source in sources for (key,) in db.execute(f"SELECT DISTINCT model FROM {source.rows}")}
            models = sorted(names[key] for key in in_use if key in names)
            rows.append(SpanRow(span, _sessions(chosen, sources), added, models))
    # Calls without a time are in no span.
    sessions = _sessions(chosen, chosen.between(spans[0].start, spans[-1].end)) if spans else 0
    return Breakdown(rows, sessions, usage_totals.added(row.sums for row in rows))


def _spans(chosen: Chosen, unit: str, where: tzinfo | None) -> list[TimeSpan]:
    """The spans in which there may be calls, the first and the last one cut to the time that is meant."""
    since, until = chosen.meant.since, chosen.meant.until
    spans: list[TimeSpan] = []
    next_moment = since
    while True:
        slot = _first_slot(chosen, next_moment)
        if slot is None or (until is not None and slot * SLOT >= until):
            return spans
        # A slot that an edge of a span cuts is looked at from there on.
        moment = slot * SLOT if next_moment is None else max(slot * SLOT, next_moment)
        span = periods.span_of(unit, moment, where)
        # Where clocks change by half an hour, an hour by name begins within the one before.
        start = span.start if next_moment is None else max(span.start, next_moment)
        spans.append(TimeSpan(span.name, start, span.end if until is None else min(span.end, until)))
        next_moment = span.end


def _first_slot(chosen: Chosen, moment: int | None) -> int | None:
    """The first slot with calls that ends behind a moment, or of all."""
    limit = "" if moment is None else f"WHERE slot >= {moment // SLOT} "
    row = chosen.found.db.execute(f"SELECT slot FROM slot {limit}ORDER BY slot LIMIT 1").fetchone()
    return row and int(row[0])


def _sums(chosen: Chosen, sources: list[Source]) -> Sums:
    db = chosen.found.db
    total = [0] * len(schema.ADDITIVE)
    unpriced: dict[str | None, int] = {}
    for source in sources:
        total = _added(total, db.execute(f"SELECT {source.summed} FROM {source.rows}").fetchone())
    if total[schema.ADDITIVE.index("unpriced")]:
        names = _names(chosen, "model")
        for source in sources:
            sql = f"SELECT model, {source.unpriced} AS n FROM {source.rows} GROUP BY model HAVING n > 0"
            for model, number in db.execute(sql):
                unpriced[names.get(model)] = unpriced.get(names.get(model), 0) + number
    return usage_totals.of_columns(total, unpriced)


def _sessions(chosen: Chosen, sources: list[Source]) -> int:
    """How many sessions have calls in one of the sources."""
    union = " UNION ALL ".join(f"SELECT session FROM {source.sessions}" for source in sources)
    sql = (sources[0].distinct if len(sources) == 1 else None) or f"SELECT count(DISTINCT session) FROM ({union})"
    return int(chosen.found.db.execute(sql).fetchone()[0])


def _sessions_by(chosen: Chosen, sources: list[Source], column: str) -> dict[int, int]:
    """The same for each model or consumer."""
    union = " UNION ALL ".join(f"SELECT {column}, session FROM {source.sessions}" for source in sources)
    sql = f"SELECT {column}, count(DISTINCT session) FROM ({union}) GROUP BY {column}"
    return dict(chosen.found.db.execute(sql).fetchall())


def _names(chosen: Chosen, table: str) -> dict[int, str]:
    return dict(chosen.found.db.execute(f"SELECT id, name FROM {table}").fetchall())


def _added(mine: list[int] | None, more: list[int]) -> list[int]:
    return [one + other for one, other in zip(mine, more)] if mine else list(more)


def ends(found: Index) -> tuple[int | None, int | None]:
    """The half hour of the first call that has a time, and the moment of the last one, in milliseconds."""
    (newest,) = found.db.execute("SELECT max(updated) FROM session").fetchone()
    oldest = found.db.execute("SELECT slot FROM slot WHERE calls ORDER BY slot LIMIT 1").fetchone()
    return oldest and oldest[0] * SLOT, newest


def known(found: Index, column: str, limit: int) -> list[str]:
    """Some of the models or consumers that have calls; a session that had the only ones may be gone."""
    used = f"SELECT {column} FROM total WHERE calls"
    sql = f"SELECT name FROM {column} WHERE id IN ({used}) ORDER BY name LIMIT ?"
    return [name for (name,) in found.db.execute(sql, (limit,))]


def unpriced(found: Index, session: int) -> dict[str | None, int]:
    """In how many of a session's calls which model has no price."""
    return dict(found.db.execute(_UNPRICED_OF_SESSION, (session,)).fetchall())


_UNPRICED_OF_SESSION = (
    "SELECT model.name, count(*) FROM round LEFT JOIN model ON model.id = round.model "
    f"WHERE session = ? AND usd IS NULL AND NOT flags & {schema.NO_TOKENS} GROUP BY round.model"
)
