"""Which piece of work is meant, and how is one told?"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from session_monitor.base import data_folder, timestamps
from session_monitor.text import humanize, safe

from .data import Data
from .failures import FAILED, Failure
from .output import Output

if TYPE_CHECKING:
    from session_monitor.reports.report import Report
    from session_monitor.reports.sessions.session_rows import SessionRow
    from session_monitor.work.piece import Piece
    from session_monitor.work.work_file import FolderWork

MAX_AGE = 12 * timestamps.HOUR
"""After so many milliseconds of silence a piece of work is taken as left behind."""


def is_there(folder: str) -> bool:
    """Whether any work was ever begun in this data folder: most know of none, and nothing more is loaded for it."""
    return os.path.lexists(os.path.join(folder, data_folder.WORK))


def read(folder: str) -> FolderWork | None:
    """The pieces of work; None where none was ever begun.  Raises ``BadWorkFileError``."""
    if not is_there(folder):
        return None
    from session_monitor.work import work_file  # noqa: PLC0415 -- as above

    return work_file.read(folder)


def of_session(folder: str, session_id: str, *, so_far: bool = False) -> Piece | None:
    """The piece of work whose calls are in this session; None where it is none's.

    With what became of its files until now where that is wanted, and it is under way.
    """
    pieces = read(folder)
    found = None if pieces is None else pieces.by_id.get(session_id)
    if found is None or not so_far:
        return found
    from session_monitor.work import life  # noqa: PLC0415 -- as above

    return life.so_far(found)


def beside(row: SessionRow, folder: str) -> SessionRow:
    """The row with the piece of work whose session it is as its field ``work``, where it is one's."""
    found = of_session(folder, row.fields["session_id"], so_far=True)
    return row if found is None else row._replace(fields={**row.fields, "work": found.told(timestamps.now())})


def beside_each(rows: list[SessionRow], folder: str) -> list[SessionRow]:
    """The same of many, without their files and commits, and without asking git."""
    pieces = read(folder)
    if pieces is None:
        return rows
    now = timestamps.now()
    return [
        row if found is None else row._replace(fields={**row.fields, "work": found.told(now, files=False)})
        for row, found in ((row, pieces.by_id.get(row.fields["session_id"])) for row in rows)
    ]


def meant(folder: str, wanted: str | None) -> Piece:
    """The piece of work that somebody means, else the one that they are in.  Raises ``Failure``."""
    from session_monitor.asked.one_session import OWN_SESSION  # noqa: PLC0415 -- as above
    from session_monitor.work import life, work_file  # noqa: PLC0415

    try:
        return life.meant(work_file.read(folder), wanted, os.getcwd(), os.environ, OWN_SESSION)
    except life.SeveralError as several:
        text = f"several pieces of work may be meant; name one by its session:\n{listed(several.pieces)}"
        raise Failure("ambiguous_session", text, FAILED) from None
    except life.NoWorkError as none:
        if wanted is not None:
            text = f"no piece of work is called {safe.clean(wanted)}{elsewhere(none.others)}"
            raise Failure("session_not_found", text, FAILED) from None
        text = f"no work is under way here: 'start NAME' begins some{elsewhere(none.others)}"
        raise Failure("no_active_session", text, FAILED) from None


def listed(pieces: Iterable[Piece]) -> str:
    """A line for each, to choose from."""
    now = timestamps.now()
    return "\n".join(
        f"  {safe.cell(each.session_id)}  {safe.cell(each.name)}, for {humanize.duration(each.seconds(now))}"
        for each in list(pieces)[:10]
    )


def elsewhere(pieces: Iterable[Piece]) -> str:
    """What is under way in other places; nothing where nothing is."""
    lines = [f"  {safe.cell(each.session_id)}  in {safe.cell(each.scope)}" for each in list(pieces)[:10]]
    return "\n".join(["; under way are", *lines]) if lines else ""


# -- for people --------------------------------------------------------------------------------------------------------


def headline(each: Piece) -> str:
    """What it is, since when, and where."""
    now = timestamps.now()
    length = humanize.duration(each.seconds(now))
    state = (
        f"under way for {length}" if each.is_under_way else f"{'given up' if each.is_stale else 'ended'} after {length}"
    )
    branch = (each.changes and each.changes.branch) or (each.begun_in and each.begun_in.branch)
    on = f", on branch {safe.cell(branch)}" if branch else ""
    return f"{safe.cell(each.name)}: {state}, in {safe.cell(each.scope)}{on}"


