"""Arguments fit a tool's schema exactly where JSON Schema says so, and what is wrong is said in words."""

from __future__ import annotations

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_server.protocol import schemas
from tests.support.mcp_client import CATALOG

TOOLS = CATALOG.tools
NAMES = sorted({name for tool in TOOLS.values() for name in tool["inputSchema"]["properties"]} | {"strange"})
SIMPLE = st.none() | st.booleans() | st.integers(-2, 60_000) | st.floats(-2, 60) | st.text(max_size=40)
KNOWN = st.sampled_from(["last", "updated", "ok", "model", "day", "tools", "all", "question", "reasoning", "active"])
VALUES = (
    SIMPLE | KNOWN | st.lists(SIMPLE | KNOWN, max_size=7) | st.dictionaries(st.text(max_size=3), SIMPLE, max_size=2)
)


@given(st.sampled_from(sorted(TOOLS)), st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=3) | SIMPLE)
def test_it_says_what_json_schema_says(name, arguments):
    """For any arguments of any tool there is a mistake where jsonschema finds one, and nowhere else."""
    schema = TOOLS[name]["inputSchema"]
    fits = jsonschema.Draft202012Validator(schema).is_valid(arguments)
    wrong = list(schemas.mistakes(schema, arguments))

    assert fits == (wrong == [])
    if fits:
        filled = schemas.filled(schema, arguments)
        assert filled.keys() == schema["properties"].keys()
        assert all(isinstance(filled[each], int) for each in ("limit", "offset", "max_bytes") if each in filled)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"limit": 99}, "limit must be 50 at most"),
        ({"limit": "5"}, "limit must be a whole number"),
        ({"limit": True}, "limit must be a whole number"),
        ({"offset": -1}, "offset must be 0 at least"),
        ({"sort_by": "price"}, "sort_by must be one of updated, created, cost, tokens, rounds"),
        ({"starred": "yes"}, "starred must be true or false"),
        ({"tag": "x" * 61}, "tag must be 60 characters at most"),
        ({"sort": "cost"}, "there is no argument sort; there are limit, sort_by, tag"),
        ([], "arguments must be an object"),
    ],
)
def test_what_is_wrong_in_words(arguments, words):
    """A sentence names the argument, and says what would be right."""
    (said,) = schemas.mistakes(TOOLS["list_sessions"]["inputSchema"], arguments)
    assert said.startswith(words)


@pytest.mark.parametrize(
    ("number", "taken"), [(5.0, 5), (5, 5), (5.5, None), (float("inf"), None), (False, None), ("5", None)]
)
def test_whole_numbers(number, taken):
    """5.0 is one, as JSON Schema has it, and is taken as 5."""
    schema = TOOLS["list_sessions"]["inputSchema"]
    wrong = list(schemas.mistakes(schema, {"limit": number}))
    assert (wrong == []) == (taken is not None)
    if taken:
        filled = schemas.filled(schema, {"limit": number})["limit"]
        assert (filled, type(filled)) == (taken, int)


@pytest.mark.parametrize(("limit", "fits"), [(0, False), (1, True), (50, True), (51, False)])
def test_limits_are_taken_themselves(limit, fits):
    """The least and the most of a number may be asked for."""
    assert (list(schemas.mistakes(TOOLS["list_sessions"]["inputSchema"], {"limit": limit})) == []) == fits


def test_lists_and_what_lacks():
    """Each item is looked at, and what is needed is asked for."""
    rounds, notes = (TOOLS[name]["inputSchema"] for name in ("get_rounds", "add_note"))
    (wrong,) = schemas.mistakes(rounds, {"parts": ["answer", "x"]})
    assert wrong.startswith("parts[1] must be one of question")
    assert list(schemas.mistakes(rounds, {"parts": ["answer"] * 6})) == ["parts may have 5 items at most"]
    assert list(schemas.mistakes(notes, {})) == ["session is missing", "text is missing"]


def test_every_schema_is_one():
    """All schemas of the tools are sound by JSON Schema's own."""
    for tool in TOOLS.values():
        for kind in ("inputSchema", "outputSchema"):
            jsonschema.Draft202012Validator.check_schema(tool[kind])
            assert tool[kind]["type"] == "object"
