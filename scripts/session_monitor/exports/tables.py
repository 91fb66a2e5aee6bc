"""Which rows leave?"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import tzinfo
from typing import Any, NamedTuple

from session_monitor.base import periods, timestamps
from session_monitor.calls.usage import PART_WORDS
from session_monitor.index.database import Index
from session_monitor.index.tables import schema
from session_monitor.index.tables.round_costs import call_of
from session_monitor.index.tables.round_flags import outcome_of
from session_monitor.index.tables.ways import route_and_cluster
from session_monitor.prices import money
from session_monitor.prices.book import Book
from session_monitor.prices.cost import OTHER_READINGS, Call, Unpriced, notes_of
from session_monitor.reports.selected.filter_sql import SelectionSql
from session_monitor.reports.selected.filters import Selection
from session_monitor.reports.sessions.session_rows import SessionRow
from session_monitor.reports.sums import breakdown
from session_monitor.totals.currency import DisplayCurrency
from session_monitor.totals.usage_totals import Sums

REPORT, SESSIONS, ROUNDS = "report", "sessions", "rounds"
WHAT = (REPORT, SESSIONS, ROUNDS)

ExportRow = Mapping[str, Any]


class ExportTable(NamedTuple):
    """Rows under a name, which is their key in JSON; ``read`` are the columns that a person reads."""

    name: str
    columns: tuple[str, ...]
    read: tuple[str, ...]
    rows: Iterable[ExportRow]


def in_currency(table: ExportTable, currency: DisplayCurrency) -> ExportTable:
    """The table with an amount beside each in dollars; a person reads that one in its place."""
    if currency.is_dollars:
        return table
    columns = tuple(each for name in table.columns for each in dict.fromkeys((name, currency.named(name))))
    read = tuple(map(currency.named, table.read))
    return ExportTable(table.name, columns, read, map(currency.beside, table.rows))


_COUNTS = ("input_tokens", "output_tokens", "cached_tokens", "cache_write_tokens", "reasoning_tokens", "total_tokens")
_UNPRICED = (
    *("at_least", "without_tokens", "unpriced_rounds", "unpriced_tokens", "unpriced_models", "cache_savings_usd"),
    *("assumed_rounds", "assumed_usd", "cost_notes"),
)
_OF_CACHE = ("cache_untold_tokens", "cached_share")
SUMS = ("sessions", "calls", "failed", "left", *_COUNTS, *_OF_CACHE, "cost_usd", *_UNPRICED)
_READ_SUMS = ("sessions", "calls", "failed", "left", *_COUNTS[:3], "cost_usd", "at_least", "unpriced_rounds")


def report(index: Index, meant: Selection, where: tzinfo | None) -> tuple[ExportRow, tuple[ExportTable, ...]]:
    """What the calls that are meant add up to, and the same by model and by day of a time zone."""
    chosen = SelectionSql(index, meant)
    sessions, summed = breakdown.everything(chosen)
    models = [{"model": row.name, **_summed(row.sessions, row.sums)} for row in breakdown.by_name(chosen, "model").rows]
    dates = [
        {
            "date": row.span.name,
            "start": timestamps.rfc3339(row.span.start),
            **_summed(row.sessions, row.sums),
            "models": row.models,
        }
        for row in breakdown.by_time(chosen, periods.DAY, where).rows
    ]
    by_model = ExportTable("by_model", ("model", *SUMS), ("model", *_READ_SUMS), models)
    by_date = ExportTable("by_date", ("date", "start", *SUMS, "models"), ("date", *_READ_SUMS), dates)
    return _summed(sessions, summed), (by_model, by_date)


def _summed(sessions: int, summed: Sums) -> dict[str, Any]:
    return {"sessions": sessions, **summed.to_json()}


def sessions(rows: Iterable[SessionRow]) -> ExportTable:
    """A row a session, with what is noted of it and the work that it was begun for, where its fields ``noted`` and ``work`` tell."""
    return ExportTable("sessions", _OF_SESSION, _READ_OF_SESSION, map(_session, rows))


def _session(row: SessionRow) -> ExportRow:
    told = row.to_json()
    noted = told.pop("noted", None) or _NOTHING_NOTED
    notes = [f"{note['at']} {note['text']}" for note in noted["notes"]]
    work = told.pop("work", None) or {}
    return {**told, **noted, "notes": notes, **{column: work.get(name) for column, name in _OF_WORK.items()}}


_OF_WORK = {
    **{f"work_{name}": name for name in ("name", "state", "started", "ended", "git_root", "branch")},
    **{name: name for name in ("files_count", "commits_count")},
}
"""What is told of the work that a session was begun for, by its columns."""

_NOTHING_NOTED: Mapping[str, Any] = {"name": None, "starred": False, "archived": None, "tags": [], "notes": []}


_NOTED = ("name", "starred", "archived", "tags", "notes")
"""What is noted of a session."""
_OF_SESSION = (
    *(
        "session_id",
        "created_at",
        "updated_at",
        "status",
        "messages_count",
        "failed_count",
        "first_failed",
        "left_count",
    ),
    *(f"total_{name}" for name in _COUNTS[:-1]),
    *("total_tokens", *_OF_CACHE, "model", "models", "cost_usd", *_UNPRICED, *_NOTED, *_OF_WORK),
)
_READ_OF_SESSION = (
    *("session_id", "updated_at", "messages_count", "failed_count", "left_count"),
    *("total_input_tokens", "total_output_tokens", "cost_usd", "at_least", "unpriced_rounds", "models"),
)


def rounds(index: Index, meant: Selection) -> tuple[int, ExportTable]:
    """How many calls are meant, and a row for each, session by session; rows are read from the index as they are taken."""
    where = SelectionSql(index, meant).rounds(meant.since, meant.until)
    (number,) = index.db.execute(f"SELECT count(*) FROM round WHERE {where}").fetchone()
    return number, ExportTable("rounds", _OF_ROUND, _READ_OF_ROUND, _rounds(index, where))


_OF_PRICE = ("seller", "price_model", "price_from", "price_source")
_OF_ROUND = (
    *("session_id", "round", "timestamp", "model", "consumer", *_COUNTS, *PART_WORDS),
    *("at_least", "response_code", "outcome", "failed", "first_token_ms", "duration_ms", "cost_usd", "unpriced"),
    *("cost_notes", "other_reading_usd", "route_name", "upstream_cluster", *_OF_PRICE),
)
_READ_OF_ROUND = (
    *("session_id", "round", "timestamp", "model", *_COUNTS[:3], "at_least", "response_code", "outcome"),
    *("duration_ms", "cost_usd"),
)


def _rounds(index: Index, where: str) -> Iterator[ExportRow]:
    meant = f"(SELECT * FROM round WHERE {where}) AS meant"
    for session_id, number, at, model, consumer, way, *rest in index.db.execute(_EACH_ROUND.format(meant)):
        tokens, (parts, flags, notes, code, first, duration, usd, pico, *stake) = tuple(rest[:5]), rest[5:]
        route, cluster = route_and_cluster(way)
        call = call_of(model, way, at, tokens, parts, flags, consumer)
        yield {
            "session_id": session_id,
            "round": number,
            "timestamp": None if at is None else timestamps.rfc3339(at),
            "model": model,
            "consumer": consumer,
            **(dict.fromkeys((*_COUNTS, *PART_WORDS)) if flags & schema.NO_TOKENS else _counted(tokens, parts)),
            **({"cached_tokens": None} if flags & schema.CACHE_UNTOLD else {}),
            "at_least": bool(flags & schema.AT_LEAST),
            "response_code": code,
            "outcome": outcome_of(flags),
            "failed": bool(flags & schema.FAILED),
            "first_token_ms": first,
            "duration_ms": duration,
            "cost_usd": None if usd is None else money.plain(usd * money.MICRO + pico),
            "unpriced": _why(index.book, call) if usd is None else None,
            "cost_notes": (noted := notes_of(notes)),
            "other_reading_usd": _other_reading(noted, usd, pico, stake),
            "route_name": route,
            "upstream_cluster": cluster,
            **_price(index.book, call, is_priced=usd is not None),
        }


def _price(book: Book, call: Call, *, is_priced: bool) -> dict[str, Any]:
    """Who sold a call, and at which price, as ``_OF_PRICE``."""
    named = book.named(call.model, call.route, call.cluster)
    seller = book.seller_of(call.model, call.route, call.cluster)
    in_force = book.in_force(named, call.at) if is_priced and named and not call.is_free else None
    if in_force is None:
        return dict(zip(_OF_PRICE, (seller, None, None, None)))
    row = in_force.row.row
    return dict(zip(_OF_PRICE, (seller, in_force.prices.key, row.get("from"), row.get("source"))))


def _other_reading(notes: Collection[str], usd: int | None, pico: int, stake: Sequence[int]) -> str | None:
    """What a call would have cost by the other reading of its cache; None where the log leaves none open."""
    if usd is None or OTHER_READINGS.keys().isdisjoint(notes):
        return None
    return money.plain((usd + stake[0]) * money.MICRO + pico + stake[1])


def _counted(tokens: tuple[int, int, int, int, int], parts: str | None) -> dict[str, int]:
    """Tokens by kind, as ``_COUNTS``, and those of the kinds that few calls have."""
    fresh, read, written, visible, reasoning = tokens
    given, answered = fresh + read + written, visible + reasoning
    counts = dict(zip(_COUNTS, (given, answered, read, written, reasoning, given + answered)))
    return {**counts, **_NO_PARTS, **(json.loads(parts) if parts else {})}


_NO_PARTS = dict.fromkeys(PART_WORDS, 0)


# The same rows make the same file; no more than the rounds of one session are sorted at a time.
_EACH_ROUND = (
    "SELECT session.session_id, number, at, model.name, consumer.name, way.name, meant.fresh, meant.read, meant.written, "
    "meant.visible, meant.reasoning, parts, flags, notes, code, first_token_ms, duration_ms, meant.usd, meant.pico, "
    "meant.stake_usd, meant.stake_pico "
    "FROM session CROSS JOIN {} ON meant.session = session.id "
    "LEFT JOIN model ON model.id = meant.model LEFT JOIN consumer ON consumer.id = meant.consumer "
    "LEFT JOIN way ON way.id = meant.way "
    "ORDER BY session.session_id, number"
)


def _why(book: Book, call: Call) -> str | None:
    """Why a call has no price."""
    priced = book.price(call)
    return priced.reason if isinstance(priced, Unpriced) else None
