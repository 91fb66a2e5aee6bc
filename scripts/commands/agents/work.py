"""start and end: which piece of work is under way, and what became of it?"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from typing import Any

from commands.shared import currencies, failures, parsers, working
from commands.shared.data import Data
from commands.shared.failures import FAILED, Failure
from commands.shared.output import Output
from session_monitor.base import data_folder, timestamps
from session_monitor.reports.sessions.session_cost import SessionCost
from session_monitor.text import humanize, safe
from session_monitor.totals import wording
from session_monitor.work import life
from session_monitor.work.life import ActiveError
from session_monitor.work.piece import Piece, WorkMistakeError

_ABOUT = """
A piece of work has a session, whose id is printed: calls that go there, by a header at the gateway or by 'log-ai', are its own.
It belongs to the git repository that one is in, or to the folder where there is none; files and commits are those that git tells of
between its start and its end. It stands in .work.json of the data folder.
"""


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the commands."""
    about = "begin a piece of work, with a session of its own"
    examples = ("start 'Fix the build'", "start 'Fix the build' --resume --json", "start Review --parallel")
    command = parsers.command(commands, (shared,), "start", about, *examples)
    command.epilog += _ABOUT
    command.add_argument("text", nargs="+", metavar="NAME", help="what it is about")
    command.add_argument(
        "--session-id", metavar="ID", help="the id of its session (default: a new one, of the name and the time)"
    )
    command.add_argument(
        "--resume", action="store_true", help="go on with the one of this name that is under way, if one is"
    )
    command.add_argument("--parallel", action="store_true", help="begin it beside others that are under way here")
    command.add_argument(
        "--close-stale",
        action="store_true",
        help="end those here first that began, and called last, more than 12 h ago",
    )
    command.open_place = "text"
    command.set_defaults(run=_start)
    about = "end a piece of work: how long it took, what it cost, which files and commits came of it"
    examples = ("end", "end -n 'the tests pass' --json", "end -s fix-the-build-20260201-093000")
    command = parsers.command(commands, (shared, currencies.parser()), "end", about, *examples)
    command.epilog += _ABOUT
    command.add_argument("-n", "--notes", metavar="TEXT", help="what is to be noted of it")
    command.add_argument(
        "-s",
        "--session",
        metavar="ID",
        help="which one: its session's id, a part of it, or its name (default: the one here)",
    )
    command.set_defaults(run=_end)


# -- start -------------------------------------------------------------------------------------------------------------


def _start(options: argparse.Namespace, output: Output, data: Data) -> None:
    name, now = " ".join(options.text), timestamps.now()
    if options.session_id is not None and not options.session_id.strip(" -"):
        raise Failure("invalid_input", "--session-id has no text", FAILED)
    with failures.of_noting(data.folder):
        data_folder.make(data.folder)
        stale = working.stale(data, now - working.MAX_AGE) if options.close_stale else []
        try:
            begun, is_resumed = life.begin(
                *(data.folder, name, os.getcwd()),
                now=now,
                session_id=options.session_id,
                resume=options.resume,
                parallel=options.parallel,
                stale=[each.session_id for each in stale],
            )
        except WorkMistakeError as mistake:
            raise Failure("invalid_input", safe.clean(str(mistake)), FAILED) from None
        except ActiveError as active:
            raise _active(active) from None
    if not is_resumed:
        working.note(data.folder, begun)
    if output.is_json:
        output.print_json(output.to_json({**begun.told(now, files=False), "resumed": is_resumed}))
        return
    output.tell(working.headline(begun) if is_resumed else f"{safe.cell(begun.name)}: begun, in {_where(begun)}", "  ")
    output.tell(f"  session: {safe.cell(begun.session_id)}", "    ")


def _where(begun: Piece) -> str:
    branch = begun.begun_in and begun.begun_in.branch
    return safe.cell(begun.scope) + (f", on branch {safe.cell(branch)}" if branch else "")


def _active(active: ActiveError) -> Failure:
    text = (
        f"work is under way here already:\n{working.listed(active.pieces)}\n"
        "go on with it by 'start' with its name and --resume, 'end' it, or begin this one beside it with --parallel "
        "(--close-stale ends what was left behind)"
    )
    return Failure("session_active", text, FAILED)


# -- end ---------------------------------------------------------------------------------------------------------------


def _end(options: argparse.Namespace, output: Output, data: Data) -> None:
    data.check_is_there()
    found = working.meant(data.folder, options.session)
    if not found.is_under_way:
        text = f"{safe.cell(found.name)} ended {timestamps.local_time(found.ended)}: 'show {safe.cell(found.session_id)} --files' tells of it"
        raise Failure("no_active_session", text, FAILED)
    with failures.of_noting(data.folder):
        try:
            ended = life.end(data.folder, found.session_id, timestamps.now(), options.notes)
        except WorkMistakeError as mistake:
            raise Failure("invalid_input", safe.clean(str(mistake)), FAILED) from None
    if ended.note is not None:
        working.note(data.folder, ended)
    cost = data.report().cost(ended.session_id)
    if output.is_json:
        told = {**ended.told(timestamps.now()), "calls": cost and cost.to_json()}
        output.print_json(output.to_json(told))
        return
    output.tell(working.headline(ended), "  ")
    for line in (*working.sums(ended), *_calls(cost, output)):
        output.tell(f"  {line}", "    ")
    output.tell_rate()


def _calls(cost: SessionCost | None, output: Output) -> Iterator[str]:
    if cost is None:
        yield "no calls"
        return
    fields, spent = cost.row.fields, cost.row.spending
    shown = wording.short(spent, output.currency)
    tokens = f", {humanize.counted(fields['total_tokens'], 'token')}" if cost.is_told else ""
    yield f"{humanize.counted(fields['messages_count'], 'round')}{tokens}, cost: {'not known' if shown == '-' else shown}"
