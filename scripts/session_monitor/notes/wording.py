"""How is it told in words what is noted of a session?

Everything here is text that somebody wrote: it is given clean, on one line but for notes, for a terminal.
"""

from __future__ import annotations

from collections.abc import Iterator

from session_monitor.base import timestamps
from session_monitor.text import safe

from .session_notes import SessionNotes

STAR = "★"


def marks(noted: SessionNotes) -> str:
    """The star, the tags, and that it is archived; an empty text where there is none of these."""
    archived = [] if noted.archived is None else [f"archived {timestamps.local_time(noted.archived)}"]
    return " · ".join([*([STAR] if noted.starred else []), *tags(noted), *archived])


def tags(noted: SessionNotes) -> list[str]:
    """The tags in one text, or none where there is none."""
    return [" ".join(f"#{safe.cell(tag)}" for tag in noted.tags)] if noted.tags else []


def heading(noted: SessionNotes, title: str | None) -> str:
    """What a list calls the session: the name, or else its title, with the star before it and the tags behind."""
    archived = ["(archived)"] if noted.archived is not None else []
    called = safe.cell(noted.name or title or "-")
    return " ".join([*([STAR] if noted.starred else []), *archived, called, *tags(noted)])


def notes(noted: SessionNotes) -> Iterator[tuple[str, str]]:
    """Of each note its number with the time, and its text, which may have several lines."""
    for number, note in enumerate(noted.notes, 1):
        yield f"{number}. {timestamps.local_time(note.at)}", safe.clean(note.text, newlines=True)
