"""What does a folder's monitor show to who reads its metrics, each time anew?"""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator, Mapping
from typing import NamedTuple, Optional

from session_monitor import __version__
from session_monitor.alerts import raised
from session_monitor.alerts.raised import AlertState
from session_monitor.base import periods
from session_monitor.budgets import budget_file, status
from session_monitor.budgets.budget_file import BadBudgetsError
from session_monitor.budgets.status import BudgetStatus
from session_monitor.index.database import Index
from session_monitor.reports.report import Report
from session_monitor.reports.selected.filter_sql import SelectionSql
from session_monitor.reports.selected.filters import ALL
from session_monitor.reports.sums import breakdown, pace

from . import families, of_calls, of_limits, of_log, of_stores
from .families import MetricFamily, MetricSample
from .ledger import CounterLedger, KeptLedger
from .of_calls import Pair, Rows
from .series import IDLE

_PARTS = ("log", "coverage", "budgets", "alerts")


class _OfIndex(NamedTuple):
    """What the index says: how many sessions, how budgets stand (None where nobody can say), and what calls add up to.

    ``rows`` is None where they add up to what they did before, ``mark`` tells that; ``late`` says how many calls there
    were of late, where that decides who has series of their own.
    """

    mark: Hashable
    rows: Optional[Rows]  # noqa: UP045 -- a NamedTuple's types are asked for at run time, in Python 3.9, too
    late: Mapping[Pair, int]
    sessions: int
    active: int
    newest: Optional[int]  # noqa: UP045
    budgets: Optional[list[BudgetStatus]]  # noqa: UP045
    stores: list[tuple[str, MetricSample]]


class Scrapes:
    """One Scrapes is asked for the metrics of one folder again and again, by any thread.

    What the calls add up to is worked out anew where the index has changed.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._ledger = KeptLedger(folder)
        self._lock = threading.Lock()
        self._mark: Hashable = None
        self._stored: Rows = {}

    def families(self, report: Report, now: int) -> list[MetricFamily]:
        """All metrics of this moment, which is in milliseconds since 1970.  Raises what the report raises."""
        with self._lock:
            return families.made(self._samples(report, now))

    def _samples(self, report: Report, now: int) -> Iterator[tuple[str, MetricSample]]:
        ledger = self._ledger.current()
        found = report.ask(lambda index: self._of_index(index, ledger, now))
        # Only now: an index that turns out to be damaged is made anew, and asked again.
        if found.rows is not None:
            self._mark, self._stored = found.mark, found.rows
            ledger.go_on(found.rows, now, found.late)
            self._ledger.keep()
        progress = of_log.progress(self._folder)
        yield "asm_build_info", MetricSample((("version", __version__),), 1)
        yield from of_calls.samples(ledger.shown)
        yield "asm_sessions", MetricSample((), found.sessions)
        yield "asm_sessions_active", MetricSample((), found.active)
        yield from of_log.samples(progress, found.newest, now)
        yield from of_limits.of_budgets(found.budgets or ())
        yield from found.stores
        alerts = self._alerts()
        yield from of_limits.of_alerts(alerts or AlertState())
        for kind, number in ledger.names.without_series(self._stored).items():
            yield "asm_label_values_folded", MetricSample((("label", kind),), number)
        told = progress.unread is not None, progress.covered is not None, found.budgets is not None, alerts is not None
        for part, is_told in zip(_PARTS, told):
            yield "asm_scrape_success", MetricSample((("part", part),), int(is_told))

    def _of_index(self, index: Index, ledger: CounterLedger, now: int) -> _OfIndex:
        mark = index.meta("made"), index.meta("change"), index.meta("prices")
        rows = None if mark == self._mark else of_calls.rows(index)
        is_choice = rows is not None and ledger.names.has_to_choose(rows, now)
        late = of_calls.recent(index, now - IDLE) if is_choice else {}
        selected = SelectionSql(index, ALL)
        sessions = breakdown.session_count(selected, selected.sources())
        newest = breakdown.ends(index)[1]
        active, stores = pace.active(selected, now), of_stores.samples(self._folder, index, now)
        return _OfIndex(mark, rows, late, sessions, active, newest, self._budgets(index, now), stores)

    def _budgets(self, index: Index, now: int) -> list[BudgetStatus] | None:
        try:
            budgets = budget_file.read(self._folder).budgets
            return status.statuses(index, budgets, now, is_projected=False) if budgets else []
        except (BadBudgetsError, periods.UnknownZoneError, OSError):
            return None

    def _alerts(self) -> AlertState | None:
        try:
            return raised.read(self._folder)
        except OSError:
            return None
