"""What goes wrong in sessions, and why do they cost that?"""

from __future__ import annotations

import glob
from dataclasses import dataclass
from typing import Any

from session_monitor.insight import all_findings, own_rules, session_context, session_insights, what_changed
from session_monitor.insight.basis import limits
from session_monitor.insight.basis.finding import SEVERITIES
from session_monitor.reports.report import Report
from web.asking import parameters
from web.asking.parameters import Filters
from web.asking.questions import OF_ALL_HOLDS, Question, Setting, no_session
from web.asking.redaction import refuse_texts
from web.server.exchange import Request

from .session import reading


@dataclass(frozen=True)
class InsightsQuestion(Question):
    """What is found in all sessions that are meant, or in some ``sessions`` of them, from ``offset`` on?

    ``rules`` changes with what a person wants to be found.
    """

    filters: Filters
    kinds: tuple[str, ...]
    severities: tuple[str, ...]
    sessions: tuple[str, ...]
    offset: int
    limit: int
    rules: object

    is_of_all = True

    @classmethod
    def of(cls, request: Request, setting: Setting) -> InsightsQuestion:
        """What a request asks."""
        filters = parameters.filters(request, setting.since(OF_ALL_HOLDS))
        kinds = parameters.choices(request, "kind", limits.kinds())
        severities = parameters.choices(request, "severity", SEVERITIES)
        sessions = tuple(filter(None, request.query.get("session", ())))
        if len(sessions) > _MOST_SESSIONS:
            raise parameters.wrong(f"there are more than {_MOST_SESSIONS} of session")
        offset = parameters.number(request, "offset", 0, 10_000_000, 0) or 0
        limit = parameters.limit(request, all_findings.LIMIT)
        return cls(filters, kinds, severities, sessions, offset, limit, own_rules.state(setting.folder))

    def answer(self, report: Report, setting: Setting) -> dict[str, Any]:
        """A page of the findings, the gravest first, each with its session's title where texts are served."""
        selection = self.filters.selection
        if self.sessions:
            selection = selection._replace(sessions=tuple(map(glob.escape, self.sessions)))
        found = all_findings.across(
            report,
            selection,
            kinds=self.kinds,
            severities=self.severities,
            limit=self.limit,
            offset=self.offset,
            counts_sessions=bool(self.sessions),
        )
        titles = _titles(report, setting, {row.session_id for row in found.rows})
        answer = found.to_json()
        for each in answer["findings"]:
            each["title"] = titles.get(each["session_id"])
        return {**answer, "offset": self.offset, "limit": self.limit, "timezone": self.filters.zone_name}


_MOST_SESSIONS = 100


def _titles(report: Report, setting: Setting, session_ids: set[str]) -> dict[str, str | None]:
    """What these sessions began with."""
    if setting.redacts:
        return {}
    ids = sorted(session_ids)
    previews = zip(ids, report.previews(ids))
    return {each: setting.titles.of(report.folder, known.key, known.first) for each, known in previews if known}


@dataclass(frozen=True)
class SessionInsightsQuestion(Question):
    """What is found in this session, and what do its prompts and its caching come to?"""

    session_id: str
    rules: object
    sees_all: bool

    @classmethod
    def of(cls, request: Request, setting: Setting) -> SessionInsightsQuestion:
        """What a request asks; what a person set is for those alone who may see all sessions."""
        return cls(parameters.session_id(request), own_rules.state(setting.folder), setting.sees_all)

    def answer(self, report: Report, _setting: Setting) -> dict[str, Any]:
        """All findings, the parts of its costs, its dearest messages without their text, and its caching."""
        found = session_insights.of_session(report, self.session_id)
        context = session_context.of_session(report, self.session_id)
        if found is None or context is None:
            raise no_session()
        told = found if self.sees_all else found._replace(dismissed=(), mistakes=())
        return {**told.to_json(), "context": context.to_json()}


@dataclass(frozen=True)
class ChangedQuestion(Question):
    """What is other in the prompt of this ``round`` than in that of the round ``before``?"""

    session_id: str
    round: int
    before: int | None

    @classmethod
    def of(cls, request: Request, _setting: Setting) -> ChangedQuestion:
        """What a request asks."""
        session_id = parameters.session_id(request)
        number = parameters.number(request, "round", 1, 10**9)
        if number is None:
            raise parameters.wrong("the parameter round lacks")
        return cls(session_id, number, parameters.number(request, "before", 1, 10**9))

    def answer(self, report: Report, setting: Setting) -> dict[str, Any]:
        """The first thing that is; None where nothing is, or it cannot be read."""
        refuse_texts(setting)
        if report.session(self.session_id) is None:
            raise no_session()
        with reading():
            changed = what_changed.of_round(report, self.session_id, self.round, self.before)
        return {"changed": None if changed is None else changed.to_json()}
