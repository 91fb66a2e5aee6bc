"""stats-model, -consumer, -vendor, -seller, -route, -date, -tool and summary: what do the calls add up to?"""

from __future__ import annotations

import argparse
from datetime import datetime, tzinfo
from typing import Any

from session_monitor.base import periods
from session_monitor.reports import naming
from session_monitor.reports.breakdown import Breakdown, BreakdownRow, SpanRow, ToolRow
from session_monitor.reports.filters import DAYS, MOST_DAYS, Selection, recent
from session_monitor.reports.report import Report
from session_monitor.text import humanize
from session_monitor.text.table import Column
from session_monitor.totals import wording
from session_monitor.totals.currency import DisplayCurrency
from session_monitor.totals.spending import Spending

from .shared import currencies, fields, filters, parsers
from .shared.data import Data
from .shared.failures import USAGE, Failure
from .shared.output import Output, to_json


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the commands."""
    both = (shared, filters.parser(), fields.parser())
    costs = (*both, currencies.parser())
    for column, (about, *examples) in _BY_NAME.items():
        command = parsers.command(commands, costs, f"stats-{column}", f"add up the calls {about}", *examples)
        command.add_argument("--by", choices=periods.UNITS, help="a row for each in each hour, day, week or month")
        if column in (naming.MODEL, naming.CONSUMER):
            command.add_argument(
                "--latency",
                action="store_true",
                help="how long calls took until the first token and until the end: half of them, and 95 of a hundred (p50, p95)",
            )
        command.set_defaults(run=_by_name, column=column)
    _add_by_tool(commands, both)
    _add_by_date(commands, costs)
    about = "add up everything, and tell how much of the log that speaks for"
    command = parsers.command(commands, costs, "summary", about, "summary", "summary --since 24h --json")
    command.set_defaults(run=_summary)


def _print_json(output: Output, answer: dict[str, Any]) -> None:
    """Print rows and what they add up to, with the fields that are wanted of both."""
    wanted, shown = output.fields, output.currency.beside(answer)
    if wanted is not None:
        name, rows = next(iter(answer.items()))
        shown[name] = fields.of(shown[name], wanted)
        if rows and "total" in shown:
            shown["total"] = fields.of_one(shown["total"], wanted, list(wanted))
    output.print_json(to_json(shown))


# -- by name -----------------------------------------------------------------------------------------------------------


_BY_NAME = {
    naming.MODEL: (
        "of each model",
        *("stats-model --since 7d --json", "stats-model --by day --since 7d", "stats-model --latency --since 7d"),
    ),
    naming.CONSUMER: ("of each consumer", "stats-consumer --since today"),
    naming.VENDOR: ("of the models of each vendor, whoever sold them", "stats-vendor --since 30d"),
    naming.SELLER: ("that each seller sold, as names, routes and clusters tell", "stats-seller --since 30d"),
    naming.ROUTE: ("over each of the gateway's routes", "stats-route --by week"),
}
_SUMS = (
    Column("Sessions", ">"),
    Column("Calls", ">", rank=3),
    Column("Failed", ">", rank=1),
    Column("Left", ">", rank=2),
    Column("Input", ">"),
    Column("Cached", ">", rank=5),
    Column("Output", ">"),
    Column("Reasoning", ">", rank=4),
    Column("Cost (USD)", ">"),
)


def _sum_columns(currency: DisplayCurrency) -> tuple[Column, ...]:
    return (*_SUMS[:-1], _SUMS[-1]._replace(heading=f"Cost ({currency.code})"))


def _by_name(options: argparse.Namespace, output: Output, data: Data) -> None:
    """By the names of ``options.column``; with ``--by`` in each span of time."""
    column, report, selection = options.column, data.report(), filters.selection(options)
    if options.by and getattr(options, "latency", False):
        raise Failure("bad_latency", "--latency and --by exclude each other", USAGE)
    if options.by:
        _by_time_and_name(options, output, report, selection)
        return
    if output.is_json:
        _print_json(output, report.by_name_in_json(column, selection))
        return
    if getattr(options, "latency", False):
        _by_latency(options, output, report, selection)
        return
    breakdown = report.by_name(column, selection)
    if not breakdown.rows:
        output.tell(filters.why_empty(report, options, "calls"))
    else:
        output.tell(f"📊 Statistics by {column.capitalize()}")
        cells = [_cells(_shown(row.name, column), row, output.currency) for row in breakdown.rows]
        total = _cells("TOTAL", breakdown, output.currency)
        output.print_table((Column(column.capitalize(), least=16), *_sum_columns(output.currency)), cells, total)
        _tell_unknown(output, breakdown.sums.spending)


_LATENCIES = (
    Column("Calls", ">", rank=2),
    *(Column(f"{what} {which}", ">") for what in ("First token", "Whole call") for which in ("p50", "p95")),
    Column("Failed p95", ">", rank=1),
)


def _by_latency(options: argparse.Namespace, output: Output, report: Report, selection: Selection) -> None:
    sides = report.compared_by_name(options.column, selection)
    if not sides:
        output.tell(filters.why_empty(report, options, "calls"))
        return
    output.tell(f"📊 Latency by {options.column.capitalize()}")
    rows = []
    for name, side in sorted(sides.items(), key=lambda each: -each[1].sums.calls):
        first, whole, failed = side.latency
        times = (first.p50, first.p95, whole.p50, whole.p95, failed.p95)
        rows.append([_shown(name, options.column), humanize.count(side.sums.calls), *map(_seconds, times)])
    output.print_table((Column(options.column.capitalize(), least=16), *_LATENCIES), rows)
    output.complain("-: the log tells no times of such calls; those that clients left are in none")


def _seconds(milliseconds: int | None) -> str:
    return "-" if milliseconds is None else f"{milliseconds / 1000:.2f} s"


def _by_time_and_name(options: argparse.Namespace, output: Output, report: Report, selection: Selection) -> None:
    column, where = options.column, filters.zone(options.timezone)
    breakdown = report.by_time_and_name(options.by, where, column, selection)
    if output.is_json:
        rows = [row.to_json(column, where) for row in breakdown.rows]
        known = {"timezone": options.timezone, "by": options.by}
        _print_json(output, {f"{column}s": rows, "total": breakdown.total_to_json(), **known})
    elif not breakdown.rows:
        output.tell(filters.why_empty(report, options, "calls"))
    else:
        output.tell(f"📊 Statistics by {column.capitalize()} and {options.by.capitalize()}")
        columns = (_of_unit(options.by), Column(column.capitalize(), least=16), *_sum_columns(output.currency))
        cells = [[span.name, *_cells(_shown(row.name, column), row, output.currency)] for span, row in breakdown.rows]
        output.print_table(columns, cells, ["TOTAL", *_cells("", breakdown, output.currency)])
        _tell_unknown(output, breakdown.sums.spending)


def _shown(name: str | None, column: str) -> str:
    if name is None:
        return "(not known)" if column in (naming.VENDOR, naming.SELLER) else "(not named)"
    if column not in (naming.VENDOR, naming.SELLER):
        return name
    from session_monitor.prices import sellers  # noqa: PLC0415 -- the other commands need no table of them

    return sellers.titles().get(name, name)


def _of_unit(unit: str) -> Column:
    return Column(unit.capitalize() if unit != periods.DAY else "Date")


def _cells(name: str, row: BreakdownRow | SpanRow | Breakdown, currency: DisplayCurrency) -> list[str]:
    sums = row.sums
    calls = map(humanize.count, (row.sessions, sums.calls, sums.failed, sums.left))
    kinds = (sums.input_tokens, sums.cached_tokens, sums.output_tokens, sums.reasoning_tokens)
    return [name, *calls, *wording.token_cells(kinds, sums.spending), wording.short(sums.spending, currency)]


def _tell_unknown(output: Output, spent: Spending) -> None:
    """What is not in the sums, not whole in them, or assumed."""
    unpriced, unknown = wording.not_in_it(spent), wording.unknown_tokens(spent)
    if unpriced:
        output.tell(f"Not in the cost: {unpriced}")
    if unknown:
        output.tell(f"{unknown.capitalize()}.")
    for line in wording.assumed(spent, output.currency):
        output.tell(line)
    output.tell_rate()


# -- by tool -----------------------------------------------------------------------------------------------------------


def _add_by_tool(commands: Any, both: tuple[argparse.ArgumentParser, ...]) -> None:
    about = "tell how often each tool was called and failed, and what its results added to the prompts"
    command = parsers.command(commands, both, "stats-tool", about, "stats-tool", "stats-tool --since 7d --json")
    command.set_defaults(run=_by_tool)


_TOOLS = (
    Column("Tool", least=16),
    Column("Sessions", ">", rank=1),
    Column("Calls", ">"),
    Column("Results", ">"),
    Column("Failed", ">"),
    Column("Tokens of results", ">"),
    Column("Per result", ">", rank=2),
)


_ABOUT_TOOLS = (
    "(Tokens are those by which the prompt grew with a result, where a round simply goes on; each later round sends "
    "them again. A result counts as failed where it says so: isError, an error field, an exit code, 'Error: …'.)"
)


def _by_tool(options: argparse.Namespace, output: Output, data: Data) -> None:
    report = data.report()
    tools = report.by_tool(filters.selection(options))
    if output.is_json:
        _print_json(output, {"tools": [row.to_json() for row in tools]})
    elif not tools:
        calls = report.overview(filters.selection(options)).sums.calls
        output.tell(_no_tools(calls) if calls else filters.why_empty(report, options, "calls"))
    else:
        output.tell("📊 Statistics by Tool")
        output.print_table(_TOOLS, map(_tool_cells, tools))
        output.tell(_ABOUT_TOOLS)


def _tool_cells(row: ToolRow) -> list[str]:
    return [
        row.tool,
        *map(humanize.count, (row.sessions, row.calls, row.results, row.failed)),
        humanize.count(row.tokens) if row.measured else "-",
        humanize.count(round(row.tokens / row.measured)) if row.measured else "-",
    ]


def _no_tools(calls: int) -> str:
    return f"No tools in {humanize.counted(calls, 'call')}: none was called, or the log holds no content."


# -- by date -----------------------------------------------------------------------------------------------------------


def _add_by_date(commands: Any, both: tuple[argparse.ArgumentParser, ...]) -> None:
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
        _print_json(output, {"dates": dates, "total": breakdown.total_to_json(), **known})
        return
    output.tell(f"📊 Statistics by Date ({days})")
    if breakdown.rows:
        _print_dates(output, options.by, breakdown)
    elif newest and not options.since and not filters.in_words(options):
        output.tell(_older(newest, where))
    else:
        output.tell(filters.why_empty(report, options, "calls"))


def _print_dates(output: Output, unit: str, breakdown: Breakdown) -> None:
    rows = [[*_cells(row.span.name, row, output.currency), ", ".join(row.models)] for row in breakdown.rows]
    total = [*_cells("TOTAL", breakdown, output.currency), ""]
    output.print_table(
        (_of_unit(unit), *_sum_columns(output.currency), Column("Models", rank=6, least=16)), rows, total
    )
    _tell_unknown(output, breakdown.sums.spending)


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


# -- all together ------------------------------------------------------------------------------------------------------


def _summary(options: argparse.Namespace, output: Output, data: Data) -> None:
    report = data.report()
    overview = report.overview(filters.selection(options))
    sums = overview.sums
    if output.is_json:
        output.print_json(fields.to_json(output, {"sessions": overview.sessions, **sums.to_json()}))
        return
    if not sums.calls and filters.in_words(options):
        output.tell(filters.why_empty(report, options, "calls"))
        return
    spent = sums.spending
    saved = f"; caching saved {output.currency.shown(spent.saved_pico)}" if spent.saved_pico > 0 else ""
    output.tell(f"Sessions: {humanize.count(overview.sessions)}")
    left = f" and {humanize.count(sums.left)} were left by their clients" if sums.left else ""
    output.tell(f"Calls:    {humanize.count(sums.calls)}, of which {humanize.count(sums.failed)} failed{left}")
    output.tell(f"Tokens:   {wording.tokens(sums)}")
    output.tell(f"Cost:     {wording.shown(spent, output.currency)}{saved}")
    for line in wording.assumed(spent, output.currency):
        output.tell(f"          {line}")
    output.tell_rate()
    output.tell(f"Coverage: {data.coverage_in_words()}")
