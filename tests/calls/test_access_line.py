"""The outer line, also where it is no JSON: which texts stand in it."""

from __future__ import annotations

import json

import pytest

from session_monitor.calls import access_line


@pytest.mark.parametrize("backslashes", range(5))
def test_a_text_ends_at_its_quote(backslashes):
    """Not at one behind a backslash, unless that is one itself; wherever the blocks end in which it is looked for."""
    escaped = "\\" * backslashes + '"' * (backslashes % 2)
    for before in range(1018, 1030):
        text = "a" * before + escaped + "b" * 5
        broken = f'{{"ai_log":"{{}}","user_agent":"x"y","path":"{text}","response_code":"503"}}'

        parts = access_line.split(broken.encode())

        assert (parts.outer_broken, parts.outer["path"], parts.outer["response_code"]) == (True, text, "503")


def test_a_broken_line_that_is_cut_behind_a_backslash():
    """It comes to an end, and what was cut is no field."""
    parts = access_line.split(b'{"ai_log":"{}","user_agent":"x"y","method":"POST","path":"abc\\')

    assert (parts.outer_broken, parts.outer) == (True, {"user_agent": "x", "method": "POST"})


@pytest.mark.parametrize(
    ("code", "duration", "is_believed"), [(200, 3, True), (200, "3", False), ("200", 3, False), ("200", "3", False)]
)
def test_whose_an_attribute_beside_ai_log_is(code, duration, is_believed):
    """Behind what clients write it is believed where the format is JSON: then all numbers are such."""
    outer = {"response_code": code, "duration": duration, "user_agent": "x", "session_id": "s"}
    parts = access_line.split(json.dumps({**outer, "ai_log": json.dumps({"model": "m"})}).encode())

    assert parts.attributes == ({"model": "m", "session_id": "s"} if is_believed else {"model": "m"})
