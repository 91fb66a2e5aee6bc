"""What Claude Code's files say beyond the samples: errors, advisors, cache writes, ids that are used again, texts."""

from __future__ import annotations

from session_monitor.calls.usage import TokenParts
from tests.support.agent_files import clock, found, tokens, write


def claude(name, seconds, *content, **more):
    """A line of an answer."""
    usage = {"input_tokens": 5, "cache_creation_input_tokens": 30, "output_tokens": 10, **more.pop("usage", {})}
    message = {"id": name, "model": more.pop("model", "claude-opus-4-7"), "content": list(content), "usage": usage}
    return {"type": "assistant", "sessionId": "s", "timestamp": clock(seconds), "message": message, **more}


def test_claude_errors(tmp_path):
    """What was refused is a failed call without tokens; other answers that no model gave are none."""
    words = {"type": "text", "text": 'API Error: 529 {"type":"error"}'}
    refused = claude("a", 1, words, model="<synthetic>", isApiErrorMessage=True, uuid="u1")
    silent = claude("b", 2, model="<synthetic>", uuid="u2")
    calls, _ = found("claude-code", write(tmp_path / "a.jsonl", refused, silent))

    assert [(each.call.status, each.call.error, each.call.usage) for each in calls] == [(529, "API error", None)]
    assert "type" not in calls[0].call.error


def test_claude_advisors(tmp_path):
    """A second model that was asked within an answer is a call of its own."""
    told = {"type": "advisor_message", "model": "claude-haiku-4-5", "usage": {"input_tokens": 7, "output_tokens": 3}}
    calls, _ = found(
        "claude-code", write(tmp_path / "a.jsonl", claude("a", 1, usage={"iterations": [{"type": "message"}, told]}))
    )

    assert [(each.call.call_id, each.call.model) for each in calls] == [
        ("a", "claude-opus-4-7"),
        ("a:advisor:1", "claude-haiku-4-5"),
    ]
    assert tokens(calls) == [(35, 0, 10), (7, 0, 3)]


def test_claude_cache_writes(tmp_path):
    """For how long they are kept; for five minutes where nothing tells."""
    lasting = {"cache_creation": {"ephemeral_1h_input_tokens": 20, "ephemeral_5m_input_tokens": 10}}
    calls, _ = found("claude-code", write(tmp_path / "a.jsonl", claude("a", 1), claude("b", 2, usage=lasting)))

    assert [each.call.usage.parts for each in calls] == [
        TokenParts(cache_write_5m=30),
        TokenParts(cache_write_5m=10, cache_write_1h=20),
    ]


def test_claude_ids_that_are_used_again(tmp_path):
    """By a provider that numbers answers anew, with other requests, times and counts; without any of these it is a copy."""
    lines = [
        claude("1", 1, requestId="r1"),
        claude("1", 2, requestId="r2"),
        claude("1", 1, requestId="r3", usage={"output_tokens": 9}),
        claude("1", 90, requestId="r4", usage={"output_tokens": 77}),
        claude("1", 91, usage={"output_tokens": 5}),
    ]
    calls, _ = found("claude-code", write(tmp_path / "a.jsonl", *lines))

    assert [(each.call.call_id, each.call.usage.output_tokens) for each in calls] == [("1", 10), ("1", 77)]
    assert len({each.key for each in calls}) == 2


def test_claude_ids_that_should_be_an_answers_own(tmp_path):
    """Where another request has one, with other counts and at another time, it is a call of its own, too."""
    name = "msg_01XFDUDYJgAACzvnptvVoYEL"
    lines = [claude(name, 1, requestId="r1"), claude(name, 90, requestId="r4", usage={"output_tokens": 77})]
    calls, _ = found("claude-code", write(tmp_path / "a.jsonl", *lines))

    assert [each.key for each in calls] == [f"id:{name}", f"id:{name}/r4"]


def test_claude_texts(tmp_path):
    """A question is a person's; an answer's parts come in their order, each once."""
    person = {"type": "user", "message": {"role": "user", "content": "What is it?"}}
    tool = {"type": "user", "message": {"role": "user", "content": [{"type": "tool_result", "content": "4"}]}}
    parts = (
        {"type": "thinking", "thinking": "Hm."},
        {"type": "text", "text": "It is"},
        {"type": "tool_use", "id": "t", "name": "Read", "input": {"a": 1}},
    )
    lines = [
        person,
        claude("a", 1, parts[0]),
        claude("a", 1, parts[1]),
        claude("a", 1, parts[1]),
        claude("a", 1, parts[2]),
        tool,
        claude("b", 2),
    ]
    calls, _ = found("claude-code", write(tmp_path / "a.jsonl", *lines), with_texts=True)
    first, second = [each.call.said for each in calls]

    assert (first.question, first.answer, first.reasoning) == ("What is it?", "It is", "Hm.")
    assert [(each["function"]["name"], each["function"]["arguments"]) for each in first.tool_calls] == [
        ("Read", '{"a": 1}')
    ]
    assert second.question is None
    assert found("claude-code", tmp_path / "a.jsonl")[0][0].call.said is None
