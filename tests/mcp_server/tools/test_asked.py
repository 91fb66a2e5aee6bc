"""A model names a session and calls as people do on the command line, and what it cannot mean is told with what it can."""

from __future__ import annotations

import pytest

from session_monitor.asked import standing
from session_monitor.reports.report import Report
from tests.support.command_line import line, sessions
from tests.support.mcp_client import MAIN, answered, refused

SESSION_TOOLS = ["session_status", "get_session", "get_rounds", "get_cost"]


@pytest.mark.parametrize("tool", SESSION_TOOLS)
def test_ways_to_name_a_session(sample, tool):
    """An id, a part of it in any case, a link, last and current mean one session; the answer says which."""
    link = f"http://localhost:8888/session?id={MAIN.replace(':', '%3A')}"
    for text in (MAIN, "AGENT:MAIN", "1465367993012981988", link):
        assert answered(sample, tool, session=text)["session_id"] == MAIN
    assert answered(sample, tool, session="last") == answered(sample, tool)
    own = {"OPENCLAW_SESSION_ID": MAIN}
    assert answered(sample, tool, own)["session_id"] == MAIN
    assert answered(sample, tool, own, session="current")["session_id"] == MAIN


@pytest.mark.parametrize("tool", SESSION_TOOLS)
def test_sessions_that_are_not_one(sample, tool):
    """The nearest ids are named, or those that have it as a part."""
    assert refused(sample, tool, session="nightly-digest-2026-02-03").endswith("; nearest: nightly-digest-2026-02-02")
    assert refused(sample, tool, session="%%%").endswith("; list_sessions shows those that there are")
    said = refused(sample, tool, session="agent:")
    assert said.startswith("ambiguous_session: ")
    assert MAIN in said
    said = refused(sample, tool, {"AGENT_SESSION_ID": "new"})
    assert said.startswith("session_not_found: nothing is known of the current session new yet")


def test_hostile_ids(tmp_path):
    """An id that steers terminals is told with escapes, and means its session as it is told; a long one is cut in words."""
    names = ["a\u202eb", "x\x1b[31my", "天气/🚗", "'; DROP TABLE session; --", "y" * 3000]
    folder = sessions(tmp_path / "s", *(line(name, number, answer=name) for number, name in enumerate(names)))
    listed = [row["session_id"] for row in answered(folder, "list_sessions", max_bytes=20_000)["sessions"]]
    assert listed == ["y" * 3000, "'; DROP TABLE session; --", "天气/🚗", r"x\x1b[31my", r"a\u202eb"]
    for name in listed:
        assert answered(folder, "get_rounds", session=name, max_bytes=9000)["rounds"][0]["answer"] == name
    assert len(refused(folder, "get_cost", session="z" * 5000)) < 1600


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"since": "never"}, "bad_time: never is no time"),
        ({"since": "2026-02-02", "until": "2026-02-01"}, "bad_time: since 2026-02-02 is not before until 2026-02-01"),
        ({"timezone": "Mars/Base"}, "bad_timezone: no time zone Mars/Base"),
        ({"min_cost_usd": "much"}, "bad_arguments: min_cost_usd much is no amount"),
        ({"session": "last", "status": "x"}, "bad_arguments: status must be one of"),
    ],
)
@pytest.mark.parametrize("tool", ["list_sessions", "get_stats"])
def test_filters_that_are_none(sample, tool, arguments, words):
    """What is wrong with a filter is said, with what would be right."""
    assert refused(sample, tool, **arguments).startswith(words)


def test_filters(sample):
    """They choose sessions and calls as on the command line."""

    def ids(**filters):
        return [
            row["session_id"]
            for row in answered(sample, "list_sessions", max_bytes=20_000, limit=50, **filters)["sessions"]
        ]

    assert len(ids()) == 7
    assert ids(session=MAIN) == [MAIN]
    assert ids(session="agent:*") == ["agent:ops:telegram:group:-1003013002483", MAIN]
    assert ids(session="last") == ids()[:1]
    assert MAIN in ids(outcome="failed")
    assert ids(model="gpt-5") == ["agent:ops:telegram:group:-1003013002483"]
    assert ids(min_cost_usd="0.1") == ["调研/新能源车市场 🚗"]
    assert ids(until="2026-01-01") == []
    assert ids(since="2026-02-02", timezone="UTC")[-1] == "agent:ops:telegram:group:-1003013002483"


@pytest.mark.parametrize(
    ("tool", "question"),
    [("get_session", "session"), ("get_session", "outline"), ("get_rounds", "session"), ("get_cost", "cost")],
)
def test_a_session_that_goes_meanwhile(sample, monkeypatch, tool, question):
    """Deleted between one look and the next it is there no more, as if it had never been."""
    monkeypatch.setattr(Report, question, lambda *_: None)
    assert refused(sample, tool, session=MAIN) == (
        f"session_not_found: the session {MAIN} is there no more; list_sessions shows those that are"
    )


def test_a_status_that_goes_meanwhile(sample, monkeypatch):
    """So it is with how it stands."""
    monkeypatch.setattr(standing, "of", lambda *_: None)
    assert "is there no more" in refused(sample, "session_status", session=MAIN)
