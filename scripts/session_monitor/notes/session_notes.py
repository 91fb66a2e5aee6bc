"""What is noted of one session?

All texts are of people, who may write anything: whoever shows them cleans them as text of the log.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, Callable, NamedTuple, TypeVar

from session_monitor.base import timestamps

MOST_NOTES, MOST_TAGS = 1000, 50
LONGEST_NOTE, LONGEST_NAME, LONGEST_TAG = 10_000, 200, 50
"""Characters."""


class NoteMistakeError(ValueError):
    """What is to be noted cannot be: says why."""


class Note(NamedTuple):
    """A text, and when it was written."""

    at: str
    text: str


class SessionNotes(NamedTuple):
    """What is noted of a session: how it is called, whether it has a star, since when it is archived, tags, and notes."""

    name: str | None = None
    starred: bool = False
    archived: str | None = None
    tags: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()

    def with_note(self, text: str, at: str) -> SessionNotes:
        """The same with one note more.  Raises ``NoteMistakeError``."""
        if len(self.notes) >= MOST_NOTES:
            raise NoteMistakeError(f"a session has {MOST_NOTES} notes at most: remove some")
        return self._replace(notes=(*self.notes, Note(at, checked_note(text))))

    def without_note(self, number: int) -> SessionNotes:
        """The same without the note of this number, from 1 on.  Raises ``NoteMistakeError``."""
        if not 1 <= number <= len(self.notes):
            there = f"there are 1 to {len(self.notes)}" if self.notes else "there are none"
            raise NoteMistakeError(f"there is no note {number}: {there}")
        return self._replace(notes=(*self.notes[: number - 1], *self.notes[number:]))

    def with_tags(self, tags: Iterable[str]) -> SessionNotes:
        """The same with these tags, too.  Raises ``NoteMistakeError``."""
        all_tags = tuple(dict.fromkeys((*self.tags, *map(checked_tag, tags))))
        if len(all_tags) > MOST_TAGS:
            raise NoteMistakeError(f"a session has {MOST_TAGS} tags at most")
        return self._replace(tags=all_tags)

    def without_tags(self, tags: Iterable[str]) -> SessionNotes:
        """The same without these.  Raises ``NoteMistakeError`` for one that it has not."""
        gone = list(map(checked_tag, tags))
        lacking = next((tag for tag in gone if tag not in self.tags), None)
        if lacking is not None:
            raise NoteMistakeError(f"it has no tag {lacking}: it has {', '.join(self.tags) or 'none'}")
        return self._replace(tags=tuple(tag for tag in self.tags if tag not in gone))

    def has_tag(self, pattern: str) -> bool:
        """Whether a tag is this one, or fits the shell pattern; case does not matter."""
        wanted = bare_tag(pattern).lower()
        return any(tag.lower() == wanted or fnmatchcase(tag.lower(), wanted) for tag in self.tags)

    def to_json(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return {
            "name": self.name,
            "starred": self.starred,
            "archived": self.archived,
            "tags": list(self.tags),
            "notes": [note._asdict() for note in self.notes],
        }


NOTHING = SessionNotes()

# -- checking ----------------------------------------------------------------------------------------------------------

_TAG_LETTERS = re.compile(r"[^\s,#\x00-\x1f\x7f-\x9f]+")


def checked_note(text: str) -> str:
    """A note's text, as it is kept.  Raises ``NoteMistakeError``."""
    text = text.strip()
    if not text:
        raise NoteMistakeError("a note has no text")
    if len(text) > LONGEST_NOTE:
        raise NoteMistakeError(f"a note has {LONGEST_NOTE:,} characters at most; this has {len(text):,}")
    return text


def checked_name(text: str) -> str:
    """A session's name, on one line, as it is kept.  Raises ``NoteMistakeError``."""
    text = " ".join(text.split())
    if not text:
        raise NoteMistakeError("a name has no text")
    if len(text) > LONGEST_NAME:
        raise NoteMistakeError(f"a name has {LONGEST_NAME} characters at most; this has {len(text):,}")
    return text


def bare_tag(text: str) -> str:
    """A tag without the sign that people write before one."""
    return text.removeprefix("#")


def checked_tag(text: str) -> str:
    """A tag, as it is kept.  Raises ``NoteMistakeError``."""
    tag = bare_tag(text.strip())
    if not _TAG_LETTERS.fullmatch(tag) or len(tag) > LONGEST_TAG:
        raise NoteMistakeError(f"a tag is 1 to {LONGEST_TAG} characters without blanks, commas and #")
    return tag


# -- from JSON ---------------------------------------------------------------------------------------------------------


def of_json(value: object) -> SessionNotes:
    """What stands in the file of one session.  Raises ``NoteMistakeError``, which begins with the place where that helps."""
    if not isinstance(value, Mapping):
        raise NoteMistakeError('must be an object, such as {"name": "…"}')
    strange = next((name for name in value if name not in SessionNotes._fields), None)
    if strange is not None:
        raise NoteMistakeError(f"{strange[:40]} is none of {', '.join(SessionNotes._fields)}")
    name, starred, archived = value.get("name"), value.get("starred", False), value.get("archived")
    if not isinstance(starred, bool):
        raise NoteMistakeError("starred must be true or false")
    if archived is not None and timestamps.utc(archived) is None:
        raise NoteMistakeError("archived must be a time such as 2026-02-01T09:30:00Z, or null")
    return SessionNotes(
        None if name is None else checked_name(_text(name, "name")),
        starred,
        timestamps.utc(archived),
        tuple(dict.fromkeys(_each(value, "tags", MOST_TAGS, _tag))),
        tuple(_each(value, "notes", MOST_NOTES, _note)),
    )


Made = TypeVar("Made")


def _each(value: Mapping[str, Any], name: str, most: int, made: Callable[[object], Made]) -> Iterator[Made]:
    found = value.get(name, [])
    if not isinstance(found, list) or len(found) > most:
        raise NoteMistakeError(f"{name} must be a list of {most} at most")
    for at, each in enumerate(found):
        try:
            yield made(each)
        except NoteMistakeError as mistake:
            raise NoteMistakeError(f"{name}[{at}]: {mistake}") from None


def _tag(value: object) -> str:
    return checked_tag(_text(value, "a tag"))


def _note(value: object) -> Note:
    if not isinstance(value, Mapping) or set(value) != {"at", "text"}:
        raise NoteMistakeError('must be {"at": TIME, "text": TEXT}')
    at = timestamps.utc(value["at"])
    if at is None:
        raise NoteMistakeError("at must be a time such as 2026-02-01T09:30:00Z")
    return Note(at, checked_note(_text(value["text"], "text")))


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise NoteMistakeError(f"{name} must be a text")
    return value
