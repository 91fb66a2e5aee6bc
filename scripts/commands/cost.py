"""cost: what did a session cost, in brief?"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from session_monitor.asked.one_session import CURRENT
from session_monitor.base.timestamps import local_time
from session_monitor.reports.sessions.session_cost import (
    CACHE_READ,
    CACHE_WRITE,
    FRESH_INPUT,
    REASONING,
    VISIBLE_OUTPUT,
    SessionCost,
)
from session_monitor.reports.sums.breakdown import BreakdownRow
from session_monitor.text import humanize, safe
from session_monitor.text.table import Column
from session_monitor.totals import wording

from .shared import currencies, parsers
from .shared.data import Data, meant
from .shared.failures import gone
from .shared.output import Output


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command."""
    about = "tell what one session cost, in brief: its sums, by kind of token and by model"
    examples = (
        "cost",
        "cost last --json",
        "cost agent:main:discord:channel:1465367993012981988 --currency CNY --rate 0.14",
    )
    command = parsers.command(commands, (shared, currencies.parser()), "cost", about, *examples)
    command.add_argument(
        "session_id", nargs="?", default=CURRENT, metavar="SESSION_ID", help=f"{parsers.SESSION} (default: {CURRENT})"
    )
    command.set_defaults(run=_cost)


def _cost(options: argparse.Namespace, output: Output, data: Data) -> None:
    report = data.report()
    session_id = meant(report, options.session_id)
    cost = report.cost(session_id)
    if cost is None:
        raise gone(session_id)
    if output.is_json:
        output.print_json(output.to_json(cost.to_json(), brief=True), brief=True)
        return
    for line in _sums(cost, output):
        output.tell(line, "     ")
    print()
    output.print_table(_KINDS, _of_kinds(cost, output))
    print()
    costs = wording.short_column((row.sums.spending for row in cost.models), output.currency)
    output.print_table(_MODELS, [[*_of_model(row), each] for row, each in zip(cost.models, costs)])
    print()
    output.tell(f"Of the log: {data.coverage_in_words()}", "  ")


def _sums(cost: SessionCost, output: Output) -> Iterator[str]:
    fields, spent, currency = cost.row.fields, cost.row.spending, output.currency
    is_known = not spent.rounds or spent.unpriced_rounds < spent.rounds
    yield f"💰 {wording.known(spent, currency) if is_known else 'not known'}: {safe.cell(fields['session_id'])}"
    if not currency.is_dollars:
        yield f"   {currency.rate}"
    not_well = humanize.bracketed({"failed": fields["failed_count"], "left": fields["left_count"]})
    rounds = humanize.counted(fields["messages_count"], "round")
    yield f"   {rounds}{not_well}, {local_time(fields['created_at'])} to {local_time(fields['updated_at'])}"
    if spent.unpriced_rounds:
        yield f"   not in it: {wording.not_in_it(spent)}"
    if spent.saved_pico:
        verb = "saved" if spent.saved_pico > 0 else "cost more by"
        yield f"   caching {verb} {currency.shown(abs(spent.saved_pico))}"
    unknown = wording.unknown_tokens(spent)
    if unknown:
        yield f"   {unknown}"
    for line in wording.noted(spent, currency):
        yield f"   {line}"


_KINDS = (Column("Kind"), Column("Tokens", ">"), Column("Cost", ">"))
_MODELS = (Column("Model", least=16), Column("Rounds", ">"), Column("Tokens", ">"), Column("Cost", ">"))
_LABELS = {
    FRESH_INPUT: "Input, not cached",
    CACHE_READ: "Input, from a cache",
    CACHE_WRITE: "Input, written to a cache",
    VISIBLE_OUTPUT: "Output",
    REASONING: "Output, reasoning",
}


def _of_kinds(cost: SessionCost, output: Output) -> Iterator[list[str]]:
    decimals = output.currency.column_decimals(pico or 0 for *_, pico in cost.kinds)
    for kind, tokens, pico in cost.kinds:
        told, known = cost.of_kind(kind, tokens, pico)
        spent = "-" if known is None else output.currency.shown(known, decimals)
        yield [_LABELS[kind], "-" if told is None else humanize.count(told), spent]


def _of_model(row: BreakdownRow) -> list[str]:
    tokens = wording.token_cells([row.sums.total_tokens], row.sums.spending)
    return [row.name or "(not named)", humanize.count(row.sums.calls), *tokens]
