"""Calls without any id are joined by their growing history, and by nothing else; that they are is marked."""

from __future__ import annotations

from session_monitor.ingest.chain import chained
from session_monitor.ingest.ingest import Ingest
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.sessions.store import Store
from tests.support.calls import call, line, message

SYSTEM = {"role": "system", "content": "It is ten o'clock."}
REMINDER = {"type": "text", "text": "<system-reminder>Be brief.</system-reminder>"}


def name(messages, **more):
    """The session of a call without an id of its own."""
    return chained(call(None, messages=messages, **more)).session_id


def test_a_history_that_grows_is_one_session():
    """Each call of a conversation has the same id, whatever its system prompt and reminders say meanwhile, and is marked."""
    first = [SYSTEM, message("Plan a trip.")]
    second = [
        {**SYSTEM, "content": "It is noon."},
        message("Plan a trip."),
        message("Where to?", "assistant"),
        message("Oslo"),
    ]
    marked = [
        {
            "role": "user",
            "content": [REMINDER, {"type": "text", "text": "Plan a trip.", "cache_control": {"type": "e"}}],
        }
    ]

    assert name(first) == name(second) == name(marked)
    assert chained(call(None, messages=first)).session_from == "history"


def test_others_are_others():
    """What begins with other words, or is another consumer's, is another session."""
    assert len({name([message("a")]), name([message("b")]), name([message("a")], consumer="c")}) == 3


def test_what_has_an_id_or_no_words_stays_as_it_is():
    """An id of the gateway's counts, and a call whose line holds no words is joined with none."""
    for each in (call("s", ["a"]), call(None, messages=None), call(None, messages=[SYSTEM])):
        assert chained(each) == each


def test_nothing_is_counted_twice_where_the_positions_are_lost(tmp_path):
    """A log that is read again from its beginning, or from its middle, adds nothing to sessions that were inferred."""
    log, folder = tmp_path / "access.log", tmp_path / "sessions"
    folder.mkdir()
    histories = [[message("Go.")], [message("Go."), message("Done.", "assistant"), message("More.")]]
    log.write_bytes(b"".join(line(None, messages=each) + b"\n" for each in histories))

    for _ in range(2):
        checkpoint = Checkpoint(str(tmp_path / "state.json"), str(folder))
        poll = Ingest([str(log)], Store(str(folder)), checkpoint, chain=True).poll()
        assert poll.coverage.calls == 2
        (tmp_path / "state.json").unlink()
    (session,) = folder.glob("inferred*.json")
    assert session.read_text(encoding="utf-8").count('"session_from":"history"') == 2
