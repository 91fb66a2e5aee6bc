"""What was one session, and what was said in it?"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from session_monitor.conversations import clipping, conversation, round_pages, sub_agents
from session_monitor.conversations.round_pages import RoundSpan
from session_monitor.prices import money
from session_monitor.reports.report import Report
from session_monitor.reports.sessions.session_rows import SessionRow
from session_monitor.search import in_session
from session_monitor.sessions import session_file
from session_monitor.work import work_file
from web.asking import noted, parameters
from web.asking.questions import HOLDS, Question, Setting, no_session
from web.asking.redaction import refuse_texts, without_texts
from web.server.exchange import Refusal, Request

from . import work
from .sessions import listed

_MOST_NUMBERS = 100
_PAGE = 110_000
"""Bytes of rounds that are given at once, about: on a slow line a page of them should be there soon."""


@dataclass(frozen=True)
class SessionQuestion(Question):
    """How did this session go?  Whether it is active depends on ``now``."""

    session_id: str
    now: int
    has_notes: bool
    work: object = None

    @classmethod
    def of(cls, request: Request, setting: Setting) -> SessionQuestion:
        """What a request asks; what is noted is for those alone who may see all sessions."""
        return cls(
            parameters.session_id(request), setting.since(HOLDS), setting.sees_all, work_file.stamp(setting.folder)
        )

    def answer(self, report: Report, setting: Setting) -> dict[str, Any]:
        """All facts of the session, and nothing of what was said in it but its title."""
        row = _row(report, self.session_id)
        profile = report.profile(self.session_id)
        rows = listed(report, setting, [row], noted.of_folder(report, setting) if self.has_notes else None)
        if profile is None or not rows:
            raise no_session()
        rows[0].pop("context")  # of which more is told here
        names = ("first_token_p50_ms", "first_token_p95_ms", "duration_p50_ms", "duration_p95_ms")
        return {
            "session": rows[0],
            "rounds": profile.rounds,
            "parts": [kind.to_json() for kind in profile.kinds],
            "models": [{"model": model.name, **model.sums.to_json()} for model in profile.models],
            "tools": [tool.to_json() for tool in profile.tools],
            "context": [point.to_json() for point in profile.points],
            "latency": dict(zip(names, (*profile.first_token, *profile.duration))),
            "notes": [{"code": code, "rounds": number} for code, number in profile.lacking.items() if number],
            "link": setting.link(self.session_id),
            "work": work.brief(self.session_id, setting) if self.has_notes else None,
        }


@dataclass(frozen=True)
class OutlineQuestion(Question):
    """What is the whole of this session at a glance?"""

    session_id: str

    @classmethod
    def of(cls, request: Request, _setting: Setting) -> OutlineQuestion:
        """What a request asks."""
        return cls(parameters.session_id(request))

    def answer(self, report: Report, setting: Setting) -> dict[str, Any]:
        """What each round cost and added, which ones failed, what was asked where, and the largest results."""
        row, outline = _row(report, self.session_id), report.outline(self.session_id)
        if outline is None:
            raise no_session()
        document = outline.to_json()
        with reading():
            questions = [] if setting.redacts else round_pages.questions(report, row, outline.asks)
            reasons = round_pages.cost_reasons(report, row, outline.dearest)
            for result in [] if setting.redacts else document["largest_results"]:
                result["arguments"] = round_pages.arguments_of(report, row, result["round"], result["tool"])
            began = {} if setting.redacts else sub_agents.of_session(report, row, outline.threads)
        agents = [
            {
                "round": thread.first,
                "began_by": began[thread.number],
                "rounds": len(thread.rounds),
                "cost_usd": None if thread.pico is None else money.plain(thread.pico),
            }
            for thread in outline.threads
            if thread.number in began
        ]
        dearest = [
            {"round": number, "cost_usd": document["costs_usd"][number - 1], "reasons": reasons.get(number, [])}
            for number in outline.dearest
        ]
        asked = [{"round": number, "title": title} for number, title in questions]
        return {"rounds": len(outline.costs), **document, "dearest": dearest, "sub_agents": agents, "questions": asked}


@dataclass(frozen=True)
class RoundsQuestion(Question):
    """What happened in these rounds of the session?"""

    session_id: str
    span: RoundSpan

    @classmethod
    def of(cls, request: Request, _setting: Setting) -> RoundsQuestion:
        """What a request asks."""
        session_id = parameters.session_id(request)
        given = [name for name in ("after", "before", "around", "last", "numbers") if request.one(name) is not None]
        if len(given) > 1:
            raise parameters.wrong("only one of after, before, around, last and numbers is taken")
        after = parameters.number(request, "after", 0, 10**9)
        before = parameters.number(request, "before", 1, 10**9)
        around = parameters.number(request, "around", 1, 10**9)
        last = parameters.number(request, "last", 1, 500)
        these = parameters.numbers(request, "numbers", _MOST_NUMBERS)
        return cls(session_id, RoundSpan(after, before, last or parameters.limit(request, 50), around, these))

    def answer(self, report: Report, setting: Setting) -> dict[str, Any]:
        """As many of them as a page holds, with their new messages, long texts cut."""
        row = _row(report, self.session_id)
        with reading():
            page = round_pages.rounds(report, row, self.span, _PAGE)
        rounds = [
            conversation.with_names({**round_, "clipped": [clip._asdict() for clip in clips]}) for round_, clips in page
        ]
        if setting.redacts:
            rounds = list(map(without_texts, rounds))
        numbers = [round_["round"] for round_ in rounds]
        return {"rounds": rounds, **_ends(numbers), "total": row.fields["messages_count"]}


@dataclass(frozen=True)
class TextQuestion(Question):
    """How does a text of a round, at this path of it, go on where it was cut?"""

    session_id: str
    number: int
    path: str

    @classmethod
    def of(cls, request: Request, setting: Setting) -> TextQuestion:
        """What a request asks."""
        refuse_texts(setting)
        session_id, path = parameters.session_id(request), parameters.needed(request, "path")
        return cls(session_id, _round_number(request), path)

    def answer(self, report: Report, _setting: Setting) -> dict[str, Any]:
        """The whole text."""
        row = _row(report, self.session_id)
        with reading():
            text = self._text(report, row)
        if text is None:
            raise Refusal(404, "text_not_found", "there is no such text")
        return {"text": text}

    def _text(self, report: Report, row: SessionRow) -> str | None:
        """A message's number in the path is its number among all that the round sent, old ones too."""
        key, _, rest = self.path.partition("/")
        at, _, inner = rest.partition("/")
        if key == "messages" and at.isascii() and at.isdecimal() and len(at) < 10:
            messages = round_pages.messages(report, row, self.number, int(at), int(at) + 1)
            return clipping.at(messages, f"0/{inner}" if inner else "0")
        return clipping.at(round_pages.whole(report, row, self.number), self.path)


