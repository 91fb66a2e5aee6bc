"""Where texts are not served, nothing of what was said is."""

from __future__ import annotations

import json
import re

from tests.support.stored_rounds import keep, round_of
from tests.support.webserving import serving


def test_redacted(redacted, among_agents):
    """With --redact tokens and costs are served, and not one word of any conversation."""
    words = set()
    for row in among_agents.ask("/api/sessions", limit=500).data["sessions"]:
        for entry in among_agents.ask("/api/session/export", id=row["session_id"]).json["rounds"]:
            for text in _texts([entry[key] for key in ("messages", "question", "answer", "reasoning")]):
                words.update(each for each in re.findall(r"[\w ]{16,}", text) if "call_" not in each)
    assert len(words) > 50
    rows = redacted.ask("/api/sessions").data["sessions"]
    served = [
        json.dumps(redacted.ask(path).data, ensure_ascii=False)
        for path in ("/api/overview", "/api/stats", "/api/sessions", "/api/insights")
    ]
    for row in rows:
        own = ("/api/session", "/api/session/insights", "/api/session/rounds", "/api/session/export")
        answers = [redacted.ask(path, id=row["session_id"]) for path in own]
        served += [json.dumps(found.json, ensure_ascii=False) for found in answers]
        asked = {
            "text": {"round": 1, "path": "answer"},
            "history": {"round": 1},
            "find": {"q": "a"},
            "changed": {"round": 1},
        }
        for name, more in asked.items():
            refused = redacted.ask(f"/api/session/{name}", id=row["session_id"], **more)
            assert (refused.status, refused.code) == (403, "redacted")
    names = " ".join(row["session_id"] for row in rows)
    everything = "\n".join(served)
    told = [word for word in words if word not in names and word in everything]

    assert told == []
    assert redacted.ask("/api/search", q="a").status == 403
    assert redacted.ask("/api/session/export", id=rows[0]["session_id"], format="md").status == 403
    assert redacted.ask("/api/me").data["redacted"] is True
    assert [row["cost_usd"] for row in rows] == [
        row["cost_usd"] for row in among_agents.ask("/api/sessions").data["sessions"]
    ]


def _texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for each in value.values() if isinstance(value, dict) else value:
            if not isinstance(value, dict) or each not in (value.get("id"), value.get("name"), value.get("role")):
                yield from _texts(each)


def test_how_a_round_ended_is_served_without_its_texts(tmp_path):
    """What is to be known of a round is told where its texts are not: as much as anywhere else, in the same words."""
    secret = "the secret plan"
    told = {
        "outcome": "left",
        "at_least": True,
        "token_notes": ["cut_short"],
        "session_from": "conversation",
        "thread": 2,
        "history_of": 1,
        "messages_from_history": 1,
        "has_tool_calls": True,
        "tools_called": [["read", 2]],
        "told_tools": [1, [["grep", 1]]],
    }
    restyled = [[0, {"content": [{"type": "text", "text": secret}]}]]
    texts = dict.fromkeys(("question", "answer", "reasoning", "system", "error"), secret)
    keep(tmp_path, "s", round_of(1), round_of(2, **told, **texts, restyled=restyled), round_of(3, answered_by="guard"))

    with serving(tmp_path, redacts=True) as running:
        rounds = running.ask("/api/session/rounds", id="s")
        export = running.ask("/api/session/export", id="s")

    named = {
        "tools_called": [{"tool": "read", "calls": 2}],
        "told_tools": {"round": 1, "tools": [{"tool": "grep", "calls": 1}]},
    }
    for served in (rounds.data["rounds"], export.json["rounds"]):
        assert {name: served[1][name] for name in told} == {**told, **named}
        assert served[2]["answered_by"] == "guard"
    assert secret not in rounds.body.decode() + export.body.decode()
