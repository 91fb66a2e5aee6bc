"""How does a session stand, and what is left of the budgets that count it?"""

from __future__ import annotations

from typing import Any, NamedTuple

from session_monitor.budgets import budget_file, of_session
from session_monitor.budgets.status import BudgetStatus
from session_monitor.notes.notes_file import FolderNotes
from session_monitor.reports.report import Report
from session_monitor.reports.selected import states
from session_monitor.reports.sessions import session_status
from session_monitor.reports.sessions.session_status import SessionStatus

MOST_BUDGETS = 3
"""Budgets that are told of a session: those that are used up most."""


class Standing(NamedTuple):
    """How a session stands; ``budgets`` are all that count it, the one that is used up most first."""

    status: SessionStatus
    budgets: list[BudgetStatus]

    def to_json(self) -> dict[str, Any]:
        """For JSON, in brief."""
        told = [_budget(each) for each in self.budgets[:MOST_BUDGETS]]
        return {**self.status.to_json(), "budgets": told, "more_budgets": len(self.budgets) - len(told)}


def _budget(each: BudgetStatus) -> dict[str, Any]:
    told = each.to_json()
    names = ("level", "used_percent", "left_usd", "left_tokens", "unseen_calls")
    return {"name": each.budget.name, **{name: told[name] for name in names if told[name] is not None}}


def of(report: Report, session_id: str, notes: FolderNotes | None, max_age: int = states.MAX_AGE) -> Standing | None:
    """How the session with this id stands; None where there is none.

    ``notes`` are those of its folder, if there are any; after ``max_age`` milliseconds of silence it is stale.  Raises
    ``BadBudgetsError`` and ``periods.UnknownZoneError``.
    """
    own = None if notes is None else notes.sessions.get(session_id)
    stale = states.stale_before(None if notes is None else notes.stale_before, report.now, max_age)
    is_archived = own is not None and own.archived is not None
    status = report.ask(
        lambda index: session_status.session_status(
            index, session_id, report.now, is_archived=is_archived, stale_before=stale
        )
    )
    return None if status is None else Standing(status, _budgets(report, session_id))


def _budgets(report: Report, session_id: str) -> list[BudgetStatus]:
    budgets = budget_file.read(report.folder).budgets
    if not budgets:
        return []
    return report.ask(lambda index: of_session.statuses(index, budgets, session_id, report.now))
