"""tail: what is said in one session, as it happens?"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from session_monitor.conversations import conversation, follow
from session_monitor.conversations.conversation import Wanted
from session_monitor.conversations.remarks import Conversations
from session_monitor.conversations.transcript import Transcript
from session_monitor.prices.cost import Outcome
from session_monitor.text import safe, table, width

from .shared import currencies, parsers
from .shared.data import Data, meant
from .shared.failures import gone
from .shared.looking import NOT_AT_WORK, Reports, add_interval, pausing
from .shared.output import SCHEMA_OF_ROUNDS, Output

if TYPE_CHECKING:
    from session_monitor.sessions.stored_round import StoredRound


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command."""
    about = "print the latest rounds of a session, then each new one as it comes, until Ctrl-C"
    examples = ("tail last", "tail last --rounds last:10 --messages none", "tail last --once --json")
    command = parsers.command(commands, (shared, currencies.parser()), "tail", about, *examples)
    command.description += " With --json it prints one object a line, a round each."
    command.add_argument("session_id", metavar="SESSION_ID", help=parsers.SESSION)
    command.add_argument(
        "--rounds",
        type=parsers.rounds,
        default=Wanted(newest=3),
        metavar="WHICH",
        help="with which to begin: 14, 10-20, 10-, last:5, or none (default: last:3)",
    )
    add_interval(command)
    command.add_argument(
        "--messages", choices=("new", "none"), default="new", help="each round's new messages, or none (default: new)"
    )
    command.add_argument("--full", action="store_true", help="do not shorten long texts")
    command.add_argument("--once", action="store_true", help="print what there is now, and end")
    command.set_defaults(run=_tail, schema_version=SCHEMA_OF_ROUNDS)


def _tail(options: argparse.Namespace, output: Output, data: Data) -> None:
    reports = Reports(data)
    session_id = meant(reports(), options.session_id)
    if not (options.once or reports.is_at_work()):
        output.complain(f"{NOT_AT_WORK}: new rounds come when main.py reads them")
    with pausing(options.interval, once=options.once) as pause:
        tail(options, output, follow.rounds(reports, session_id, options.rounds, pause), session_id)


def tail(
    options: argparse.Namespace, output: Output, rounds: Iterable[tuple[StoredRound, Outcome]], session_id: str
) -> None:
    """Print a session's rounds as they come, until there are no more to come.  Raises ``Failure``."""
    if not output.is_json:
        _print_heading(output, session_id)
    conversations = Conversations()
    try:
        for entry, outcome in rounds:
            for line in _lines(options, output, entry, outcome, conversations):
                print(line)
            sys.stdout.flush()
    except follow.SessionGoneError:
        raise gone(session_id) from None


def _print_heading(output: Output, session_id: str) -> None:
    columns, heading = output.columns(), f"📝 {safe.cell(session_id)}"
    for line in [heading] if columns is None else width.wrap(heading, columns, "   "):
        print(output.paint()(table.BOLD, line))
    output.tell_rate()


def _lines(
    options: argparse.Namespace, output: Output, entry: StoredRound, outcome: Outcome, conversations: Conversations
) -> Iterator[str]:
    """A round as text, in the width that the terminal has now, or as JSON."""
    with_messages = options.messages != "none"
    if output.is_json:
        yield output.line(conversation.with_names(conversation.to_json(entry, outcome, messages=with_messages)))
        return
    yield ""
    transcript = Transcript(
        output.columns(),
        messages=with_messages,
        full=options.full,
        paint=output.paint(),
        conversations=conversations,
        currency=output.currency,
    )
    yield from transcript.round(entry, outcome)
