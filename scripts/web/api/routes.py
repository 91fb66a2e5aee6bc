"""What does each address of the API answer?

Each is worked out from a request by a function here, as a ``Question`` for the desk: which key tells it from others, and
what gives its data.
"""

from __future__ import annotations

import os
import urllib.parse
from collections.abc import Hashable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Callable, NamedTuple

from session_monitor import __version__
from session_monitor.base import periods, timestamps
from session_monitor.conversations import clipping, html_page, markdown_page, round_pages
from session_monitor.exports import formats
from session_monitor.log import coverage
from session_monitor.prices import book as prices
from session_monitor.prices import money
from session_monitor.reports import dashboard, session_previews, session_profile, tables
from session_monitor.reports.report import SORT_KEYS, Report, SessionRow
from session_monitor.search import query as search
from session_monitor.search import words as full_text
from session_monitor.search.texts import COLUMNS
from session_monitor.search.word_index import NoFullText
from session_monitor.sessions import file_names, session_file
from web.answers.titles import Titles
from web.server.exchange import JSON, SCHEMA_VERSION, Refusal, Request, Stream

from . import parameters

_ALERT_NAMES = 10
_PAGE = 110_000
"""Bytes of rounds that are given at once, about: on a slow line a page of them should be there soon."""
_HOLDS, _OF_ALL_HOLDS = 10_000, 60_000
"""Milliseconds for which "now" is one moment, so that answers that depend on it can be remembered; of all sessions."""

Data = Callable[[Report], Any]


class Question(NamedTuple):
    """What is asked: ``data`` gives the answer from a report, ``key`` tells it from others.

    ``has_coverage`` says whether the answer tells how much of the log it speaks for, ``is_of_all`` that it adds up so
    much that it may be a little older than the data.
    """

    key: Hashable
    data: Data
    has_coverage: bool = True
    is_of_all: bool = False
    is_search: bool = False


class Setting(NamedTuple):
    """What answers depend on beside the data.

    ``folder`` is the data folder, ``problem`` says what is wrong with its price list, ``is_there`` whether there is such
    a folder; ``now`` is in milliseconds; ``redacts`` says that texts are not served; ``link`` gives a session's address.
    """

    folder: str
    problem: str
    is_there: bool
    now: int
    redacts: bool
    titles: Titles
    link: Callable[[str], str]


def envelope(data: Any, folder: str | None) -> bytes:
    """The body of an answer; how much of the log it speaks for is told where a folder is given."""
    found: dict[str, Any] = {"schema_version": SCHEMA_VERSION, "data": data}
    if folder is not None:
        covered = coverage.of_state(os.path.join(folder, ".state.json"))
        found["coverage"] = covered.to_json() if covered else None
    return formats.to_json(found).encode()


def error(refusal: Refusal) -> bytes:
    """The body of a refusal."""
    told: dict[str, Any] = {"code": refusal.code, "message": str(refusal)}
    if refusal.status == 503:
        told["progress"] = refusal.progress
    return formats.to_json({"schema_version": SCHEMA_VERSION, "error": told}).encode()


def _since(setting: Setting, holds: int) -> int:
    """The moment that is taken for now."""
    return setting.now - setting.now % holds


# -- all sessions ------------------------------------------------------------------------------------------------------


def _health(_request: Request, _setting: Setting) -> Question:
    def data(report: Report) -> Any:
        def question(found: Any) -> Any:
            (sessions, updated) = found.db.execute("SELECT count(*), max(updated) FROM session").fetchone()
            (rounds,) = found.db.execute("SELECT coalesce(sum(calls), 0) FROM total").fetchone()
            return sessions, rounds, updated

        sessions, rounds, updated = report.ask(question)
        known = {"sessions": sessions, "rounds": rounds, "updated_at": _time(updated)}
        return {"status": "ok", "version": __version__, **known}

    return Question("health", data, has_coverage=False)


def _overview(request: Request, setting: Setting) -> Question:
    now = _since(setting, _OF_ALL_HOLDS)
    meant = parameters.filters(request, now)
    unit = parameters.choice(request, "by", periods.UNITS, periods.DAY)
    limit = parameters.limit(request, 50)

    def data(report: Report) -> Any:
        found = report.ask(lambda index: dashboard.overview(index, meant.selection, unit, meant.where, now))
        damaged = report.sessions(limit=0).damaged
        rows = {"model": found.by_model.rows, "consumer": found.by_consumer.rows, "tool": found.by_tool}
        return {
            "change": found.change,
            "updated_at": _time(found.updated),
            "span": {"since": _time(found.since), "until": _time(found.until)},
            "cards": {"now": found.now.to_json(), "before": found.before and found.before.to_json()},
            "by": found.unit,
            "timezone": meant.zone,
            "buckets": [
                {"start": _time(span.start), "end": _time(span.end), "label": span.name} for span in found.spans
            ],
            "series": list(map(_point, found.series)),
            "by_model": tables.by_name("model", found.by_model)[:limit],
            "by_consumer": tables.by_name("consumer", found.by_consumer)[:limit],
            "by_tool": tables.by_tool(found.by_tool)[:limit],
            "rows": {name: len(each) for name, each in rows.items()},
            "heat": [[{"calls": cell.calls, "cost_usd": money.plain(cell.pico)} for cell in day] for day in found.heat],
            "alerts": list(_alerts(setting, found, damaged)),
            "known": {"models": found.models, "consumers": found.consumers},
        }

    key = ("overview", unit, limit, now, *meant.key, setting.problem, setting.is_there)
    return Question(key, data, is_of_all=True)


