"""What goes on just now: which sessions talked last, how many are active, and what an hour of it costs?"""

from __future__ import annotations

from typing import Any, NamedTuple

from session_monitor.prices import money
from session_monitor.text import humanize
from session_monitor.text.live_frame import SessionLine
from session_monitor.totals import wording
from session_monitor.totals.currency import DOLLARS, DisplayCurrency
from session_monitor.totals.spending import Spending
from session_monitor.totals.usage_totals import Sums

from .report import Overview, Report

MINUTES = 10
"""What an hour costs is told by the calls of so many minutes."""
_TITLES_FROM = 100
"""Columns of a terminal from which on there is room for what sessions are about."""


class LiveNow(NamedTuple):
    """The sums of all calls with the latest sessions, how many sessions are active, and the calls of the last minutes."""

    overview: Overview
    active: int
    recent: Sums

    def burn_rate_to_json(self) -> dict[str, Any]:
        """What an hour costs, for JSON."""
        spent = self.recent.spending
        known = spent.unpriced_rounds < spent.rounds or not spent.rounds
        return {
            "usd_per_hour": money.plain(_of_an_hour(spent).pico) if known else None,
            "minutes": MINUTES,
            "calls": self.recent.calls,
            "unpriced_rounds": spent.unpriced_rounds,
        }

    def burn_rate(self, currency: DisplayCurrency = DOLLARS) -> str:
        """The same in words: ``$1.23 an hour (by 12 calls of the last 10 minutes)``."""
        if not self.recent.calls:
            return f"{currency.shown(0)} an hour (no calls in the last {MINUTES} minutes)"
        spent = _of_an_hour(self.recent.spending)
        by = f"by {humanize.counted(self.recent.calls, 'call')} of the last {MINUTES} minutes"
        left_out = wording.not_in_it(self.recent.spending)
        if spent.unpriced_rounds == spent.rounds:
            return f"not known ({by}: {left_out})"
        return f"{wording.known(spent, currency)} an hour ({by}{f'; not in it: {left_out}' if left_out else ''})"


def _of_an_hour(spent: Spending) -> Spending:
    return Spending(**{**vars(spent), "pico": spent.pico * 60 // MINUTES})


class LiveSessions:
    """The sessions of a live view from look to look: what each began with is read once."""

    def __init__(self, currency: DisplayCurrency = DOLLARS) -> None:
        self._currency = currency
        self._titles: dict[tuple[str, str | None], str] = {}

    def lines(self, report: Report, overview: Overview, columns: int) -> list[SessionLine]:
        """The latest sessions as rows of a view that is so wide."""
        titles = self._of_now(report, overview) if columns >= _TITLES_FROM else {}
        costs = wording.short_column((row.spending for row in overview.latest), self._currency)
        return [
            SessionLine.of(row.fields, cost=cost, title=titles.get(_key(row.fields), ""))
            for row, cost in zip(overview.latest, costs)
        ]

    def _of_now(self, report: Report, overview: Overview) -> dict[tuple[str, str | None], str]:
        known = self._titles
        # Of one that was deleted and began anew another title is asked for; what is not shown any more is forgotten.
        self._titles = {
            key: known[key] if key in known else report.title_of(row) or ""
            for key, row in ((_key(row.fields), row) for row in overview.latest)
        }
        return self._titles


def _key(fields: dict[str, Any]) -> tuple[str, str | None]:
    return fields["session_id"], fields["created_at"]
