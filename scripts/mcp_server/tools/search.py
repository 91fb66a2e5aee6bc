"""Where was something said, or noted?"""

from __future__ import annotations

from typing import Any

from session_monitor.reports.report import Report
from session_monitor.search import in_notes, query, words
from session_monitor.search.query import Query
from session_monitor.search.word_index import NoFullTextError

from . import answers, asked
from .answers import UNTRUSTED, Answer, ToolMistakeError
from .folder import FolderDesk

_EVERYWHERE, _NOTES = "all", "notes"


def search(desk: FolderDesk, arguments: dict[str, Any]) -> Answer:
    """The rounds that have all of the words, the latest first; or what is noted with them."""
    looked_for = words.words(arguments["text"])
    if not looked_for:
        raise ToolMistakeError("no_words", "text holds no letter or digit to look for")
    if words.are_too_many(looked_for):
        raise ToolMistakeError("too_many_words", f"text has more than {words.MOST} words: leave some out")
    offset, limit, column = arguments["offset"], arguments["limit"], arguments["in"]
    report = desk.report()
    found = _noted if column == _NOTES else _said
    rows, has_more = found(desk, report, looked_for, arguments, offset + limit)
    some = rows[offset:]
    head = {"untrusted": UNTRUSTED, "hint": None if some else _hint(arguments)}
    answer = answers.paged(head, "hits", some, offset, None, arguments["max_bytes"])
    if answer["next_offset"] is None and has_more:
        answer["next_offset"] = offset + len(answer["hits"])
    del answer["total"]
    return answer


def _said(
    desk: FolderDesk, report: Report, looked_for: tuple[words.Word, ...], arguments: dict[str, Any], limit: int
) -> tuple[list[Answer], bool]:
    column = None if arguments["in"] == _EVERYWHERE else arguments["in"]
    meant = asked.selection(desk, report, arguments)
    try:
        found = query.search(report, Query(looked_for, column), meant, limit=limit, progress=desk.hear)
    except NoFullTextError:
        text = "the SQLite of this Python has no full-text search (FTS5): the server has to run with another Python"
        raise ToolMistakeError("no_full_text", text) from None
    names = ("session_id", "round", "timestamp", "model", "where", "excerpt")
    return [{name: getattr(hit, name) for name in names} for hit in found.hits], found.has_more


def _noted(
    desk: FolderDesk, report: Report, looked_for: tuple[words.Word, ...], arguments: dict[str, Any], limit: int
) -> tuple[list[Answer], bool]:
    hits, has_more = in_notes.find(report, looked_for, asked.selection(desk, report, arguments), limit)
    rows = [
        {
            "session_id": hit.session_id,
            "round": None,
            "timestamp": hit.at,
            "model": None,
            "where": hit.kind,
            "excerpt": hit.excerpt,
        }
        for hit in hits
    ]
    return rows, has_more


def _hint(arguments: dict[str, Any]) -> str:
    if arguments["offset"]:
        return "there are no more"
    return "a round has to have all of the words; words are found whole, or by their beginning with * behind it: time*"
