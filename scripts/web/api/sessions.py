"""Which sessions are there?"""

from __future__ import annotations

from typing import Any

from session_monitor.reports import dashboard
from session_monitor.reports.report import Report
from session_monitor.reports.session_rows import SORT_KEYS, SessionRow
from web.server.exchange import Request

from . import parameters
from .questions import ALERT_NAMES, HOLDS, Question, Setting, since


def _sessions(request: Request, setting: Setting) -> Question:
    now = since(setting, HOLDS)
    meant = parameters.filters(request, now)
    sort_by = parameters.choice(request, "sort_by", SORT_KEYS, "updated")
    reverse = parameters.choice(request, "reverse", ("0", "1"), "0") == "1"
    offset = parameters.number(request, "offset", 0, 10_000_000, 0) or 0
    limit = parameters.limit(request, 50)

    def data(report: Report) -> Any:
        found = report.sessions(meant.selection, sort_by=sort_by, reverse=reverse, limit=limit, offset=offset)
        return {
            "sessions": _listed(report, setting, found.rows, with_context=True),
            "meant": found.meant,
            "total": found.total,
            "offset": offset,
            "limit": limit,
            "damaged": found.damaged[:ALERT_NAMES],
        }

    return Question(("sessions", sort_by, reverse, offset, limit, now, *meant.key), data)


def _listed(report: Report, setting: Setting, rows: list[SessionRow], *, with_context: bool) -> list[dict[str, Any]]:
    previews = report.previews([row.fields["session_id"] for row in rows])
    answers = []
    for row, each in zip(rows, previews):
        if each is None:
            continue
        title = None if setting.redacts else setting.titles.of(report.folder, each.key, each.first)
        fields = row.to_json()
        shared = dashboard.share(fields["total_cached_tokens"], fields["total_input_tokens"])
        more = {"title": title, "consumers": each.consumers, "tool_calls": each.tool_calls, "cached_share": shared}
        answers.append({**fields, **more, **({"context": each.context} if with_context else {})})
    return answers
