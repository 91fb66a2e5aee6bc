"""whatif: what would a session have cost on other models?"""

from __future__ import annotations

import argparse
from typing import Any

from session_monitor.conversations import conversation
from session_monitor.prices import money, wording
from session_monitor.prices.what_if import Estimate
from session_monitor.text import safe
from session_monitor.text.table import Column

from .shared import parsers
from .shared.data import Data, meant, unknown_model, unknown_session
from .shared.output import Output, to_json


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command."""
    about = "estimate what a session would have cost on other models"
    example = "whatif agent:main:discord:channel:1465367993012981988 --model gpt-4o --model deepseek-chat"
    command = parsers.command(commands, (shared,), "whatif", about, example)
    command.add_argument("session_id", metavar="SESSION_ID", help=parsers.SESSION)
    command.add_argument(
        "--model",
        action="append",
        required=True,
        metavar="MODEL",
        help="a model to compare; may be given several times",
    )
    command.set_defaults(run=_what_if)


_COLUMNS = (
    Column("Model", least=12),
    Column("Estimate", ">"),
    Column("Cached as here", ">", rank=2),
    Column("Without cache", ">", rank=1),
)
_NOTE = (
    "(Another model counts tokens otherwise and answers at other lengths; how much of the prompts its cache would "
    "hold is not known: as much as here, or nothing.)"
)


def _what_if(options: argparse.Namespace, output: Output, data: Data) -> None:
    book = data.book()
    for model in options.model:
        if book.find(model) is None:
            raise unknown_model(book, model)
    report = data.report(book)
    session_id = meant(report, options.session_id)
    answer = conversation.estimates(report, session_id, options.model)
    if answer is None:
        raise unknown_session(report, session_id)
    spent, estimates = answer
    if output.is_json:
        models = list(map(_to_json, estimates))
        actual = {"session_id": session_id, "actual": spent.to_json()}
        output.print_json(to_json({**actual, "estimate": True, "models": models}))
        return
    output.tell(f"What {safe.cell(session_id)} cost: {wording.shown(spent)}")
    output.tell("What the same tokens would have cost elsewhere, at the prices of the same days; an estimate:")
    output.print_table(_COLUMNS, map(_cells, estimates))
    output.tell(_NOTE)


def _to_json(estimate: Estimate) -> dict[str, Any]:
    return {
        "model": estimate.model,
        "low_usd": money.plain(estimate.low_pico),
        "high_usd": money.plain(estimate.high_pico),
        "with_cache": estimate.with_cache.to_json(),
        "without_cache": estimate.without_cache.to_json(),
    }


def _cells(estimate: Estimate) -> list[str]:
    more = "≥" if estimate.with_cache.at_least else ""
    span = f"{more}{money.shown(estimate.low_pico)} to {more}{money.shown(estimate.high_pico)}"
    return [estimate.model, span, wording.short(estimate.with_cache), wording.short(estimate.without_cache)]
