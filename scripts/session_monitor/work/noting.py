"""How do the notes of a session tell of the piece of work that it was begun for?"""

from __future__ import annotations

from session_monitor.notes import notes_file

from .piece import Piece


def name(folder: str, each: Piece) -> None:
    """The session is called as the work is, unless it has a name.  Raises ``BadNotesError`` and ``OSError``."""
    with notes_file.changing(folder) as noted:
        known = noted.of(each.session_id)
        noted.put(each.session_id, known._replace(name=known.name or each.name))


def end(folder: str, each: Piece) -> None:
    """What was noted of its end is a note of its session.  Raises ``BadNotesError``, ``NoteMistakeError`` and ``OSError``."""
    if each.note is not None and each.ended is not None:
        with notes_file.changing(folder) as noted:
            noted.put(each.session_id, noted.of(each.session_id).with_note(each.note, each.ended))
