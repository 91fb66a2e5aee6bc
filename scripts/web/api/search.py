"""Where was something said?"""

from __future__ import annotations

from typing import Any

from session_monitor.reports.report import Report
from session_monitor.search import query as search
from session_monitor.search import words as full_text
from session_monitor.search.texts import COLUMNS
from session_monitor.search.word_index import NoFullTextError
from web.server.exchange import Refusal, Request

from . import parameters
from .questions import HOLDS, Question, Setting, since
from .redaction import refuse_texts


def _search(request: Request, setting: Setting) -> Question:
    refuse_texts(setting)
    words = parameters.needed(request, "q")
    without_q = request._replace(query={name: each for name, each in request.query.items() if name != "q"})
    meant = parameters.filters(without_q, since(setting, HOLDS))
    column = parameters.choice(request, "in", (*COLUMNS, "all"), "all")
    limit = parameters.limit(request, search.LIMIT, 200)
    query = search.Query(full_text.words(words), None if column == "all" else column)

    def data(report: Report) -> Any:
        try:
            found = search.search(report, query, meant.selection, limit=limit)
        except NoFullTextError:
            text = "SQLite of the server's Python has no full-text search (FTS5)"
            raise Refusal(501, "no_full_text", text) from None
        return {"hits": [hit._asdict() for hit in found.hits], "more": found.has_more}

    return Question(("search", words, column, limit, *meant.key), data, is_search=True)
