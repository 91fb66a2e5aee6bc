"""Which sessions are there?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from session_monitor.notes.notes_file import FolderNotes
from session_monitor.reports.report import Report
from session_monitor.reports.sessions.session_order import SORT_KEYS
from session_monitor.reports.sessions.session_rows import SessionRow
from web.asking import noted, parameters
from web.asking.parameters import Filters
from web.asking.questions import HOLDS, MOST_NAMES, OF_ALL_HOLDS, Question, Setting
from web.server.exchange import Request


@dataclass(frozen=True)
class SessionsQuestion(Question):
    """Which sessions are meant, in this order, from ``offset`` on?  Whether they are active depends on ``now``."""

    filters: Filters
    sort_by: str
    reverse: bool
    offset: int
    limit: int
    now: int

    @classmethod
    def of(cls, request: Request, setting: Setting) -> SessionsQuestion:
        """What a request asks."""
        now = setting.since(HOLDS)
        # A time "so long ago" is the same moment as for the cards, to which the rows add up.
        filters = parameters.filters(request, setting.since(OF_ALL_HOLDS))
        filters = filters._replace(selection=noted.asked(request, setting, filters.selection))
        sort_by = parameters.choice(request, "sort_by", SORT_KEYS, "updated")
        reverse = parameters.choice(request, "reverse", ("0", "1"), "0") == "1"
        offset = parameters.number(request, "offset", 0, 10_000_000, 0) or 0
        return cls(filters, sort_by, reverse, offset, parameters.limit(request, 50), now)

    def answer(self, report: Report, setting: Setting) -> dict[str, Any]:
        """A page of them."""
        notes = noted.of_folder(report, setting)
        selection = noted.meant(self.filters.selection, notes)
        page = report.sessions(
            selection, sort_by=self.sort_by, reverse=self.reverse, limit=self.limit, offset=self.offset
        )
        return {
            "sessions": listed(report, setting, page.rows, notes),
            "meant": page.meant,
            "total": page.total,
            "offset": self.offset,
            "limit": self.limit,
            "damaged": page.damaged[:MOST_NAMES],
        }


def listed(
    report: Report, setting: Setting, rows: Sequence[SessionRow], notes: FolderNotes | None = None
) -> list[dict[str, Any]]:
    """What a list tells of each session, for JSON, with what is noted of it; of one that is gone by now nothing."""
    previews = report.previews([row.fields["session_id"] for row in rows])
    known = [(row.to_json(), preview) for row, preview in zip(rows, previews) if preview is not None]
    return [
        {
            **fields,
            "title": None if setting.redacts else setting.titles.of(report.folder, preview.key, preview.first),
            "consumers": preview.consumers,
            "tool_calls": preview.tool_calls,
            "context": preview.context,
            "noted": _noted(notes, fields["session_id"]),
        }
        for fields, preview in known
    ]


def _noted(notes: FolderNotes | None, session_id: str) -> dict[str, Any] | None:
    own = notes.sessions.get(session_id) if notes else None
    return own and own.to_json()
