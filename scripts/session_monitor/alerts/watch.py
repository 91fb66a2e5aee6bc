"""What is done about alerts after a poll: look, tell, remember?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from session_monitor.base import data_folder, periods
from session_monitor.budgets import budget_file, status
from session_monitor.budgets.budget_file import BadBudgetsError, Budgets
from session_monitor.budgets.status import BudgetStatus
from session_monitor.delivery import targets
from session_monitor.delivery.event import Event
from session_monitor.delivery.outbox import Outbox
from session_monitor.index.database import Index
from session_monitor.reports.report import Report

from . import of_budgets, of_calls, of_reading, raised, rooms, rules
from .condition import Condition
from .gate import Room
from .of_insights import InsightWatch
from .of_reading import LogReading
from .raised import AlertState
from .rooms import AGAIN
from .rules import Watched


class AlertWatch:
    """One AlertWatch looks after each poll of one monitor what is to be told, and puts it into the outbox."""

    def __init__(self, folder: str, outbox: Outbox, host: str) -> None:
        """``host`` says in each event on which machine this is."""
        self._folder = folder
        self._outbox = outbox
        self._host = host
        self._insights = InsightWatch()
        self._state = raised.read(folder)
        self._is_reconciled = False
        self.told: list[Event] = []
        """What the last look told."""
        self.problem: str | None = None
        """What keeps it from looking at all that is set, in words; None where nothing does."""

    @property
    def state(self) -> AlertState:
        """What was told by now."""
        return self._state

    def look(self, report: Report, poll: dict[str, Any], now: int) -> Room:
        """Look, and let wait in the outbox what is to be told; what was told is on disk when this comes back.

        ``poll`` has what one did, as ``LogReading.after`` takes it; ``told`` has what was told.  Says how much may be spent until
        it has to be looked again.  Raises ``OSError``.
        """
        reading = self._state.reading.after(**poll, now=now)
        document = rules.usable(self._folder)
        if document is None:
            return self._held_back(reading, now)
        watched, budgets = self._watched(document), self._budgets()
        of_calls, standing = report.ask(lambda index: self._calls(index, watched, budgets, now))
        of_live, again = self._insights.look(report, watched.rules, self._state.firing(), now)
        conditions = [*of_calls, *of_live, *of_reading.conditions(reading, watched.rules, now)]
        state, self.told = raised.after(
            self._state, conditions, now, self._host, lambda rule: watched.is_silent(rule, now)
        )
        self._forget_untold(self.told)
        if self.told:
            known = targets.read(self._folder)
            self.problem = "; ".join(filter(None, [self.problem, *known.mistakes])) or None
            names = [*(target.name for target in known.targets), *known.unusable]
            for each in self.told:
                self._outbox.put(each, names)
        state = state._replace(reading=reading)
        if state != self._state or not self._is_reconciled:
            raised.write(self._folder, state)
        self._state, self._is_reconciled = state, True
        self._outbox.release()
        set_ = budgets.budgets if budgets else ()
        least = report.ask(lambda index: rooms.room(index, set_, standing, state.firing(), watched.rules, now))
        is_unheard = any(told.severity not in told.heard for told in state.firing().values())
        is_timed = reading.unread_since is not None or budgets is None or is_unheard
        ends = [least.until, again, now + AGAIN if is_timed else None]
        return least._replace(until=min((each for each in ends if each is not None), default=None))

    def _held_back(self, reading: LogReading, now: int) -> Room:
        """Nobody knows who is to be told: what is so by now is told once the file is mended, and till then is not remembered as told."""
        self.told = []
        self.problem = (
            f"{data_folder.ALERTS} cannot be used, and nothing is told until it is mended: see 'alerts target list'"
        )
        self._state = self._state._replace(reading=reading)
        return Room(until=now + AGAIN)

    def _watched(self, document: Mapping[str, Any]) -> Watched:
        watched = rules.of_document(document)
        self.problem = "; ".join(watched.mistakes) or None
        return watched

    def _budgets(self) -> Budgets | None:
        """The budgets that are set; None where that cannot be told."""
        try:
            return budget_file.read(self._folder)
        except BadBudgetsError as error:
            self.problem = str(error)
            return None

    def _calls(
        self, index: Index, watched: Watched, budgets: Budgets | None, now: int
    ) -> tuple[list[Condition], list[BudgetStatus]]:
        """What is so of calls, and how budgets stand."""
        try:
            found = budgets and status.statuses(index, budgets.budgets, now, is_projected=False)
        except periods.UnknownZoneError as zone:
            self.problem = f"there is no time zone {zone} on this machine, which a budget names"
            found = None
        conditions = list(self._as_before() if found is None else of_budgets.conditions(found))
        return [*conditions, *of_calls.conditions(index, watched.rules, now)], found or []

    def _as_before(self) -> Iterator[Condition]:
        """What was told of budgets still holds while nobody can say how they stand."""
        for (rule, period), told in self._state.firing().items():
            if rule.startswith(of_budgets.RULE):
                yield Condition(rule, period, None, told.kind, told.title, told.text)

    def _forget_untold(self, told: list[Event]) -> None:
        """Take out of the outbox, once, what a killed run put there and did not live to remember: nobody heard of it."""
        if self._is_reconciled:
            return
        known = {raised.event_id(key, each) for key, each in self._state.told.items()} | {each.id for each in told}
        self._outbox.done(
            [each for each in self._outbox.waiting() if each.event.id not in known and each.event.kind != "test"]
        )