_OF_POINT = (
    *("calls", "failed", "input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens", "total_tokens"),
    *("cost_usd", "unpriced_rounds"),
)


def _point(point: dashboard.Point) -> dict[str, Any]:
    sums = point.sums.to_json()
    names = {"start": _time(point.span.start), "label": point.span.name, "model": point.model, "other": point.is_rest}
    return {**names, **{name: sums[name] for name in _OF_POINT}}


def _alerts(setting: Setting, found: dashboard.Overview, damaged: list[str]) -> Iterator[dict[str, Any]]:
    """What one should know of the figures."""
    spent = found.now.sums.spending
    covered = coverage.of_state(os.path.join(setting.folder, ".state.json"))
    of_log = vars(covered) if covered else {}
    unpriced = sorted(spent.unpriced_models, key=lambda name: -spent.unpriced_models[name])
    told: tuple[tuple[str, int, list[str]], ...] = (
        ("no_folder", int(not setting.is_there), [setting.folder]),
        ("prices", int(bool(setting.problem)), [setting.problem]),
        ("unpriced", spent.unpriced_rounds - spent.without_tokens, unpriced),
        ("damaged", len(damaged), damaged),
        ("lost", of_log.get("lost_bytes", 0), []),
        ("cut", of_log.get("content_cut", 0), []),
        ("torn", of_log.get("torn", 0), []),
        ("without_tokens", spent.without_tokens, []),
        ("without_session_id", of_log.get("without_session_id", 0), []),
    )
    for code, count, models in told:
        if count:
            yield {"code": code, "count": count, "names": models[:_ALERT_NAMES]}


def _sessions(request: Request, setting: Setting) -> Question:
    now = _since(setting, _HOLDS)
    meant = parameters.filters(request, now)
    sort_by = parameters.choice(request, "sort_by", SORT_KEYS, "updated")
    reverse = parameters.choice(request, "reverse", ("0", "1"), "0") == "1"
    offset = parameters.number(request, "offset", 0, 10_000_000, 0) or 0
    limit = parameters.limit(request, 50)

    def data(report: Report) -> Any:
        found = report.sessions(meant.selection, sort_by=sort_by, reverse=reverse, limit=limit, offset=offset)
        return {
            "sessions": _listed(report, setting, found.rows, with_context=True),
            "meant": found.meant,
            "total": found.total,
            "offset": offset,
            "limit": limit,
            "damaged": found.damaged[:_ALERT_NAMES],
        }

    return Question(("sessions", sort_by, reverse, offset, limit, now, *meant.key), data)


def _listed(report: Report, setting: Setting, rows: list[SessionRow], *, with_context: bool) -> list[dict[str, Any]]:
    ids = [row.fields["session_id"] for row in rows]
    known = report.ask(lambda index: (index.meta("made"), session_previews.listed(index, ids)))
    made, listed = known
    answers = []
    for row, each in zip(rows, listed):
        if each is None:
            continue
        title = None if setting.redacts else setting.titles.of(report.folder, (made, each.number), each.first)
        fields = row.to_json()
        shared = dashboard.share(fields["total_cached_tokens"], fields["total_input_tokens"])
        more = {"title": title, "consumers": each.consumers, "tool_calls": each.tool_calls, "cached_share": shared}
        answers.append({**fields, **more, **({"context": each.context} if with_context else {})})
    return answers


