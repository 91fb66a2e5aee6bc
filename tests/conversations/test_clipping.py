"""Long texts in a value: cut, named, and found again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.conversations import clipping
from session_monitor.conversations.clipping import Clip, clipped

TEXTS = st.text(st.sampled_from("ab/~ 0é"), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(TEXTS.filter(bool), VALUES, max_size=4))
def test_what_is_cut_is_found_again(value):
    """Each long text is cut to its beginning, and its path leads to all of it; everything else stays as it is."""
    cut, clips = clipped(value, longest=5, shown=3)

    assert [clip for clip in clips if len(clipping.at(value, clip.path)) != clip.characters] == []
    assert [clip for clip in clips if clipping.at(cut, clip.path) != clipping.at(value, clip.path)[:3]] == []
    assert clipped(cut, longest=5, shown=3) == (cut, [])
    assert (clips == []) == (cut == value)


def test_short_texts_stay():
    """Only what is longer than the limit is cut."""
    assert clipped({"a": "x" * 20_000}) == ({"a": "x" * 20_000}, [])
    assert clipped({"a": ["x" * 20_001]}) == ({"a": ["x" * 4000]}, [Clip("a/0", 20_001)])


def test_a_path_may_begin_elsewhere():
    """Paths can begin with where the value itself stands."""
    assert clipped("x" * 9, "messages/7", longest=5, shown=1) == ("x", [Clip("messages/7", 9)])


@pytest.mark.parametrize("path", ["b", "a/2", "a/-1", "a/x", "a/0/0", "", "a", "a/00000000000", "a/٠"])
def test_paths_that_lead_to_no_text(path):
    """Whatever else is asked for is not there."""
    assert clipping.at({"a": ["text", 5]}, path) is None


def test_what_is_nested_too_deep_is_left_out():
    """A value that is nested very deep is cut where nobody reads on."""
    value = "text"
    for _ in range(400):
        value = [value]

    assert clipped(value)[1] == []
