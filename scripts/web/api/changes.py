"""How quickly and reliably were calls answered, what do they cost under each system prompt, and why did a time cost more or less than the one before it?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from session_monitor.insight import prompt_statistics
from session_monitor.reports.report import Report
from session_monitor.reports.selected.filters import MOST_DAYS
from session_monitor.reports.sums import drivers, reliability
from web.asking import parameters
from web.asking.parameters import Filters
from web.asking.questions import OF_ALL_HOLDS, Question, Setting
from web.server.exchange import Request

from .overview import moment

_DAY = 86_400_000
_PROMPT = "prompt"
_WORDS = 80
"""Characters of a prompt's beginning."""


@dataclass(frozen=True)
class LatencyQuestion(Question):
    """How quickly and how reliably were calls answered, ``by`` model, upstream, hour of the day or consumer?"""

    filters: Filters
    by: str

    is_of_all = True

    @classmethod
    def of(cls, request: Request, setting: Setting) -> LatencyQuestion:
        """What a request asks."""
        filters = parameters.filters(request, setting.since(OF_ALL_HOLDS))
        return cls(filters, parameters.choice(request, "by", reliability.GROUPS, reliability.MODEL))

    def answer(self, report: Report, _setting: Setting) -> dict[str, Any]:
        """A row for each, and their total."""
        found = report.reliability(self.by, self.filters.zone, self.filters.selection)
        return {**found.to_json(self.by), "timezone": self.filters.zone_name}


@dataclass(frozen=True)
class PromptsQuestion(Question):
    """What do calls cost under each system prompt?  At most so many of the dearest are told."""

    filters: Filters
    limit: int

    is_of_all = True

    @classmethod
    def of(cls, request: Request, setting: Setting) -> PromptsQuestion:
        """What a request asks."""
        filters = parameters.filters(request, setting.since(OF_ALL_HOLDS))
        return cls(filters, parameters.limit(request, 50))

    def answer(self, report: Report, setting: Setting) -> dict[str, Any]:
        """A row for each, with how the prompt begins where texts are served."""
        rows = prompt_statistics.by_prompt(report, self.filters.selection)
        everything = report.overview(self.filters.selection)
        return {
            "rows": [
                {
                    **row.to_json(),
                    "begins": None if setting.redacts else prompt_statistics.first_words(report, row, _WORDS),
                }
                for row in rows[: self.limit]
            ],
            "total": {"sessions": everything.sessions, **everything.sums.to_json()},
            "prompts": len(rows),
            "timezone": self.filters.zone_name,
        }


@dataclass(frozen=True)
class DriversQuestion(Question):
    """Why did the time of the filters, or the last ``days``, cost more or less than the one before it, which is as long?"""

    filters: Filters
    by: str
    days: int
    limit: int
    now: int

    is_of_all = True

    @classmethod
    def of(cls, request: Request, setting: Setting) -> DriversQuestion:
        """What a request asks."""
        now = setting.since(OF_ALL_HOLDS)
        filters = parameters.filters(request, now)
        days = parameters.number(request, "days", 1, MOST_DAYS)
        selection = filters.selection
        if days is not None and selection.since is not None:
            raise parameters.wrong("days and since exclude each other: both say where the time begins")
        if selection.since is not None and selection.since >= (selection.until or now):
            raise parameters.wrong("since is still to come")
        by = parameters.choice(request, "by", (*drivers.GROUPS, _PROMPT), drivers.GROUPS[0])
        return cls(filters, by, days or 7, parameters.limit(request, 10), now)

    def answer(self, report: Report, _setting: Setting) -> dict[str, Any]:
        """What changed most, and why."""
        selection = self.filters.selection
        until = self.now if selection.until is None else selection.until
        since = until - self.days * _DAY if selection.since is None else selection.since
        now = selection._replace(since=since, until=until)
        before = selection._replace(since=since - (until - since), until=since)
        if self.by == drivers.TOOL:
            rows = report.tool_drivers(now, before, self.limit)
            answer: dict[str, Any] = {"rows": [each.to_json() for each in rows], "by": self.by}
        elif self.by == _PROMPT:
            answer = prompt_statistics.changes(report, now, before, self.limit).to_json(self.by)
        else:
            answer = report.drivers(self.by, now, before, self.limit).to_json(self.by)
        times = dict(zip(("period", "against"), map(_times, ((now.since, now.until), (before.since, before.until)))))
        return {**answer, **times, "timezone": self.filters.zone_name}


def _times(both: tuple[int | None, int | None]) -> dict[str, str | None]:
    return dict(zip(("since", "until"), map(moment, both)))
