"""What goes on, over time and in comparison with the time before?

All answers are of one state of the index.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any, NamedTuple

from session_monitor.base import periods
from session_monitor.base.periods import TimeSpan
from session_monitor.index.database import Index
from session_monitor.index.tables import schema
from session_monitor.index.tables.schema import SLOT
from session_monitor.prices import money
from session_monitor.reports.selected.filter_sql import SelectionSql, SumSource
from session_monitor.reports.selected.filters import Selection
from session_monitor.totals import usage_totals
from session_monitor.totals.usage_totals import Sums

from . import breakdown, pace
from .breakdown import Breakdown, ToolRow, share
from .pace import SpendingPace

MOST_BUCKETS = 400
"""Spans of a series; where there are more, the next longer unit is taken."""
MOST_MODELS = 7
"""Models with a row of their own in each bucket of a series, the dearest ones."""
MOST_NAMES = 200
_MEASURED = 20_000
"""About so many rounds are looked at for how long first tokens took; of more a part."""


class Card(NamedTuple):
    """What the calls of a span add up to.

    ``first_token_p95`` is in milliseconds, of so many calls (``timed``), which are a part of all where ``is_sampled``;
    ``active`` is how many sessions talk just now, None for a span that is over.
    """

    sessions: int
    sums: Sums
    active: int | None
    first_token_p95: int | None
    timed: int
    is_sampled: bool

    def to_json(self) -> dict[str, Any]:
        """For JSON, with the shares that follow."""
        return {
            "sessions": self.sessions,
            **self.sums.to_json(),
            "active_now": self.active,
            "first_token_p95_ms": self.first_token_p95,
            "first_token_calls": self.timed,
            "first_token_sampled": self.is_sampled,
            "calls_without_tokens": self.sums.spending.without_tokens,
            "error_share": share(self.sums.failed, self.sums.calls),
        }


class SeriesPoint(NamedTuple):
    """The calls of one model in one span; ``is_rest`` says that they are those of all models without rows of their own."""

    span: TimeSpan
    model: str | None
    is_rest: bool
    sums: Sums


class HeatCell(NamedTuple):
    """The calls at one hour of one weekday, and what those cost that have a price.

    So many of them have none, and of so many the tokens, and so the cost, are a lower bound.
    """

    calls: int = 0
    pico: int = 0
    unpriced: int = 0
    at_least: int = 0

    def plus(self, other: HeatCell) -> HeatCell:
        """Both in one."""
        return HeatCell._make(map(operator.add, self, other))

    def to_json(self) -> dict[str, Any]:
        """For JSON."""
        cost = None if self.calls and self.unpriced == self.calls else money.plain(self.pico)
        return {"calls": self.calls, "cost_usd": cost, "unpriced_rounds": self.unpriced, "at_least": self.at_least}


class Dashboard(NamedTuple):
    """All of it; ``since`` and ``until`` are what was meant, or the first and the last call.

    ``partial`` are the beginnings of those of the ``spans`` of which a part is not meant, or yet to come.
    """

    change: int
    updated: int | None
    since: int | None
    until: int | None
    now: Card
    before: Card | None
    unit: str
    spans: list[TimeSpan]
    partial: set[int]
    series: list[SeriesPoint]
    by_model: Breakdown
    by_consumer: Breakdown
    by_tool: list[ToolRow]
    heat: list[list[HeatCell]]
    pace: SpendingPace
    models: list[str]
    consumers: list[str]
    gateways: list[str]


def dashboard(index: Index, selection: Selection, unit: str, zone: tzinfo | None, now: int) -> Dashboard:
    """What the calls that are meant add up to, by the unit's spans in a time zone; ``now`` is in milliseconds."""
    selected = SelectionSql(index, selection)
    oldest, newest = breakdown.ends(index)
    ends = _ends_of_series(oldest, newest, selection, now)
    unit, spans = _spans(ends, unit, zone)
    by_model = breakdown.by_name(selected, "model")
    return Dashboard(
        change=index.meta("change"),
        updated=newest,
        since=oldest if selection.since is None else selection.since,
        until=newest if selection.until is None else selection.until,
        now=_card(selected, by_model.sessions, by_model.sums, pace.active(selected, now)),
        unit=unit,
        spans=spans,
        partial=_partial(spans, selection, unit, zone, now),
        series=_series(selected, spans, by_model),
        by_model=by_model,
        by_consumer=breakdown.by_name(selected, "consumer"),
        by_tool=breakdown.by_tool(selected),
        heat=_heat(selected, oldest, zone),
        pace=pace.pace(selected, zone, now, (oldest, newest)),
        models=breakdown.known(index, "model", MOST_NAMES),
        consumers=breakdown.known(index, "consumer", MOST_NAMES),
        gateways=breakdown.known_gateways(index, MOST_NAMES),
        # Last, since a choice of sessions stands in one place in the connection.
        before=_before(index, selection, now),
    )


