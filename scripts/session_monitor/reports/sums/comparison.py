"""How do some models, consumers, times or sessions stand beside each other: per call, per 1,000 tokens, and how quick?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from session_monitor.index.database import Index
from session_monitor.prices import money
from session_monitor.reports.selected import latency, naming
from session_monitor.reports.selected.filter_sql import SelectionSql
from session_monitor.reports.selected.filters import ALL, Selection
from session_monitor.reports.selected.latency import Latency
from session_monitor.totals.usage_totals import NOTHING, Sums

from . import breakdown
from .breakdown import Breakdown, share

MOST_KNOWN = 200


class Side(NamedTuple):
    """One of those that are compared: its calls, how many sessions they belong to, and how long they took."""

    sessions: int
    sums: Sums
    latency: Latency

    def to_json(self) -> dict[str, Any]:
        """For JSON, with what follows; None for what is not known.

        What is told per call or per 1,000 tokens is of those of which it is known: costs of the calls that have a price,
        tokens of those that tell any.
        """
        sums, spent = self.sums, self.sums.spending
        priced, priced_tokens = sums.calls - spent.unpriced_rounds, sums.total_tokens - spent.unpriced_tokens
        told = sums.calls - spent.without_tokens
        return {
            "sessions": self.sessions,
            **sums.to_json(),
            "priced_calls": priced,
            "cost_per_call_usd": _per(spent.pico, priced),
            "cost_per_1000_tokens_usd": _per(1000 * spent.pico, priced_tokens),
            "input_tokens_per_call": _mean(sums.input_tokens, told),
            "output_tokens_per_call": _mean(sums.output_tokens, told),
            "failed_share": share(sums.failed, sums.calls),
            "latency": self.latency.to_json(),
        }


NO_CALLS = Side(0, NOTHING, latency.NONE)
"""What has no call."""


def _per(pico: int, number: int) -> str | None:
    """An amount for one of so many, to the nearest pico-dollar."""
    return money.plain((2 * pico + number) // (2 * number)) if number else None


def _mean(total: int, number: int) -> float | None:
    return round(total / number, 3) if number else None


class Known(NamedTuple):
    """Which models and consumers there are to choose from, and the first and the last moment with calls."""

    models: list[str]
    consumers: list[str]
    oldest: int | None
    newest: int | None


def known(index: Index) -> Known:
    """What there is to choose from."""
    models, consumers = (breakdown.known(index, column, MOST_KNOWN) for column in ("model", "consumer"))
    return Known(models, consumers, *breakdown.ends(index))


def timed_by_name(index: Index, selection: Selection, column: str) -> tuple[Breakdown, dict[str | None, Latency]]:
    """A row for each name, the dearest first, and of models and consumers how long the calls of each took."""
    selected = SelectionSql(index, selection)
    rows = breakdown.by_name(selected, column)
    if column not in (naming.MODEL, naming.CONSUMER):
        return rows, {}
    names: dict[int, str | None] = dict(index.db.execute(f"SELECT id, name FROM {column}").fetchall())
    found = {names.get(number): each for (number,), each in latency.by(selected, (column,)).items()}
    return rows, {row.name: found.get(row.name, NO_CALLS.latency) for row in rows.rows}


def by_name(index: Index, selection: Selection, column: str) -> dict[str | None, Side]:
    """Each model or consumer that has calls that are meant, the dearest first."""
    rows, latencies = timed_by_name(index, selection, column)
    return {row.name: Side(row.sessions, row.sums, latencies[row.name]) for row in rows.rows}


def rows_to_json(rows: Breakdown, latencies: Mapping[str | None, Latency], column: str) -> list[dict[str, Any]]:
    """What ``timed_by_name`` gave, for JSON."""
    timed = {name: {"latency": each.to_json()} for name, each in latencies.items()}
    return [{**row.to_json(column), **timed.get(row.name, {})} for row in rows.rows]


def of_selections(index: Index, selections: Sequence[Selection]) -> list[Side]:
    """The calls that each of these means."""
    sides = []
    for selection in selections:
        selected = SelectionSql(index, selection)
        sides.append(Side(*breakdown.everything(selected), latency.latency(selected)))
    return sides


def of_sessions(index: Index, session_ids: Sequence[str]) -> list[Side | None]:
    """The calls of each of these sessions; None for one that is not there."""
    selected = SelectionSql(index, ALL)
    sides: list[Side | None] = []
    for session_id in session_ids:
        number = index.session_number(session_id)
        if number is None:
            sides.append(None)
            continue
        sums = breakdown.sums_of(selected, [selected.of_session(number)])
        sides.append(Side(1, sums, latency.of_session(selected, number)))
    return sides
