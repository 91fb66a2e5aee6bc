"""What each session began with, without reading its file again."""

from __future__ import annotations

import pytest

from session_monitor.reports.sessions import session_previews
from session_monitor.sessions.rounds import Place
from web.answers import titles


@pytest.fixture
def read(monkeypatch):
    """The sessions whose files were read for their titles, in that order; session 2 has none."""
    files = []

    def title_at(_folder, place):
        files.append(place.file)
        return None if place.file == "2" else f"title {place.file}"

    monkeypatch.setattr(session_previews, "title_at", title_at)
    return files


def title(known, session):
    """The title of a session, whose file has its name."""
    return known.of("folder", session, Place(session, 1, 0, 10))


def test_a_title_is_read_once(read):
    """Also that there is none; of a session without rounds nothing is read."""
    known = titles.Titles()

    assert [title(known, session) for session in "1212"] == ["title 1", None, "title 1", None]
    assert read == ["1", "2"]
    assert known.of("folder", "3", None) is None
    assert read == ["1", "2"]


def test_what_is_remembered_is_bounded(read, monkeypatch):
    """Of more titles than that, those are forgotten that came first."""
    monkeypatch.setattr(titles, "MOST", 3)
    known = titles.Titles()

    for session in ("1", "3", "4", "1", "5", "4", "3", "1"):
        title(known, session)

    assert read == ["1", "3", "4", "5", "1"]
