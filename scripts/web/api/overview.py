"""What do all sessions add up to?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from session_monitor import __version__
from session_monitor.base import last_run, periods, timestamps
from session_monitor.base.periods import TimeSpan
from session_monitor.calls import coverage
from session_monitor.reports.report import Report
from session_monitor.reports.selected import naming
from session_monitor.reports.selected.filters import DAYS, MOST_DAYS, recent
from session_monitor.reports.sums.dashboard import Dashboard, SeriesPoint
from web.asking import parameters
from web.asking.parameters import Filters
from web.asking.questions import MOST_NAMES, OF_ALL_HOLDS, Question, Setting
from web.server.exchange import Request


@dataclass(frozen=True)
class HealthQuestion(Question):
    """Does the server work, and how much is there?"""

    has_coverage = False

    @classmethod
    def of(cls, _request: Request, _setting: Setting) -> HealthQuestion:
        """The same for every request."""
        return cls()

    def answer(self, report: Report, _setting: Setting) -> dict[str, Any]:
        """How many sessions and rounds, and since when nothing came."""
        sums = report.overview()
        known = {"sessions": sums.sessions, "rounds": sums.sums.calls, "updated_at": moment(sums.newest)}
        return {"status": "ok", "version": __version__, **known}


@dataclass(frozen=True)
class OverviewQuestion(Question):
    """What does the first page show?  ``unit`` is that of its series; of names at most so many (``limit``) are told."""

    filters: Filters
    unit: str
    limit: int
    now: int
    problem: str
    is_there: bool

    is_of_all = True

    @classmethod
    def of(cls, request: Request, setting: Setting) -> OverviewQuestion:
        """What a request asks."""
        now = setting.since(OF_ALL_HOLDS)
        filters = parameters.filters(request, now)
        unit = parameters.choice(request, "by", periods.UNITS, periods.DAY)
        return cls(filters, unit, parameters.limit(request, 50), now, setting.problem, setting.is_there)

    def answer(self, report: Report, setting: Setting) -> dict[str, Any]:
        """All figures of the page."""
        shown = report.dashboard(self.filters.selection, self.unit, self.filters.zone, self.now)
        damaged = report.sessions(limit=0).damaged
        models, consumers, tools = shown.by_model.rows, shown.by_consumer.rows, shown.by_tool
        spans = [{**_span(span), "partial": span.start in shown.partial} for span in shown.spans]
        heat = [[cell.to_json() for cell in day] for day in shown.heat]
        return {
            "change": shown.change,
            "updated_at": moment(shown.updated),
            "span": {"since": moment(shown.since), "until": moment(shown.until)},
            "cards": {"now": shown.now.to_json(), "before": shown.before and shown.before.to_json()},
            "by": shown.unit,
            "timezone": self.filters.zone_name,
            "buckets": spans,
            "series": list(map(_point, shown.series)),
            "by_model": [row.to_json("model") for row in models[: self.limit]],
            "by_consumer": [row.to_json("consumer") for row in consumers[: self.limit]],
            "by_tool": [row.to_json() for row in tools[: self.limit]],
            "rows": {"model": len(models), "consumer": len(consumers), "tool": len(tools)},
            "heat": heat,
            "pace": shown.pace.to_json(),
            "alerts": list(_alerts(setting, shown, damaged)),
            "known": {"models": shown.models, "consumers": shown.consumers, "gateways": shown.gateways},
        }


def _span(span: TimeSpan) -> dict[str, Any]:
    return {"start": moment(span.start), "end": moment(span.end), "label": span.name}


_OF_POINT = (
    *("calls", "failed", "left", "input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens", "total_tokens"),
    *("cost_usd", "at_least", "unpriced_rounds"),
)


def _point(point: SeriesPoint) -> dict[str, Any]:
    sums = point.sums.to_json()
    names = {"start": moment(point.span.start), "label": point.span.name, "model": point.model, "other": point.is_rest}
    return {**names, **{name: sums[name] for name in _OF_POINT}}


def _alerts(setting: Setting, shown: Dashboard, damaged: list[str]) -> Iterator[dict[str, Any]]:
    """What one should know of the figures."""
    spent = shown.now.sums.spending
    covered = coverage.of_state(last_run.state_file(setting.folder))
    of_log = vars(covered) if covered else {}
    unpriced = sorted(spent.unpriced_models, key=lambda name: -spent.unpriced_models[name])
    alerts: tuple[tuple[str, int, list[str]], ...] = (
        ("no_folder", int(not setting.is_there), [setting.folder]),
        ("prices", int(bool(setting.problem)), [setting.problem]),
        ("unpriced", sum(spent.unpriced_models.values()), unpriced),
        ("damaged", len(damaged), damaged),
        ("skipped_calls", of_log.get("passed_over", {}).get("skipped_calls", 0), []),
        ("lost", of_log.get("lost_bytes", 0), []),
        ("lost_calls", of_log.get("lost_calls", 0), []),
        ("cut", of_log.get("content_cut", 0), []),
        ("left_out", of_log.get("content_left_out", 0), []),
        ("torn", of_log.get("torn", 0), []),
        ("without_tokens", spent.without_tokens, []),
        ("without_session_id", of_log.get("without_session_id", 0), []),
    )
    for code, count, names in alerts:
        if count:
            yield {"code": code, "count": count, "names": names[:MOST_NAMES]}


@dataclass(frozen=True)
class StatsQuestion(Question):
    """What do the calls add up to ``by`` model, consumer, tool, or a unit of time?

    ``days`` says how many of these units' last days are meant where that was asked; ``now`` is 0 where nothing depends
    on it.
    """

    filters: Filters
    by: str
    days: int | None
    now: int

    is_of_all = True

    @classmethod
    def of(cls, request: Request, setting: Setting) -> StatsQuestion:
        """What a request asks."""
        now = setting.since(OF_ALL_HOLDS)
        filters = parameters.filters(request, now)
        by = parameters.choice(request, "by", (*naming.COLUMNS, "tool", *periods.UNITS), "model")
        days = parameters.number(request, "days", 1, MOST_DAYS)
        return cls(filters, by, days, now if by in periods.UNITS else 0)

    def answer(self, report: Report, _setting: Setting) -> dict[str, Any]:
        """A row for each of them, and their total."""
        if self.by == "tool":
            return {"tools": [row.to_json() for row in report.by_tool(self.filters.selection)]}
        if self.by in periods.UNITS:
            return self._by_time(report)
        return report.by_name_in_json(self.by, self.filters.selection)

    def _by_time(self, report: Report) -> dict[str, Any]:
        selection, zone = self.filters.selection, self.filters.zone
        if selection.since is None or self.days is not None:
            today = datetime.fromtimestamp(self.now / 1000, zone).date()
            selection = recent(selection, zone, self.days or DAYS[self.by], today)
        sums = report.by_time(self.by, zone, selection)
        newest = report.overview().newest
        last = None if newest is None else periods.date_of(newest, zone).isoformat()
        rows = {"dates": [row.to_json(zone) for row in sums.rows], "total": sums.total_to_json()}
        return {**rows, "timezone": self.filters.zone_name, "by": self.by, "newest": last}


@dataclass(frozen=True)
class SummaryQuestion(Question):
    """What does everything that is meant add up to?  Which sessions are active depends on ``now``."""

    filters: Filters
    now: int

    is_of_all = True

    @classmethod
    def of(cls, request: Request, setting: Setting) -> SummaryQuestion:
        """What a request asks."""
        now = setting.since(OF_ALL_HOLDS)
        return cls(parameters.filters(request, now), now)

    def answer(self, report: Report, _setting: Setting) -> dict[str, Any]:
        """The sums, and how many sessions are active."""
        sums, active = report.overview(self.filters.selection), report.active(self.filters.selection)
        return {"sessions": sums.sessions, "active_now": active, **sums.sums.to_json()}


def moment(at: int | None) -> str | None:
    """A moment in milliseconds as text; None also for one that no calendar holds."""
    try:
        return None if at is None else timestamps.rfc3339(at)
    except OverflowError:
        return None
