"""show: what did a session say, and what did it cost?"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import Any

from session_monitor.conversations import conversation
from session_monitor.conversations.conversation import Conversation
from session_monitor.conversations.transcript import Transcript
from session_monitor.prices import cost

from .shared import data, failures, output, parsers, which
from .shared.failures import Failure
from .shared.output import to_json


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command."""
    about = "show one session: what it adds up to and what it cost, and its rounds"
    examples = (
        "show agent:main:discord:channel:1465367993012981988",
        "show last --rounds last:5",
        "show 1465367993012981988 --rounds 2-3 --messages full --full",
        "show last --messages none --json",
        "show last --format md --rounds last:3",
        "show last --format html --full > session.html",
    )
    command = parsers.command(commands, (shared,), "show", about, *examples)
    command.add_argument("session_id", metavar="SESSION_ID", help=which.SESSION)
    command.add_argument(
        "--rounds",
        type=which.rounds,
        default=conversation.ALL,
        metavar="WHICH",
        help="only these: 14, 10-20, 10-, last:5",
    )
    command.add_argument(
        "--messages",
        choices=("new", "full", "none"),
        help="each round's new messages, all that were sent with it, or none (default: new; with --json: full)",
    )
    command.add_argument("--no-messages", action="store_true", help="the same as --messages none")
    command.add_argument("--full", action="store_true", help="do not shorten long texts")
    command.add_argument(
        "--format",
        choices=("text", "json", "md", "html"),
        help="how to print it: md is fit for an issue, html is one page that needs nothing else (default: text)",
    )
    command.set_defaults(run=_show)


def _show(options: argparse.Namespace) -> None:
    if options.json and options.format not in (None, "json"):
        raise Failure("bad_format", f"--json and --format {options.format} exclude each other", failures.USAGE)
    options.json = options.json or options.format == "json"
    messages = "none" if options.no_messages else options.messages or ("full" if options.json else "new")
    sessions = data.sessions_of(options.data_dir)
    session_id = data.meant(sessions, options.session_id)
    found = conversation.of(sessions, session_id, full_messages=messages == "full", rounds=options.rounds)
    if found is None:
        raise data.unknown_session(sessions, session_id)
    if options.json:
        output.print_json(options, *_session_json(found, messages=messages != "none"))
        return
    if options.format in ("md", "html"):
        _print_pieces(found, options.format, messages=messages != "none", full=options.full)
        return
    transcript = Transcript(
        output.columns(options), messages=messages != "none", full=options.full, paint=output.paint(options)
    )
    for line in transcript.lines(found.row.fields, found.row.spending, found.rounds):
        print(line)


def _print_pieces(found: Conversation, form: str, *, messages: bool, full: bool) -> None:
    row, spent, rounds = found.row.fields, found.row.spending, found.rounds
    if form == "md":
        from session_monitor.conversations import markdown_page  # noqa: PLC0415 -- the usual form need not wait for it

        sys.stdout.writelines(markdown_page.pieces(row, spent, rounds, messages=messages, full=full))
        return
    from session_monitor.conversations import html_page  # noqa: PLC0415 -- as above

    # An output that does not hold all characters gets HTML's own escapes for them.
    encoding = sys.stdout.encoding or "ascii"
    for piece in html_page.pieces(row, spent, rounds, messages=messages, full=full):
        sys.stdout.write(piece.encode(encoding, "xmlcharrefreplace").decode(encoding))


def _session_json(found: Conversation, *, messages: bool) -> Iterator[str]:
    """The session in pieces: with every round's whole history it may be far larger than its file."""
    yield to_json(found.row.to_json())[:-1] + ', "rounds": ['
    for number, (entry, outcome) in enumerate(found.rounds):
        shown = {key: value for key, value in entry.items() if messages or key not in _OF_MESSAGES}
        yield (",\n" if number else "\n") + to_json({**shown, **cost.to_json(outcome)})
    yield "\n]}"


_OF_MESSAGES = ("messages", "messages_from_history")


# -- whatif ------------------------------------------------------------------------------------------------------------