def _before(index: Index, selection: Selection, now: int) -> Card | None:
    """The equally long span before the one that is meant; None where that has no beginning."""
    if selection.since is None:
        return None
    end = now if selection.until is None else selection.until
    earlier = SelectionSql(index, selection._replace(since=2 * selection.since - end, until=selection.since))
    return _card(earlier, *breakdown.everything(earlier), None)


def _card(selected: SelectionSql, sessions: int, sums: Sums, active: int | None) -> Card:
    return Card(sessions, sums, active, *_first_token(selected))


# -- over time ---------------------------------------------------------------------------------------------------------


def _ends_of_series(oldest: int | None, newest: int | None, selection: Selection, now: int) -> tuple[int, int] | None:
    """From which moment to before which a series is: all of the time that was asked for and is over, or all calls."""
    if oldest is None or newest is None:
        return None
    since, until = selection.since, selection.until
    latest = newest if since is None and until is None else max(newest, now)
    return oldest if since is None else since, latest + 1 if until is None else min(latest + 1, until)


def _spans(ends: tuple[int, int] | None, unit: str, zone: tzinfo | None) -> tuple[str, list[TimeSpan]]:
    """The unit, or a longer one, and its spans from one moment to before another, without gaps."""
    if ends is None:
        return unit, []
    start, end = ends
    for longer in periods.UNITS[periods.UNITS.index(unit) :]:
        spans = _between(longer, start, end, zone)
        if len(spans) <= MOST_BUCKETS:
            return longer, spans
    # So many years that somebody's clock was wrong: the latest are of interest.
    return periods.MONTH, _between(periods.MONTH, end - MOST_BUCKETS * 28 * 86_400_000, end, zone)[-MOST_BUCKETS:]


def _partial(spans: Iterable[TimeSpan], selection: Selection, unit: str, zone: tzinfo | None, now: int) -> set[int]:
    """The beginnings of the spans of which a part is not meant, or yet to come."""
    found = set()
    for span in spans:
        whole = periods.span_of(unit, span.start, zone)
        is_cut = selection.since is not None and whole.start < selection.since
        is_cut |= selection.until is not None and whole.end > selection.until
        if is_cut or whole.end > now:
            found.add(span.start)
    return found


def _between(unit: str, start: int, end: int, zone: tzinfo | None) -> list[TimeSpan]:
    """The spans from one moment to before another, at most one more than there may be; both ends are cut."""
    spans: list[TimeSpan] = []
    moment = start
    while moment < end and len(spans) <= MOST_BUCKETS:
        span = periods.span_of(unit, moment, zone)
        spans.append(TimeSpan(span.name, moment, min(span.end, end)))
        moment = max(span.end, moment + 1)
    return spans


def _series(selected: SelectionSql, spans: Iterable[TimeSpan], by_model: Breakdown) -> list[SeriesPoint]:
    """The calls in each span, by model; those of all but the dearest models are taken together."""
    own = [row.name for row in by_model.rows[:MOST_MODELS]]
    has_rest = len(by_model.rows) > MOST_MODELS
    names = [(0, None), *selected.index.db.execute("SELECT id, name FROM model")]
    rows = {number: (None, True) if has_rest and name not in own else (name, False) for number, name in names}
    return [point for span in spans for point in _points(selected, span, rows)]


