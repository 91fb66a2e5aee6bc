"""Names of strangers stand in SQL as literals that nothing in them can end, and come back as they were."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from session_monitor.clickhouse import quoting, row_text

TEXTS = st.text(st.characters())
HOSTILE = [
    "'); DROP TABLE rounds; --",
    "\\'",
    "a\\",
    "\0\n\t\r\b\f",
    "会话",
    "\udcff",
    "\ufffdd800",
    "`\"'",
    "{x:String}",
]


def escaped(text):
    """A field as ClickHouse writes it in ``TabSeparated``."""
    for letter, written in (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"), ("\0", "\\0"), ("'", "\\'")):
        text = text.replace(letter, written)
    return text.encode()


@given(st.one_of(TEXTS, st.sampled_from(HOSTILE)))
def test_a_literal_is_closed_ascii(text):
    """Between its quotes stand letters, digits, marks and escaped bytes alone, and these are the text's."""
    found = quoting.literal(text)
    inside = re.fullmatch(r"'((?:[ !#-&(-\[\]-~]|\\x[0-9A-F]{2})*)'", found)
    raw = re.sub(rb"\\x([0-9A-F]{2})", lambda each: bytes([int(each[1], 16)]), inside[1].encode())
    assert row_text.read(raw.decode()) == text


@given(st.one_of(TEXTS, st.sampled_from(HOSTILE)))
def test_a_field_comes_back(text):
    """Whatever was shipped is what is read."""
    field = escaped(row_text.written(text))
    assert quoting.text(field) == quoting.text_or_none(field) == text


@given(st.lists(st.one_of(TEXTS, st.sampled_from(HOSTILE))), st.lists(st.one_of(st.none(), st.integers())))
def test_arrays(texts, numbers):
    """Also in arrays."""
    written = ",".join(f"'{escaped(row_text.written(each)).decode()}'" for each in texts)
    assert quoting.texts(f"[{written}]".encode()) == texts
    told = ",".join("NULL" if each is None else str(each) for each in numbers)
    assert quoting.numbers(f"[{told}]".encode()) == numbers


def test_no_value():
    """None is no text."""
    assert quoting.text_or_none(b"\\N") is None
    assert quoting.number(b"\\N") is None
    assert quoting.number(b"-7") == -7


def test_what_is_no_text():
    """Bytes that another program put in are told as well as can be."""
    assert quoting.text(b"a\xff") == "a\ufffd"
