"""What is noted of sessions is found by its words, and said to be a note; of those sessions alone that are meant."""

from __future__ import annotations

import pytest

from session_monitor.notes import notes_file
from session_monitor.notes.session_notes import Note, SessionNotes
from session_monitor.reports.report import Report
from session_monitor.reports.selected.filters import ALL, Selection
from session_monitor.search import in_notes, words
from tests.support.calls import BOOK
from tests.support.command_line import line, sessions

EARLY, LATE = "2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z"


@pytest.fixture
def report(tmp_path):
    """Three sessions of which something is noted, and one that is not there any more."""
    folder = sessions(tmp_path / "sessions", line("a", 1, model="gpt-4o"), line("b", 2), line("c", 3))
    with notes_file.changing(str(folder)) as noted:
        noted.put("a", SessionNotes("The build", tags=("build-2",), notes=(Note(EARLY, "build\nbroke"),)))
        noted.put("b", SessionNotes(notes=(Note(LATE, "the build is mended"), Note(EARLY, "天气 is fine"))))
        noted.put("gone", SessionNotes("The build"))
    return Report(str(folder), BOOK)


def found(report, text, meant=ALL, limit=20):
    """Which of what is noted has these words."""
    hits, has_more = in_notes.find(report, words.words(text), meant, limit)
    return [(hit.session_id, hit.kind, hit.note) for hit in hits], has_more


def test_names_tags_and_notes_are_found(report):
    """The latest note first, names and tags behind them; all words have to stand in one of them."""
    hits = [("b", "note", 1), ("a", "note", 1), ("a", "name", None), ("a", "tag", None)]

    assert found(report, "build") == (hits, False)
    assert found(report, "build the") == ([("b", "note", 1), ("a", "name", None)], False)
    assert found(report, "天气") == ([("b", "note", 2)], False)
    assert found(report, "mend*") == ([("b", "note", 1)], False)
    assert found(report, "nothing") == ([], False)
    assert found(report, "build", limit=1) == (hits[:1], True)


def test_of_sessions_that_are_meant(report):
    """Those that have calls that are meant."""
    assert found(report, "build", Selection(sessions=("b",)))[0] == [("b", "note", 1)]
    assert {hit[0] for hit in found(report, "build", Selection(models=("gpt-4o",)))[0]} == {"a"}
    assert found(report, "build", Selection(until=0)) == ([], False)


def test_matches_are_where_the_words_stand(report):
    """In an excerpt on one line."""
    (hit,), _ = in_notes.find(report, words.words("broke"), ALL, 20)

    assert hit.excerpt == "build broke"
    assert [hit.excerpt[start:end] for start, end in hit.matches] == ["broke"]
