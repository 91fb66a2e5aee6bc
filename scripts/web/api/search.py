"""Where was something said?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from session_monitor.reports.report import Report
from session_monitor.search import in_notes, words
from session_monitor.search.in_notes import NoteHit
from session_monitor.search.query import LIMIT, Query, SearchResults, search, within
from session_monitor.search.texts import COLUMNS
from session_monitor.search.word_index import NoFullTextError
from web.asking import parameters
from web.asking.noted import of_folder
from web.asking.parameters import Filters
from web.asking.questions import HOLDS, Question, Setting
from web.asking.redaction import refuse_texts
from web.server.exchange import Refusal, Request

_NOTES, _ALL = "notes", "all"
PATIENCE = 1.0
"""Seconds for which rounds are looked through, the latest first, before what is there so far is told: who asks again goes on."""


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
        column = parameters.choice(request, "in", (*COLUMNS, _NOTES, _ALL), _ALL)
        limit = parameters.limit(request, LIMIT, 200)
        of_each = parameters.number(request, "of_each", 1, 200)
        wanted = words.words(text)
        if words.are_too_many(wanted):
            raise parameters.wrong(f"q has more than {words.MOST} words")
        return cls(filters, Query(wanted, None if column == _ALL else column), limit, of_each)

    def answer(self, report: Report, setting: Setting) -> dict[str, Any]:
        """The latest hits, and what the sessions that they are of began with."""
        noted, has_more = self._noted(report)
        rounds = self._rounds(report)
        hits, notes = [hit._asdict() for hit in rounds.hits], [hit._asdict() for hit in noted]
        ids = list(dict.fromkeys(hit["session_id"] for hit in (*notes, *hits)))
        notes_of = of_folder(report, setting)
        titles = [
            {
                "session_id": session_id,
                "title": setting.titles.of(report.folder, preview.key, preview.first),
                "name": notes_of.of(session_id).name,
            }
            for session_id, preview in zip(ids, report.previews(ids))
            if preview is not None
        ]
        told = {"hits": hits, "more": rounds.has_more, "notes": notes, "more_notes": has_more, "sessions": titles}
        return {**told, "complete": rounds.is_complete, "looked_through": rounds.looked_through}

    def not_yet(self) -> dict[str, Any]:
        """What is told while nothing is looked through yet, or another search takes long."""
        nothing: dict[str, Any] = {"hits": [], "more": False, "notes": [], "more_notes": False, "sessions": []}
        return {**nothing, "complete": False, "looked_through": 0.0}

    def _noted(self, report: Report) -> tuple[list[NoteHit], bool]:
        if self.query.column not in (None, _NOTES):
            return [], False
        return in_notes.find(report, self.query.words, self.filters.selection, self.limit)

    def _rounds(self, report: Report) -> SearchResults:
        if self.query.column == _NOTES:
            return SearchResults([], has_more=False, is_kept=True)
        try:
            meant, is_enough = self.filters.selection, within(PATIENCE)
            return search(report, self.query, meant, limit=self.limit, of_each=self.of_each, is_enough=is_enough)
        except NoFullTextError:
            text = "SQLite of the server's Python has no full-text search (FTS5)"
            raise Refusal(501, "no_full_text", text) from None
