"""Which sessions are there, how does one stand, and how did it go?"""

from __future__ import annotations

from typing import Any

from session_monitor.asked import standing
from session_monitor.conversations import round_pages
from session_monitor.notes.notes_file import FolderNotes
from session_monitor.notes.session_notes import SessionNotes
from session_monitor.prices import money
from session_monitor.reports.report import Report
from session_monitor.reports.selected.filters import ENDED, STALE
from session_monitor.reports.sessions.session_outline import SessionOutline
from session_monitor.reports.sessions.session_rows import SessionRow

from . import answers, asked
from .answers import UNTRUSTED, Answer
from .folder import FolderDesk

_TITLE, _NOTE = 80, 200
"""Characters of what a session began with, or is called, and of a note."""
_MOST_NAMES = 5
_FEW = 3
"""Rounds, results and questions of a session that are told at once."""


def session_status(desk: FolderDesk, arguments: dict[str, Any]) -> Answer:
    """How a session stands, and what is left of its budgets; nothing of what was said."""
    report = desk.report()
    session_id = asked.session_id(desk, report, arguments["session"])
    found = standing.of(report, session_id, desk.notes())
    if found is None:
        raise asked.gone(session_id)
    return {**found.to_json(), "remarks": answers.remarks(found.status.row.spending)}


# -- list_sessions -----------------------------------------------------------------------------------------------------


def list_sessions(desk: FolderDesk, arguments: dict[str, Any]) -> Answer:
    """A page of the sessions that are meant."""
    report, notes, offset = desk.report(), desk.notes(), arguments["offset"]
    meant = asked.selection(desk, report, arguments)._replace(
        tags=(arguments["tag"],) if arguments["tag"] else (),
        is_starred=bool(arguments["starred"]),
        without_archived=_leaves_out_archived(notes, arguments),
    )
    page = report.sessions(meant, sort_by=arguments["sort_by"], limit=arguments["limit"], offset=offset)
    known = {} if notes is None else notes.sessions
    rows = [_row(report, row, known.get(row.fields["session_id"])) for row in page.rows]
    head = {"untrusted": UNTRUSTED, "damaged_files": len(page.damaged)}
    return answers.paged(head, "sessions", rows, offset, page.meant, arguments["max_bytes"])


def _leaves_out_archived(notes: FolderNotes | None, arguments: dict[str, Any]) -> bool:
    """Whether some are archived, and not asked for."""
    is_asked = arguments["archived"] or arguments["status"] in (STALE, ENDED)
    return notes is not None and not is_asked and bool(notes.archived())


def _row(report: Report, row: SessionRow, noted: SessionNotes | None) -> Answer:
    fields = row.fields
    return {
        "session_id": fields["session_id"],
        "title": answers.cut(report.title_of(row), _TITLE),
        "name": noted and noted.name and answers.cut(noted.name, _TITLE),
        "updated_at": fields["updated_at"],
        "status": fields["status"],
        "rounds": fields["messages_count"],
        "failed": fields["failed_count"],
        "models": fields["models"][:_MOST_NAMES],
        "total_tokens": _told(row, "total_tokens"),
        **answers.spent(row.spending.to_json()),
    }


def _told(row: SessionRow, name: str) -> int | None:
    """A count of tokens; None where no call told any."""
    spent = row.spending
    return None if spent.rounds and spent.without_tokens == spent.rounds else row.fields[name]


# -- get_session -------------------------------------------------------------------------------------------------------


def get_session(desk: FolderDesk, arguments: dict[str, Any]) -> Answer:
    """One session at a glance: its sums, its dearest rounds and why, its largest results, what was asked last."""
    report, notes = desk.report(), desk.notes()
    session_id = asked.session_id(desk, report, arguments["session"])
    row, outline = report.session(session_id), report.outline(session_id)
    facts = report.listed([session_id]).get(session_id)
    if row is None or outline is None or facts is None:
        raise asked.gone(session_id)
    fields = row.fields
    return {
        "untrusted": UNTRUSTED,
        "session_id": session_id,
        "title": answers.cut(report.title(facts.first), _TITLE),
        "created_at": fields["created_at"],
        "updated_at": fields["updated_at"],
        "status": fields["status"],
        "rounds": fields["messages_count"],
        "failed": fields["failed_count"],
        "left": fields["left_count"],
        "models": fields["models"][:_MOST_NAMES],
        "consumers": facts.consumers[:_MOST_NAMES],
        "tool_calls": facts.tool_calls,
        "conversations": len(outline.threads),
        "input_tokens": _told(row, "total_input_tokens"),
        "cached_tokens": _told(row, "total_cached_tokens"),
        "output_tokens": _told(row, "total_output_tokens"),
        "total_tokens": _told(row, "total_tokens"),
        **answers.spent(row.spending.to_json()),
        "remarks": answers.remarks(row.spending),
        **_at_a_glance(report, row, outline),
        "noted": _noted(None if notes is None else notes.sessions.get(session_id)),
        "coverage": desk.coverage(),
    }


def _at_a_glance(report: Report, row: SessionRow, outline: SessionOutline) -> Answer:
    dearest = outline.dearest[:_FEW]
    reasons = round_pages.cost_reasons(report, row, dearest)
    return {
        "dearest_rounds": [
            {
                "round": number,
                "cost_usd": money.plain(outline.costs[number - 1] or 0),
                "why": [each["code"] for each in reasons.get(number, ())],
            }
            for number in dearest
        ],
        "largest_results": [each._asdict() for each in outline.results[:_FEW]],
        "failed_rounds": outline.failed[-_FEW:],
        "last_questions": [
            {"round": number, "question": answers.cut(text, _TITLE)}
            for number, text in round_pages.questions(report, row, outline.asks[-_FEW:])
        ],
    }


def _noted(noted: SessionNotes | None) -> Answer | None:
    if noted is None:
        return None
    return {
        "name": answers.cut(noted.name, _TITLE),
        "starred": noted.starred,
        "archived": noted.archived,
        "tags": list(noted.tags[:_MOST_NAMES]),
        "notes": len(noted.notes),
        "last_note": answers.cut(noted.notes[-1].text, _NOTE) if noted.notes else None,
    }
