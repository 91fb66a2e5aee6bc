"""Which budgets count a session's calls, and how do they stand?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from session_monitor.index.database import Index
from session_monitor.reports.selected.filter_sql import SelectionSql
from session_monitor.reports.selected.filters import Selection, literally

from .budget import SESSION, Budget
from .spent import BudgetSpending, Spent
from .status import BudgetStatus


def statuses(index: Index, budgets: Iterable[Budget], session_id: str, now: int) -> list[BudgetStatus]:
    """How each budget stands that counts calls of the session, the one that is used up most first.

    Of a budget of each session that is what this one spent.  Raises ``periods.UnknownZoneError``.
    """
    spending = BudgetSpending(index, now)
    meant = [each for each in budgets if _counts(index, each, session_id)]
    found = [BudgetStatus(spent) for budget in meant for spent in _spent(spending, budget, session_id)]
    return sorted(found, key=lambda each: each.used_percent, reverse=True)


def _counts(index: Index, budget: Budget, session_id: str) -> bool:
    pattern = budget.session_id
    if pattern is not None and session_id != pattern and not fnmatchcase(session_id, pattern):
        return False
    models, consumers = (() if each is None else (each,) for each in (budget.model, budget.consumer))
    selected = SelectionSql(index, Selection(models=models, consumers=consumers))
    sql = f"SELECT 1 FROM session WHERE id = ? AND {selected.sessions()}"
    return index.db.execute(sql, (index.session_number(session_id),)).fetchone() is not None


def _spent(spending: BudgetSpending, budget: Budget, session_id: str) -> Iterator[Spent]:
    if budget.period != SESSION:
        yield from spending.of(budget)
        return
    own = budget._replace(session_id=literally(session_id))
    yield Spent(budget, None, spending.between(own, None, None), session_id)
