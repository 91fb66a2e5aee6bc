"""What may still be spent?"""

from __future__ import annotations

from typing import Any

from session_monitor.budgets import budget_file, of_session, status, wording
from session_monitor.budgets.budget import Budget
from session_monitor.budgets.budget_file import Budgets
from session_monitor.budgets.status import BudgetStatus
from session_monitor.reports.report import Report
from session_monitor.text import own_names

from . import answers, asked
from .answers import Answer, ToolMistakeError
from .folder import FolderDesk

_PICKED = (
    *("level", "used_percent", "period", "session_id", "calls", "cost_usd", "left_usd"),
    *("total_tokens", "left_tokens", "unseen_calls", "at_least", "projected"),
)


def check_budget(desk: FolderDesk, arguments: dict[str, Any]) -> Answer:
    """How budgets stand, the worst first, and how the worst of them does; None where there is none."""
    report = desk.report()
    known = budget_file.read(desk.folder.path)
    meant = _meant(known, arguments["name"])
    found = _statuses(desk, report, meant, arguments["session"])
    found.sort(key=lambda each: (status.LEVELS.index(each.level), each.used_percent), reverse=True)
    offset, rows = arguments["offset"], list(map(_told, found))
    head = {"level": found[0].level if found else None, "budgets_set": len(known.budgets), "hint": _hint(known, found)}
    return answers.paged(head, "budgets", rows[offset:], offset, len(rows), arguments["max_bytes"])


def _meant(known: Budgets, name: str | None) -> list[Budget]:
    if name is not None and known.find(name) is None:
        there = ", ".join(each.name for each in known.budgets) or "none"
        raise ToolMistakeError("no_such_budget", f"there is no budget {name}; there are {there}")
    return [each for each in known.budgets if name in (None, each.name)]


def _statuses(desk: FolderDesk, report: Report, meant: list[Budget], session: str | None) -> list[BudgetStatus]:
    if session is None:
        return report.ask(lambda index: status.statuses(index, meant, report.now))
    session_id = asked.session_id(desk, report, session)
    return report.ask(lambda index: of_session.statuses(index, meant, session_id, report.now))


def _told(each: BudgetStatus) -> Answer:
    told = each.to_json()
    return {"name": each.budget.name, "limit": wording.limits(each.budget), **{name: told[name] for name in _PICKED}}


def _hint(known: Budgets, found: list[BudgetStatus]) -> str | None:
    if not known.budgets:
        return own_names.as_typed("no budgets are set: a person sets one with 'cli.py budget set'")
    if not found:
        return "none of these budgets is near a limit, or counts this session"
    return None
