"""list: which sessions are there?"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from session_monitor.base.timestamps import local_time
from session_monitor.reports.report import Report
from session_monitor.reports.session_list import SORT_KEYS, SessionList
from session_monitor.reports.session_rows import SessionRow
from session_monitor.text import humanize, safe
from session_monitor.text.table import Column
from session_monitor.totals import spending, wording
from session_monitor.totals.currency import DisplayCurrency

from .shared import currencies, fields, filters, parsers
from .shared.data import Data
from .shared.output import Output

DEFAULT_LIMIT = 50
"""Sessions that are shown unless more are asked for."""


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command."""
    command = parsers.command(
        commands,
        (shared, filters.parser(), currencies.parser(), fields.parser()),
        "list",
        "list the sessions, the latest first",
        "list --sort-by cost --limit 10",
        "list --since 7d --model 'gpt-*' --min-cost 0.50",
        "list --status error --json",
        "list --json --fields session_id,title,cost_usd",
    )
    command.add_argument(
        "--limit",
        type=_limit,
        default=DEFAULT_LIMIT,
        metavar="N",
        help=f"show N sessions at most, or all (default: {DEFAULT_LIMIT})",
    )
    command.add_argument(
        "--sort-by",
        choices=sorted(SORT_KEYS),
        default="updated",
        help="the latest first, the newest, the most expensive, or those with the most tokens or rounds (default: updated)",
    )
    command.add_argument("--reverse", action="store_true", help="the other way round")
    command.set_defaults(run=_list)


_COLUMNS = (
    Column("Session ID", least=24),
    Column("Updated", rank=3),
    Column("Msgs", ">"),
    Column("Input", ">"),
    Column("Cached", ">", rank=4),
    Column("Output", ">"),
    Column("Reasoning", ">", rank=2),
    Column("Cost", ">"),
    Column("Status", rank=5),
    Column("Model", rank=1, least=12),
)


def _list(options: argparse.Namespace, output: Output, data: Data) -> None:
    report = data.report()
    meant = filters.selection(options)
    sessions = report.sessions(meant, sort_by=options.sort_by, reverse=options.reverse, limit=options.limit)
    for name in sessions.damaged:
        output.complain(f"{safe.cell(name)} cannot be read as a session; it is left out ('verify' tells more)")
    if output.is_json:
        output.print_json(fields.to_json(output, _told(report, sessions.rows, output.fields)))
        if len(sessions.rows) < sessions.meant and options.limit == DEFAULT_LIMIT:
            output.complain(_limited(sessions))
    elif not sessions.rows:
        output.tell(filters.why_empty(report, options, "sessions"))
    else:
        _print_list(output, sessions)


MOST_TITLES = 1000
"""Sessions of a list in JSON whose titles are told unasked: each is read from its session's file."""


def _told(report: Report, rows: Sequence[SessionRow], wanted: fields.Fields | None) -> list[dict[str, Any]]:
    """What is told of each session; what the index and its file know beside its sums where that is wanted."""
    told = [_with_share(row.to_json()) for row in rows]
    if wanted is not None and not any(wanted.keys() - each.keys() for each in told[:1]):
        return told
    facts = report.listed([row.fields["session_id"] for row in rows])
    has_title = len(rows) <= MOST_TITLES or (wanted is not None and "title" in wanted)
    for each in told:
        known = facts.get(each["session_id"])
        if known and has_title:
            each["title"] = report.title(known.first)
        if known:
            each.update(consumers=known.consumers, tool_calls=known.tool_calls)
    return told


def _with_share(told: dict[str, Any]) -> dict[str, Any]:
    sent = told["total_input_tokens"]
    return {**told, "cached_share": round(told["total_cached_tokens"] / sent, 6) if sent else None}


def _limit(text: str) -> int | None:
    return None if text == "all" else parsers.positive(text)


def _limited(sessions: SessionList) -> str:
    shown, meant = humanize.count(len(sessions.rows)), humanize.count(sessions.meant)
    return f"{shown} of {meant} sessions; --limit all shows the others"


def _print_list(output: Output, sessions: SessionList) -> None:
    output.print_table(_COLUMNS, [_cells(row, output.currency) for row in sessions.rows])
    if len(sessions.rows) < sessions.meant:
        output.tell(f"({_limited(sessions)})")
    output.tell_rate()
    if any(row.spending.unpriced_rounds for row in sessions.rows):
        are_models = any(row.spending.unpriced_models for row in sessions.rows)
        why = "have no price, see 'pricing list --unpriced'" if are_models else "tell no tokens, or too few of them"
        output.complain(f"+ and -: some or all rounds {why}")
    if any(row.spending.assumed.rounds for row in sessions.rows):
        output.complain(
            "~: something had to be assumed for a part of it; 'summary' tells what, and 'show' of one session"
        )
    unknown = wording.unknown_tokens(spending.added(row.spending for row in sessions.rows))
    if unknown:
        output.complain(f"{unknown}{' (≥)' if any(row.spending.at_least for row in sessions.rows) else ''}")


_KINDS = ("input", "cached", "output", "reasoning")


def _cells(row: SessionRow, currency: DisplayCurrency) -> list[str]:
    return [
        row.fields["session_id"],
        local_time(row.fields["updated_at"]),
        humanize.count(row.fields["messages_count"]),
        *wording.token_cells([row.fields[f"total_{kind}_tokens"] for kind in _KINDS], row.spending),
        wording.short(row.spending, currency),
        row.fields["status"],
        row.fields["model"] or "-",
    ]
