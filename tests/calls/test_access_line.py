"""The outer line, also where it is no JSON: which texts stand in it."""

from __future__ import annotations

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
