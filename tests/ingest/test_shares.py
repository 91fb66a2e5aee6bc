"""Whose line is it, where several processes go through one log?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.calls import ai_log, long_lines
from session_monitor.calls.round import Round
from session_monitor.ingest.shares import SessionShare
from tests.support import calls

IDS = st.one_of(
    st.text(max_size=12), st.sampled_from(["-", "", "a", 'a"b', "a\\b", "会话", "\ud83d", "no-session:x:2026-02-01"])
)


@given(IDS, st.integers(1, 5))
def test_each_session_is_in_one_share(session_id, number):
    """However many shares there are, a session is in one of them alone."""
    assert sum(SessionShare(each, number).has(session_id) for each in range(number)) == 1


@given(IDS, st.lists(st.sampled_from(["hi", 'say "session_id":"other"', "\\"])), st.integers(1, 5))
def test_a_line_that_shows_an_id_is_of_its_session(session_id, texts, number):
    """Where a line shows an id, it is its call's, and whoever has that session knows the line for one of theirs."""
    line = calls.line(session_id, texts)
    call = ai_log.parse(line)
    assert isinstance(call, Round)
    shown = long_lines.shown_session_id(line)
    for each in (SessionShare(each, number) for each in range(number)):
        assert each.may_have(line) is (None if shown is None else each.has(call.group))


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (calls.line("agent:1"), b"agent:1"),
        (calls.line("会话").decode("unicode_escape").encode("latin-1"), None),
        (b'{"ai_log":"{\\"session_id\\":\\"\xe4\xbc\x9a\\"}"}', "会".encode()),
        (calls.line("-"), None),
        (calls.line(""), None),
        (calls.line(None), None),
        (calls.line('a"b'), None),
        (calls.line("a\\"), None),
        (b'{"ai_log":"{\\"session_id\\":\\"cut', None),
        (b'{"ai_log":"{\\"session_id\\":\\"', None),
        (b"", None),
    ],
)
def test_what_a_line_shows(line, shown):
    """The id as it stands there; none where there is none, where JSON writes it otherwise, or where it is cut off."""
    assert long_lines.shown_session_id(line) == shown
