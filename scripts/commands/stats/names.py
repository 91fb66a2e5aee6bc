"""stats-model, -consumer, -vendor, -seller, -route, -gateway, -agent and summary: what do the calls add up to?"""

from __future__ import annotations

import argparse
from typing import Any

from commands.shared import currencies, fields, filters, grouping, known_findings, parsers
from commands.shared.data import Data
from commands.shared.failures import USAGE, Failure
from commands.shared.output import Output
from session_monitor.base import periods
from session_monitor.reports.report import Report
from session_monitor.reports.selected import naming
from session_monitor.reports.selected.filters import ACTIVE_IN_WORDS, Selection
from session_monitor.reports.sums.breakdown import Breakdown
from session_monitor.text import humanize
from session_monitor.text.table import Column
from session_monitor.totals import wording

from . import sums_table


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
                help="how long calls took until the first token and until the end: half of them, and 95 of a hundred (p50, p95); and tokens a second",
            )
        command.set_defaults(run=_by_name, column=column)
    _add_by_agent(commands, costs)
    about = "add up everything, and tell how much of the log that speaks for"
    command = parsers.command(commands, costs, "summary", about, "summary", "summary --since 24h --json")
    command.set_defaults(run=_summary)


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
    naming.GATEWAY: ("of each gateway, where a database holds those of many", "stats-gateway --since 24h"),
}


def _by_name(options: argparse.Namespace, output: Output, data: Data) -> None:
    """By the names of ``options.column``; with ``--by`` in each span of time."""
    options.grouping = grouping.taken(options)
    column, report, selection = options.column, data.report(), filters.selection(options)
    if options.by and getattr(options, "latency", False):
        raise Failure("bad_latency", "--latency and --by exclude each other", USAGE)
    if options.by:
        _by_time_and_name(options, output, report, selection)
        return
    if output.is_json:
        fields.print_rows(output, _in_json(options, report, selection))
        return
    if getattr(options, "latency", False):
        _by_latency(options, output, report, selection)
        return
    breakdown = _breakdown(options, report, selection)
    if not breakdown.rows:
        output.tell(filters.why_empty(report, options, "calls"))
    else:
        output.tell(f"📊 Statistics by {column.capitalize()}")
        *cells, total = sums_table.rows(
            [*((_shown(row.name, column), row) for row in breakdown.rows), ("TOTAL", breakdown)], output
        )
        output.print_table((_of_names(column), *sums_table.sum_columns(output.currency)), cells, total)
        sums_table.tell_unknown(output, breakdown.sums.spending)


