"""What strangers wrote goes into a row as valid text, and comes back as it was."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from session_monitor.clickhouse import row_text


@given(st.one_of(st.text(st.characters()), st.text(st.sampled_from("\ufffd\ud800\udfffd89abcf0"))))
def test_there_and_back(text):
    """Whatever it is: with half a surrogate pair, or what stands for one."""
    assert row_text.read(row_text.written(text)) == text
    assert json.loads(row_text.quoted(text).encode()) == row_text.written(text)


def test_no_text():
    """None is null."""
    assert row_text.quoted(None) == "null"