@dataclass(frozen=True)
class HistoryQuestion(Question):
    """Which messages did a round send again, ``before`` one of them or before its new ones?"""

    session_id: str
    number: int
    before: int | None
    limit: int

    @classmethod
    def of(cls, request: Request, setting: Setting) -> HistoryQuestion:
        """What a request asks."""
        refuse_texts(setting)
        session_id, number = parameters.session_id(request), _round_number(request)
        before = parameters.number(request, "before", 0, 10**9)
        return cls(session_id, number, before, parameters.limit(request, 50))

    def answer(self, report: Report, _setting: Setting) -> dict[str, Any]:
        """The last of them, as many as a page holds, long texts cut."""
        row = _row(report, self.session_id)
        with reading():
            round_ = round_pages.whole(report, row, self.number)
        if round_ is None:
            raise Refusal(404, "round_not_found", "there is no such round")
        total = round_["messages_total"]
        end = min(round_["messages_from_history"] if self.before is None else self.before, total)
        first = max(0, end - self.limit)
        with reading():
            messages = round_pages.messages(report, row, self.number, first, end)
        given, clips = round_pages.fitting(messages, first, _PAGE)
        clipped = [clip._asdict() for clip in clips]
        return {"messages": given, **_ends(range(end - len(given), end)), "total": total, "clipped": clipped}


@dataclass(frozen=True)
class FindQuestion(Question):
    """In which rounds of the session stands this text?"""

    session_id: str
    text: str
    limit: int

    @classmethod
    def of(cls, request: Request, setting: Setting) -> FindQuestion:
        """What a request asks."""
        refuse_texts(setting)
        session_id, text = parameters.session_id(request), parameters.needed(request, "q")
        return cls(session_id, text, parameters.limit(request, 200))

    def answer(self, report: Report, _setting: Setting) -> dict[str, Any]:
        """Those rounds, and whether there are more."""
        row = _row(report, self.session_id)
        with reading():
            rounds = list(in_session.find(report, row, self.text, self.limit + 1))
        names = ("round", "where", "excerpt", "matches")
        return {"rounds": [dict(zip(names, each)) for each in rounds[: self.limit]], "more": len(rounds) > self.limit}


def _row(report: Report, session_id: str) -> SessionRow:
    row = report.session(session_id)
    if row is None:
        raise no_session()
    return row


def _round_number(request: Request) -> int:
    parameters.needed(request, "round")
    return parameters.number(request, "round", 1, 10**9) or 1


def _ends(numbers: list[int] | range) -> dict[str, int | None]:
    return {"first": numbers[0], "last": numbers[-1]} if numbers else {"first": None, "last": None}


@contextlib.contextmanager
def reading() -> Iterator[None]:
    """While a session's file is read, which may be gone by now."""
    try:
        yield
    except (FileNotFoundError, session_file.NotASessionFileError):
        raise no_session() from None
