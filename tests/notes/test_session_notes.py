"""What is noted of a session is what somebody typed, within limits; what cannot be is told, and changes nothing."""

from __future__ import annotations

import pytest

from session_monitor.notes import session_notes
from session_monitor.notes.session_notes import NOTHING, Note, NoteMistakeError, SessionNotes

AT = "2026-02-01T09:30:00.000Z"


def test_notes_are_numbered_from_one():
    """The first that was written is the first, and the others keep their order."""
    three = NOTHING.with_note("one", AT).with_note(" two ", AT).with_note("three\nlines", AT)

    assert [each.text for each in three.notes] == ["one", "two", "three\nlines"]
    assert [each.text for each in three.without_note(2).notes] == ["one", "three\nlines"]
    for number in (0, 4):
        with pytest.raises(NoteMistakeError, match=f"there is no note {number}: there are 1 to 3"):
            three.without_note(number)
    with pytest.raises(NoteMistakeError, match="there are none"):
        NOTHING.without_note(1)


def test_tags_come_once():
    """Whether or not somebody writes # before one; a pattern finds them in letters of either case."""
    noted = NOTHING.with_tags(["Bug", "#prod", "Bug"])

    assert noted.tags == ("Bug", "prod")
    assert noted.with_tags(["prod"]) == noted
    assert [noted.has_tag(each) for each in ("bug", "#BUG", "pr*", "pr", "x")] == [True, True, True, False, False]
    assert noted.without_tags(["#Bug"]).tags == ("prod",)
    with pytest.raises(NoteMistakeError, match="it has no tag x: it has Bug, prod"):
        noted.without_tags(["x"])


@pytest.mark.parametrize("tag", ["", "#", "two words", "a,b", "a#b", "x\x1b[31m", "x" * 51, "line\nend"])
def test_what_is_no_tag(tag):
    """Tags are typed between blanks and commas, and shown behind #."""
    with pytest.raises(NoteMistakeError, match="a tag is 1 to 50 characters"):
        NOTHING.with_tags([tag])


def test_texts_have_limits():
    """The longest text is taken, a longer one and one of blanks are not."""
    assert len(session_notes.checked_note("x" * 10_000)) == 10_000
    assert session_notes.checked_name("  a\n b ") == "a b"
    for checked, text in (
        (session_notes.checked_note, "x" * 10_001),
        (session_notes.checked_note, " \n"),
        (session_notes.checked_name, "x" * 201),
        (session_notes.checked_name, "\t"),
    ):
        with pytest.raises(NoteMistakeError):
            checked(text)
    many = SessionNotes(notes=(Note(AT, "x"),) * session_notes.MOST_NOTES)
    with pytest.raises(NoteMistakeError, match="1000 notes at most"):
        many.with_note("x", AT)
    with pytest.raises(NoteMistakeError, match="50 tags at most"):
        NOTHING.with_tags(str(number) for number in range(51))


def test_json_and_back():
    """What is told as JSON is read as the same."""
    noted = SessionNotes("a name", True, AT, ("a", "b"), (Note(AT, "text"),))

    assert session_notes.of_json(noted.to_json()) == noted
    assert session_notes.of_json({}) == NOTHING
    assert session_notes.of_json(NOTHING.to_json()) == NOTHING


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([], "must be an object"),
        ({"nam": "x"}, "nam is none of name, starred"),
        ({"name": 1}, "name must be a text"),
        ({"starred": 1}, "starred must be true or false"),
        ({"archived": True}, "archived must be a time"),
        ({"archived": "yesterday"}, "archived must be a time"),
        ({"tags": "a"}, "tags must be a list"),
        ({"tags": ["a", "b c"]}, r"tags\[1\]: a tag is"),
        ({"notes": [{"at": AT, "text": "x"}, {"text": "x"}]}, r"notes\[1\]: must be"),
        ({"notes": [{"at": "soon", "text": "x"}]}, r"notes\[0\]: at must be a time"),
        ({"notes": [{"at": AT, "text": ["x"]}]}, r"notes\[0\]: text must be a text"),
    ],
)
def test_a_mistake_is_told_with_its_place(value, said):
    """Whoever wrote the file by hand finds it."""
    with pytest.raises(NoteMistakeError, match=said):
        session_notes.of_json(value)
