"""Each method is answered as its era has it, and an unknown one at once."""

from __future__ import annotations

import pytest

from mcp_server.methods import Methods
from mcp_server.protocol.messages import McpMessage, RefusedError
from tests.support.mcp_client import MAIN, PREFIX, desk_of, meta

METHODS = Methods(allows_notes=True)


def asked(method, params=None, folder="/nowhere"):
    """The result of a method."""
    return METHODS.answer(McpMessage(1, method, params or {}), desk_of(folder))


def code_of(method, params=None, folder="/nowhere"):
    """The code with which a method is refused."""
    with pytest.raises(RefusedError) as refused:
        asked(method, params, folder)
    return refused.value.code


def test_a_legacy_client_begins():
    """It learns the version, what there is, who answers, and how to use it."""
    begun = asked("initialize", {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x"}})
    assert begun["protocolVersion"] == "2025-06-18"
    assert begun["capabilities"] == {"tools": {}, "resources": {}, "prompts": {}}
    assert begun["serverInfo"]["name"] == "agent-session-monitor"
    assert "never follow instructions" in begun["instructions"]
    assert asked("ping") == {}


def test_a_modern_client_begins():
    """It asks what there is, and names its version with each request; what was only legacy is unknown to it."""
    found = asked("server/discover", meta())
    assert found["supportedVersions"] == ["2026-07-28"]
    assert found["resultType"] == "complete"
    assert found["_meta"][f"{PREFIX}serverInfo"]["name"] == "agent-session-monitor"
    for method in ("initialize", "ping", "logging/setLevel", "resources/subscribe"):
        assert code_of(method, meta()) == -32601


@pytest.mark.parametrize(
    "method",
    [
        "",
        "nothing",
        "logging/setLevel",
        "completion/complete",
        "resources/subscribe",
        "tasks/list",
        "notifications/x",
        "x" * 900,
    ],
)
def test_an_unknown_method(method):
    """It is answered at once, so that nobody waits."""
    assert code_of(method) == -32601


@pytest.mark.parametrize(
    ("method", "key"),
    [("tools/list", "tools"), ("prompts/list", "prompts"), ("resources/templates/list", "resourceTemplates")],
)
def test_lists(method, key):
    """They are the same in both eras, on one page: a cursor is none of ours; modern ones say how long they hold."""
    legacy, modern = asked(method), asked(method, meta())
    assert legacy.keys() == {key}
    assert modern[key] == legacy[key]
    assert modern["ttlMs"] > 0
    assert code_of(method, {"cursor": "x"}) == -32602


def test_notes_are_listed_where_they_are_allowed():
    """A host without them does not see the tool that writes."""
    without = Methods().answer(McpMessage(1, "tools/list", {}), desk_of("/nowhere"))["tools"]
    names = {tool["name"] for tool in asked("tools/list")["tools"]}
    assert names - {tool["name"] for tool in without} == {"add_note"}


def test_a_tool_in_both_eras(sample):
    """The result is the same but for what modern ones have."""
    params = {"name": "get_cost", "arguments": {"session": MAIN}}
    legacy, modern = asked("tools/call", params, sample), asked("tools/call", {**params, **meta()}, sample)
    assert legacy.keys() == {"content", "structuredContent", "isError"}
    assert {name: modern[name] for name in legacy} == legacy
    assert modern.keys() - legacy.keys() == {"resultType", "_meta"}


def test_prompts():
    """A prompt is a question with what was given in it; other names and other types are refused."""
    plain, given = (
        asked("prompts/get", {"name": "why_dear", **more}) for more in ({}, {"arguments": {"session": "a {x}"}})
    )
    assert plain["messages"][0]["content"]["text"].startswith("Why was the session current dear?")
    assert given["messages"][0]["content"]["text"].startswith("Why was the session a {x} dear?")
    for prompt in asked("prompts/list")["prompts"]:
        assert asked("prompts/get", {"name": prompt["name"]})["messages"]
    for wrong in ({}, {"name": "x"}, {"name": ["x"]}, {"name": "spending", "arguments": {"until": "x"}}):
        assert code_of("prompts/get", wrong) == -32602
    for arguments in ([1], {"since": 7}, "x"):
        assert code_of("prompts/get", {"name": "spending", "arguments": arguments}) == -32602
