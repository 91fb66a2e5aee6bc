"""stats-model, stats-date, stats-consumer, stats-tool and summary: what do the calls add up to?"""

from __future__ import annotations

import argparse
from datetime import datetime, tzinfo
from typing import Any

from session_monitor.base import periods
from session_monitor.calls.coverage import Coverage
from session_monitor.prices import money
from session_monitor.prices.usage_totals import Sums
from session_monitor.reports import filters
from session_monitor.reports.breakdown import Breakdown
from session_monitor.reports.filters import Selection
from session_monitor.text import humanize
from session_monitor.text.table import Column

from .shared import data, output, parsers
from .shared import filters as shared_filters
from .shared.output import to_json


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the commands."""
    both = (shared, shared_filters.filters())
    about = "add up the calls of each model"
    command = parsers.command(commands, both, "stats-model", about, "stats-model", "stats-model --since 7d --json")
    command.set_defaults(run=_by, column="model")
    about = "add up the calls of each consumer"
    command = parsers.command(commands, both, "stats-consumer", about, "stats-consumer", "stats-consumer --since today")
    command.set_defaults(run=_by, column="consumer")
    _add_by_tool(commands, both)
    _add_by_date(commands, both)
    about = "add up everything, and tell how much of the log that speaks for"
    command = parsers.command(commands, both, "summary", about, "summary", "summary --since 24h --json")
    command.set_defaults(run=_summary)


_SUMS = (
    Column("Sessions", ">"),
    Column("Calls", ">", rank=2),
    Column("Failed", ">", rank=1),
    Column("Input", ">"),
    Column("Cached", ">", rank=4),
    Column("Output", ">"),
    Column("Reasoning", ">", rank=3),
    Column("Cost (USD)", ">"),
)


def _by(options: argparse.Namespace) -> None:
    """By model or by consumer, as ``options.column`` says."""
    column = options.column
    found = data.sessions_of(options.data_dir)
    answer = (found.by_model if column == "model" else found.by_consumer)(shared_filters.selected(options))
    if options.json:
        output.print_json(
            options,
            to_json({f"{column}s": [row.to_json(column) for row in answer.rows], "total": answer.total_to_json()}),
        )
    elif not answer.rows:
        output.tell(options, shared_filters.why_empty(found, options, "calls"))
    else:
        output.tell(options, f"📊 Statistics by {column.capitalize()}")
        _print_rows(options, (Column(column.capitalize(), least=16), *_SUMS), answer)


def _print_rows(options: argparse.Namespace, columns: tuple[Column, ...], answer: Breakdown) -> None:
    rows = [_cells(row.name or "(not named)", row.sessions, row.sums) for row in answer.rows]
    output.print_table(options, columns, rows, _cells("TOTAL", answer.sessions, answer.sums))
    _print_unpriced(options, answer.sums)


# -- by tool -----------------------------------------------------------------------------------------------------------


_TOOLS = (
    Column("Tool", least=16),
    Column("Sessions", ">", rank=1),
    Column("Calls", ">"),
    Column("Results", ">"),
    Column("Failed", ">"),
    Column("Tokens of results", ">"),
    Column("Per result", ">", rank=2),
)


def _add_by_tool(commands: Any, both: tuple[argparse.ArgumentParser, ...]) -> None:
    about = "tell how often each tool was called and failed, and what its results added to the prompts"
    command = parsers.command(commands, both, "stats-tool", about, "stats-tool", "stats-tool --since 7d --json")
    command.set_defaults(run=_by_tool)


def _by_tool(options: argparse.Namespace) -> None:
    found = data.sessions_of(options.data_dir)
    rows = found.by_tool(shared_filters.selected(options))
    if options.json:
        output.print_json(options, to_json({"tools": [row.to_json() for row in rows]}))
        return
    if not rows:
        output.tell(
            options,
            _no_tools(found.overview(shared_filters.selected(options)).sums.calls)
            or shared_filters.why_empty(found, options, "calls"),
        )
        return
    output.tell(options, "📊 Statistics by Tool")
    table = [
        [
            row.tool,
            *map(humanize.count, (row.sessions, row.calls, row.results, row.failed)),
            humanize.count(row.tokens) if row.measured else "-",
            humanize.count(round(row.tokens / row.measured)) if row.measured else "-",
        ]
        for row in rows
    ]
    output.print_table(options, _TOOLS, table)
    output.tell(
        options,
        "(Tokens are those by which the prompt grew with a result, where a round simply goes on; each later round sends "
        "them again. A result counts as failed where it says so: isError, an error field, an exit code, 'Error: …'.)",
    )


def _no_tools(calls: int) -> str:
    if not calls:
        return ""
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


def _by_date(options: argparse.Namespace) -> None:
    where = shared_filters.zone(options.timezone)
    found = data.sessions_of(options.data_dir)
    meant, told = _within(options, where)
    answer = found.by_time(options.by, where, meant)
    newest = found.overview().newest
    if options.json:
        last = None if newest is None else periods.date_of(newest, where).isoformat()
        known = {"timezone": options.timezone, "by": options.by, "newest": last}
        dates = [row.to_json(where) for row in answer.rows]
        output.print_json(options, to_json({"dates": dates, "total": answer.total_to_json(), **known}))
        return
    output.tell(options, f"📊 Statistics by Date ({told})")
    if not answer.rows:
        is_older = newest is not None and not options.since and len(shared_filters.filters_in_words(options)) == 0
        output.tell(
            options, _older(newest, where) if is_older and newest else shared_filters.why_empty(found, options, "calls")
        )
        return
    table = [[*_cells(row.span.name, row.sessions, row.sums), ", ".join(row.models)] for row in answer.rows]
    headings = (Column(options.by.capitalize() if options.by != periods.DAY else "Date"), *_SUMS)
    total = [*_cells("TOTAL", answer.sessions, answer.sums), ""]
    output.print_table(options, (*headings, Column("Models", rank=5, least=16)), table, total)
    _print_unpriced(options, answer.sums)


def _within(options: argparse.Namespace, where: tzinfo | None) -> tuple[Selection, str]:
    """The selection with the days that are shown, and these in words."""
    meant = shared_filters.selected(options)
    if meant.since is not None and options.days is None:
        return meant, f"since {options.since}"
    number = min(options.days or filters.DAYS[options.by], filters.MOST_DAYS)
    shown = filters.recent(meant, where, number, datetime.now(where).date())
    return shown, f"Last {humanize.counted(number, 'day')}"


def _older(newest: int, where: tzinfo | None) -> str:
    day = periods.date_of(newest, where)
    back = max((datetime.now(where).date() - day).days + 1, 1)
    return f"No calls on these days: the newest is of {day}, so --days {back} shows it."


# -- cells and sums ----------------------------------------------------------------------------------------------------


def _cells(name: str, sessions: int, sums: Sums) -> list[str]:
    counts = (sessions, sums.calls, sums.failed, sums.input_tokens, sums.cached_tokens)
    more = (sums.output_tokens, sums.reasoning_tokens)
    return [name, *map(humanize.count, counts), *map(humanize.count, more), sums.spending.short()]


def _print_unpriced(options: argparse.Namespace, sums: Sums) -> None:
    spent = sums.spending
    if spent.unpriced_rounds:
        rounds = humanize.counted(spent.unpriced_rounds, "round")
        tokens = humanize.counted(spent.unpriced_tokens, "token")
        output.tell(options, f"Not in the cost: {rounds} unpriced, {tokens} ({', '.join(spent.why())})")


def _summary(options: argparse.Namespace) -> None:
    found = data.sessions_of(options.data_dir)
    overview = found.overview(shared_filters.selected(options))
    sums = overview.sums
    if options.json:
        output.print_json(options, to_json({"sessions": overview.sessions, **sums.to_json()}))
        return
    if not sums.calls and shared_filters.filters_in_words(options):
        output.tell(options, shared_filters.why_empty(found, options, "calls"))
        return
    spent = sums.spending
    saved = f"; caching saved {money.shown(spent.saved_pico)}" if spent.saved_pico > 0 else ""
    output.tell(options, f"Sessions: {humanize.count(overview.sessions)}")
    output.tell(options, f"Calls:    {humanize.count(sums.calls)}, of which {humanize.count(sums.failed)} failed")
    output.tell(
        options,
        f"Tokens:   {humanize.count(sums.input_tokens)} input, of which {humanize.count(sums.cached_tokens)} cached and "
        f"{humanize.count(sums.cache_write_tokens)} cache written; {humanize.count(sums.output_tokens)} output, of which "
        f"{humanize.count(sums.reasoning_tokens)} reasoning",
    )
    output.tell(options, f"Cost:     {spent.shown()}{saved}")
    output.tell(options, f"Coverage: {_coverage(output.coverage_of(options))}")


def _coverage(covered: Coverage | None) -> str:
    if covered is None:
        return "not known: there is no state file of the monitor beside the sessions"
    return f"{humanize.counted(covered.lines, 'line')} read; {'; '.join(covered.in_words())}"
