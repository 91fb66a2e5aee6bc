"""Where something was said: held against the command line."""

from __future__ import annotations

import contextlib

import pytest

from session_monitor.base import data_folder
from session_monitor.search import indexed_rounds, word_index, words
from tests.support.webserving import cli
from web.answers.desk import SEARCHING, Desk
from web.api import search
from web.server.exchange import Refusal


@pytest.mark.parametrize("text", ["天气", "weather", "北京 天气", '"connection refused"', "no-such-word"])
def test_a_search_is_that_of_the_command_line(running, folder, text):
    """The same rounds are found, with the same text around; beside it stands what their sessions began with."""
    found = running.ask("/api/search", q=text, limit=50).json
    sessions = found["data"].pop("sessions")

    assert found == cli(folder, "search", text, "--limit", "50")
    assert [each["session_id"] for each in sessions] == list(
        dict.fromkeys(hit["session_id"] for hit in found["data"]["hits"])
    )


def test_a_python_without_full_text_search(running, monkeypatch):
    """Some lack SQLite's FTS5: nobody is told that there is nothing, but why it cannot be looked for."""
    tables = ["CREATE VIRTUAL TABLE text USING none(a)"]
    monkeypatch.setattr(word_index, "_WORD_INDEX", word_index._WORD_INDEX._replace(tables=tables))
    monkeypatch.setattr(word_index, "opened", lambda *_args, **_more: contextlib.nullcontext(None))

    found = running.ask("/api/search", q="weather")

    assert (found.status, found.code) == (501, "no_full_text")
    assert "FTS5" in found.json["error"]["message"]


def test_what_is_there_so_far(running, folder, monkeypatch):
    """Nobody waits for all: the answer tells how much it is about, and who asks again gets one that is further."""
    (folder / data_folder.WORD_INDEX).unlink(missing_ok=True)
    monkeypatch.setattr(indexed_rounds, "PIECE", 1)
    monkeypatch.setattr(search, "PATIENCE", 0)
    shares = []
    while not shares or shares[-1] < 1:
        data = running.ask("/api/search", q="not yet looked for").json["data"]
        shares.append(data["looked_through"])
        assert data["complete"] == (shares[-1] == 1)

    assert len(shares) > 1
    assert shares == sorted(set(shares))


def test_a_search_that_takes_long_is_not_refused(running, monkeypatch):
    """Who asks for what takes longer than anybody waits is told that nothing is looked through yet."""

    def refuse(*_question, **_kind):
        raise Refusal(503, SEARCHING, "ask again")

    monkeypatch.setattr(Desk, "answer", refuse)
    told = running.ask("/api/search", q="weather")
    assert (told.status, told.json["data"]["complete"], told.json["data"]["looked_through"]) == (200, False, 0)


def test_too_many_words(running):
    """They are refused before anything is looked for, and it is said how many there may be."""
    assert running.ask("/api/search", q=" ".join(map(str, range(words.MOST)))).status == 200
    found = running.ask("/api/search", q=" ".join(map(str, range(words.MOST + 1))))
    assert (found.status, found.code) == (400, "bad_parameter")
    assert found.json["error"]["message"] == "q has more than 32 words"
