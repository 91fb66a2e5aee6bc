"""What was one session, and what was said in it?"""

from __future__ import annotations

from typing import Any, Callable

from session_monitor.conversations import clipping, round_pages
from session_monitor.reports.report import Report
from session_monitor.reports.session_rows import SessionRow
from session_monitor.search import in_session
from session_monitor.sessions import session_file
from web.server.exchange import Refusal, Request

from . import parameters
from .questions import HOLDS, Question, Setting, no_session, since
from .redaction import refuse_texts, without_texts
from .sessions import _listed

_PAGE = 110_000
"""Bytes of rounds that are given at once, about: on a slow line a page of them should be there soon."""


def _row(report: Report, session_id: str) -> SessionRow:
    row = report.session(session_id)
    if row is None:
        raise no_session()
    return row


def session(request: Request, setting: Setting) -> Question:
    session_id = parameters.session_id(request)
    now = since(setting, HOLDS)

    def data(report: Report) -> Any:
        row = _row(report, session_id)
        found = report.profile(session_id)
        told = _listed(report, setting, [row], with_context=False)
        if found is None or not told:
            raise no_session()
        names = ("first_token_p50_ms", "first_token_p95_ms", "duration_p50_ms", "duration_p95_ms")
        return {
            "session": told[0],
            "rounds": found.rounds,
            "parts": [kind.to_json() for kind in found.kinds],
            "models": [{"model": each.name, **each.sums.to_json()} for each in found.models],
            "tools": [tool.to_json() for tool in found.tools],
            "context": [point.to_json() for point in found.points],
            "latency": dict(zip(names, (*found.first_token, *found.duration))),
            "notes": [{"code": code, "rounds": number} for code, number in found.lacking.items() if number],
            "link": setting.link(session_id),
        }

    return Question(("session", session_id, now), data)


def _rounds(request: Request, setting: Setting) -> Question:
    session_id = parameters.session_id(request)
    given = [name for name in ("after", "before", "last") if request.one(name) is not None]
    if len(given) > 1:
        raise parameters.wrong("only one of after, before and last is taken")
    after = parameters.number(request, "after", 0, 10**9)
    before = parameters.number(request, "before", 1, 10**9)
    last = parameters.number(request, "last", 1, 500)
    span = round_pages.RoundSpan(after, before, last or parameters.limit(request, 50))

    def data(report: Report) -> Any:
        row = _row(report, session_id)
        found = _reading(lambda: round_pages.rounds(report, row, span, _PAGE))
        rounds = [{**entry, "clipped": [clip._asdict() for clip in clips]} for entry, clips in found]
        if setting.redacts:
            rounds = list(map(without_texts, rounds))
        ends = {"first": rounds[0]["round"], "last": rounds[-1]["round"]} if rounds else {"first": None, "last": None}
        return {"rounds": rounds, **ends, "total": row.fields["messages_count"]}

    return Question(("rounds", session_id, span), data)


def _text(request: Request, setting: Setting) -> Question:
    refuse_texts(setting)
    session_id, path = parameters.session_id(request), parameters.needed(request, "path")
    number = _round_number(request)

    def data(report: Report) -> Any:
        row = _row(report, session_id)
        key, _, rest = path.partition("/")
        at, _, inner = rest.partition("/")
        if key == "messages" and at.isascii() and at.isdecimal() and len(at) < 10:
            value: Any = _reading(lambda: round_pages.messages(report, row, number, int(at), int(at) + 1))
            inner = f"0/{inner}" if inner else "0"
        else:
            value, inner = _reading(lambda: round_pages.whole(report, row, number)), path
        found = clipping.at(value, inner)
        if found is None:
            raise Refusal(404, "text_not_found", "there is no such text")
        return {"text": found}

    return Question(("text", session_id, number, path), data)


def _round_number(request: Request) -> int:
    parameters.needed(request, "round")
    return parameters.number(request, "round", 1, 10**9) or 1


def history(request: Request, setting: Setting) -> Question:
    refuse_texts(setting)
    session_id, number = parameters.session_id(request), _round_number(request)
    before, limit = parameters.number(request, "before", 0, 10**9), parameters.limit(request, 50)

    def data(report: Report) -> Any:
        row = _row(report, session_id)
        entry = _reading(lambda: round_pages.whole(report, row, number))
        if entry is None:
            raise Refusal(404, "round_not_found", "there is no such round")
        total = entry["messages_total"]
        end = min(entry["messages_from_history"] if before is None else before, total)
        first = max(0, end - limit)
        found = _reading(lambda: round_pages.messages(report, row, number, first, end))
        given, clips = round_pages.fitting(found, first, _PAGE)
        first = end - len(given)
        ends = {"first": first, "last": end - 1} if given else {"first": None, "last": None}
        return {"messages": given, **ends, "total": total, "clipped": [clip._asdict() for clip in clips]}

    return Question(("history", session_id, number, before, limit), data)


def find(request: Request, setting: Setting) -> Question:
    refuse_texts(setting)
    session_id, wanted = parameters.session_id(request), parameters.needed(request, "q")
    limit = parameters.limit(request, 200)

    def data(report: Report) -> Any:
        row = _row(report, session_id)
        found = _reading(lambda: list(in_session.find(report, row, wanted, limit + 1)))
        names = ("round", "where", "excerpt", "matches")
        return {"rounds": [dict(zip(names, each)) for each in found[:limit]], "more": len(found) > limit}

    return Question(("find", session_id, wanted, limit), data)


def _reading(read: Callable[[], Any]) -> Any:
    """What was read from a session's file, which may be gone by now."""
    try:
        return read()
    except (FileNotFoundError, session_file.NotASessionFileError):
        raise no_session() from None
