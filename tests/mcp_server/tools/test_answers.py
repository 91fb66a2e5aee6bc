"""Answers are cut, cleaned, and given as many rows as fit."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from mcp_server.tools import answers
from session_monitor.text import safe

VALUES = st.recursive(
    st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


@given(VALUES)
def test_what_is_clean_can_be_sent(value):
    """Whatever strangers wrote, the answer is JSON in UTF-8 in which nothing steers anything; clean again it is the same."""
    clean = answers.cleaned(value)
    text = answers.as_text(clean)
    text.encode()
    assert answers.cleaned(clean) == clean
    assert json.loads(text) == clean
    assert answers.size(value) == len(text.encode())


def test_what_steers_is_shown():
    """Such characters are written as escapes, in names as well; line ends stay."""
    assert answers.cleaned({"\x1b[1m": ["a\r\nb", "\u202ec\ud800", 7]}) == {r"\x1b[1m": ["a\nb", r"\u202ec\ud800", 7]}


@given(st.text(max_size=50), st.integers(0, 40))
def test_a_long_text_says_how_much_more_there_is(text, most):
    """A short one stays, and of a long one the beginning is told with how many characters are left out."""
    cut = answers.cut(text, most)
    if len(text) <= most:
        assert cut == text
    else:
        assert cut == f"{text[:most]}… [{len(text) - most} more characters]"
    assert answers.cut(None, most) is None


@given(st.lists(st.text(max_size=30), max_size=12), st.integers(0, 5), st.integers(0, 400), st.integers(0, 5))
def test_pages_have_every_row_once(rows, offset, most, extra):
    """Page by page all rows come, at least one each; an answer is larger than it may be for its first row alone."""
    total, found, at = len(rows) + offset + extra, [], offset
    while at is not None and at - offset < len(rows):
        page = answers.paged({"a": 1}, "rows", rows[at - offset :], at, total, most)
        assert page["rows"]
        assert len(page["rows"]) == 1 or answers.size(page) <= most + 8  # the number of the next one may be longer
        found += page["rows"]
        at = page["next_offset"]
    assert found == rows
    assert at == (None if not extra and rows else at)


def test_the_last_page_leads_nowhere():
    """Where all are told, or none are known behind these, there is no next page."""
    assert answers.paged({}, "rows", [1], 4, 5, 100) == {"total": 5, "next_offset": None, "rows": [1]}
    assert answers.paged({}, "rows", [1, 2], 4, None, 100) == {"total": None, "next_offset": None, "rows": [1, 2]}
    assert answers.paged({}, "rows", [], 9, 5, 100)["next_offset"] is None


def test_cleaning_is_the_house_s_own():
    """The same characters are escaped as on a terminal."""
    hostile = "".join(map(chr, range(0x300))) + "\u2028\u2066"
    assert answers.cleaned(hostile) == safe.clean(hostile, newlines=True)
