"""What the files of Gemini CLI say, in each of their forms."""

from __future__ import annotations

import pytest

from tests.support.agent_files import clock, found, tokens, write


def gemini(name, seconds, output):
    """An answer."""
    counts = {"input": 100, "output": output, "cached": 30, "thoughts": 5, "tool": 8}
    return {"id": name, "timestamp": clock(seconds), "type": "gemini", "model": "m", "content": "yes", "tokens": counts}


@pytest.mark.parametrize("form", ["lines", "one object", "patches"])
def test_gemini_in_each_form(tmp_path, form):
    """Lines, the one object of before, and patches; of one message the last counts; what tools brought in is input."""
    person = {"id": "u", "type": "user", "content": [{"text": "Is it?"}]}
    messages = [person, gemini("a", 1, 1), gemini("b", 2, 3)]
    head = {"sessionId": "s"}
    if form == "one object":
        path = write(tmp_path / "session-1.json", {**head, "messages": [*messages, gemini("a", 1, 20)]})
    elif form == "lines":
        path = write(tmp_path / "session-1.jsonl", head, *messages, gemini("a", 1, 20), {"$rewindTo": "u"})
    else:
        path = write(
            tmp_path / "session-1.jsonl",
            head,
            {"$set": {"messages": messages}},
            {"$set": {"messages": [gemini("a", 1, 20)]}},
        )
    calls, _ = found("gemini", path, with_texts=True)

    assert tokens(calls) == [(108, 30, 25), (108, 30, 8)]
    assert [each.may_grow for each in calls] == [True, False]
    assert [each.call.said.question for each in calls] == ["Is it?", None]
