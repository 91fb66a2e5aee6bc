"""The web server and the MCP server tell of a database what they tell of the folder whose rounds it holds, and follow it."""

from __future__ import annotations

import contextlib
import http.client
import json

import pytest

from tests.support import fleets, mcp_client, waiting, webserving
from tests.support.indexes import Agent, Step, caught_up, opened

NOW = 1_770_000_000_000
STEPS = [
    *(Step("a", NOW + at * 60_000, tool="read" if at % 2 else None, cached=10 * at) for at in range(6)),
    Step("b", NOW + 1, model="qwen3-max", consumer="team-1"),
    Step("b", NOW + 60_000, model="qwen3-max", consumer="team-1", failed=True),
]
PATHS = (
    *(
        "/api/sessions",
        "/api/sessions?sort_by=cost&consumer=team-1",
        "/api/session?id=a",
        "/api/session/rounds?id=a",
        "/api/session/outline?id=a",
        "/api/session/insights?id=a",
        "/api/session/find?id=a&q=secret",
    ),
    *(
        "/api/search?q=secret",
        "/api/insights",
        "/api/insights?session=a",
        "/api/latency",
        "/api/drivers?since=2026-02-01&until=2026-03-01",
    ),
    *("/api/prompts", "/api/stats?by=day", "/api/summary", "/api/names?q=gpt", "/api/compare?of=model&name=gpt-4o"),
)
TOOLS = (
    ("list_sessions", {}),
    ("session_status", {"session": "a"}),
    ("get_session", {"session": "a"}),
    ("get_rounds", {"session": "a"}),
    ("search", {"text": "secret"}),
    ("get_stats", {"by": "model"}),
    ("get_cost", {"session": "a"}),
    ("get_insights", {"since": "2026-02-01", "until": "2026-03-01"}),
    ("check_budget", {}),
    ("pricing", {}),
)

HELLO = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}


@pytest.fixture
def both(tmp_path, fleet, monkeypatch):
    """A folder, and the address of the database that has its rounds and what was said in them."""
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("SESSION_MONITOR_CONFIG", "")
    own = tmp_path / "own"
    own.mkdir()
    with opened(own) as index:
        Agent(own).store(STEPS)
        fleet.put(*fleets.rows_of(caught_up(index), "east", has_texts=True))
    return str(own), fleet.address


@contextlib.contextmanager
def served(place):
    """Asks a web server over a folder or a database: status and answer."""
    with (
        webserving.program(place, "--quiet") as (_, port, _),
        contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection,
    ):

        def ask(path):
            reply = webserving.asked(connection, path)
            return reply.status, json.loads(reply.body)

        waiting.until(lambda: ask("/api/health")[0] == 200, "the server has an index")
        yield ask


def test_the_web_server_tells_the_same(both):
    """Of sessions, rounds, what was said, findings and sums; of how much of a log was read it is unknown, and said so."""
    answers = []
    for place in both:
        with served(place) as ask:
            answers.append({path: ask(path) for path in PATHS})
    own, told = answers
    for path in PATHS:
        assert own[path][0] == 200, own[path]
        for _, answer in (own[path], told[path]):
            answer["data"].pop("link", None)  # it has the key of each folder's own
        assert told[path] == own[path], path
        assert told[path][1].get("coverage") is None


def test_the_web_server_follows(both, fleet, tmp_path):
    """A round that comes is told without a question before; gateways are names to filter by once there are several."""
    west = tmp_path / "west"
    west.mkdir()
    with served(both[1]) as ask:
        assert ask("/api/overview")[1]["data"]["known"]["gateways"] == ["east"]
        with opened(west) as index:
            Agent(west).store([Step("c", NOW + 1)])
            fleet.put(*fleets.rows_of(caught_up(index), "west"))
        waiting.until(lambda: ask("/api/health")[1]["data"]["sessions"] == 3, "the new session is there")
        assert ask("/api/overview")[1]["data"]["known"]["gateways"] == ["east", "west"]
        found = ask("/api/sessions?gateway=w*")[1]["data"]["sessions"]
        assert [(each["session_id"], each["messages_count"]) for each in found] == [("c", 1)]
        for path in ("latency", "drivers", "prompts", "insights", "summary", "stats", "search?q=secret"):
            assert ask(f"/api/{path}{'&' if '?' in path else '?'}gateway=none")[0] == 200
        assert ask("/api/summary?gateway=east")[1]["data"]["calls"] == len(STEPS)


def test_the_web_server_says_that_there_is_no_database(both, fleet):
    """Why there is no answer, in words without what the database said of its data; then it answers again."""
    with served(both[1]) as ask:
        fleet.handler.refusal = (
            500,
            b"Code: 241. DB::Exception: Memory limit exceeded: secret (MEMORY_LIMIT_EXCEEDED)",
        )
        status, told = waiting.until(lambda: (found := ask("/api/summary"))[0] != 200 and found, "it is noticed")
        assert (status, told["error"]["code"]) == (503, "no_database")
        assert "MEMORY_LIMIT_EXCEEDED" in told["error"]["message"]
        assert "secret" not in json.dumps(told)
        fleet.handler.refusal = None
        waiting.until(lambda: ask("/api/summary")[0] == 200, "it answers again")


def test_the_tools_tell_the_same(both):
    """Each tool that reads; gateways are rows and a filter."""
    answers = []
    for place in both:
        with mcp_client.connected(place, "--timezone", "UTC") as client:
            client.ask("initialize", HELLO)
            answers.append([client.call(tool, **arguments) for tool, arguments in TOOLS])
            for each in answers[-1]:
                each["structuredContent"].pop("idle_seconds", None)
            rows = client.call("get_stats", by="gateway", gateway="e*")["structuredContent"]["rows"]
    for (tool, _), own, told in zip(TOOLS, *answers):
        assert (own["isError"], told["isError"]) == (False, False)
        assert told["structuredContent"] == own["structuredContent"], tool
    assert [(row["name"], row["calls"]) for row in rows] == [("east", len(STEPS))]


def test_a_tool_says_that_there_is_no_database(both, fleet):
    """Why it has no answer, without what the database said of its data."""
    with mcp_client.connected(both[1]) as client:
        client.ask("initialize", HELLO)
        fleet.handler.refusal = (
            500,
            b"Code: 241. DB::Exception: Memory limit exceeded: secret (MEMORY_LIMIT_EXCEEDED)",
        )
        told = client.call("get_stats")
        assert told["isError"]
        assert "MEMORY_LIMIT_EXCEEDED" in told["content"][0]["text"]
        assert "secret" not in told["content"][0]["text"]
