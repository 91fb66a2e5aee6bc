"""stats-errors: with which codes did calls fail?"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import datetime, tzinfo
from typing import Any

from commands.shared import fields, filters, parsers
from commands.shared.data import Data
from commands.shared.failures import USAGE, Failure
from commands.shared.output import Output
from session_monitor.calls.outcome import FAILED
from session_monitor.reports.selected.errors import Errors, FailedCalls
from session_monitor.text import humanize
from session_monitor.text.table import Column


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command."""
    command = parsers.command(
        commands,
        (shared, filters.parser(), fields.parser()),
        "stats-errors",
        "count the calls that failed, by model and response code: how many, which share of the model's calls, when last",
        "stats-errors",
        "stats-errors --since 24h --model 'gpt-*' --json",
    )
    command.set_defaults(run=_errors)


_COLUMNS = (
    Column("Model", least=16),
    Column("Code", least=24),
    Column("Failed", ">"),
    Column("Of calls", ">", rank=2),
    Column("Share", ">"),
    Column("Sessions", ">", rank=1),
    Column("Last seen", rank=3),
)


def _errors(options: argparse.Namespace, output: Output, data: Data) -> None:
    if options.outcome not in (None, FAILED):
        raise Failure("bad_outcome", f"--outcome {options.outcome}: here calls are counted that failed", USAGE)
    report = data.report()
    errors = report.errors(filters.selection(options))
    if output.is_json:
        fields.print_rows(output, {"errors": [row.to_json() for row in errors.rows], "total": errors.total_to_json()})
    elif not errors.calls:
        output.tell(filters.why_empty(report, options, "calls"))
    elif not errors.rows:
        output.tell(f"No failed call in {humanize.counted(errors.calls, 'call')}.")
    else:
        output.tell("📊 Failed Calls by Model and Code")
        output.print_table(_COLUMNS, *_cells(errors, filters.zone(options.timezone)))
        output.tell("(Shares are of all calls of the model. Calls that clients left are no failures: see 'summary'.)")


def _cells(errors: Errors, where: tzinfo | None) -> tuple[Iterator[list[str]], list[str]]:
    rows = ([row.model or "(not named)", _of_code(row.code), *_numbers(row, where)] for row in errors.rows)
    return rows, ["TOTAL", "", *_numbers(errors.total, where)]


def _numbers(row: FailedCalls, where: tzinfo | None) -> list[str]:
    share = f"{100 * row.share:.1f} %" if row.share >= 0.0005 else "< 0.1 %"
    last = "-" if row.last is None else f"{datetime.fromtimestamp(row.last / 1000, where):%Y-%m-%d %H:%M}"
    return [humanize.count(row.failed), humanize.count(row.calls), share, humanize.count(row.sessions), last]


def _of_code(code: int | None) -> str:
    """A code with what it means."""
    import http  # noqa: PLC0415 -- the other answers need it for nothing

    if code is None:
        return "not told"
    if code < 400:
        return f"{code} (no response)" if not code else f"{code} (broken off)"
    try:
        return f"{code} {http.HTTPStatus(code).phrase}"
    except ValueError:  # a gateway may make up its own
        return str(code)
