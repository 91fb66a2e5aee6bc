"""How is something noted of a session?"""

from __future__ import annotations

from typing import Any

from session_monitor.asked import problems
from session_monitor.base import timestamps
from session_monitor.notes import notes_file
from session_monitor.notes.session_notes import NoteMistakeError, SessionNotes

from . import asked
from .answers import Answer, ToolMistakeError
from .folder import FolderDesk


def add_note(desk: FolderDesk, arguments: dict[str, Any]) -> Answer:
    """Add a note, and tags where some are given; how many notes and which tags the session has then."""
    report = desk.report()
    session_id = asked.session_id(desk, report, arguments["session"])
    try:
        with notes_file.changing(desk.folder.path) as noted:
            if report.session(session_id) is None:  # deleted meanwhile: nothing shall be noted of it any more
                raise asked.gone(session_id)
            new = _added(noted.of(session_id), arguments)
            noted.put(session_id, new)
    except NoteMistakeError as mistake:
        raise ToolMistakeError("bad_note", str(mistake)) from None
    except OSError as error:
        raise ToolMistakeError(*problems.unnoted(desk.folder.path, error)) from None
    return {"session_id": session_id, "note": len(new.notes), "tags": list(new.tags)}


def _added(known: SessionNotes, arguments: dict[str, Any]) -> SessionNotes:
    at = timestamps.rfc3339(timestamps.now())
    return known.with_note(arguments["text"], at or "").with_tags(arguments["tags"] or ())
