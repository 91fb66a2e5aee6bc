"""What the files that OpenClaw kept before say."""

from __future__ import annotations

from tests.support.agent_files import clock, found, write


def claw(name, seconds, **more):
    """An answer."""
    usage = {"input": 10, "output": 2, "cacheRead": 5, "cacheWrite": 0, **more.pop("usage", {})}
    message = {"role": "assistant", "provider": "openai", "model": "m", "usage": usage, "content": [], **more}
    return {"type": "message", "id": name, "timestamp": clock(seconds), "message": message}


def test_openclaw_files(tmp_path):
    """A key that the list beside them tells; dead branches, errors; and what OpenClaw said by itself is no call."""
    zero = dict.fromkeys(("input", "output", "cacheRead"), 0)
    lines = [
        claw("e1", 1, responseId="r1"),
        claw("e2", 2),
        claw("e3", 3, provider="openclaw", model="delivery-mirror"),
        claw("e4", 4, stopReason="error", usage=zero),
        claw("e5", 5, usage=zero),
    ]
    write(tmp_path / "sessions" / "one.jsonl", *lines)
    write(tmp_path / "sessions" / "one.jsonl.reset.2026-01-01", claw("e2", 2), claw("e9", 9))
    write(tmp_path / "sessions" / "sessions.json", {"agent:main:x": {"sessionId": "one"}})
    calls, _ = found("openclaw", tmp_path)

    assert [each.call.error for each in calls] == [None, None, "API error", None, None]
    assert {each.call.session_id for each in calls} == {"agent:main:x"}
    assert len({each.key for each in calls}) == 4
