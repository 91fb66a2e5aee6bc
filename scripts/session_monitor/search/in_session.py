"""Where in one session was something said?"""

from __future__ import annotations

from collections.abc import Iterator

from session_monitor.reports.report import Report
from session_monitor.reports.sessions.session_rows import SessionRow
from session_monitor.sessions.rounds import all_rounds, each_with_the_one_before, open_session

from . import texts

_AROUND = 80
"""Characters before a text that was found, and behind it."""


def find(
    report: Report, row: SessionRow, text: str, limit: int
) -> Iterator[tuple[int, str, str, list[tuple[int, int]]]]:
    """Rounds in which a text was said first: number, where, what stands around it, and the span of it in that."""
    wanted = text.lower()
    number = 0
    with open_session(report.folder, row.file) as file:
        for entry, before in each_with_the_one_before(all_rounds(file)):
            if number >= limit:
                return
            for where, words in texts.said(entry, before)._asdict().items():
                at = words.lower().find(wanted)
                if at >= 0:
                    number += 1
                    start = max(0, at - _AROUND)
                    excerpt = words[start : at + len(text) + _AROUND]
                    yield entry["round"], where, excerpt, [(at - start, min(at - start + len(text), len(excerpt)))]
                    break
