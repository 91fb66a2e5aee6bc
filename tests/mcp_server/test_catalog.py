"""What the tools answer is what tools.json says, in two kilobytes, of a long session too."""

from __future__ import annotations

import json
import re

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_server import toolbox
from mcp_server.catalog import WRITING, Catalog
from tests.support import mcp_client
from tests.support.mcp_client import CATALOG, MAIN, ROOT, answered, desk_of

MOST = 2000
"""Bytes of an answer unless more are asked for."""
TOOLS = CATALOG.tools
BY = TOOLS["get_stats"]["inputSchema"]["properties"]["by"]["enum"]
CALLS = [
    ("session_status", {"session": "last"}),
    ("list_sessions", {}),
    ("list_sessions", {"limit": 50, "sort_by": "cost"}),
    ("get_session", {"session": "last"}),
    ("get_rounds", {"session": "last"}),
    ("get_rounds", {"session": "last", "rounds": "1-"}),
    (
        "get_rounds",
        {"session": "last", "rounds": "3", "parts": ["messages", "reasoning", "tool_calls", "answer", "question"]},
    ),
    ("search", {"text": "the"}),
    ("search", {"text": "the", "limit": 50, "in": "tools"}),
    ("search", {"text": "the", "in": "notes"}),
    *(("get_stats", {"by": by, "limit": 50}) for by in BY),
    ("get_cost", {"session": "last"}),
    ("get_insights", {}),
    ("get_insights", {"since": "2020-01-01", "limit": 50}),
    ("get_insights", {"session": "last", "limit": 50}),
    ("check_budget", {}),
    ("check_budget", {"session": "last"}),
    ("pricing", {"model": "gpt-4o"}),
    ("pricing", {"search": "", "limit": 50}),
    ("pricing", {"unpriced": True}),
]


def test_names_fit_every_host():
    """A name stays short with what hosts put before it; the order of tools stays."""
    assert list(TOOLS) == list(Catalog(allows_notes=True).tools)
    assert all(re.fullmatch("[a-z_]{1,20}", name) for name in TOOLS)
    assert list(Catalog(allows_notes=False).tools) == [name for name in TOOLS if name != WRITING]


def test_what_reads_says_so():
    """All tools but the one that writes are said to be read-only."""
    hints = {name: tool["annotations"]["readOnlyHint"] for name, tool in TOOLS.items()}
    assert [name for name, is_read_only in hints.items() if not is_read_only] == [WRITING]
    assert not any(tool["annotations"]["destructiveHint"] for tool in TOOLS.values())


def test_every_tool_and_parameter_is_documented():
    """docs/MCP.md has a row for each tool, and each argument has a description."""
    rows = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "MCP.md").read_text(), re.MULTILINE)
    assert rows == list(TOOLS)
    for tool in TOOLS.values():
        assert tool["description"]
        assert all(each["description"] for each in tool["inputSchema"]["properties"].values())


@pytest.mark.parametrize(("tool", "arguments"), CALLS)
def test_answers_are_small_and_as_promised(long_one, tool, arguments):
    """Each tool answers in so few bytes about a session of 500 rounds, as its schema says, and says what it left out."""
    answer = answered(long_one, tool, **arguments)
    jsonschema.validate(answer, TOOLS[tool]["outputSchema"])
    assert len(json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()) <= MOST


@pytest.mark.parametrize(("tool", "arguments"), CALLS)
def test_answers_of_the_sample_are_as_promised(sample, tool, arguments):
    """So does it about the sample's sessions, of many kinds."""
    answer = answered(sample, tool, **arguments)
    jsonschema.validate(answer, TOOLS[tool]["outputSchema"])
    assert len(json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode()) <= MOST


def test_the_long_session_is_long(long_one):
    """What the answers are measured on has so many rounds."""
    assert answered(long_one, "get_cost", session="last")["rounds"] == mcp_client.ROUNDS


def test_the_whole_list_is_small():
    """What a host puts into a model's context (names, descriptions, what tools take) takes less than 16 kB."""
    told = [{name: tool[name] for name in ("name", "description", "inputSchema")} for tool in TOOLS.values()]
    assert len(json.dumps(told, separators=(",", ":"))) < 16_000


WORDS = st.sampled_from(
    [
        *(
            MAIN,
            "last",
            "current",
            "agent",
            "nobody",
            "",
            "14",
            "last:3",
            "10-",
            "2-1",
            "none",
            "7d",
            "2026-02-01",
            "today",
        ),
        *(
            "UTC",
            "Mars/Base",
            "gpt-*",
            "qwen3-max",
            "0.5",
            "-1",
            "the",
            "天气",
            '"',
            "\x1b[31m\u202e",
            "\ud800",
            "*",
            "[",
            "\0",
        ),
        *(
            "updated",
            "cost",
            "ok",
            "failed",
            "error",
            "ended",
            "all",
            "tools",
            "notes",
            "model",
            "tool",
            "hour",
            "month",
        ),
        "x" * 70,
    ]
)
ANY = WORDS | st.integers(-1, 60) | st.integers(499, 50_001) | st.booleans() | st.none() | st.lists(WORDS, max_size=3)
READING = sorted(set(TOOLS) - {WRITING})


@st.composite
def calls(draw):
    """A tool, and arguments of its names with anything as values."""
    name = draw(st.sampled_from(READING))
    known = sorted(TOOLS[name]["inputSchema"]["properties"])
    return name, draw(st.dictionaries(st.sampled_from(known), ANY, max_size=4))


@settings(max_examples=150)
@given(calls())
def test_any_arguments_are_answered(sample, call):
    """Whatever the arguments, a tool answers as its schema says, or says in words what is wrong; nothing breaks it."""
    name, arguments = call
    result = toolbox.call(desk_of(sample), CATALOG, {"name": name, "arguments": arguments})

    (content,) = result["content"]
    if result["isError"]:
        assert re.match("[a-z_]+: .", content["text"])
    else:
        jsonschema.validate(result["structuredContent"], TOOLS[name]["outputSchema"])
        assert json.loads(content["text"]) == result["structuredContent"]
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", content["text"])
