"""whatif: what would a session have cost on other models?"""

from __future__ import annotations

import argparse
from typing import Any

from session_monitor.conversations import conversation
from session_monitor.prices import money
from session_monitor.text import safe
from session_monitor.text.table import Column

from .shared import data, output, parsers, which
from .shared.output import to_json


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command."""
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
    book = data.book(options.data_dir)
    for model in options.model:
        if book.find(model) is None:
            raise data.unknown_model(book, model)
    sessions = data.sessions_of(options.data_dir, book)
    session_id = data.meant(sessions, options.session_id)
    found = conversation.estimates(sessions, session_id, options.model)
    if found is None:
        raise data.unknown_session(sessions, session_id)
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
        output.print_json(options, to_json(answer))
        return
    output.tell(options, f"What {safe.cell(session_id)} cost: {spent.shown()}")
    output.tell(options, "What the same tokens would have cost elsewhere, at the prices of the same days; an estimate:")
    table = []
    for each in estimates:
        estimate = f"{money.shown(each.low_pico)} to {money.shown(each.high_pico)}"
        table.append([each.model, estimate, each.with_cache.short(), each.without_cache.short()])
    output.print_table(options, _WHAT_IF_COLUMNS, table)
    output.tell(
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