def _points(selected: SelectionSql, span: TimeSpan, rows: Mapping[int, tuple[str | None, bool]]) -> list[SeriesPoint]:
    """The calls in a span, by the row (name, or the rest) that the number of a model has."""
    columns: dict[tuple[str | None, bool], dict[int, list[int]]] = {}
    for (model,), notes, values in breakdown.columns_by(selected, selected.between(span.start, span.end), ("model",)):
        of_row = columns.setdefault(rows.get(model, rows[0]), {})
        of_row[notes] = breakdown.added_columns(of_row.get(notes), values)
    # Models are numbered as they came, in an order of no meaning.
    by_name = sorted(columns.items(), key=lambda each: (each[0][1], each[0][0] or ""))
    points = (SeriesPoint(span, *row, usage_totals.of_noted(by_notes, {})) for row, by_notes in by_name)
    return [point for point in points if point.sums.calls]


def _heat(selected: SelectionSql, oldest: int | None, zone: tzinfo | None) -> list[list[HeatCell]]:
    """Seven weekdays, Monday first, of 24 hours."""
    cells = [[HeatCell()] * 24 for _ in range(7)]
    if oldest is None:
        return cells
    start = oldest if selected.selection.since is None else selected.selection.since
    for source in selected.between(start, selected.selection.until):
        for slot, calls, usd, pico, *lacking in selected.index.db.execute(_heat_sql(source)):
            if slot is not None:
                weekday, hour = _hour_of(slot, zone)
                more = HeatCell(calls, usd * money.MICRO + pico, *lacking)
                cells[weekday][hour] = cells[weekday][hour].plus(more)
    return cells


def _heat_sql(source: SumSource) -> str:
    is_summed = source.rows.startswith("slot ")
    dollars = "sum(coalesce(usd, 0)), sum(coalesce(pico, 0))"
    if is_summed:
        return f"SELECT slot, sum(calls), {dollars}, sum(unpriced), sum(at_least) FROM {source.rows} GROUP BY 1"
    lacking = f"sum(usd IS NULL), sum(flags & {schema.AT_LEAST} != 0)"
    return f"SELECT {schema.SLOT_OF}, count(*), {dollars}, {lacking} FROM {source.rows} GROUP BY 1"


@functools.lru_cache(100_000)
def _hour_of(slot: int, zone: tzinfo | None) -> tuple[int, int]:
    """The weekday and the hour in which a half hour begins."""
    try:
        local = (_EPOCH + timedelta(milliseconds=slot * SLOT)).astimezone(zone)
    except (OverflowError, ValueError):
        return 0, 0
    return local.weekday(), local.hour


_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


# -- how long --------------------------------------------------------------------------------------------------------


def _first_token(selected: SelectionSql) -> tuple[int | None, int, bool]:
    """Within how many milliseconds 95 of 100 calls had a first token, of how many that is known, and whether of a part."""
    db, selection = selected.index.db, selected.selection
    condition = selected.rounds(selection.since, selection.until)
    (calls,) = db.execute("SELECT coalesce(sum(calls), 0) FROM total").fetchone()
    step = max(1, calls // _MEASURED)
    if step > 1 or selection.since is not None:
        # Sessions that ended before the time that is meant have no calls in it; an index tells which those are.
        since = schema.NEVER if selection.since is None else selection.since
        condition += f" AND session IN (SELECT id FROM session WHERE updated >= {since} AND id % {step} = 0)"
    sql = f"SELECT first_token_ms FROM round WHERE {condition} AND first_token_ms IS NOT NULL"
    values = [value for (value,) in db.execute(sql)]
    return percentile(values, 95), len(values), step > 1


def percentile(values: Iterable[float], percent: int) -> int | None:
    """The value that so many of a hundred do not exceed; None of none."""
    ordered = sorted(values)
    return round(ordered[max(0, -(-len(ordered) * percent // 100) - 1)]) if ordered else None
