"""What is spent just now, how many sessions talk, and near what will this month end if it goes on so?"""

from __future__ import annotations

from datetime import tzinfo
from typing import Any, NamedTuple

from session_monitor.base import periods
from session_monitor.index.tables import schema
from session_monitor.prices import money
from session_monitor.reports.selected.filter_sql import SelectionSql
from session_monitor.reports.selected.filters import ACTIVE_FOR
from session_monitor.totals.usage_totals import Sums

from . import breakdown

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
LEAST = 3 * DAY
"""For so long calls have to be known this month before its end is told."""


class SpendingPace(NamedTuple):
    """The calls of the last hour, those of this month, and the pico-dollars it may end near; None where nobody can say."""

    hour: Sums
    month: Sums
    month_end: int | None

    def to_json(self) -> dict[str, Any]:
        """For JSON."""
        end = None if self.month_end is None else money.plain(self.month_end)
        return {"last_hour": _told(self.hour), "month": _told(self.month), "month_end_usd": end}


def _told(sums: Sums) -> dict[str, Any]:
    told = sums.to_json()
    return {name: told[name] for name in ("calls", "cost_usd", "at_least", "unpriced_rounds", "assumed_rounds")}


def pace(selected: SelectionSql, zone: tzinfo | None, now: int, ends: tuple[int | None, int | None]) -> SpendingPace:
    """Of the calls that are meant, whatever time is asked about; ``ends`` are the first and the last call of all."""
    month = periods.span_of(periods.MONTH, now, zone)
    of_hour = breakdown.sums_of(selected, selected.between(now - HOUR, now + 1))
    of_month = breakdown.sums_of(selected, selected.between(month.start, now + 1))
    oldest, newest = ends
    end = None
    if oldest is not None and newest is not None and newest > now - DAY:
        known = now - max(month.start, oldest)
        if known >= LEAST and of_month.spending.pico:
            end = of_month.spending.pico * (month.end - now + known) // known
    return SpendingPace(of_hour, of_month, end)


def active(selected: SelectionSql, now: int) -> int:
    """How many of the sessions that have such calls talk just now."""
    # Whatever time is asked about.
    anytime = SelectionSql(selected.index, selected.selection._replace(since=None, until=None)).sessions()
    sql = f"SELECT count(*) FROM session WHERE updated >= ? AND NOT last_flags & {schema.FAILED} AND {anytime}"
    return int(selected.index.db.execute(sql, (now - ACTIVE_FOR,)).fetchone()[0])


def recent(selected: SelectionSql, now: int, minutes: int) -> Sums:
    """What the calls of the last so many minutes add up to."""
    return breakdown.sums_of(selected, selected.between(now - minutes * MINUTE, now + 1))
