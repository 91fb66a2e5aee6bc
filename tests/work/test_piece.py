"""A piece of work comes back from its file as it was, and an id of its session is one whatever its name is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_monitor.sessions import file_names
from session_monitor.work import piece
from session_monitor.work.piece import Beginning, Changes, Commit, FileChange, Piece, WorkMistakeError

AT = "2026-02-01T09:30:00Z"
texts = st.text(min_size=1, max_size=20)
hashes = st.none() | st.text("0123456789abcdef", min_size=40, max_size=40)
counts = st.none() | st.integers(0, 10**6)
names = texts.map(lambda text: " ".join(text.split())).filter(lambda text: text and text.isprintable())
prints = st.none() | st.lists(st.integers(0, 2**62), min_size=2, max_size=2)
beginnings = st.builds(
    Beginning, texts, st.none() | texts, hashes, st.none() | st.dictionaries(texts, prints, max_size=3)
)
files = st.builds(FileChange, texts, st.sampled_from(piece.CHANGES), st.none() | texts)
commits = st.builds(Commit, texts, st.text(max_size=20), st.just(AT), st.booleans())
changes = st.builds(
    Changes,
    *(st.none() | texts, hashes, st.lists(files, max_size=3).map(tuple), counts),
    *(st.lists(commits, max_size=3).map(tuple), counts, st.none() | texts),
)
pieces = st.builds(
    Piece,
    *(texts, names, st.just(AT), texts, st.none() | st.just(AT)),
    *(st.none() | beginnings, st.none() | changes, st.none() | texts, st.booleans()),
)


@given(pieces)
def test_there_and_back(made):
    """By way of JSON; what is not known is not known afterwards either."""
    assert piece.of_json(json.loads(json.dumps(made.to_json()))) == made


@given(pieces)
def test_what_is_told(made):
    """The same names whatever is known, None for what is not."""
    told = made.told(0)
    assert set(told) == set(Piece("s", "n", AT, "/").told(0))
    assert told["files_count"] == (made.changes and made.changes.files_count)


@given(st.text(max_size=300))
def test_any_name_makes_an_id(name):
    """Short, of letters, digits and dashes, never one that is taken, and the name of a session's file as it stands."""
    first = piece.new_id(name, 1_770_000_000_000, ())
    second = piece.new_id(name, 1_770_000_000_000, {first})

    assert first != second
    assert first.replace("-", "").isalnum()
    assert len(first) <= 40 + 16
    assert not first.startswith("-")
    assert file_names.of(first) if hasattr(file_names, "of") else True


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"started": "soon"}, "started must be a time"),
        ({"name": ""}, "a name has no text"),
        ({"name": 1}, "name must be a text"),
        ({"colour": "red"}, "colour is none of"),
        ({"is_stale": "no"}, "is_stale must be"),
        ({"begun_in": {"root": "/", "dirty": {"a": [1]}}}, "begun_in.dirty must be"),
        ({"begun_in": []}, "begun_in must be an object"),
        ({"changes": {"files": [{"path": "a", "change": "bent"}]}}, "files[0]: change must be one of"),
        ({"changes": {"files": {}}}, "files must be a list"),
        ({"changes": {"files_count": -1}}, "files_count must be a number"),
        ({"changes": {"commits": [{"hash": "a", "subject": "b", "at": 1}]}}, "commits[0]: at must be a time"),
    ],
)
def test_a_mistake_is_told_with_its_place(change, said):
    """So that it can be corrected."""
    with pytest.raises(WorkMistakeError) as told:
        piece.of_json({"session_id": "s", "name": "n", "started": AT, "cwd": "/", **change})
    assert said in str(told.value)


@pytest.mark.parametrize("name", ["", " \n ", "x" * 201, "a\x1b[31m", "a\u202eb"])
def test_names_that_are_none(name):
    """Are refused."""
    with pytest.raises(WorkMistakeError):
        piece.checked_name(name)
