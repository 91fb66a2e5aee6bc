"""What goes on, over time and in comparison with the time before?

All answers are of one state of the index.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any, NamedTuple

from session_monitor.base import periods
from session_monitor.base.periods import TimeSpan
from session_monitor.index import schema
from session_monitor.index.database import Index
from session_monitor.index.schema import SLOT
from session_monitor.prices import money, usage_totals
from session_monitor.prices.usage_totals import Sums

from . import breakdown
from .breakdown import Breakdown, ToolRow
from .filter_sql import Chosen
from .filters import ACTIVE_FOR, Selection

MOST_BUCKETS = 400
"""Spans of a series; where there are more, the next longer unit is taken."""
MOST_MODELS = 11
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
            "cached_share": share(self.sums.cached_tokens, self.sums.input_tokens),
        }


class SeriesPoint(NamedTuple):
    """The calls of one model in one span; ``is_rest`` says that they are those of all models without rows of their own."""

    span: TimeSpan
    model: str | None
    is_rest: bool
    sums: Sums


class HeatCell(NamedTuple):
    """The calls at one hour of one weekday, and what those cost that have a price."""

    calls: int
    pico: int


class Dashboard(NamedTuple):
    """All of it; ``since`` and ``until`` are what was meant, or the first and the last call."""

    change: int
    updated: int | None
    since: int | None
    until: int | None
    now: Card
    before: Card | None
    unit: str
    spans: list[TimeSpan]
    series: list[SeriesPoint]
    by_model: Breakdown
    by_consumer: Breakdown
    by_tool: list[ToolRow]
    heat: list[list[HeatCell]]
    models: list[str]
    consumers: list[str]


def share(part: int, whole: int) -> float | None:
    """The part of the whole; None of nothing."""
    return round(part / whole, 6) if whole else None


def overview(found: Index, meant: Selection, unit: str, where: tzinfo | None, now: int) -> Dashboard:
    """What the calls that are meant add up to, by the unit's spans in a time zone; ``now`` is in milliseconds."""
    chosen = Chosen(found, meant)
    oldest, newest = breakdown.ends(found)
    since = meant.since if meant.since is not None else oldest
    until = meant.until if meant.until is not None else newest
    unit, spans = _spans(oldest, newest, meant, unit, where)
    by_model = breakdown.by(chosen, "model")
    own = [row.name for row in by_model.rows[:MOST_MODELS]]
    series = [point for span in spans for point in _points(chosen, span, own, len(by_model.rows) > MOST_MODELS)]
    heat = _heat(chosen, oldest, where)
    by_consumer, by_tool = breakdown.by(chosen, "consumer"), breakdown.by_tool(chosen)
    card = _card((by_model.sessions, by_model.sums), _active(chosen, now), chosen)
    # Last, since a choice of sessions stands in one place in the connection.
    before = _before(found, meant, now)
    known = [breakdown.known(found, column, MOST_NAMES) for column in ("model", "consumer")]
    return Dashboard(
        found.meta("change"), newest, since, until, card, before, unit, spans, series, by_model, by_consumer, by_tool,
        heat, *known,
    )  # fmt: skip


def _active(chosen: Chosen, now: int) -> int:
    """How many of the sessions that have such calls talk just now."""
    # Whatever time is asked about.
    anytime = Chosen(chosen.found, chosen.meant._replace(since=None, until=None)).sessions()
    sql = f"SELECT count(*) FROM session WHERE updated >= ? AND NOT last_flags & {schema.FAILED} AND {anytime}"
    return int(chosen.found.db.execute(sql, (now - ACTIVE_FOR,)).fetchone()[0])


def _before(found: Index, meant: Selection, now: int) -> Card | None:
    """The equally long span before the one that is meant; None where that has no beginning."""
    if meant.since is None:
        return None
    end = now if meant.until is None else meant.until
    earlier = meant._replace(since=2 * meant.since - end, until=meant.since)
    chosen = Chosen(found, earlier)
    return _card(breakdown.everything(chosen), None, chosen)


def _card(summed: tuple[int, Sums], active: int | None, chosen: Chosen) -> Card:
    first_token, timed, is_sampled = _first_token(chosen)
    return Card(*summed, active, first_token, timed, is_sampled)


# -- over time ---------------------------------------------------------------------------------------------------------


