"""What goes wrong in sessions, and why do they cost that?"""

from __future__ import annotations

from typing import Any

from session_monitor.base import timestamps
from session_monitor.insight import all_findings, session_context, session_insights, wording
from session_monitor.insight.all_findings import FoundRow
from session_monitor.prices import money
from session_monitor.reports.report import Report
from session_monitor.reports.selected import filters
from session_monitor.reports.selected.filters import Selection

from . import answers, asked
from .answers import Answer
from .folder import FolderDesk

_WEEK = 7 * 86_400_000
_LONGEST = 300
"""Characters of a sentence."""
_PATTERN = frozenset("*?[")
_TOLD = ("kind", "severity", "first_round", "last_round", "tokens", "cost_usd", "basis")


def get_insights(desk: FolderDesk, arguments: dict[str, Any]) -> Answer:
    """A page of findings, the gravest first; of one session also where its money went, and what came from a cache."""
    report, offset = desk.report(), arguments["offset"]
    one = _one_session(desk, report, arguments["session"])
    selection = _selection(desk, report, arguments, one)
    found = all_findings.across(
        report,
        selection,
        kinds=_one(arguments["kind"]),
        severities=_one(arguments["severity"]),
        limit=arguments["limit"],
        offset=offset,
        progress=desk.hear,
    )
    head = {
        "since": None if selection.since is None else timestamps.rfc3339(selection.since),
        "by_severity": found.by_severity,
        "cost_usd": None if found.pico is None else money.plain(found.pico),
        "sessions_judged": found.judged,
        "sessions_not_judged": found.not_judged,
        "session": None if one is None else _of_session(report, one),
        "mistakes": [answers.cut(each, _LONGEST) for each in found.mistakes[:1]],
        "coverage": desk.coverage(),
    }
    rows = [_brief(each, is_one=one is not None) for each in found.rows]
    return answers.paged(head, "findings", rows, offset, found.total, arguments["max_bytes"])


def _one(text: str | None) -> tuple[str, ...]:
    return () if text is None else (text,)


def _one_session(desk: FolderDesk, report: Report, text: str | None) -> str | None:
    """The id of the one session that is meant; None where all are, or those of a pattern."""
    if text is None or (_PATTERN.intersection(text) and report.session(text) is None):
        return None
    return asked.session_id(desk, report, text)


def _selection(desk: FolderDesk, report: Report, arguments: dict[str, Any], one: str | None) -> Selection:
    """What is meant; of all sessions the last week alone, unless a time is given."""
    if one is not None:
        return asked.selection(desk, report, {**arguments, "session": filters.literally(one)})
    selection = asked.selection(desk, report, arguments)
    if selection.since is None:
        until = report.now if selection.until is None else selection.until
        selection = selection._replace(since=until - _WEEK)
    return selection


def _brief(row: FoundRow, *, is_one: bool) -> Answer:
    told = wording.to_json(row.finding)
    words = {name: answers.cut(told[name], _LONGEST) for name in ("words", "advice")}
    session = {} if is_one else {"session_id": row.session_id}
    return {**session, **{name: told[name] for name in _TOLD}, **words}


def _of_session(report: Report, session_id: str) -> Answer:
    """What a session adds up to."""
    found, context = (
        session_insights.of_session(report, session_id),
        session_context.of_session(report, session_id, most=0),
    )
    if found is None or context is None:
        raise asked.gone(session_id)
    parts, cache = context.to_json()["parts"], found.cache.to_json()
    return {
        "session_id": session_id,
        "rounds": found.rounds,
        "not_judged": found.not_judged,
        "resent_percent": context.sums.resent_percent,
        "parts_usd": {name: each["cost_usd"] for name, each in parts.items()},
        "cache": {name: cache[name] for name in ("hit_percent", "missed_tokens", "missed_usd", "saved_usd")},
        "missed_causes": {each["cause"]: each["missed_usd"] for each in cache["causes"]},
    }