def _stats(request: Request, setting: Setting) -> Question:
    now = _since(setting, _OF_ALL_HOLDS)
    meant = parameters.filters(request, now)
    by = parameters.choice(request, "by", ("model", "consumer", "tool", *periods.UNITS), "model")
    number = parameters.number(request, "days", 1, tables.MOST_DAYS)

    def data(report: Report) -> Any:
        if by == "tool":
            return {"tools": tables.by_tool(report.by_tool(meant.selection))}
        if by in ("model", "consumer"):
            answer = (report.by_model if by == "model" else report.by_consumer)(meant.selection)
            return {f"{by}s": tables.by_name(by, answer), "total": tables.total(answer)}
        chosen, where = meant.selection, meant.where
        if chosen.since is None or number is not None:
            today = datetime.fromtimestamp(now / 1000, where).date()
            chosen = tables.recent(chosen, where, number or tables.DAYS[by], today)
        answer = report.by_time(by, where, chosen)
        newest = report.overview().newest
        last = None if newest is None else periods.date_of(newest, where).isoformat()
        rows = {"dates": tables.by_date(answer, where), "total": tables.total(answer)}
        return {**rows, "timezone": meant.zone, "by": by, "newest": last}

    return Question(("stats", by, number, now if by in periods.UNITS else 0, *meant.key), data, is_of_all=True)


def _summary(request: Request, setting: Setting) -> Question:
    meant = parameters.filters(request, _since(setting, _OF_ALL_HOLDS))

    def data(report: Report) -> Any:
        found = report.overview(meant.selection)
        return {"sessions": found.sessions, **found.sums.to_json()}

    return Question(("summary", *meant.key), data, is_of_all=True)


def _search(request: Request, setting: Setting) -> Question:
    _refuse_texts(setting)
    words = parameters.needed(request, "q")
    without_q = request._replace(query={name: each for name, each in request.query.items() if name != "q"})
    meant = parameters.filters(without_q, _since(setting, _HOLDS))
    column = parameters.choice(request, "in", (*COLUMNS, "all"), "all")
    limit = parameters.limit(request, search.LIMIT, 200)
    query = search.Query(full_text.words(words), None if column == "all" else column)

    def data(report: Report) -> Any:
        try:
            found = search.search(report, query, meant.selection, limit=limit)
        except NoFullText:
            text = "SQLite of the server's Python has no full-text search (FTS5)"
            raise Refusal(501, "no_full_text", text) from None
        return {"hits": [hit._asdict() for hit in found.hits], "more": found.has_more}

    return Question(("search", words, column, limit, *meant.key), data, is_search=True)


# -- one session -------------------------------------------------------------------------------------------------------


def _row(report: Report, session_id: str) -> SessionRow:
    row = report.session(session_id)
    if row is None:
        raise no_session()
    return row


def no_session() -> Refusal:
    """There is no such session."""
    return Refusal(404, "session_not_found", "there is no session with this id")


def _refuse_texts(setting: Setting) -> None:
    if setting.redacts:
        raise Refusal(403, "redacted", "this server was started with --redact: it serves no texts")


