"""What the files of Qwen Code say where a newer version went on with them."""

from __future__ import annotations

from tests.support.agent_files import clock, found, tokens, write


def test_qwen_goes_on_with_a_newer_version(tmp_path):
    """Which writes an event for each answer: the answers of the older one count, those of the newer are their events'."""

    def answer(name, version):
        counts = {"promptTokenCount": 10, "candidatesTokenCount": 2, "totalTokenCount": 12}
        parts = {"parts": [{"text": name}]}
        return {
            "uuid": name,
            "type": "assistant",
            "version": version,
            "timestamp": clock(1),
            "usageMetadata": counts,
            "message": parts,
        }

    def event(name, kind="response", **more):
        told = {
            "event.name": f"qwen-code.api_{kind}",
            "event.timestamp": clock(9),
            "response_id": name,
            "duration_ms": 2000,
            **more,
        }
        return {"uuid": f"e{name}", "type": "system", "version": "2", "systemPayload": {"uiEvent": told}}

    counts = {"input_token_count": 20, "output_token_count": 3, "total_token_count": 23}
    refused = event("r3", "error", status_code=429, error_type="RateLimited", error_message="said too much")
    lines = [
        answer("old", "1"),
        event("r1", **counts),
        answer("new", "2"),
        event("r2", **counts, subagent_name="x"),
        refused,
    ]
    calls, _ = found("qwen", write(tmp_path / "a.jsonl", *lines), with_texts=True)

    assert [each.call.call_id for each in calls] == [None, "r1", "r2", None]
    assert tokens(calls) == [(10, 0, 2), (20, 0, 3), (20, 0, 3), None]
    assert [each.call.said and each.call.said.answer for each in calls] == ["old", "new", None, None]
    assert (calls[3].call.status, calls[3].call.error) == (429, "RateLimited")
    assert calls[1].call.moment == calls[3].call.moment