def _spans(
    oldest: int | None, newest: int | None, meant: Selection, unit: str, where: tzinfo | None
) -> tuple[str, list[TimeSpan]]:
    """The unit, or a longer one, and its spans from the first call that may be meant to the last, without gaps."""
    if oldest is None or newest is None:
        return unit, []
    start = oldest if meant.since is None else max(oldest, meant.since)
    end = newest + 1 if meant.until is None else min(newest + 1, meant.until)
    for longer in periods.UNITS[periods.UNITS.index(unit) :]:
        spans = _between(longer, start, end, where)
        if len(spans) <= MOST_BUCKETS:
            return longer, spans
    # So many years that somebody's clock was wrong: the latest are of interest.
    return periods.MONTH, _between(periods.MONTH, end - MOST_BUCKETS * 28 * 86_400_000, end, where)[-MOST_BUCKETS:]


def _between(unit: str, start: int, end: int, where: tzinfo | None) -> list[TimeSpan]:
    """The spans from one moment to before another, at most one more than there may be; both ends are cut."""
    spans: list[TimeSpan] = []
    moment = start
    while moment < end and len(spans) <= MOST_BUCKETS:
        span = periods.span_of(unit, moment, where)
        spans.append(TimeSpan(span.name, moment, min(span.end, end)))
        moment = max(span.end, moment + 1)
    return spans


def _points(chosen: Chosen, span: TimeSpan, own: Sequence[str | None], has_rest: bool) -> list[SeriesPoint]:  # noqa: FBT001
    """The calls in a span, by model."""
    db, names = chosen.found.db, _names(chosen.found)
    columns: dict[tuple[str | None, bool], list[int]] = {}
    for source in chosen.between(span.start, span.end):
        for model, *more in db.execute(f"SELECT model, {source.summed} FROM {source.rows} GROUP BY model"):
            name = names.get(model)
            key = (None, True) if has_rest and name not in own else (name, False)
            before = columns.get(key)
            columns[key] = [one + other for one, other in zip(before, more)] if before else more
    return [SeriesPoint(span, *key, usage_totals.of_columns(each, {})) for key, each in columns.items() if each[0]]


def _names(found: Index) -> dict[int, str]:
    return dict(found.db.execute("SELECT id, name FROM model").fetchall())


def _heat(chosen: Chosen, oldest: int | None, where: tzinfo | None) -> list[list[HeatCell]]:
    """Seven weekdays, Monday first, of 24 hours."""
    cells = [[HeatCell(0, 0)] * 24 for _ in range(7)]
    if oldest is None:
        return cells
    start = oldest if chosen.meant.since is None else chosen.meant.since
    for source in chosen.between(start, chosen.meant.until):
        slot = "slot" if source.rows.startswith("slot ") else schema.SLOT_OF
        calls = "sum(calls)" if slot == "slot" else "count(*)"
        sql = f"SELECT {slot}, {calls}, sum(coalesce(usd, 0)), sum(coalesce(pico, 0)) FROM {source.rows} GROUP BY 1"
        for number, more, usd, pico in chosen.found.db.execute(sql):
            if number is None:
                continue
            weekday, hour = _hour_of(number, where)
            cell = cells[weekday][hour]
            cells[weekday][hour] = HeatCell(cell.calls + more, cell.pico + usd * money.MICRO + pico)
    return cells


@functools.lru_cache(100_000)
def _hour_of(slot: int, where: tzinfo | None) -> tuple[int, int]:
    """The weekday and the hour in which a half hour begins."""
    try:
        local = (_EPOCH + timedelta(milliseconds=slot * SLOT)).astimezone(where)
    except (OverflowError, ValueError):
        return 0, 0
    return local.weekday(), local.hour


_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


# -- how long --------------------------------------------------------------------------------------------------------


def _first_token(chosen: Chosen) -> tuple[int | None, int, bool]:
    """Within how many milliseconds 95 of 100 calls had a first token, of how many that is known, and whether of a part."""
    db, meant = chosen.found.db, chosen.meant
    where = chosen.rounds(meant.since, meant.until)
    (calls,) = db.execute("SELECT coalesce(sum(calls), 0) FROM total").fetchone()
    step = max(1, calls // _MEASURED)
    if step > 1 or meant.since is not None:
        # Sessions that ended before the time that is meant have no calls in it; an index tells which those are.
        since = schema.NEVER if meant.since is None else meant.since
        where += f" AND session IN (SELECT id FROM session WHERE updated >= {since} AND id % {step} = 0)"
    sql = f"SELECT first_token_ms FROM round WHERE {where} AND first_token_ms IS NOT NULL"
    values = [value for (value,) in db.execute(sql)]
    return percentile(values, 95), len(values), step > 1


def percentile(values: Iterable[float], percent: int) -> int | None:
    """The value that so many of a hundred do not exceed; None of none."""
    found = sorted(values)
    return round(found[max(0, -(-len(found) * percent // 100) - 1)]) if found else None
