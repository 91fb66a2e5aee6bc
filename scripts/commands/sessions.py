"""list, show and whatif: which sessions are there, what did one say, what would it have cost elsewhere?"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from session_monitor import figures, money, prices, report, terminal
from session_monitor.report import Session
from session_monitor.terminal import Column
from session_monitor.transcript import Transcript, local_time

from . import common
from .common import to_json


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the commands."""
    _add_list(commands, shared)
    _add_show(commands, shared)
    _add_what_if(commands, shared)


# -- list --------------------------------------------------------------------------------------------------------------


def _add_list(commands: Any, shared: argparse.ArgumentParser) -> None:
    command = common.command(
        commands, shared, "list", "list the sessions", "list --sort-by cost --limit 10", "list --json"
    )
    command.add_argument("--limit", type=common.positive, metavar="N", help="show N sessions at most (default: all)")
    command.add_argument(
        "--sort-by",
        choices=sorted(report.SORT_KEYS),
        default="updated",
        help="the latest first, the newest, the dearest, or those with the most tokens or rounds (default: updated)",
    )
    command.set_defaults(run=_list)


_COLUMNS = (
    Column("Session ID", least=24),
    Column("Updated", rank=3),
    Column("Msgs", ">"),
    Column("Input", ">"),
    Column("Cached", ">", rank=4),
    Column("Output", ">"),
    Column("Reasoning", ">", rank=2),
    Column("Cost", ">"),
    Column("Model", rank=1, least=12),
)


def _list(options: argparse.Namespace) -> None:
    answer = common.sessions_of(options.data_dir).sessions(sort_by=options.sort_by, limit=options.limit)
    for name in answer.damaged:
        common.complain(f"{terminal.cell(name)} cannot be read as a session; it is left out")
    if options.json:
        common.print_json(to_json([row.to_json() for row in answer.rows]))
    elif not answer.rows:
        print(f"No sessions in {terminal.cell(options.data_dir)} yet: run main.py on a gateway's access log first.")
    else:
        _print_list(answer)


def _print_list(answer: report.Sessions) -> None:
    rows = [
        [
            row.fields["session_id"],
            local_time(row.fields["updated_at"]),
            *(figures.count(row.fields[key]) for key in ("messages_count", "total_input_tokens")),
            *(figures.count(row.fields[f"total_{kind}_tokens"]) for kind in ("cached", "output", "reasoning")),
            row.spending.short(),
            row.fields["model"] or "-",
        ]
        for row in answer.rows
    ]
    common.print_table(terminal.table(_COLUMNS, rows, common.columns()))
    if len(answer.rows) < answer.total:
        print(f"({figures.count(len(answer.rows))} of {figures.count(answer.total)} sessions)")
    if any(row.spending.unpriced_rounds for row in answer.rows):
        common.complain("+ and -: some or all rounds have no price, see 'pricing list --unpriced'")


# -- show --------------------------------------------------------------------------------------------------------------


def _add_show(commands: Any, shared: argparse.ArgumentParser) -> None:
    about = "show one session: what it adds up to and what it cost, and its rounds"
    examples = (
        "show agent:main:discord:channel:1465367993012981988",
        "show agent:main:discord:channel:1465367993012981988 --messages full --json > session.json",
    )
    command = common.command(commands, shared, "show", about, *examples)
    command.add_argument("session_id", metavar="SESSION_ID")
    command.add_argument("--no-messages", action="store_true", help="leave out the messages that were sent")
    command.add_argument(
        "--messages",
        choices=("new", "full"),
        help="each round's new messages, or all that were sent with it (default: new; with --json: full)",
    )
    command.add_argument("--full", action="store_true", help="do not shorten long texts")
    command.set_defaults(run=_show)


def _show(options: argparse.Namespace) -> None:
    full = (options.messages == "full" or (options.json and options.messages is None)) and not options.no_messages
    sessions = common.sessions_of(options.data_dir)
    found = sessions.session(options.session_id, full_messages=full)
    if found is None:
        raise common.unknown_session(sessions, options.data_dir, options.session_id)
    if options.json:
        common.print_json(*_session_json(found, messages=not options.no_messages))
        return
    transcript = Transcript(common.columns(), messages=not options.no_messages, full=options.full)
    for line in transcript.lines(found.row.fields, found.row.spending, found.rounds):
        print(line)


def _session_json(found: Session, *, messages: bool) -> Iterator[str]:
    """The session in pieces: with every round's whole history it may be far larger than its file."""
    yield to_json(found.row.to_json())[:-1] + ', "rounds": ['
    for number, (entry, outcome) in enumerate(found.rounds):
        shown = {key: value for key, value in entry.items() if messages or not key.startswith("messages")}
        yield (",\n" if number else "\n") + to_json({**shown, **prices.to_json(outcome)})
    yield "\n]}"


# -- whatif ------------------------------------------------------------------------------------------------------------


def _add_what_if(commands: Any, shared: argparse.ArgumentParser) -> None:
    about = "estimate what a session would have cost on other models"
    example = "whatif agent:main:discord:channel:1465367993012981988 --model gpt-4o --model deepseek-chat"
    command = common.command(commands, shared, "whatif", about, example)
    command.add_argument("session_id", metavar="SESSION_ID")
    command.add_argument(
        "--model",
        action="append",
        required=True,
        metavar="MODEL",
        help="a model to compare; may be given several times",
    )
    command.set_defaults(run=_what_if)


def _what_if(options: argparse.Namespace) -> None:
    book = common.book(options.data_dir)
    for model in options.model:
        if book.find(model) is None:
            raise common.unknown_model(book, model)
    sessions = common.sessions_of(options.data_dir, book)
    found = sessions.estimates(options.session_id, options.model)
    if found is None:
        raise common.unknown_session(sessions, options.data_dir, options.session_id)
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
        common.print_json(
            to_json({"session_id": options.session_id, "actual": spent.to_json(), "estimate": True, "models": rows})
        )
        return
    print(f"What {terminal.cell(options.session_id)} cost: {spent.shown()}")
    print("What the same tokens would have cost elsewhere, at the prices of the same days; an estimate:")
    table = []
    for each in estimates:
        estimate = f"{money.shown(each.low_pico)} to {money.shown(each.high_pico)}"
        table.append([each.model, estimate, each.with_cache.short(), each.without_cache.short()])
    common.print_table(terminal.table(_WHAT_IF_COLUMNS, table, common.columns()))
    print(
        "(Another model counts tokens otherwise and answers at other lengths; how much of the prompts its cache would\n"
        "hold is not known: as much as here, or nothing.)"
    )


_WHAT_IF_COLUMNS = (
    Column("Model", least=12),
    Column("Estimate", ">"),
    Column("Cached as here", ">", rank=2),
    Column("Without cache", ">", rank=1),
)
