"""One session is meant by its id, a part of it, a link, last or current; else it is told why it is not one."""

from __future__ import annotations

import pytest

from session_monitor.asked import one_session
from session_monitor.asked.one_session import NotOneSessionError
from session_monitor.reports.report import Report
from tests.support.calls import BOOK
from tests.support.command_line import line, sessions


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Three sessions, the last of which is c:1."""
    names = ["a:1", "a:2", "c:1"]
    return Report(
        str(sessions(tmp_path_factory.mktemp("one") / "s", *(line(name, at) for at, name in enumerate(names, 1)))), BOOK
    )


@pytest.mark.parametrize(
    ("text", "environment", "wanted"),
    [
        ("a:1", {}, "a:1"),
        ("C", {}, "c:1"),
        ("last", {"AGENT_SESSION_ID": "a:1"}, "c:1"),
        ("current", {}, "c:1"),
        ("current", {"AGENT_SESSION_ID": "", "CLAWDBOT_SESSION_ID": "a:1"}, "a:1"),
        ("current", {"AGENT_SESSION_ID": "last"}, "c:1"),
        ("https://x/y/session?id=a%3A2&round=1&id=a%3A1", {}, "a:2"),
        ("http://x/session/?id=a:1", {}, "a:1"),
    ],
)
def test_one_is_meant(report, text, environment, wanted):
    """Each way leads to the id."""
    assert one_session.meant(report, text, environment) == wanted


@pytest.mark.parametrize(
    ("text", "environment", "why", "ids"),
    [
        ("a:", {}, one_session.AMBIGUOUS, ["a:2", "a:1"]),
        ("a:3", {}, one_session.UNKNOWN, ["a:2", "a:1"]),
        ("nobody", {}, one_session.UNKNOWN, []),
        ("current", {"AGENT_SESSION_ID": "a:"}, one_session.NOT_YET, []),
    ],
)
def test_none_is_meant(report, text, environment, why, ids):
    """It is told why, with those that may be meant."""
    with pytest.raises(NotOneSessionError) as error:
        one_session.meant(report, text, environment)
    assert (error.value.why, sorted(error.value.ids)) == (why, sorted(ids))


def test_what_is_no_link_is_an_id():
    """Links to other pages are taken as they are."""
    for text in ("a", "http://x/other?id=a", "http://x/session", "httpx://x/session?id=a", "http://[::1"):
        assert one_session.id_of(text) == text
