"""Where was something said?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from session_monitor.reports.report import Report
from session_monitor.search import words
from session_monitor.search.query import LIMIT, Query, search
from session_monitor.search.texts import COLUMNS
from session_monitor.search.word_index import NoFullTextError
from web.server.exchange import Refusal, Request

from . import parameters
from .parameters import Filters
from .questions import HOLDS, Question, Setting
from .redaction import refuse_texts


@dataclass(frozen=True)
class SearchQuestion(Question):
    """In which of the rounds that are meant was this said?"""

    filters: Filters
    query: Query
    limit: int
    of_each: int | None

    is_search = True

    @classmethod
    def of(cls, request: Request, setting: Setting) -> SearchQuestion:
        """What a request asks; ``q`` is what was said here, and no part of an id."""
        refuse_texts(setting)
        text = parameters.needed(request, "q")
        without_q = request._replace(query={name: values for name, values in request.query.items() if name != "q"})
        filters = parameters.filters(without_q, setting.since(HOLDS))
        column = parameters.choice(request, "in", (*COLUMNS, "all"), "all")
        limit = parameters.limit(request, LIMIT, 200)
        of_each = parameters.number(request, "of_each", 1, 200)
        wanted = words.words(text)
        if words.are_too_many(wanted):
            raise parameters.wrong(f"q has more than {words.MOST} words")
        return cls(filters, Query(wanted, None if column == "all" else column), limit, of_each)

    def answer(self, report: Report, setting: Setting) -> dict[str, Any]:
        """The latest hits, and what the sessions that they are of began with."""
        try:
            results = search(report, self.query, self.filters.selection, limit=self.limit, of_each=self.of_each)
        except NoFullTextError:
            text = "SQLite of the server's Python has no full-text search (FTS5)"
            raise Refusal(501, "no_full_text", text) from None
        hits = [hit._asdict() for hit in results.hits]
        ids = list(dict.fromkeys(hit["session_id"] for hit in hits))
        titles = [
            {"session_id": session_id, "title": setting.titles.of(report.folder, preview.key, preview.first)}
            for session_id, preview in zip(ids, report.previews(ids))
            if preview is not None
        ]
        return {"hits": hits, "more": results.has_more, "sessions": titles}
