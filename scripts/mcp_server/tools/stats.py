"""What do calls add up to: in all, by name, by time, by tool, by failure?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from session_monitor.base import periods
from session_monitor.reports.report import Report
from session_monitor.reports.selected.filters import Selection
from session_monitor.reports.sums import agents
from session_monitor.reports.sums.breakdown import Breakdown

from . import answers, asked
from .answers import Answer
from .folder import FolderDesk

_TOTAL, _AGENT, _TOOL, _ERROR = "total", "agent", "tool", "error"
_SUMS = (
    *("sessions", "calls", "failed", "input_tokens", "cached_tokens", "output_tokens", "total_tokens"),
    *answers.COSTS,
)


def get_stats(desk: FolderDesk, arguments: dict[str, Any]) -> Answer:
    """A page of rows, and what all of them add up to."""
    report, by, offset = desk.report(), arguments["by"], arguments["offset"]
    selection = asked.selection(desk, report, arguments)
    total, remarks = _of_all(report, selection)
    rows = _rows(desk, report, by, selection, arguments)
    head = {"by": by, "sums": total, "remarks": remarks, "coverage": desk.coverage()}
    some = rows[offset : offset + arguments["limit"]]
    return answers.paged(head, "rows", some, offset, len(rows), arguments["max_bytes"])


def _of_all(report: Report, selection: Selection) -> tuple[Answer, list[str]]:
    everything = report.overview(selection)
    told = {"sessions": everything.sessions, **everything.sums.to_json()}
    return _brief(told), answers.remarks(everything.sums.spending)


def _brief(sums: Mapping[str, Any]) -> Answer:
    """Sums in brief; tokens are None where no call told any."""
    told = {name: sums[name] for name in _SUMS}
    if sums["calls"] and sums["without_tokens"] == sums["calls"]:
        told.update((name, None) for name in _SUMS if name.endswith("_tokens"))
    return told


def _rows(
    desk: FolderDesk, report: Report, by: str, selection: Selection, arguments: dict[str, Any]
) -> Sequence[Answer]:
    if by == _TOTAL:
        return []
    if by == _TOOL:
        return [{"name": row.tool, **_without(row.to_json(), "tool")} for row in report.by_tool(selection)]
    if by == _ERROR:
        return [{"name": row.model, **_without(row.to_json(), "model")} for row in report.errors(selection).rows]
    if by in periods.UNITS:
        rows = report.by_time(by, asked.zone(desk, arguments), selection).rows
        return [
            {"name": row.span.name, **_brief({"sessions": row.sessions, **row.sums.to_json()})} for row in rows[::-1]
        ]
    found: Breakdown = report.by_agent(agents.agent_of, selection) if by == _AGENT else report.by_name(by, selection)
    return [{"name": row.name, **_brief({"sessions": row.sessions, **row.sums.to_json()})} for row in found.rows]


def _without(told: dict[str, Any], name: str) -> dict[str, Any]:
    return {each: value for each, value in told.items() if each != name}
