"""What is there that is called like this?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from session_monitor.index.database import Index
from session_monitor.reports.report import Report
from session_monitor.search import called
from session_monitor.search.called import Called
from web.asking import noted, parameters
from web.asking.questions import Question, Setting
from web.server.exchange import Request

_LONGEST = 200


@dataclass(frozen=True)
class NamesQuestion(Question):
    """Which sessions, models and consumers have all of these words in their names?  At most so many of each are told."""

    words: tuple[str, ...]
    limit: int

    has_coverage = False

    @classmethod
    def of(cls, request: Request, _setting: Setting) -> NamesQuestion:
        """What a request asks."""
        text = parameters.text(request, "q") or ""
        if len(text) > _LONGEST:
            raise parameters.wrong(f"q is longer than {_LONGEST} characters")
        return cls(called.words_of(text), parameters.limit(request, 8, 50))

    def answer(self, report: Report, setting: Setting) -> dict[str, Any]:
        """Those that there are; of sessions one more than is told says whether there are others."""

        def named(index: Index) -> dict[str, list[str]]:
            return {f"{each}s": called.names(index, each, self.words, self.limit) for each in ("model", "consumer")}

        by_id, (latest, older) = report.ask(
            lambda index: (called.by_id(index, self.words, self.limit + 1), called.latest(index))
        )
        notes = noted.of_folder(report, setting)

        def texts(each: Called) -> str:
            return f"{each.session_id} {notes.of(each.session_id).name or ''} {_title(each, report, setting) or ''}"

        by_title = (each for each in latest if called.has_all(texts(each), self.words))
        found = list(_unlike(by_id, by_title, self.limit + 1))
        sessions = [
            {
                "session_id": each.session_id,
                "title": _title(each, report, setting),
                "name": notes.of(each.session_id).name,
                "updated_at": each.updated_at,
            }
            for each in found[: self.limit]
        ]
        return {"sessions": sessions, "more": len(found) > self.limit, "older": older, **report.ask(named)}


def _title(session: Called, report: Report, setting: Setting) -> str | None:
    return None if setting.redacts else setting.titles.of(report.folder, session.key, session.first)


def _unlike(by_id: list[Called], by_title: Iterator[Called], most: int) -> Iterator[Called]:
    """Both without the second ones of those in both, and no more titles read than are needed."""
    seen = set()
    for each in by_id:
        seen.add(each.session_id)
        yield each
    for each in by_title:
        if len(seen) >= most:
            return
        if each.session_id not in seen:
            seen.add(each.session_id)
            yield each
