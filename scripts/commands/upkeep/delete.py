"""delete and prune: what shall no longer be kept?"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from commands.shared import failures, filters, parsers
from commands.shared.data import Data
from commands.shared.failures import Failure
from commands.shared.output import Output, to_json
from session_monitor.asked.one_session import id_of
from session_monitor.base import data_folder, timestamps
from session_monitor.base.timestamps import local_time
from session_monitor.reports.report import NoSuchFolderError
from session_monitor.text import humanize, safe
from session_monitor.text.table import Column
from session_monitor.upkeep import removal
from session_monitor.upkeep.removal import Stored

_FEW = 3
_SHOWN = 20
"""So many sessions are printed; --json has all."""


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the commands."""
    about = "delete sessions for good: what they said, and all figures that count them in"
    command = parsers.command(
        commands, [shared], "delete", about, "delete agent:main:1", "delete agent:main:1 agent:main:2 --yes"
    )
    command.add_argument("session_ids", nargs="+", metavar="SESSION_ID", help="its id, or the address of its page")
    _add_yes(command)
    command.set_defaults(run=_delete)
    about = "delete the sessions whose last call is long ago"
    examples = ("prune --older-than 90d --dry-run", "prune --older-than 90d --yes", "prune --older-than 2026-02-01")
    command = parsers.command(commands, [shared], "prune", about, *examples)
    command.add_argument(
        "--older-than",
        required=True,
        metavar="WHEN",
        help="how long ago (24h, 30d, 12w), or a date such as 2026-02-01: its beginning, in local time",
    )
    command.add_argument("--dry-run", action="store_true", help="say what would be deleted, and delete nothing")
    _add_yes(command)
    command.set_defaults(run=_prune)


def _add_yes(command: argparse.ArgumentParser) -> None:
    command.add_argument("--yes", action="store_true", help="do not ask first")


# -- delete ------------------------------------------------------------------------------------------------------------


def _delete(options: argparse.Namespace, output: Output, data: Data) -> None:
    data.check_is_there()
    wanted = dict.fromkeys(map(id_of, options.session_ids))
    stored = removal.find(data.folder, wanted)
    unknown = [session_id for session_id in wanted if session_id not in stored]
    if unknown:
        raise Failure("session_not_found", _unknown(unknown, data.folder), failures.NOT_FOUND)
    sessions = list(stored.values())
    _confirm(sessions, is_agreed=options.yes)
    with failures.of_changing(data.folder), _measured(data):
        deleted = removal.delete(data.folder, sessions)
    if output.is_json:
        output.print_json(to_json(_to_json(deleted)))
    else:
        output.tell(_told(deleted))


def _unknown(session_ids: Sequence[str], folder: str) -> str:
    named = "".join(f"\n  {safe.clean(session_id)}" for session_id in session_ids[:_SHOWN])
    return f"nothing was deleted: {folder} has no session{named}\nit takes whole ids, which 'list' shows"


# -- prune -------------------------------------------------------------------------------------------------------------


def _prune(options: argparse.Namespace, output: Output, data: Data) -> None:
    before = filters.time_of(options.older_than)
    if before > timestamps.now():
        raise Failure("bad_time", f"--older-than {options.older_than} is still to come", failures.USAGE)
    data.check_is_there()
    sessions = removal.last_called_before(data.folder, before)
    if sessions and not options.dry_run:
        _confirm(sessions, is_agreed=options.yes)
        with failures.of_changing(data.folder), _measured(data):
            sessions = removal.delete(data.folder, sessions, before=before)
    time = timestamps.rfc3339(before)
    if output.is_json:
        output.print_json(to_json({"older_than": time, "dry_run": options.dry_run, **_to_json(sessions)}))
    elif not sessions:
        output.tell(f"No session's last call was before {local_time(time)}: nothing was deleted.")
    elif options.dry_run:
        _print_sessions(output, sessions)
        output.tell(f"{_counted(sessions)} would be deleted.")
    else:
        output.tell(_told(sessions))


_COLUMNS = (Column("Session ID", least=24), Column("Last call"), Column("Size", ">"))


def _print_sessions(output: Output, sessions: Sequence[Stored]) -> None:
    rows = [[each.session_id, local_time(each.updated_at), humanize.size(each.size)] for each in sessions[:_SHOWN]]
    output.print_table(_COLUMNS, rows)
    if len(sessions) > _SHOWN:
        output.tell(f"… and {humanize.count(len(sessions) - _SHOWN)} more")


# -- both --------------------------------------------------------------------------------------------------------------


def _confirm(sessions: Sequence[Stored], *, is_agreed: bool) -> None:
    """Ask whether to delete them, where that was not agreed to before.  Raises ``Failure``."""
    if is_agreed:
        return
    if not sys.stdin.isatty():
        text = f"{_named(sessions)} would be deleted for good: add --yes where nobody can be asked"
        raise Failure("not_confirmed", text, failures.USAGE)
    print(f"delete {_named(sessions)} for good? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise Failure("not_confirmed", "nothing was deleted")


@contextlib.contextmanager
def _measured(data: Data) -> Iterator[None]:
    """Count for the metrics just before and just after, where anybody reads them.

    Else calls that come before the next reading would make up for those that were deleted, and their counters stand still.
    """
    is_read = os.path.isdir(os.path.join(data.folder, data_folder.METRICS_FOLDER))
    if is_read:
        _measure(data)
    yield
    if is_read:
        _measure(data)


def _measure(data: Data) -> None:
    from session_monitor.metrics.scrape import Scrapes  # noqa: PLC0415 -- not everybody reads them

    with contextlib.suppress(Failure, NoSuchFolderError, OSError):  # no reason to delete nothing
        report = data.report()
        Scrapes(data.folder).families(report, report.now)


def _counted(sessions: Sequence[Stored]) -> str:
    return f"{humanize.counted(len(sessions), 'session')} ({humanize.size(sum(each.size for each in sessions))})"


def _named(sessions: Sequence[Stored]) -> str:
    """How many sessions, and which, where they are few."""
    if len(sessions) > _FEW:
        return _counted(sessions)
    return f"{_counted(sessions)}: {', '.join(safe.cell(each.session_id) for each in sessions)}"


def _told(deleted: Sequence[Stored]) -> str:
    return f"{_counted(deleted)} deleted. The gateway's logs still hold the calls, which are passed over from now on."


def _to_json(sessions: Sequence[Stored]) -> dict[str, Any]:
    rows = [{"session_id": each.session_id, "updated_at": each.updated_at, "bytes": each.size} for each in sessions]
    return {"count": len(rows), "bytes": sum(each.size for each in sessions), "sessions": rows}
