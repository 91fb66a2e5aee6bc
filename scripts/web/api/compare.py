"""How do some models, consumers, times or sessions stand beside each other?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Optional

from session_monitor.reports.report import Report
from session_monitor.reports.selected.filters import literally
from session_monitor.reports.sums.comparison import NO_CALLS, Side
from web.asking import noted, parameters
from web.asking.parameters import Filters
from web.asking.questions import OF_ALL_HOLDS, Question, Setting
from web.server.exchange import Request

from .overview import moment
from .sessions import listed

MODEL, CONSUMER, PERIOD, SESSION = KINDS = ("model", "consumer", "period", "session")
MOST = 8
"""Sides that are compared at once."""

Period = tuple[Optional[int], Optional[int]]
"""From a moment to before another; None for no limit."""


@dataclass(frozen=True)
class CompareQuestion(Question):
    """How do these stand beside each other?  ``names`` are those of models, of consumers, or ids of sessions.

    An empty name stands for calls that name none; without names the ``limit`` dearest are meant.  ``periods`` are from a
    moment to before another, in place of the time of the filters.  ``now`` is 0 where nothing depends on it.
    """

    kind: str
    filters: Filters
    names: tuple[str, ...]
    periods: tuple[Period, ...]
    limit: int
    now: int

    is_of_all = True

    @classmethod
    def of(cls, request: Request, setting: Setting) -> CompareQuestion:
        """What a request asks."""
        now = setting.since(OF_ALL_HOLDS)
        kind = parameters.choice(request, "of", KINDS, MODEL)
        filters = parameters.filters(request, now)
        names = tuple(dict.fromkeys(parameters.several(request, "id" if kind == SESSION else "name", MOST)))
        if kind == SESSION and not all(names):
            raise parameters.wrong("an id is empty")
        if kind == PERIOD and filters.selection[4:6] != (None, None):
            raise parameters.wrong("times are compared by period, not by since and until")
        periods = (parameters.period(text, now, filters.zone) for text in parameters.several(request, "period", MOST))
        limit = parameters.limit(request, 2, MOST)
        return cls(kind, filters, names, tuple(periods), limit, now if kind == SESSION else 0)

    def answer(self, report: Report, setting: Setting) -> dict[str, Any]:
        """A side for each of them, in their order, and what there is to choose from."""
        selection, known = self.filters.selection, report.choices()
        return {
            "of": self.kind,
            "timezone": self.filters.zone_name,
            "span": {"since": moment(selection.since), "until": moment(selection.until)},
            "sides": list(self._sides(report, setting)),
            "known": {"models": known.models, "consumers": known.consumers},
            "ends": {"oldest": moment(known.oldest), "newest": moment(known.newest)},
        }

    def _sides(self, report: Report, setting: Setting) -> Iterator[dict[str, Any]]:
        if self.kind == SESSION:
            return self._of_sessions(report, setting)
        return self._of_periods(report) if self.kind == PERIOD else self._of_names(report)

    def _of_names(self, report: Report) -> Iterator[dict[str, Any]]:
        wanted = [name or None for name in self.names]
        patterns = () if None in wanted else tuple(literally(name) for name in wanted if name)
        own: dict[str, Any] = {f"{self.kind}s": patterns} if patterns else {}
        sides = report.compared_by_name(self.kind, self.filters.selection._replace(**own))
        for name in wanted or list(sides)[: self.limit]:
            yield _told(sides.get(name, NO_CALLS), name=name)

    def _of_periods(self, report: Report) -> Iterator[dict[str, Any]]:
        selections = [self.filters.selection._replace(since=since, until=until) for since, until in self.periods]
        for (since, until), side in zip(self.periods, report.compared(selections)):
            yield _told(side, since=moment(since), until=moment(until))

    def _of_sessions(self, report: Report, setting: Setting) -> Iterator[dict[str, Any]]:
        notes = noted.of_folder(report, setting)
        for session_id, side in zip(self.names, report.compared_sessions(self.names)):
            row = report.session(session_id) if side else None
            for each in listed(report, setting, [row], notes) if row else []:
                each.pop("context")
                yield _told(side or NO_CALLS, name=session_id, session=each)
                break
            else:
                yield _told(NO_CALLS, name=session_id)


def _told(side: Side, **known: Any) -> dict[str, Any]:
    """A side for JSON, with what it is: null for what does not belong to its kind."""
    return {**dict.fromkeys(("name", "since", "until", "session")), **known, **side.to_json()}
