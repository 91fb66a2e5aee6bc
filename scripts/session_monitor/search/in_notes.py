"""In what is noted of which sessions do words stand?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Optional

from session_monitor.index.database import Index
from session_monitor.notes import notes_file
from session_monitor.notes.session_notes import SessionNotes
from session_monitor.reports.report import Report
from session_monitor.reports.selected.filter_sql import SelectionSql
from session_monitor.reports.selected.filters import Selection

from .words import Finder, Word

NAME, TAG, NOTE = "name", "tag", "note"


class NoteHit(NamedTuple):
    """Something that is noted of a session, with the spans that match: its name, a tag, or a note with number and time."""

    session_id: str
    kind: str
    note: Optional[int]  # noqa: UP045 -- a NamedTuple's are looked at while it is made, by Python 3.9, too
    at: Optional[str]  # noqa: UP045 -- as above
    excerpt: str
    matches: list[tuple[int, int]]


def find(sessions: Report, words: Sequence[Word], meant: Selection, limit: int) -> tuple[list[NoteHit], bool]:
    """Where all of the words stand, of the sessions that are meant, the latest note first; and whether there are more.

    Raises ``NoSuchFolderError`` as a report does, and ``BadNotesError``.
    """
    if not notes_file.is_there(sessions.folder):
        return [], False
    noted, finder = notes_file.asked(sessions.folder), Finder(words)
    found = {
        session_id: hits
        for session_id, own in noted.sessions.items()
        if (hits := list(_hits(session_id, own, finder, len(words))))
    }
    if not found:
        return [], False
    there = sessions.ask(lambda index: _meant(index, meant, found))
    hits = [hit for session_id in found if session_id in there for hit in found[session_id]]
    hits.sort(key=lambda hit: hit.at or "", reverse=True)
    return hits[:limit], len(hits) > limit


def _hits(session_id: str, own: SessionNotes, finder: Finder, words: int) -> Iterator[NoteHit]:
    texts: list[tuple[str, int | None, str | None, str]] = [(NAME, None, None, own.name)] if own.name else []
    texts += [(TAG, None, None, tag) for tag in own.tags]
    texts += [(NOTE, number, note.at, note.text) for number, note in enumerate(own.notes, 1)]
    for kind, number, at, text in texts:
        excerpt = finder.excerpt(text)
        if excerpt.words == words:
            yield NoteHit(session_id, kind, number, at, excerpt.text, excerpt.matches)


def _meant(index: Index, meant: Selection, session_ids: dict[str, list[NoteHit]]) -> set[str]:
    """Those of these sessions that have calls that are meant."""
    selected = SelectionSql(index, meant)
    sql = f"SELECT 1 FROM session WHERE id = ? AND {selected.sessions()}"
    if meant.is_of_calls:
        sql = f"SELECT 1 FROM round WHERE session = ? AND {selected.rounds(meant.since, meant.until)} LIMIT 1"
    numbers = ((session_id, index.session_number(session_id)) for session_id in session_ids)
    return {each for each, number in numbers if number is not None and index.db.execute(sql, (number,)).fetchone()}
