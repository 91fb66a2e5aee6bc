"""What do all sessions add up to?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from session_monitor import __version__
from session_monitor.base import data_folder, periods
from session_monitor.calls import coverage
from session_monitor.prices import money
from session_monitor.reports import dashboard, filters
from session_monitor.reports.report import Report
from web.server.exchange import Request

from . import parameters
from .questions import ALERT_NAMES, OF_ALL_HOLDS, Question, Setting, since, time


def health(_request: Request, _setting: Setting) -> Question:
    def data(report: Report) -> Any:
        found = report.overview()
        known = {"sessions": found.sessions, "rounds": found.sums.calls, "updated_at": time(found.newest)}
        return {"status": "ok", "version": __version__, **known}

    return Question("health", data, has_coverage=False)


def overview(request: Request, setting: Setting) -> Question:
    now = since(setting, OF_ALL_HOLDS)
    meant = parameters.filters(request, now)
    unit = parameters.choice(request, "by", periods.UNITS, periods.DAY)
    limit = parameters.limit(request, 50)

    def data(report: Report) -> Any:
        found = report.dashboard(meant.selection, unit, meant.where, now)
        damaged = report.sessions(limit=0).damaged
        rows = {"model": found.by_model.rows, "consumer": found.by_consumer.rows, "tool": found.by_tool}
        return {
            "change": found.change,
            "updated_at": time(found.updated),
            "span": {"since": time(found.since), "until": time(found.until)},
            "cards": {"now": found.now.to_json(), "before": found.before and found.before.to_json()},
            "by": found.unit,
            "timezone": meant.zone,
            "buckets": [{"start": time(span.start), "end": time(span.end), "label": span.name} for span in found.spans],
            "series": list(map(_point, found.series)),
            "by_model": [row.to_json("model") for row in found.by_model.rows[:limit]],
            "by_consumer": [row.to_json("consumer") for row in found.by_consumer.rows[:limit]],
            "by_tool": [row.to_json() for row in found.by_tool[:limit]],
            "rows": {name: len(each) for name, each in rows.items()},
            "heat": [[{"calls": cell.calls, "cost_usd": money.plain(cell.pico)} for cell in day] for day in found.heat],
            "alerts": list(_alerts(setting, found, damaged)),
            "known": {"models": found.models, "consumers": found.consumers},
        }

    key = ("overview", unit, limit, now, *meant.key, setting.problem, setting.is_there)
    return Question(key, data, is_of_all=True)


_OF_POINT = (
    *("calls", "failed", "input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens", "total_tokens"),
    *("cost_usd", "unpriced_rounds"),
)


def _point(point: dashboard.SeriesPoint) -> dict[str, Any]:
    sums = point.sums.to_json()
    names = {"start": time(point.span.start), "label": point.span.name, "model": point.model, "other": point.is_rest}
    return {**names, **{name: sums[name] for name in _OF_POINT}}


def _alerts(setting: Setting, found: dashboard.Dashboard, damaged: list[str]) -> Iterator[dict[str, Any]]:
    """What one should know of the figures."""
    spent = found.now.sums.spending
    covered = coverage.of_state(data_folder.state_file(setting.folder))
    of_log = vars(covered) if covered else {}
    unpriced = sorted(spent.unpriced_models, key=lambda name: -spent.unpriced_models[name])
    told: tuple[tuple[str, int, list[str]], ...] = (
        ("no_folder", int(not setting.is_there), [setting.folder]),
        ("prices", int(bool(setting.problem)), [setting.problem]),
        ("unpriced", spent.unpriced_rounds - spent.without_tokens, unpriced),
        ("damaged", len(damaged), damaged),
        ("lost", of_log.get("lost_bytes", 0), []),
        ("cut", of_log.get("content_cut", 0), []),
        ("torn", of_log.get("torn", 0), []),
        ("without_tokens", spent.without_tokens, []),
        ("without_session_id", of_log.get("without_session_id", 0), []),
    )
    for code, count, models in told:
        if count:
            yield {"code": code, "count": count, "names": models[:ALERT_NAMES]}


def stats(request: Request, setting: Setting) -> Question:
    now = since(setting, OF_ALL_HOLDS)
    meant = parameters.filters(request, now)
    by = parameters.choice(request, "by", ("model", "consumer", "tool", *periods.UNITS), "model")
    number = parameters.number(request, "days", 1, filters.MOST_DAYS)

    def data(report: Report) -> Any:
        if by == "tool":
            return {"tools": [row.to_json() for row in report.by_tool(meant.selection)]}
        if by in ("model", "consumer"):
            answer = (report.by_model if by == "model" else report.by_consumer)(meant.selection)
            return {f"{by}s": [row.to_json(by) for row in answer.rows], "total": answer.total_to_json()}
        chosen, where = meant.selection, meant.where
        if chosen.since is None or number is not None:
            today = datetime.fromtimestamp(now / 1000, where).date()
            chosen = filters.recent(chosen, where, number or filters.DAYS[by], today)
        answer = report.by_time(by, where, chosen)
        newest = report.overview().newest
        last = None if newest is None else periods.date_of(newest, where).isoformat()
        rows = {"dates": [row.to_json(where) for row in answer.rows], "total": answer.total_to_json()}
        return {**rows, "timezone": meant.zone, "by": by, "newest": last}

    return Question(("stats", by, number, now if by in periods.UNITS else 0, *meant.key), data, is_of_all=True)


def summary(request: Request, setting: Setting) -> Question:
    meant = parameters.filters(request, since(setting, OF_ALL_HOLDS))

    def data(report: Report) -> Any:
        found = report.overview(meant.selection)
        return {"sessions": found.sessions, **found.sums.to_json()}

    return Question(("summary", *meant.key), data, is_of_all=True)
