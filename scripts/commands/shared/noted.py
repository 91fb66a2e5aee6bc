"""What is noted of the sessions that an answer tells of?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from session_monitor.notes.notes_file import FolderNotes
    from session_monitor.reports.sessions.session_rows import SessionRow


def to_json(notes: FolderNotes | None, session_id: str) -> dict[str, Any] | None:
    """What is noted of one session, for JSON; None for nothing."""
    own = None if notes is None else notes.sessions.get(session_id)
    return own and own.to_json()


def beside(row: SessionRow, notes: FolderNotes | None) -> SessionRow:
    """The row with what is noted of its session as its field ``noted``."""
    return row._replace(fields={**row.fields, "noted": to_json(notes, row.fields["session_id"])})
