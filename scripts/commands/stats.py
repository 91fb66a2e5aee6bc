"""stats-model, stats-date and summary: what do the calls add up to?"""

from __future__ import annotations

import argparse
import os
from datetime import date, datetime
from typing import Any

from session_monitor import checkpoint, days, figures, money, terminal
from session_monitor.coverage import Coverage
from session_monitor.report import Sums
from session_monitor.terminal import Column

from . import common
from .common import to_json


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the commands."""
    about = "add up the calls of each model"
    command = common.command(commands, shared, "stats-model", about, "stats-model", "stats-model --json")
    command.set_defaults(run=_by_model)
    about = "add up the calls of each day"
    command = common.command(
        commands,
        shared,
        "stats-date",
        about,
        "stats-date --days 7",
        "stats-date --days 30 --timezone Asia/Shanghai --json",
    )
    command.add_argument(
        "--days", type=common.positive, default=7, metavar="N", help="the last N days, today included (default: 7)"
    )
    command.add_argument(
        "--timezone",
        default=days.LOCAL,
        metavar="ZONE",
        help="whose days, such as Asia/Shanghai or UTC (default: local)",
    )
    command.set_defaults(run=_by_date)
    about = "add up everything, and tell how much of the log that speaks for"
    command = common.command(commands, shared, "summary", about, "summary", "summary --json")
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
_MODELS = (Column("Model", least=16), *_SUMS)
_DATES = (Column("Date"), *_SUMS, Column("Models", rank=5, least=16))


def _by_model(options: argparse.Namespace) -> None:
    answer = common.sessions_of(options.data_dir).by_model()
    if options.json:
        models = [{"model": row.model, "sessions": row.sessions, **row.sums.to_json()} for row in answer.rows]
        total = {"sessions": answer.sessions, **answer.sums.to_json()}
        common.print_json(to_json({"models": models, "total": total}))
        return
    if not answer.rows:
        print(f"No calls in {terminal.cell(options.data_dir)} yet: run main.py on a gateway's access log first.")
        return
    print("📊 Statistics by Model")
    rows = [_cells(row.model or "(not named)", row.sessions, row.sums) for row in answer.rows]
    total_row = _cells("TOTAL", answer.sessions, answer.sums)
    common.print_table(terminal.table(_MODELS, rows, common.columns(), total=total_row))
    _print_unpriced(answer.sums)


def _by_date(options: argparse.Namespace) -> None:
    try:
        where = days.zone(options.timezone)
    except days.UnknownZone:
        text = f"no time zone {options.timezone}: name one like Asia/Shanghai (or this machine has no list of them: tzdata)"
        raise common.Failure("bad_timezone", text, common.USAGE) from None
    wanted = days.last(min(options.days, _MOST_DAYS), datetime.now(where).date(), where)
    answer = common.sessions_of(options.data_dir).by_date(wanted)
    newest = None if answer.newest is None else days.date_of(answer.newest, where)
    if options.json:
        rows = [
            {"date": row.date.isoformat(), "sessions": row.sessions, "models": row.models, **row.sums.to_json()}
            for row in answer.rows
        ]
        total = {"sessions": answer.sessions, **answer.sums.to_json()}
        known = {"timezone": options.timezone, "newest": newest and newest.isoformat()}
        common.print_json(to_json({"dates": rows, "total": total, **known}))
        return
    print(f"📊 Statistics by Date (Last {figures.counted(options.days, 'day')})")
    if not answer.rows:
        print(_why_empty(newest, wanted[-1].date))
        return
    table = [[*_cells(row.date.isoformat(), row.sessions, row.sums), ", ".join(row.models)] for row in answer.rows]
    total_row = [*_cells("TOTAL", answer.sessions, answer.sums), ""]
    common.print_table(terminal.table(_DATES, table, common.columns(), total=total_row))
    _print_unpriced(answer.sums)


_MOST_DAYS = 36_500


def _why_empty(newest: date | None, today: date) -> str:
    if newest is None:
        return "No calls yet: run main.py on a gateway's access log first."
    return f"No calls on these days: the newest is of {newest}, so --days {max((today - newest).days + 1, 1)} shows it."


def _cells(name: str, sessions: int, sums: Sums) -> list[str]:
    counts = (sessions, sums.calls, sums.failed, sums.input_tokens, sums.cached_tokens)
    more = (sums.output_tokens, sums.reasoning_tokens)
    return [name, *map(figures.count, counts), *map(figures.count, more), sums.spending.short()]


def _print_unpriced(sums: Sums) -> None:
    spent = sums.spending
    if spent.unpriced_rounds:
        rounds = figures.counted(spent.unpriced_rounds, "round")
        tokens = figures.counted(spent.unpriced_tokens, "token")
        print(f"Not in the cost: {rounds} unpriced, {tokens} ({', '.join(spent.why())})")


def _summary(options: argparse.Namespace) -> None:
    found = common.sessions_of(options.data_dir).overview(0)
    covered = checkpoint.read_coverage(os.path.join(options.data_dir, ".state.json"))
    sums = found.sums
    if options.json:
        coverage = covered.to_json() if covered else None
        common.print_json(to_json({"sessions": found.sessions, **sums.to_json(), "coverage": coverage}))
        return
    spent = sums.spending
    saved = f"; caching saved {money.shown(spent.saved_pico)}" if spent.saved_pico > 0 else ""
    print(f"Sessions: {figures.count(found.sessions)}")
    print(f"Calls:    {figures.count(sums.calls)}, of which {figures.count(sums.failed)} failed")
    print(
        f"Tokens:   {figures.count(sums.input_tokens)} input, of which {figures.count(sums.cached_tokens)} cached and "
        f"{figures.count(sums.cache_write_tokens)} cache written; {figures.count(sums.output_tokens)} output, of which "
        f"{figures.count(sums.reasoning_tokens)} reasoning"
    )
    print(f"Cost:     {spent.shown()}{saved}")
    print(f"Coverage: {_coverage(covered)}")


def _coverage(covered: Coverage | None) -> str:
    if covered is None:
        return "not known: there is no state file of the monitor beside the sessions"
    return f"{figures.counted(covered.lines, 'line')} read; {'; '.join(covered.in_words())}"
