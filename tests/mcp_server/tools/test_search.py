"""What was said is found as on the command line, a page at a time."""

from __future__ import annotations

from session_monitor.notes import notes_file
from session_monitor.notes.session_notes import NOTHING
from session_monitor.search import query
from session_monitor.search.word_index import NoFullTextError
from tests.support.command_line import data, line, sessions
from tests.support.mcp_client import answered, refused


def test_hits_are_the_command_line_s(sample):
    """The same rounds with the same excerpts, in the same order."""
    for words, column in (("天气", "all"), ("the", "answer"), ("get_weather", "tools")):
        known = data("search", words, "--in", column, "--limit", "50", "--data-dir", sample)["hits"]
        told = answered(sample, "search", text=words, **{"in": column}, limit=50, max_bytes=50_000)["hits"]
        assert known
        assert told == [{name: each[name] for name in told[0]} for each in known]


def test_pages(long_one):
    """Page by page every hit comes once."""
    known = answered(long_one, "search", text="the", limit=50, max_bytes=50_000)["hits"]
    found, at = [], 0
    while at is not None and len(found) < len(known):
        page = answered(long_one, "search", text="the", limit=7, offset=at)
        found += page["hits"]
        at = page["next_offset"]
    assert found[: len(known)] == known


def test_the_last_page(tmp_path):
    """Where there are no more, there is no next page."""
    folder = sessions(tmp_path / "s", *(line("a", number, answer="needle") for number in range(5)))
    assert answered(folder, "search", text="needle", limit=5)["next_offset"] is None
    assert answered(folder, "search", text="needle", limit=4)["next_offset"] == 4
    last = answered(folder, "search", text="needle", limit=4, offset=4)
    assert ([each["round"] for each in last["hits"]], last["next_offset"]) == ([1], None)
    beyond = answered(folder, "search", text="needle", offset=5)
    assert (beyond["hits"], beyond["hint"]) == ([], "there are no more")


def test_notes_are_searched(tmp_path):
    """What people noted is found where that is asked for."""
    folder = sessions(tmp_path / "s", line("a"))
    with notes_file.changing(str(folder)) as noted:
        noted.put("a", NOTHING.with_note("the needle", "2026-02-01T09:30:00.000Z"))
    (hit,) = answered(folder, "search", text="needle", **{"in": "notes"})["hits"]
    assert (hit["session_id"], hit["round"], hit["where"], hit["excerpt"]) == ("a", None, "note", "the needle")
    assert answered(folder, "search", text="needle")["hint"].startswith("a round has to have all of the words")


def test_what_cannot_be_looked_for(sample):
    """Text without a letter, and too many words, are refused in words."""
    assert refused(sample, "search", text="…").startswith("no_words: ")
    assert refused(sample, "search", text=" ".join(f"w{number}" for number in range(40))).startswith("too_many_words: ")
    assert refused(sample, "search").startswith("bad_arguments: text is missing")


def test_without_full_text_search(sample, monkeypatch):
    """Where SQLite has none, it is said what would help."""

    def none(*_arguments, **_options):
        raise NoFullTextError

    monkeypatch.setattr(query, "search", none)
    assert refused(sample, "search", text="the").startswith(
        "no_full_text: the SQLite of this Python has no full-text search"
    )
