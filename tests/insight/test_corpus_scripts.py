"""The scripts of labelled sessions become the calls that they tell of, in the messages of each API."""

from __future__ import annotations

import pytest

from session_monitor.calls import ai_log
from tests.support import scripted_sessions

SCRIPT = {
    "system": "Be brief.",
    "steps": [
        {"user": "Where?", "ask": [["read", {"path": "a"}], ["read", {"path": "b"}]], "get": ["A", {"text": "B"}]},
        {"status": 429},
        {"times": 2, "steps": [{"say": "Round {n} at {epoch}, {uuid}."}]},
        {"compact": "Summary.", "keep": 1},
        {"user": "And now?", "say": "Here."},
    ],
}


@pytest.mark.parametrize("form", ["openai", "anthropic", "responses"])
def test_a_script_becomes_calls(form):
    """Each step is a call with all that its conversation said before; what failed is sent again, what is cached has its count."""
    calls = [ai_log.parse(line) for line in scripted_sessions.lines({**SCRIPT, "form": form}, "s")]

    assert [call.outcome for call in calls] == ["ok", "failed", "ok", "ok", "ok"]
    assert [len(call.tool_calls) for call in calls] == [2, 0, 0, 0, 0]
    assert calls[1].messages == calls[2].messages
    assert [call.question for call in calls] == ["Where?", "", "", calls[3].question, "And now?"]
    assert calls[2].answer.startswith("Round 1 at 17936")
    assert calls[2].usage.cache_read > 11_900
    assert "Summary." in str(calls[4].messages[-3])


def test_a_script_is_always_the_same():
    """The same script gives the same bytes, other ids with another seed."""
    first, again, other = (list(scripted_sessions.lines(SCRIPT, "s", seed)) for seed in (1, 1, 2))

    assert first == again != other
