"""Facts that earlier versions wrote elsewhere in a round's line, or not at all, are read as if they stood among the others."""

from __future__ import annotations

import json

import pytest

from session_monitor.sessions import earlier_facts, session_file
from session_monitor.sessions.record import entry_of
from tests.support.calls import call

CONTENT = b',"messages":['


def facts_of(line):
    """The facts that are read in this line of a session file."""
    return json.loads(earlier_facts.facts_in(line, line.find(CONTENT)) + b"}")


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"input_token_details": {"cached_tokens": 0}},
        {"input_token_details": {"cached_tokens": None, "audio_tokens": "-"}},
        {"input_token_details": {"cached_tokens": "-"}},
        {"input_token_details": {"cached_content_token_count": 5}},
        {"input_token_details": {"tool_use_prompt_token_count": 3}},
        {"input_token_details": {"text_tokens": 5}},
        {"cached_tokens": 0},
        {"cached_tokens": 3},
        {"input_token": 0, "output_token": 0, "total_token": 0},
        {"answer": '"cached_tokens":7'},
        {"route_name": "to-the-models", "input_token_details": {"cache_creation_input_tokens": 7}},
    ],
    ids=str,
)
def test_whether_a_cache_was_told_is_read_from_the_counts(attributes):
    """A line that says nothing of it comes out as one that does, which every line of today is."""
    facts, rest = entry_of(call("s", ["hello"], **attributes), 1, ("g", 0, 100), 0)
    earlier = {name: value for name, value in facts.items() if name != "cache_untold"}

    for written in (facts, earlier):
        line = session_file.round_line(written, [b'{"role":"user","content":"hello"}'], rest)
        assert facts_of(line) == facts
