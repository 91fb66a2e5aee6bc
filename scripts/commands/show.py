"""show and whatif: what did a session say and cost, and what would it have cost elsewhere?"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import Any

from session_monitor.conversations import conversation
from session_monitor.conversations.conversation import Session
from session_monitor.conversations.transcript import Transcript
from session_monitor.prices import book as prices
from session_monitor.prices import money
from session_monitor.text import safe
from session_monitor.text.safe import Column

from .shared import parsers, which
from .shared.parsers import Failure, to_json


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the commands."""
    _add_show(commands, shared)
    _add_what_if(commands, shared)


# -- show --------------------------------------------------------------------------------------------------------------


def _add_show(commands: Any, shared: argparse.ArgumentParser) -> None:
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
        raise Failure("bad_format", f"--json and --format {options.format} exclude each other", parsers.USAGE)
    options.json = options.json or options.format == "json"
    messages = "none" if options.no_messages else options.messages or ("full" if options.json else "new")
    sessions = parsers.sessions_of(options.data_dir)
    session_id = parsers.meant(sessions, options.session_id)
    found = conversation.of(sessions, session_id, full_messages=messages == "full", rounds=options.rounds)
    if found is None:
        raise parsers.unknown_session(sessions, session_id)
    if options.json:
        parsers.print_json(options, *_session_json(found, messages=messages != "none"))
        return
    if options.format in ("md", "html"):
        _print_pieces(found, options.format, messages=messages != "none", full=options.full)
        return
    transcript = Transcript(
        parsers.columns(options), messages=messages != "none", full=options.full, paint=parsers.paint(options)
    )
    for line in transcript.lines(found.row.fields, found.row.spending, found.rounds):
        print(line)


def _print_pieces(found: Session, form: str, *, messages: bool, full: bool) -> None:
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


def _session_json(found: Session, *, messages: bool) -> Iterator[str]:
    """The session in pieces: with every round's whole history it may be far larger than its file."""
    yield to_json(found.row.to_json())[:-1] + ', "rounds": ['
    for number, (entry, outcome) in enumerate(found.rounds):
        shown = {key: value for key, value in entry.items() if messages or key not in _OF_MESSAGES}
        yield (",\n" if number else "\n") + to_json({**shown, **prices.to_json(outcome)})
    yield "\n]}"


_OF_MESSAGES = ("messages", "messages_from_history")


# -- whatif ------------------------------------------------------------------------------------------------------------


def _add_what_if(commands: Any, shared: argparse.ArgumentParser) -> None:
    about = "estimate what a session would have cost on other models"
    example = "whatif agent:main:discord:channel:1465367993012981988 --model gpt-4o --model deepseek-chat"
    command = parsers.command(commands, (shared,), "whatif", about, example)
    command.add_argument("session_id", metavar="SESSION_ID", help=which.SESSION)
    command.add_argument(
        "--model",
        action="append",
        required=True,
        metavar="MODEL",
        help="a model to compare; may be given several times",
    )
    command.set_defaults(run=_what_if)


def _what_if(options: argparse.Namespace) -> None:
    book = parsers.book(options.data_dir)
    for model in options.model:
        if book.find(model) is None:
            raise parsers.unknown_model(book, model)
    sessions = parsers.sessions_of(options.data_dir, book)
    session_id = parsers.meant(sessions, options.session_id)
    found = conversation.estimates(sessions, session_id, options.model)
    if found is None:
        raise parsers.unknown_session(sessions, session_id)
    spent, estimates = found
    if options.json:
        rows = [
            {
                "model": each.model,
                "low_usd": money.plain(each.low_pico),
                "high_usd": money.plain(each.high_pico),
                "with_cache": each.with_cache.to_json(),
                "without_cache": each.without_cache.to_json(),
            }
            for each in estimates
        ]
        answer = {"session_id": session_id, "actual": spent.to_json(), "estimate": True, "models": rows}
        parsers.print_json(options, to_json(answer))
        return
    parsers.tell(options, f"What {safe.cell(session_id)} cost: {spent.shown()}")
    parsers.tell(
        options, "What the same tokens would have cost elsewhere, at the prices of the same days; an estimate:"
    )
    table = []
    for each in estimates:
        estimate = f"{money.shown(each.low_pico)} to {money.shown(each.high_pico)}"
        table.append([each.model, estimate, each.with_cache.short(), each.without_cache.short()])
    parsers.print_table(options, _WHAT_IF_COLUMNS, table)
    parsers.tell(
        options,
        "(Another model counts tokens otherwise and answers at other lengths; how much of the prompts its cache would "
        "hold is not known: as much as here, or nothing.)",
    )


_WHAT_IF_COLUMNS = (
    Column("Model", least=12),
    Column("Estimate", ">"),
    Column("Cached as here", ">", rank=2),
    Column("Without cache", ">", rank=1),
)
