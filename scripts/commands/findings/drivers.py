"""drivers: why did a time cost more, or less, than the one before it?"""

from __future__ import annotations

import argparse
import functools
from collections.abc import Callable, Sequence
from typing import Any

from commands.shared import currencies, failures, fields, filters, parsers, two_times
from commands.shared.data import Data
from commands.shared.failures import Failure
from commands.shared.output import Output
from commands.shared.two_times import Period
from session_monitor.reports.report import Report
from session_monitor.reports.selected import naming
from session_monitor.reports.selected.filters import MOST_DAYS, Selection
from session_monitor.reports.sums import drivers
from session_monitor.reports.sums.drivers import Driver, Drivers, ToolDriver
from session_monitor.text import humanize
from session_monitor.text.table import Column
from session_monitor.totals import spending, wording

_DAY = 86_400_000
_DAYS = 7
_PROMPT = "prompt"


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command."""
    command = parsers.command(
        commands,
        (shared, filters.parser(), currencies.parser(), fields.parser()),
        "drivers",
        "tell why a time cost more, or less, than the one before it: more calls, other models, longer calls, caches, prices",
        "drivers",
        "drivers --days 1 --by consumer",
        "drivers --since 2026-02-02 --until 2026-02-02 --by route --json",
    )
    command.epilog += _ABOUT
    command.add_argument(
        "--days",
        type=parsers.positive,
        metavar="N",
        help=f"the last N times 24 hours, against as many before them (default: {_DAYS}, without --since)",
    )
    two_times.add_against(command)
    command.add_argument(
        "--by",
        choices=(*drivers.GROUPS, _PROMPT),
        default=naming.MODEL,
        help="what the change is told by (default: model)",
    )
    command.add_argument(
        "--limit", type=parsers.positive, default=10, metavar="N", help="the N largest changes (default: 10)"
    )
    command.set_defaults(run=_drivers)


_ABOUT = """
The parts of a change add up to it exactly. Calls: as many as now, each at what one cost before. Models: the models of now,
each call at what one of its model cost before. Tokens: as many a call as now. Cached: the share from caches as now.
Token price: what is left, which is prices, and how tokens lie between input, output and writing to caches. What had no call before
is counted under calls. Calls without a price are in none of it. By tool the tokens are told that results added to prompts.
"""


def _drivers(options: argparse.Namespace, output: Output, data: Data) -> None:
    meant = _with_days(options, filters.selection(options))
    times, report = two_times.periods(options, meant), data.report()
    now, before = (each.of(meant) for each in times)
    told = dict(zip(("period", "against"), map(two_times.in_json, times)))
    found: Drivers | list[ToolDriver]
    if options.by == drivers.TOOL:
        found = report.tool_drivers(now, before, options.limit)
        answer = {"rows": [each.to_json() for each in found], "by": options.by}
        is_empty = not found
    else:
        found = _of_money(options, report, now, before, output)
        answer, is_empty = found.to_json(options.by), not found.rows
    if output.is_json:
        fields.print_rows(output, {**answer, **told, "timezone": options.timezone})
        return
    if is_empty:
        output.tell(filters.why_empty(report, options, "calls"))
        return
    output.tell(f"📊 What Changed by {options.by.capitalize()}: {_in_words(times, options)}")
    if isinstance(found, Drivers):
        _print(found, options, output)
    else:
        output.print_table(_TOOLS, [_tool_cells(each) for each in found])


def _of_money(
    options: argparse.Namespace, report: Report, now: Selection, before: Selection, output: Output
) -> Drivers:
    if options.by != _PROMPT:
        return report.drivers(options.by, now, before, options.limit)
    from session_monitor.insight import prompt_statistics  # noqa: PLC0415 -- the others need nothing of what was said

    progress = functools.partial(output.progress, "reading system prompts")
    return prompt_statistics.changes(report, now, before, options.limit, progress)


def _with_days(options: argparse.Namespace, meant: Selection) -> Selection:
    """The selection with where its time begins.  Raises ``Failure``."""
    if options.days and options.since:
        raise Failure("bad_time", "--days and --since exclude each other: both say where it begins", failures.USAGE)
    if meant.since is not None:
        return meant
    until = meant.now if meant.until is None else meant.until
    return meant._replace(since=until - min(options.days or _DAYS, MOST_DAYS) * _DAY, until=until)


def _in_words(times: Sequence[Period], options: argparse.Namespace) -> str:
    where = filters.zone(options.timezone)
    return " against ".join(two_times.heading(each, where) for each in times)


# -- of money ----------------------------------------------------------------------------------------------------------


_MONEY = (
    Column("Now", ">"),
    Column("Before", ">"),
    Column("Change", ">"),
    Column("Calls", ">", rank=5),
    Column("Models", ">", rank=1),
    Column("Tokens", ">", rank=4),
    Column("Cached", ">", rank=3),
    Column("Token price", ">", rank=2),
)
_ROUNDS = (Column("Session ID", least=24), Column("Round", ">"), Column("Model", rank=1, least=12), Column("Cost", ">"))


def _print(found: Drivers, options: argparse.Namespace, output: Output) -> None:
    shown = output.currency
    rows = [*found.rows, *([found.others] if found.others else []), found.total]
    decimals = shown.column_decimals(
        each for row in rows for each in (row.now.spending.pico, row.before.spending.pico, row.change)
    )

    def amount(pico: int) -> str:
        return shown.shown(pico, decimals) if pico else "-"

    unnamed = "(not logged)" if options.by == _PROMPT else "(not named)"
    names = [row.name if row.name is not None else unnamed for row in found.rows]
    names += [*(["(others)"] if found.others else []), "TOTAL"]
    *cells, total = ([name, *_cells(row, output, decimals, amount)] for name, row in zip(names, rows))
    output.print_table((Column(options.by.capitalize(), least=20), *_MONEY), cells, total)
    if found.rounds:
        print()
        output.tell("📊 Dearest Rounds of Now")
        costs = wording.beneath([shown.shown(each.pico) for each in found.rounds])
        output.print_table(
            _ROUNDS,
            [
                [each.session_id, str(each.round), each.model or "(not named)", cost]
                for each, cost in zip(found.rounds, costs)
            ],
        )
    output.tell_rate()
    both = spending.added(sums.spending for sums in (found.total.now, found.total.before))
    for line in (wording.not_in_it(both), wording.unknown_tokens(both)):
        if line:
            output.complain(line)


def _cells(row: Driver, output: Output, decimals: int, amount: Callable[[int], str]) -> list[str]:
    both = (wording.short(each.spending, output.currency, decimals) for each in (row.now, row.before))
    return [*both, *map(amount, (row.change, *row.parts))]


# -- of tools ----------------------------------------------------------------------------------------------------------


_TOOLS = (
    Column("Tool", least=16),
    Column("Results", ">", rank=1),
    Column("Tokens now", ">"),
    Column("Before", ">"),
    Column("Change", ">"),
    Column("By number", ">", rank=3),
    Column("By length", ">", rank=2),
)


def _tool_cells(each: ToolDriver) -> list[str]:
    parts = each.by_results, each.change - each.by_results
    tokens = (humanize.count(row.tokens) if row.measured else "-" for row in (each.now, each.before))
    return [each.tool, humanize.count(each.now.results), *tokens, *(f"{part:+,}" for part in (each.change, *parts))]
