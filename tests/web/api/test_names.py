"""Which sessions, models and consumers are called like this?"""

from __future__ import annotations

import pytest

from session_monitor.search import called
from tests.support.calls import line
from tests.support.webserving import MAIN, ingest_calls, serving


@pytest.mark.parametrize("words", ["1465367993012981988", "DISCORD agent", "北京天气", "channel 北京"])
def test_a_session_is_found_by_its_id_and_by_what_it_began_with(running, words):
    """Words in any case and order find the session that has all of them, in its id or in its first question."""
    found = running.ask("/api/names", q=words).data
    assert MAIN in [each["session_id"] for each in found["sessions"]]
    assert running.ask("/api/names", q=f"{words} nowhere").data["sessions"] == []


def test_without_words_whatever_there_is(running):
    """The latest sessions come, as in the list, and all models and consumers; at most so many of each as are asked for."""
    listed = [row["session_id"] for row in running.ask("/api/sessions").data["sessions"]]
    known = running.ask("/api/overview").data["known"]
    found, one = running.ask("/api/names", limit=50).data, running.ask("/api/names", limit=1).data

    assert [each["session_id"] for each in found["sessions"]] == listed
    assert (found["models"], found["consumers"]) == (known["models"], known["consumers"])
    assert (found["more"], one["more"]) == (False, True)
    assert [len(one[kind]) for kind in ("sessions", "models", "consumers")] == [1, 1, 1]


def test_models_and_consumers_are_found(running):
    """A part of a name in any case finds it."""
    (model, *_) = running.ask("/api/overview").data["known"]["models"]
    assert model in running.ask("/api/names", q=model[1:4].upper()).data["models"]


def test_of_old_sessions_the_id_alone_is_looked_at(tmp_path, monkeypatch):
    """What a session began with is read of the latest ones only, so that a letter typed never reads all files."""
    monkeypatch.setattr(called, "LATEST", 2)
    times = [f"2026-02-01T09:3{minute}:00Z" for minute in range(4)]
    calls = [line(f"s{at}", [f"question {at}"], start_time=time) for at, time in enumerate(times)]
    with serving(ingest_calls(tmp_path, calls)) as running:
        by_title = running.ask("/api/names", q="question").data
        by_id = running.ask("/api/names", q="S0").data

    assert [each["title"] for each in by_title["sessions"]] == ["question 3", "question 2"]
    assert (by_title["older"], by_title["more"]) == (2, False)
    assert [(each["session_id"], each["title"]) for each in by_id["sessions"]] == [("s0", "question 0")]


def test_redacted_no_text_finds_anything(redacted):
    """Where texts are not served, names are ids: what a session began with is neither told nor looked at."""
    found = redacted.ask("/api/names", limit=50).data["sessions"]
    assert {each["title"] for each in found} == {None}
    assert len(found) > 1


def test_words_that_are_too_long_are_refused(running):
    """A text that no name can have is said to be one."""
    assert running.ask("/api/names", q="x" * 201).code == "bad_parameter"
