"""note, tag, star, archive and name: what is noted of a session?"""

from __future__ import annotations

import argparse
from typing import Any, Callable

from commands.shared import failures, parsers
from commands.shared.data import Data, meant
from commands.shared.failures import USAGE, Failure
from commands.shared.output import Output, to_json
from session_monitor.base import timestamps
from session_monitor.notes import notes_file, session_notes, wording
from session_monitor.notes.session_notes import NoteMistakeError, SessionNotes
from session_monitor.text import safe

Change = Callable[[SessionNotes], SessionNotes]

_ABOUT = """
It stands in .notes.json of the data folder, for its user alone; the session files stay as they are.  'list', 'show' and
'search' tell it, and 'delete' takes it along.
"""


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the commands."""
    _add_note(commands, shared)
    _add_tag(commands, shared)
    about = "give a session a star, which list shows and can choose by"
    command = _command(commands, shared, "star", about, "star last", "star last --off", "list --starred")
    command.add_argument("--off", action="store_true", help="take it away")
    command.set_defaults(run=_star)
    about = "say that a session is over: list leaves it out from then on"
    command = _command(commands, shared, "archive", about, "archive last", "archive last --off", "list --archived")
    command.add_argument("--off", action="store_true", help="take it back")
    command.set_defaults(run=_archive)
    about = "give a session a name, which list shows in the place of its first question, or show the one that it has"
    examples = ("name current 'Fix the build'", "name last", "name last --off")
    command = _command(commands, shared, "name", about, *examples)
    command.add_argument("text", nargs="*", metavar="TEXT", help="the name")
    command.add_argument("--off", action="store_true", help="take it away")
    command.open_place = "text"
    command.set_defaults(run=_name)


def _command(commands: Any, shared: argparse.ArgumentParser, name: str, about: str, *examples: str) -> Any:
    command = parsers.command(commands, (shared,), name, about, *examples)
    command.epilog += _ABOUT
    command.add_argument("session_id", metavar="SESSION_ID", help=parsers.SESSION)
    return command


def _changed(data: Data, wanted: str, change: Change | None) -> tuple[str, SessionNotes]:
    """The session that is meant, and what is noted of it after the change, if there is one.  Raises ``Failure``."""
    report = data.report()
    session_id = meant(report, wanted)
    if change is None:
        return session_id, notes_file.read(data.folder).of(session_id)
    with failures.of_noting(data.folder), notes_file.changing(data.folder) as noted:
        if report.session(session_id) is None:  # deleted meanwhile: nothing shall be noted of it any more
            raise failures.gone(session_id)
        try:
            new = change(noted.of(session_id))
        except NoteMistakeError as mistake:
            raise Failure("bad_note", safe.clean(str(mistake)), USAGE) from None
        noted.put(session_id, new)
    return session_id, new


def _tell(output: Output, session_id: str, noted: SessionNotes, said: str = "") -> None:
    """All that is noted as JSON; for people what was done, or what is noted."""
    if output.is_json:
        output.print_json(to_json({"session_id": session_id, "noted": noted.to_json()}))
    elif said:
        output.tell(f"{safe.cell(session_id)}: {said}", "  ")
    else:
        _show(output, session_id, noted)


def _show(output: Output, session_id: str, noted: SessionNotes) -> None:
    if noted == session_notes.NOTHING:
        output.tell(f"{safe.cell(session_id)}: nothing is noted of it.", "  ")
        return
    output.tell(f"{safe.cell(session_id)}:", "  ")
    for text in filter(None, (safe.cell(noted.name or ""), wording.marks(noted))):
        output.tell(f"  {text}", "    ")
    for head, text in wording.notes(noted):
        first, *more = text.split("\n")
        output.tell(f"  {head}  {first}", "     ")
        for line in more:
            output.tell(f"     {line}", "     ")


# -- notes -------------------------------------------------------------------------------------------------------------


def _add_note(commands: Any, shared: argparse.ArgumentParser) -> None:
    about = "note something of a session, or show all that is noted of it"
    examples = ("note current 'the fix is in round 14'", "note last", "note last --remove 1", "note last --json")
    command = _command(commands, shared, "note", about, *examples)
    command.add_argument("text", nargs="*", metavar="TEXT", help="the note (default: show those that there are)")
    command.add_argument("--remove", type=parsers.positive, metavar="N", help="take this note away, by its number")
    command.open_place = "text"
    command.set_defaults(run=_note)


def _note(options: argparse.Namespace, output: Output, data: Data) -> None:
    text, number = " ".join(options.text), options.remove
    if number is not None and options.text:
        raise Failure("bad_note", "--remove takes a note away, and TEXT adds one: do one after the other", USAGE)
    if number is not None:
        session_id, noted = _changed(data, options.session_id, lambda known: known.without_note(number))
        _tell(output, session_id, noted, f"note {number} is taken away.")
    elif options.text:
        at = timestamps.rfc3339(timestamps.now())
        session_id, noted = _changed(data, options.session_id, lambda known: known.with_note(text, at))
        _tell(output, session_id, noted, f"noted, as number {len(noted.notes)}.")
    else:
        _tell(output, *_changed(data, options.session_id, None))


def _add_tag(commands: Any, shared: argparse.ArgumentParser) -> None:
    about = "tag a session, or show its tags"
    examples = ("tag current bug prod", "tag last", "tag last bug --remove", "list --tag bug")
    command = _command(commands, shared, "tag", about, *examples)
    command.add_argument("tags", nargs="*", metavar="TAG", help="tags (default: show those that it has)")
    command.add_argument("--remove", action="store_true", help="take these tags away")
    command.open_place = "tags"
    command.set_defaults(run=_tag)


def _tag(options: argparse.Namespace, output: Output, data: Data) -> None:
    def change(known: SessionNotes) -> SessionNotes:
        return known.without_tags(options.tags) if options.remove else known.with_tags(options.tags)

    if options.remove and not options.tags:
        raise Failure("bad_note", "name the tags that --remove shall take away", USAGE)
    session_id, noted = _changed(data, options.session_id, change if options.tags else None)
    _tell(output, session_id, noted, " ".join(wording.tags(noted)) or "no tags.")


# -- a star, an end, a name --------------------------------------------------------------------------------------------


def _star(options: argparse.Namespace, output: Output, data: Data) -> None:
    found = _changed(data, options.session_id, lambda known: known._replace(starred=not options.off))
    _tell(output, *found, "no star." if options.off else f"{wording.STAR}")


def _archive(options: argparse.Namespace, output: Output, data: Data) -> None:
    now = timestamps.rfc3339(timestamps.now())
    session_id, noted = _changed(
        data, options.session_id, lambda known: known._replace(archived=None if options.off else known.archived or now)
    )
    since = f"archived {timestamps.local_time(noted.archived)}; 'list --archived' shows it."
    _tell(output, session_id, noted, "not archived." if options.off else since)


def _name(options: argparse.Namespace, output: Output, data: Data) -> None:
    if options.off and options.text:
        raise Failure("bad_note", "--off takes the name away: leave TEXT out", USAGE)
    text = " ".join(options.text)
    change: Change = lambda known: known._replace(name=None if options.off else session_notes.checked_name(text))  # noqa: E731
    session_id, noted = _changed(data, options.session_id, change if options.off or options.text else None)
    _tell(output, session_id, noted, f"called {safe.cell(noted.name)}" if noted.name else "no name.")
