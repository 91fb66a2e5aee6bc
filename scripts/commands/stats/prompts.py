"""stats-prompt: what do calls cost under each system prompt?"""

from __future__ import annotations

import argparse
import functools
from datetime import datetime, tzinfo
from typing import Any

from commands.shared import currencies, fields, filters, parsers
from commands.shared.data import Data
from commands.shared.output import Output
from session_monitor.insight import prompt_statistics
from session_monitor.insight.prompt_statistics import PromptVersion
from session_monitor.text import humanize
from session_monitor.text.table import Column
from session_monitor.text.width import cut_end
from session_monitor.totals import wording

from . import sums_table

WORDS = 80
"""Characters of a prompt's beginning."""


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command."""
    command = parsers.command(
        commands,
        (shared, filters.parser(), currencies.parser(), fields.parser()),
        "stats-prompt",
        "add up the calls made under each system prompt: what they cost, how many failed, what came from a cache",
        "stats-prompt",
        "stats-prompt --since 7d --json",
    )
    command.epilog += _ABOUT
    command.set_defaults(run=_by_prompt)


_ABOUT = """
A prompt is known by the mark of its text without the times, ids and numbers in it: one that tells the date is the same tomorrow. It
can be read in the round that is named, with 'show ID --rounds N --messages full'. (none): calls without a system prompt; (not
logged): calls whose content is not in the log, or not whole.
"""

_COLUMNS = (
    Column("Prompt", least=14),
    Column("Sessions", ">", rank=8),
    Column("Calls", ">", rank=10),
    Column("Failed", ">", rank=7),
    Column("Cached", ">", rank=6),
    Column("Per call", ">"),
    Column("Per session", ">", rank=5),
    Column("First seen", rank=3),
    Column("Last seen", rank=4),
    Column("Read in", rank=2, least=16),
    Column("Begins", rank=9, least=16, cut=cut_end),
    Column("Cost", ">"),
)


def _by_prompt(options: argparse.Namespace, output: Output, data: Data) -> None:
    report, where = data.report(), filters.zone(options.timezone)
    progress = functools.partial(output.progress, "reading system prompts")
    rows = prompt_statistics.by_prompt(report, filters.selection(options), progress)
    words = [prompt_statistics.first_words(report, row, WORDS) for row in rows]
    everything = report.overview(filters.selection(options))
    if output.is_json:
        total = {"sessions": everything.sessions, **everything.sums.to_json()}
        told = [{**row.to_json(), "begins": each} for row, each in zip(rows, words)]
        fields.print_rows(output, {"rows": told, "total": total, "timezone": options.timezone})
    elif not rows:
        output.tell(filters.why_empty(report, options, "calls"))
    else:
        output.tell("📊 Statistics by System Prompt")
        costs = wording.short_column((row.sums.spending for row in rows), output.currency)
        output.print_table(
            _COLUMNS,
            [[*_cells(row, where, output), each or "", cost] for row, each, cost in zip(rows, words, costs)],
        )
        sums_table.tell_unknown(output, everything.sums.spending)


_NAMES = {None: "(not logged)", prompt_statistics.NONE: "(none)"}


def _cells(row: PromptVersion, where: tzinfo | None, output: Output) -> list[str]:
    cached = row.sums.cached_share
    costs = ("-" if each is None else output.currency.shown(each) for each in (row.per_call, row.per_session))
    return [
        _NAMES.get(row.prompt, row.prompt or ""),
        *map(humanize.count, (row.sessions, row.sums.calls, row.sums.failed)),
        "-" if cached is None else f"{100 * cached:.1f} %",
        *costs,
        *(_time(each, where) for each in (row.first, row.last)),
        f"{row.session_id} {row.stands_in}" if row.is_told else "-",
    ]


def _time(at: int | None, where: tzinfo | None) -> str:
    try:
        return "-" if at is None else f"{datetime.fromtimestamp(at / 1000, where):%Y-%m-%d %H:%M}"
    except (OverflowError, ValueError, OSError):  # beyond this machine's calendar
        return "-"
