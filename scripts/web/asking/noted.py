"""What is noted of the sessions that an answer tells of?"""

from __future__ import annotations

from session_monitor.notes import notes_file
from session_monitor.notes.notes_file import FolderNotes
from session_monitor.reports.report import Report
from session_monitor.reports.selected.filters import ENDED, STALE, Selection
from web.server.exchange import Request

from . import parameters
from .questions import Setting
from .redaction import refuse_texts


def of_folder(report: Report, setting: Setting) -> FolderNotes:
    """What is noted there; nothing where texts are not served, or the file has a mistake, which the command line tells."""
    if setting.redacts:
        return FolderNotes()
    try:
        return notes_file.asked(report.folder)
    except notes_file.BadNotesError:
        return FolderNotes()


def asked(request: Request, setting: Setting, selection: Selection) -> Selection:
    """The selection with what a request asks of notes.  Raises ``Refusal``."""
    tags = parameters.names(request, "tag")
    is_starred = parameters.choice(request, "starred", ("0", "1"), "0") == "1"
    if tags or is_starred:
        refuse_texts(setting)
    has_archived = parameters.choice(request, "archived", ("0", "1"), "0") == "1"
    is_of_state = selection.status in (STALE, ENDED)
    return selection._replace(tags=tags, is_starred=is_starred, without_archived=not has_archived and not is_of_state)


def meant(selection: Selection, noted: FolderNotes) -> Selection:
    """The same, without looking for archived sessions where there are none: a list of all goes a shorter way."""
    return selection._replace(without_archived=selection.without_archived and bool(noted.archived()))
