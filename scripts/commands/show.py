"""show: what did a session say, and what did it cost?"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from session_monitor.base import timestamps
from session_monitor.conversations import conversation
from session_monitor.conversations.conversation import Conversation
from session_monitor.conversations.transcript import Transcript
from session_monitor.reports.report import Report
from session_monitor.text import safe
from session_monitor.totals.currency import DisplayCurrency

from .shared import currencies, failures, fields, known_findings, noted, parsers, working
from .shared.data import Data, meant, unknown_session
from .shared.output import SCHEMA_OF_ROUNDS, Output, to_json


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command."""
    about = "show one session: what it adds up to and what it cost, and its rounds"
    examples = (
        "show agent:main:discord:channel:1465367993012981988",
        "show last --rounds last:5",
        "show 1465367993012981988 --rounds 2-3 --messages full --full",
        "show last --rounds none --json",
        "show last --json --fields cost_usd,rounds.round,rounds.question",
        "show last --format md --rounds last:3",
        "show last --format html --full > session.html",
    )
    command = parsers.command(commands, (shared, currencies.parser(), fields.parser()), "show", about, *examples)
    command.add_argument("session_id", metavar="SESSION_ID", help=parsers.SESSION)
    command.add_argument(
        "--rounds",
        type=parsers.rounds,
        default=conversation.ALL,
        metavar="WHICH",
        help="only these: 14, 10-20, 10-, last:5, or none",
    )
    command.add_argument(
        "--messages",
        choices=("new", "full", "none"),
        default="new",
        help="each round's new messages, all that were sent with it, or none (default: new)",
    )
    command.add_argument("--no-messages", action="store_true", help="the same as --messages none")
    command.add_argument("--full", action="store_true", help="do not shorten long texts")
    command.add_argument(
        "--format",
        choices=("text", "json", "md", "html"),
        help="how to print it: md is fit for an issue, html is one page that needs nothing else (default: text)",
    )
    command.add_argument("--files", action="store_true", help="of a piece of work: which files changed, and no rounds")
    command.add_argument(
        "--commits", action="store_true", help="of a piece of work: which commits were made, and no rounds"
    )
    command.set_defaults(run=_show, schema_version=SCHEMA_OF_ROUNDS)


def _show(options: argparse.Namespace, output: Output, data: Data) -> None:
    if output.is_json and options.format not in (None, "json"):
        raise failures.formats_exclude_each_other(options.format)
    output.is_json = output.is_json or options.format == "json"
    messages, wanted = "none" if options.no_messages else options.messages, output.fields
    without_rounds = options.rounds == conversation.NONE or (wanted is not None and "rounds" not in wanted)
    which = conversation.NONE if without_rounds else options.rounds
    report = data.report()
    if options.files or options.commits:
        _show_work(options, output, report)
        return
    session_id = meant(report, options.session_id)
    shown = conversation.of(report, session_id, full_messages=messages == "full", rounds=which)
    if shown is None:
        raise unknown_session(report, session_id)
    shown = shown._replace(row=working.beside(noted.beside(shown.row, data.notes()), data.folder))
    has_messages = messages != "none"
    if output.is_json:
        rounds = (
            None if without_rounds else (conversation.to_json(*each, messages=has_messages) for each in shown.rounds)
        )
        output.print_json(*_json_pieces(output, shown, rounds, wanted))
    elif options.format in ("md", "html"):
        _print_page(shown, options.format, output.currency, messages=has_messages, full=options.full)
    else:
        transcript = Transcript(
            output.columns(),
            messages=has_messages,
            full=options.full,
            paint=output.paint(),
            currency=output.currency,
        )
        rounds_of_it = None if without_rounds else shown.rounds
        for line in transcript.lines(shown.row.fields, shown.row.spending, rounds_of_it):
            print(line)
        for line in known_findings.of_session(report, session_id, shown.row.fields["messages_count"]):
            output.tell(line, "     ")


def _show_work(options: argparse.Namespace, output: Output, report: Report) -> None:
    """What became of the files of a piece of work.  Raises ``Failure``."""
    silent = working.without_calls(report, options.session_id)
    session_id = meant(report, options.session_id) if silent is None else silent.session_id
    work = working.of_session(report.folder, session_id, so_far=True)
    if work is None:
        text = f"{safe.cell(session_id)} is no piece of work that was begun with 'start': nobody knows its files"
        raise failures.Failure("no_work", text)
    if output.is_json:
        output.print_json(output.to_json(work.told(timestamps.now())))
        return
    output.tell(working.headline(work), "  ")
    for line in working.sums(work):
        output.tell(f"  {line}", "    ")
    for wanted, lines in ((options.files, working.files), (options.commits, working.commits)):
        told = list(lines(work)) if wanted else []
        if told:
            print()
            for line in told:
                output.tell(line, "    ")


def _print_page(shown: Conversation, form: str, currency: DisplayCurrency, *, messages: bool, full: bool) -> None:
    what = shown.row.fields, shown.row.spending, shown.rounds
    if form == "md":
        from session_monitor.conversations import markdown_page  # noqa: PLC0415 -- the usual form need not wait for it

        sys.stdout.writelines(markdown_page.pieces(*what, messages=messages, full=full, currency=currency))
        return
    from session_monitor.conversations import html_page  # noqa: PLC0415 -- as above

    # An output that does not hold all characters gets HTML's own escapes for them.
    encoding = sys.stdout.encoding or "ascii"
    for piece in html_page.pieces(*what, messages=messages, full=full, currency=currency):
        sys.stdout.write(piece.encode(encoding, "xmlcharrefreplace").decode(encoding))


def _json_pieces(
    output: Output, shown: Conversation, rounds: Iterable[dict[str, Any]] | None, wanted: fields.Fields | None
) -> Iterator[str]:
    """The session in pieces: with every round's whole history it may be far larger than its file."""
    parts = shown.row.to_json()
    if wanted is not None:
        parts = fields.of(
            {**parts, "rounds": []}, {name: inside for name, inside in wanted.items() if name != "rounds"}
        )
    opening = "{"
    for name in [*parts, "rounds"] if wanted is None else wanted:
        if name != "rounds":
            yield f"{opening}{output.to_json({name: parts[name]})[1:-1]}"
            opening = ", "
        elif rounds is not None:
            yield f'{opening}"rounds": ['
            yield from _rounds(output, rounds, (wanted or {}).get("rounds"))
            yield "\n]"
            opening = ", "
    yield "}"


def _rounds(output: Output, rounds: Iterable[dict[str, Any]], wanted: fields.Fields | None) -> Iterator[str]:
    known = [] if wanted is None else list(map(output.currency.named, conversation.names())) + conversation.names()
    for number, each in enumerate(rounds):
        shown = output.currency.beside(conversation.with_names(each))
        yield (",\n" if number else "\n") + to_json(fields.of_one(shown, wanted, known) if wanted else shown)
