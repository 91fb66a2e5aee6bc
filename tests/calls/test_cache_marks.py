"""For how long did a client ask to keep what a call writes to the provider's cache?"""

from __future__ import annotations

import pytest

from session_monitor.calls import cache_marks
from session_monitor.calls.attributes import UndecodedValue

HOUR, PLAIN = {"type": "ephemeral", "ttl": "1h"}, {"type": "ephemeral"}


def text(mark=None):
    """A part of a message, marked or not."""
    return {"type": "text", "text": "a", **({"cache_control": mark} if mark else {})}


@pytest.mark.parametrize(
    ("messages", "lifetimes"),
    [
        ([], set()),
        ([{"role": "user", "content": "a"}, None, 5, [text(HOUR)]], set()),
        ([{"role": "user", "content": [text(HOUR)]}], {"1h"}),
        ([{"role": "user", "content": [text(PLAIN)]}], {"5m"}),
        ([{"role": "user", "content": [text({**PLAIN, "ttl": "5m"}), text(HOUR)]}], {"5m", "1h"}),
        ([{"role": "system", "content": "a", "cache_control": HOUR}], {"1h"}),
        ([{"role": "user", "content": [{"type": "tool_result", "content": [text(HOUR)]}]}], {"1h"}),
        ([{"role": "user", "content": [{"type": "tool_result", "content": "a", "cache_control": HOUR}]}], {"1h"}),
        ([{"role": "assistant", "content": [{"type": "tool_use", "input": {"cache_control": HOUR}}]}], set()),
        ([{"role": "user", "content": 'cache_control: {"ttl": "1h"}'}], set()),
        ([{"role": "user", "content": [text(mark)]} for mark in ("1h", ["1h"], {"ttl": 1}, {"ttl": None})], set()),
    ],
)
def test_marks_are_found_where_they_stand(messages, lifetimes):
    """At messages, their parts and parts of results; not in texts, nor in what tools are called with."""
    assert cache_marks.lifetimes(messages) == lifetimes


def test_nesting_has_an_end():
    """Thousands of contents in each other are no more than a few."""
    deep = {"content": "a"}
    for _ in range(5000):
        deep = {"content": [deep], "cache_control": HOUR}

    assert cache_marks.lifetimes([deep]) == {"1h"}


@pytest.mark.parametrize(
    ("system", "undecoded", "lifetimes"),
    [
        (None, {}, set()),
        ("cache_control ttl 1h", {}, set()),
        ([text(HOUR)], {}, {"1h"}),
        (UndecodedValue("[map[cache_control:map[ttl:1h type:ephemeral] text:… [truncated] …"), {}, {"1h"}),
        (None, {"messages": "[… [truncated] … cache_control:map[type:ephemeral] text:a type:text]]"}, {"5m"}),
        (None, {"messages": "cache_control:map[ttl:1h type:ephe [truncated] "}, set()),
    ],
)
def test_system_and_what_was_cut_are_looked_through(system, undecoded, lifetimes):
    """Blocks of ``system`` have marks too; of what the gateway cut, Go's print of a mark is left."""
    assert cache_marks.lifetimes_of_others(system, undecoded) == lifetimes
