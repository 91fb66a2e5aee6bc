"""How does each budget stand?"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from session_monitor.base import periods
from session_monitor.budgets import budget_file, status
from session_monitor.budgets.budget import Budget
from session_monitor.budgets.budget_file import BadBudgetsError, Budgets
from session_monitor.reports.report import Report
from web.asking.questions import OF_ALL_HOLDS, Question, Setting
from web.server.exchange import Request


@dataclass(frozen=True)
class BudgetsQuestion(Question):
    """What is spent and left of each budget at this minute, and where will its period end if it goes on so?"""

    minute: int
    file: tuple[int, int] | None

    is_of_all = True

    @classmethod
    def of(cls, _request: Request, setting: Setting) -> BudgetsQuestion:
        """The same for every request."""
        return cls(setting.since(OF_ALL_HOLDS), budget_file.state(setting.folder))

    def answer(self, report: Report, _setting: Setting) -> dict[str, Any]:
        """As ``budget status --json`` tells it, and beside the budgets of each session that no session comes near."""
        try:
            budgets = budget_file.read(report.folder)
            found = report.ask(lambda index: status.statuses(index, budgets.budgets, report.now))
        except BadBudgetsError as mistake:
            return _none(str(mistake).replace(os.path.join(report.folder, ""), ""))
        except periods.UnknownZoneError as zone:
            return _none(f"there is no time zone {zone} on this machine, which a budget names")
        except PermissionError as error:
            return _none(f"{os.path.basename(error.filename or budget_file.path_of(report.folder))}: {error.strerror}")
        return {
            "budgets": [each.to_json() for each in found],
            "far": [each.to_json() for each in _far(budgets, found)],
            "problem": None,
        }


def _far(budgets: Budgets, found: list[status.BudgetStatus]) -> list[Budget]:
    """Those of each session that no session of the last 24 hours is near."""
    told = {each.budget.name for each in found}
    return [each for each in budgets.budgets if each.name not in told]


def _none(problem: str) -> dict[str, Any]:
    return {"budgets": [], "far": [], "problem": problem}