_LATENCIES = (
    Column("Calls", ">", rank=2),
    *(Column(f"{what} {which}", ">") for what in ("First", "Whole") for which in ("p50", "p95")),
    Column("Tokens/s", ">"),
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
        first, whole, failed, speed, _ = side.latency
        *times, of_failed = map(_seconds, (first.p50, first.p95, whole.p50, whole.p95, failed.p95))
        written = "-" if speed.per_second is None else f"{speed.per_second:.1f}"
        calls = humanize.count(side.sums.calls)
        rows.append([_shown(name, options.column), calls, *times, written, of_failed])
    output.print_table((_of_names(options.column), *_LATENCIES), rows)
    output.complain(
        "First: until the first token; whole: until the end; half took no longer than p50, 95 of a hundred than p95; "
        "Tokens/s: those that came behind the first one, over the time from it to the end, in the calls that tell both "
        "(too quick of a model that thinks unseen before it); "
        "-: the log tells no times of such calls; those that clients left are in none"
    )


def _seconds(milliseconds: int | None) -> str:
    return "-" if milliseconds is None else f"{milliseconds / 1000:.2f} s"


def _by_time_and_name(options: argparse.Namespace, output: Output, report: Report, selection: Selection) -> None:
    column, where = options.column, filters.zone(options.timezone)
    breakdown = _breakdown(options, report, selection)
    if output.is_json:
        rows = [row.to_json(column, where) for row in breakdown.rows]
        known = {"timezone": options.timezone, "by": options.by}
        fields.print_rows(output, {_plural(column): rows, "total": breakdown.total_to_json(), **known})
    elif not breakdown.rows:
        output.tell(filters.why_empty(report, options, "calls"))
    else:
        output.tell(f"📊 Statistics by {column.capitalize()} and {options.by.capitalize()}")
        columns = (sums_table.of_unit(options.by), _of_names(column), *sums_table.sum_columns(output.currency))
        *cells, total = sums_table.rows(
            [*((_shown(row.name, column), row) for _, row in breakdown.rows), ("", breakdown)], output
        )
        dated = [[span.name, *each] for (span, _), each in zip(breakdown.rows, cells)]
        output.print_table(columns, dated, ["TOTAL", *total])
        sums_table.tell_unknown(output, breakdown.sums.spending)


def _shown(name: str | None, column: str) -> str:
    if name is None and column in (grouping.AGENT, grouping.PREFIX):
        return "(other)"
    if name is None:
        return "(not known)" if column in (naming.VENDOR, naming.SELLER) else "(not named)"
    if column not in (naming.VENDOR, naming.SELLER):
        return name
    from session_monitor.prices import sellers  # noqa: PLC0415 -- the other commands need no table of them

    return sellers.titles().get(name, name)


def _of_names(column: str) -> Column:
    """Names are told apart at their end, too: numbers that say less give way before they are cut."""
    return Column(column.capitalize(), least=26)


# -- by agent ----------------------------------------------------------------------------------------------------------


def _add_by_agent(commands: Any, costs: tuple[argparse.ArgumentParser, ...]) -> None:
    command = parsers.command(
        commands,
        costs,
        "stats-agent",
        "add up the calls of each agent, by the ids of its sessions: main of OpenClaw's agent:main:…; (other) of all others",
        *(
            "stats-agent --since 7d",
            "stats-agent --by day --since 7d --json",
            "stats-agent --by-prefix 1 --delimiter /",
        ),
    )
    command.add_argument("--by", choices=periods.UNITS, help="a row for each in each hour, day, week or month")
    grouping.add_options(command)
    command.set_defaults(run=_by_name, column=grouping.AGENT)


def _breakdown(options: argparse.Namespace, report: Report, selection: Selection) -> Breakdown:
    """By name, or by agent; with ``--by`` in each span."""
    column, where = options.column, filters.zone(options.timezone)
    if options.by and options.grouping:
        return report.by_time_and_agent(options.by, where, options.grouping, selection)
    if options.by:
        return report.by_time_and_name(options.by, where, column, selection)
    return report.by_agent(options.grouping, selection) if options.grouping else report.by_name(column, selection)


def _in_json(options: argparse.Namespace, report: Report, selection: Selection) -> dict[str, Any]:
    column = options.column
    if not options.grouping:
        return report.by_name_in_json(column, selection)
    breakdown = _breakdown(options, report, selection)
    return {_plural(column): [row.to_json(column) for row in breakdown.rows], "total": breakdown.total_to_json()}


def _plural(column: str) -> str:
    return f"{column}es" if column == grouping.PREFIX else f"{column}s"


# -- all together ------------------------------------------------------------------------------------------------------


_LABEL = " " * len("Coverage: ")


def _summary(options: argparse.Namespace, output: Output, data: Data) -> None:
    report = data.report()
    overview = report.overview(filters.selection(options))
    sums, active = overview.sums, report.active(filters.selection(options))
    if output.is_json:
        told = {"sessions": overview.sessions, "active_now": active, **sums.to_json()}
        output.print_json(fields.to_json(output, told))
        return
    if not sums.calls and filters.in_words(options):
        output.tell(filters.why_empty(report, options, "calls"))
        return
    spent = sums.spending
    saved = f"; caching saved {output.currency.shown(spent.saved_pico)}" if spent.saved_pico > 0 else ""
    output.tell(
        f"Sessions: {humanize.count(overview.sessions)}, of which {humanize.count(active)} are active ({ACTIVE_IN_WORDS})"
    )
    left = f" and {humanize.count(sums.left)} were left by their clients" if sums.left else ""
    output.tell(f"Calls:    {humanize.count(sums.calls)}, of which {humanize.count(sums.failed)} failed{left}", _LABEL)
    output.tell(f"Tokens:   {wording.tokens(sums)}", _LABEL)
    output.tell(f"Cost:     {wording.shown(spent, output.currency)}{saved}", _LABEL)
    for line in wording.assumed(spent, output.currency):
        output.tell(f"          {line}")
    findings = known_findings.in_all(report, filters.selection(options), overview.sessions)
    if findings:
        output.tell(f"Findings: {findings}", _LABEL)
    output.tell_rate()
    output.tell(f"Coverage: {data.coverage_in_words()}", _LABEL)
