"""Under which file name is a session kept?"""

from __future__ import annotations

import os

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from session_monitor.sessions import file_names

ANY_ID = st.text(st.characters(exclude_categories=[]), max_size=300)
LONG = "x" * 300


@given(ANY_ID)
@example("")
@example(".")
@example("..")
@example("-rf")
@example("a/b\0c")
@example("é" * 200)
@example("%" * 100)
@example("\ud800" * 30)
@example(LONG)
def test_any_id_gives_one_harmless_component(session_id):
    """No id can leave the folder, be hidden in it, look like an option, or be too long for a file system."""
    for name in (file_names.file_name(session_id), file_names.other_name(session_id)):
        assert os.path.basename(name) == name
        assert name.endswith(".json")
        assert not name.startswith((".", "-"))
        assert len(name.encode()) <= 205
        assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in name)


@given(ANY_ID, ANY_ID)
@example("a/b", "a%2Fb")
@example("", "%")
@example("\ud83d\ude00", "\U0001f600")
@example("x" * 300, "x" * 301)
@example(LONG, file_names.file_name(LONG)[: -len(file_names.SUFFIX)])
@example("a", file_names.other_name("a")[: -len(file_names.SUFFIX)])
@example(LONG, file_names.file_name(LONG)[: -len(file_names.SUFFIX)].swapcase())
def test_two_ids_share_a_name_only_where_letters_differ_in_case(one, two):
    """Names differ where ids do; case and Unicode's ways to write one letter are left to the file system."""
    taken = {file_names.file_name(one), file_names.other_name(one)}
    other = {file_names.file_name(two), file_names.other_name(two)}
    assert one == two or taken.isdisjoint(other)


@given(ANY_ID, ANY_ID)
@example("a", "A")
@example("Straße", "STRASSE")
@example(LONG, file_names.file_name(LONG)[: -len(file_names.SUFFIX)].upper())
def test_second_names_differ_in_more_than_case(one, two):
    """Where a file system takes two first names for one, the second name is free."""
    second = file_names.other_name(one).casefold()
    assert one == two or second not in {file_names.file_name(two).casefold(), file_names.other_name(two).casefold()}


@pytest.mark.parametrize(
    "session_id",
    [
        "agent:main:discord:channel:1465367993012981988",
        "d0e33513-0000-4000-8000-1df30d7846d0",
        "sess_abc123",
        "会话 一",
        "a.b-c~d",
        "~",
        "user@example.com",
    ],
)
def test_readable_ids_stay_as_they_are(session_id):
    """An id that can stand as a name does."""
    assert file_names.file_name(session_id) == f"{session_id}.json"


@pytest.mark.parametrize(
    ("session_id", "name"),
    [
        ("../../etc/passwd", "%2E./../etc/passwd".replace("/", "%2F")),
        (".state", "%2Estate"),
        ("-n", "%2Dn"),
        ("a%b", "a%25b"),
        ("a\nb\x7f\x85", "a%0Ab%7F%C2%85"),
        ("a\u202eb\u2066", "a%E2%80%AEb%E2%81%A6"),
        ("\ud800", "%ED%A0%80"),
        ("a~" + "0" * 32, "a%7E" + "0" * 32),
        ("\U0001fae8\U0001cc00", "\U0001fae8\U0001cc00"),  # newer than the oldest Python's Unicode
        ("x" * 200, "x" * 200),
        ("x" * 201, "x" * 167 + "~84a0678c90937f5dcf9994d5866668da"),
    ],
)
def test_names_are_the_same_everywhere(session_id, name):
    """What is encoded and how is the same on every Python, today and later: a session must be found again."""
    assert file_names.file_name(session_id) == f"{name}.json"


def test_a_shortened_name_is_cut_between_characters():
    """A long name keeps whole characters only."""
    name = file_names.file_name("é" * 150)
    assert name.startswith("é" * 83 + "~")
