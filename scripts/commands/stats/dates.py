"""stats-date: what do the calls of each day, hour, week or month add up to?"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Any

from commands.shared import currencies, fields, filters, parsers
from commands.shared.data import Data
from commands.shared.failures import USAGE, Failure
from commands.shared.output import Output
from session_monitor.base import periods
from session_monitor.reports.selected.filters import DAYS, MOST_DAYS, Selection, recent
from session_monitor.reports.sums.breakdown import Breakdown
from session_monitor.text import humanize
from session_monitor.text.table import Column
from session_monitor.text.width import cut_list

from . import sums_table


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command."""
    both = (shared, filters.parser(), fields.parser(), currencies.parser())
    command = parsers.command(
        commands,
        both,
        "stats-date",
        "add up the calls of each day, hour, week or month, by the time of each call",
        "stats-date --days 7",
        "stats-date --by hour --since yesterday --until yesterday",
        "stats-date --by month --days 365 --timezone Asia/Shanghai --json",
    )
    command.add_argument(
        "--days",
        type=parsers.positive,
        metavar="N",
        help="the last N days, today included (default: 7; by hour 1, by week 56, by month 365)",
    )
    command.add_argument("--by", choices=periods.UNITS, default=periods.DAY, help="what a row is (default: day)")
    command.add_argument(
        "--bar",
        choices=(_AUTO, _ALWAYS, _NEVER),
        default=_AUTO,
        help="a bar for the cost of each row: on a terminal, always, or never (default: auto)",
    )
    command.set_defaults(run=_by_date)


def _by_date(options: argparse.Namespace, output: Output, data: Data) -> None:
    where = filters.zone(options.timezone)
    report = data.report()
    selection, days = _within(options, where)
    breakdown = report.by_time(options.by, where, selection)
    newest = report.overview().newest
    if output.is_json:
        last = None if newest is None else periods.date_of(newest, where).isoformat()
        known = {"timezone": options.timezone, "by": options.by, "newest": last}
        dates = [row.to_json(where) for row in breakdown.rows]
        fields.print_rows(output, {"dates": dates, "total": breakdown.total_to_json(), **known})
        return
    output.tell(f"📊 Statistics by Date ({days})")
    if breakdown.rows:
        _print_dates(output, options, breakdown)
    elif newest and not options.since and not filters.in_words(options):
        output.tell(_older(newest, where))
    else:
        output.tell(filters.why_empty(report, options, "calls"))


def _print_dates(output: Output, options: argparse.Namespace, breakdown: Breakdown) -> None:
    *rows, total = sums_table.rows([*((row.span.name, row) for row in breakdown.rows), ("TOTAL", breakdown)], output)
    bars = _bars(output, options.bar, [row.sums.spending.pico for row in breakdown.rows])
    named = [[*cells, bar, ", ".join(row.models)] for row, cells, bar in zip(breakdown.rows, rows, bars)]
    last = (Column("", rank=7), Column("Models", rank=6, least=16, cut=cut_list))
    columns = (sums_table.of_unit(options.by), *sums_table.sum_columns(output.currency), *last)
    table = [*named, [*total, "", ""]]
    if not any(bars):
        columns, table = (*columns[:-2], columns[-1]), [[*cells[:-2], cells[-1]] for cells in table]
    output.print_table(columns, table[:-1], table[-1])
    sums_table.tell_unknown(output, breakdown.sums.spending)


def _bars(output: Output, wanted: str, costs: Sequence[int]) -> list[str]:
    """What each row cost as a part of the dearest; nothing where no bars are wanted."""
    if wanted == _NEVER or (wanted == _AUTO and not sys.stdout.isatty()):
        return [""] * len(costs)
    from session_monitor.text import bars  # noqa: PLC0415 -- a pipe and JSON have none

    columns = output.columns()
    room = _BAR if columns is None else max(_BAR // 2, columns // 8)
    has_blocks = bars.are_in(sys.stdout.encoding)
    return [bars.bar(cost, max(costs), room, has_blocks=has_blocks) for cost in costs]


_AUTO, _ALWAYS, _NEVER = "auto", "always", "never"
_BAR = 20
"""Columns of the longest bar where nothing says how many there are."""


def _within(options: argparse.Namespace, where: tzinfo | None) -> tuple[Selection, str]:
    """The selection with the days that are shown, and these in words."""
    selection = filters.selection(options)
    if options.since and options.days:
        raise Failure("bad_time", "--days and --since exclude each other: both say where it begins", USAGE)
    until = f" until {options.until}" if options.until else ""
    if selection.since is not None:
        return selection, f"since {options.since}{until}"
    number = min(options.days or DAYS[options.by], MOST_DAYS)
    shown = recent(selection, where, number, datetime.now(where).date())
    return shown, f"Last {humanize.counted(number, 'day')}{until}"


def _older(newest: int, where: tzinfo | None) -> str:
    day = periods.date_of(newest, where)
    back = max((datetime.now(where).date() - day).days + 1, 1)
    return f"No calls on these days: the newest is of {day}, so --days {back} shows it."
