"""Tests of base/utf8.py: text that strangers wrote, as bytes and back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from session_monitor.base import utf8


@given(st.text(st.characters()))
def test_any_text_has_bytes(text):
    """Whatever a client wrote can be kept."""
    assert utf8.decoded(utf8.encoded(text)) == text


def test_no_text_has_none():
    """What is not there stays apart from what is empty."""
    assert utf8.encoded(None) is None
    assert utf8.encoded("") == b""