def sums(each: Piece) -> Iterator[str]:
    """How many files and commits, or why that is not known."""
    changed = each.changes
    if changed is None:
        if each.begun_in is None:
            yield "files and commits are not known: there is no git repository here"
        return
    if changed.files_count is not None:
        kinds: dict[str, int] = {}
        for file in changed.files:
            kinds[file.change] = kinds.get(file.change, 0) + 1
        some = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
        kept = "" if len(changed.files) == changed.files_count else f"; {len(changed.files)} of them are kept"
        yield f"{humanize.counted(changed.files_count, 'file')} changed{f' ({some}{kept})' if some else ''}"
    if changed.commits_count is not None:
        yield humanize.counted(changed.commits_count, "commit")
    if changed.problem:
        yield f"git: {safe.cell(changed.problem)}"


_SIGNS = {"created": "+", "modified": "~", "deleted": "-"}


def files(each: Piece) -> Iterator[str]:
    """A line for each file that became another."""
    for file in () if each.changes is None else each.changes.files:
        was = f" (was {safe.cell(file.before)})" if file.before else ""
        yield f"{_SIGNS[file.change]} {safe.cell(file.path)}{was}"


def commits(each: Piece) -> Iterator[str]:
    """A line for each commit."""
    for commit in () if each.changes is None else each.changes.commits:
        merge = " (merge)" if commit.is_merge else ""
        yield f"{commit.hash[:10]} {timestamps.local_time(commit.at)} {safe.cell(commit.subject)}{merge}"


def brief(each: Piece) -> dict[str, Any]:
    """How it stands, for JSON, without its files and commits."""
    now = timestamps.now()
    told = each.told(now, files=False)
    names = ("name", "state", "started", "ended", "duration_seconds", "branch")
    return {**{name: told[name] for name in names}, "duration": humanize.duration(told["duration_seconds"])}


def without_calls(report: Report, text: str) -> Piece | None:
    """The piece of work that somebody means as one means a session, if that has no calls yet; else None."""
    pieces = read(report.folder)
    if pieces is None:
        return None
    from session_monitor.asked import one_session  # noqa: PLC0415 -- as above

    wanted: str | None = one_session.id_of(text)
    if wanted == one_session.CURRENT:
        wanted = one_session.own_session(os.environ) or one_session.of_work(report.folder)
    found = None if wanted is None else pieces.by_id.get(wanted)
    return None if found is None or report.session(found.session_id) is not None else found


# -- left behind, and noted --------------------------------------------------------------------------------------------


def stale(data: Data, before: int) -> list[Piece]:
    """What is under way and began, and made its last call, before that moment.  Raises ``Failure``."""
    pieces = read(data.folder)
    old = [each for each in (pieces.under_way() if pieces else ()) if _moment(each.started) < before]
    if not old:
        return []
    report = data.report()
    rows = [report.session(each.session_id) for each in old]
    return [each for each, row in zip(old, rows) if row is None or _moment(row.fields["updated_at"]) < before]


def give_up(folder: str, pieces: Iterable[Piece]) -> None:
    """End these: nobody did.  Raises ``OSError``."""
    from session_monitor.work import life  # noqa: PLC0415 -- as above

    for each in pieces:
        life.end(folder, each.session_id, timestamps.now(), is_stale=True)


def _moment(at: str | None) -> int:
    return timestamps.milliseconds(at) or 0


def note(folder: str, each: Piece) -> None:
    """Note of its session how it is called, and what is said of its end; where notes have a mistake that is told, and no reason to fail."""
    from session_monitor.notes import notes_file, session_notes  # noqa: PLC0415 -- as above
    from session_monitor.work import noting  # noqa: PLC0415

    try:
        if each.is_under_way:
            noting.name(folder, each)
        else:
            noting.end(folder, each)
    except (notes_file.BadNotesError, session_notes.NoteMistakeError, OSError) as error:
        Output.complain(f"it is not noted of the session: {safe.clean(str(error))}")
