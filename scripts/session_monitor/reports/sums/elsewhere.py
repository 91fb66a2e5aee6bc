"""What would the calls that are meant have cost on other models, or at other prices?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from session_monitor.base import timestamps
from session_monitor.index.database import Index, Progress
from session_monitor.index.tables import schema
from session_monitor.index.tables.round_costs import parts_kept
from session_monitor.prices import money
from session_monitor.reports.selected.filter_sql import SelectionSql
from session_monitor.reports.selected.filters import Selection
from session_monitor.totals import what_if
from session_monitor.totals.spending import Spending
from session_monitor.totals.what_if import Alternative, CallBlock, Estimate

from . import breakdown

_AT_ONCE = 20_000
"""Calls that are priced together: in memory at the same time."""


class Elsewhere(NamedTuple):
    """What some calls cost, and an estimate for each alternative; of calls that told no tokens there is none."""

    sessions: int
    actual: Spending
    estimates: list[Estimate]


def elsewhere(index: Index, selection: Selection, alternatives: Sequence[Alternative], progress: Progress) -> Elsewhere:
    """The answer of an index."""
    selected = SelectionSql(index, selection)
    sessions, sums = breakdown.everything(selected)
    blocks = _blocks(index, selected.rounds(selection.since, selection.until), sums.calls, progress)
    return Elsewhere(sessions, sums.spending, what_if.estimates(alternatives, blocks))


_TOLD = "fresh + read + written + visible + reasoning > 0"
_COLUMNS = "at, fresh, read, written, visible, reasoning, parts, flags, usd, pico"


def _blocks(index: Index, where: str, number: int, progress: Progress) -> Iterator[CallBlock]:
    """The calls that told tokens, some at a time; ``progress`` hears about how many of ``number`` are done."""
    rows = index.db.execute(f"SELECT {_COLUMNS} FROM round WHERE {_TOLD} AND {where}")
    done = 0
    for block in iter(lambda: rows.fetchmany(_AT_ONCE), []):
        yield _block(block)
        done += len(block)
        progress(min(done, number), number)
    progress(number, number)  # some told no tokens


def _block(rows: Sequence[tuple[Any, ...]]) -> CallBlock:
    """Rows of the columns, for pricing them otherwise: no price depends on seconds."""
    ats, *tokens, parts, flags, usd, pico = map(list, zip(*rows))
    minutes = {at // timestamps.MINUTE for at in ats if at is not None}
    times = {minute: timestamps.rfc3339(minute * timestamps.MINUTE) for minute in minutes}
    free, partly, at_least = ([each & flag for each in flags] for flag in _FLAGS)
    return CallBlock(
        [None if at is None else times[at // timestamps.MINUTE] for at in ats],
        tokens,
        list(map(parts_kept, parts)) if any(parts) else parts,
        free,
        partly,
        at_least,
        [None if whole is None else whole * money.MICRO + rest for whole, rest in zip(usd, pico)],
    )


_FLAGS = schema.FREE, schema.PARTLY_TOLD, schema.AT_LEAST