def _session(request: Request, setting: Setting) -> Question:
    session_id = parameters.session_id(request)
    now = _since(setting, _HOLDS)

    def data(report: Report) -> Any:
        row = _row(report, session_id)
        found = report.ask(lambda index: session_profile.growth(index, session_id))
        told = _listed(report, setting, [row], with_context=False)
        if found is None or not told:
            raise no_session()
        names = ("first_token_p50_ms", "first_token_p95_ms", "duration_p50_ms", "duration_p95_ms")
        return {
            "session": told[0],
            "rounds": found.rounds,
            "parts": session_profile.parts_json(found.parts),
            "models": [{"model": each.model, **each.sums.to_json()} for each in found.models],
            "tools": tables.by_tool(found.tools),
            "context": session_profile.points_json(found.points),
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
    span = round_pages.Span(after, before, last or parameters.limit(request, 50))

    def data(report: Report) -> Any:
        row = _row(report, session_id)
        found = _reading(lambda: round_pages.rounds(report, row, span, _PAGE))
        rounds = [{**entry, "clipped": [clip._asdict() for clip in clips]} for entry, clips in found]
        if setting.redacts:
            rounds = list(map(_without_texts, rounds))
        ends = {"first": rounds[0]["round"], "last": rounds[-1]["round"]} if rounds else {"first": None, "last": None}
        return {"rounds": rounds, **ends, "total": row.fields["messages_count"]}

    return Question(("rounds", session_id, span), data)


_TEXTS = ("messages", "question", "answer", "reasoning", "system", "error", "undecoded")
_WITHOUT_TEXTS = (
    *("round", "timestamp", "input_tokens", "output_tokens", "reasoning_tokens", "cached_tokens", "cache_write_tokens"),
    *("total_tokens", "model", "has_tool_calls", "response_type", "explicit_cache", "no_tokens", "no_content", "cut"),
    *("consumer", "response_code", "first_token_ms", "duration_ms", "messages_total", "messages_from_history"),
    *("messages_start", "cost_usd", "cost_parts_usd", "cache_savings_usd", "price", "unpriced", "cost_notes", "api"),
    *("request_id", "route_name", "upstream_cluster", "response_flags"),
)
"""What is served of a round where texts are not: nothing that is not named here."""


def _without_texts(entry: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: entry[name] for name in _WITHOUT_TEXTS if name in entry}
    calls = [_call_without_texts(each) for each in entry["tool_calls"]]
    return {**kept, **dict.fromkeys(_TEXTS), "tool_calls": calls, "clipped": []}


def _call_without_texts(call: Mapping[str, Any]) -> dict[str, Any]:
    function, result = call.get("function"), call["result"]
    name = function.get("name") if isinstance(function, dict) else None
    return {
        "function": {"name": name if isinstance(name, str) else None, "arguments": None},
        "result": result and {**result, "content": None},
    }


def _text(request: Request, setting: Setting) -> Question:
    _refuse_texts(setting)
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


def _history(request: Request, setting: Setting) -> Question:
    _refuse_texts(setting)
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


def _find(request: Request, setting: Setting) -> Question:
    _refuse_texts(setting)
    session_id, wanted = parameters.session_id(request), parameters.needed(request, "q")
    limit = parameters.limit(request, 200)

    def data(report: Report) -> Any:
        row = _row(report, session_id)
        found = _reading(lambda: list(round_pages.find(report, row, wanted, limit + 1)))
        names = ("round", "where", "excerpt", "matches")
        return {"rounds": [dict(zip(names, each)) for each in found[:limit]], "more": len(found) > limit}

    return Question(("find", session_id, wanted, limit), data)


def _reading(read: Callable[[], Any]) -> Any:
    """What was read from a session's file, which may be gone by now."""
    try:
        return read()
    except (FileNotFoundError, session_file.NotASessionFile):
        raise no_session() from None


def _time(moment: int | None) -> str | None:
    try:
        return None if moment is None else timestamps.rfc3339(moment)
    except OverflowError:
        return None


QUESTIONS: Mapping[str, Callable[[Request, Setting], Question]] = {
    "/api/health": _health,
    "/api/overview": _overview,
    "/api/sessions": _sessions,
    "/api/session": _session,
    "/api/session/rounds": _rounds,
    "/api/session/text": _text,
    "/api/session/history": _history,
    "/api/session/find": _find,
    "/api/stats": _stats,
    "/api/summary": _summary,
    "/api/search": _search,
}
"""By address, what is asked there."""


# -- a session as a file -----------------------------------------------------------------------------------------------


_FORMATS = {"json": JSON, "md": "text/markdown; charset=utf-8", "html": "text/html; charset=utf-8"}


class Export(NamedTuple):
    """Which session as what."""

    session_id: str
    form: str


def export_of(request: Request, setting: Setting) -> Export:
    """What is asked for.  Raises ``Refusal``."""
    found = Export(parameters.session_id(request), parameters.choice(request, "format", tuple(_FORMATS), "json"))
    if found.form != "json":
        _refuse_texts(setting)
    return found


def export(asked: Export, row: SessionRow, folder: str, book: prices.Book, *, redacts: bool) -> Stream:
    """The whole session, piece by piece, from its file."""
    with open(file_names.path_of(folder, row.file), "rb"):  # so that a file that is gone is told before anything is
        pass
    rounds = ((entry, book.price(prices.call_of(entry))) for entry in _entries(file_names.path_of(folder, row.file)))
    if asked.form == "json":
        pieces: Iterator[str] = _json(row, rounds, redacts=redacts)
    else:
        form = markdown_page if asked.form == "md" else html_page
        pieces = form.pieces(row.fields, row.spending, rounds, full=True)
    name = f"session.{asked.form}"
    marked = urllib.parse.quote(f"{asked.session_id[:100]}.{asked.form}", safe="", errors="replace")
    shown = f"attachment; filename=\"{name}\"; filename*=UTF-8''{marked}"
    return Stream(_FORMATS[asked.form], _encoded(pieces), (("Content-Disposition", shown),))


def _entries(path: str) -> Iterator[dict[str, Any]]:
    with open(path, "rb") as file:
        session_file.read_header(file)
        yield from session_file.entries(file)


def _json(row: SessionRow, rounds: Iterable[tuple[dict[str, Any], prices.Outcome]], *, redacts: bool) -> Iterator[str]:
    yield formats.to_json({"schema_version": SCHEMA_VERSION, **row.to_json()})[:-1] + ', "rounds": ['
    for number, (entry, outcome) in enumerate(rounds):
        shown = {**entry, **prices.to_json(outcome)}
        if redacts:
            calls = [{**(each if isinstance(each, dict) else {}), "result": None} for each in entry["tool_calls"]]
            shown = _without_texts({**shown, "tool_calls": calls})
        yield (",\n" if number else "\n") + formats.to_json(shown)
    yield "\n]}\n"


def _encoded(pieces: Iterator[str]) -> Iterator[bytes]:
    for piece in pieces:
        yield piece.encode("utf-8", "backslashreplace")
