"""list: which sessions are there?"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from session_monitor.base.timestamps import local_time, milliseconds
from session_monitor.reports.report import Report
from session_monitor.reports.selected.filters import ENDED, STALE, Selection
from session_monitor.reports.sessions.session_list import SessionList
from session_monitor.reports.sessions.session_order import SORT_KEYS
from session_monitor.reports.sessions.session_rows import SessionRow
from session_monitor.text import humanize, safe
from session_monitor.text.humanize import moments
from session_monitor.text.table import Column
from session_monitor.text.width import cut_end
from session_monitor.totals import spending, wording

from .shared import currencies, fields, filters, parsers
from .shared.data import Data
from .shared.output import Output

if TYPE_CHECKING:
    from session_monitor.notes.notes_file import FolderNotes

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
        "list --tag 'bug*' --starred",
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
    command.add_argument("--long", action="store_true", help="times and questions in full, nothing cut or dropped")
    command.add_argument("--reverse", action="store_true", help="the other way round")
    command.add_argument("--tag", action="append", metavar="TAG", help="sessions with this tag or pattern ('bug*')")
    command.add_argument("--starred", action="store_true", help="sessions with a star")
    command.add_argument("--archived", action="store_true", help="also those that are archived")
    command.set_defaults(run=_list)


_COLUMNS = (
    Column("Session ID", least=20),
    Column("Updated", rank=8),
    Column("Msgs", ">", rank=7),
    Column("Input", ">", rank=3),
    Column("Cached", ">", rank=2),
    Column("Output", ">", rank=4),
    Column("Reasoning", ">", rank=1),
    Column("Cost", ">"),
    Column("Status", rank=6),
    Column("Model", rank=5, least=14),
    Column("About", rank=9, least=22, cut=cut_end),
)
"""At 80 columns there is mostly room for id, time, rounds, cost and what it is about; at 100 for the status too, at 120 for
model, input and output, and at 160 for all; a terminal that is still narrower keeps the id and the cost."""


def _list(options: argparse.Namespace, output: Output, data: Data) -> None:
    report = data.report()
    notes = data.notes()
    meant = filters.selection(options)._replace(
        tags=tuple(options.tag or ()),
        is_starred=options.starred,
        # Asked for alone where there are some: a list of all sessions goes a shorter way.
        without_archived=bool(
            notes is not None and not options.archived and options.status not in (STALE, ENDED) and notes.archived()
        ),
    )
    sessions = report.sessions(meant, sort_by=options.sort_by, reverse=options.reverse, limit=options.limit)
    for name in sessions.damaged:
        output.complain(f"{safe.cell(name)} cannot be read as a session; it is left out ('verify' tells more)")
    if output.is_json:
        output.print_json(fields.to_json(output, _told(report, sessions.rows, output.fields, notes)))
        if len(sessions.rows) < sessions.meant and options.limit == DEFAULT_LIMIT:
            output.complain(_limited(sessions))
    elif not sessions.rows:
        output.tell(_why_empty(options, report, meant))
    else:
        _print_list(options, output, report, sessions, notes)
        if meant.without_archived:
            output.tell("(Archived ones are left out: --archived shows them.)")


def _why_empty(options: argparse.Namespace, report: Report, meant: Selection) -> str:
    """Why there is none, where notes may be the reason as well."""
    if not meant.is_of_notes:
        return filters.why_empty(report, options, "sessions")
    asked = [*(f"--tag {tag}" for tag in meant.tags), *(["--starred"] if meant.is_starred else [])]
    words = safe.cell(" ".join([*asked, *filters.in_words(options)]))
    hint = "archived ones are left out, which --archived shows" if meant.without_archived else "'list' shows all"
    return f"No sessions{' with ' if words else ''}{words}: {hint}."


MOST_TITLES = 1000
"""Sessions of a list whose titles are told unasked: each is read from its session's file."""


def _told(
    report: Report, rows: Sequence[SessionRow], wanted: fields.Fields | None, notes: FolderNotes | None
) -> list[dict[str, Any]]:
    """What is told of each session; what the index and its file know beside its sums where that is wanted."""
    told = [row.to_json() for row in rows]
    for each in told:
        own = None if notes is None else notes.sessions.get(each["session_id"])
        each["noted"] = own and own.to_json()
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


def _limit(text: str) -> int | None:
    return None if text == "all" else parsers.positive(text)


def _limited(sessions: SessionList) -> str:
    shown, meant = humanize.count(len(sessions.rows)), humanize.count(sessions.meant)
    return f"{shown} of {meant} sessions; --limit all shows the others"


def _print_list(
    options: argparse.Namespace, output: Output, report: Report, sessions: SessionList, notes: FolderNotes | None
) -> None:
    if options.long:
        output.widen()
    has_titles = len(sessions.rows) <= MOST_TITLES
    columns = _COLUMNS if has_titles else _COLUMNS[:-1]
    rows = _table(options, output, report, sessions.rows, notes)
    output.print_table(columns, [row[: len(columns)] for row in rows])
    if not has_titles:
        output.complain(f"what sessions are about is told of {humanize.count(MOST_TITLES)} at most: --limit N")
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


def _table(
    options: argparse.Namespace, output: Output, report: Report, rows: Sequence[SessionRow], notes: FolderNotes | None
) -> Iterator[list[str]]:
    """The cells of each session; a title is cut where it is no longer one, unless all is wanted."""
    told, has_titles = moments(report.now, filters.zone(options.timezone)), len(rows) <= MOST_TITLES
    for row, cost in zip(rows, wording.short_column((row.spending for row in rows), output.currency)):
        fields, title = row.fields, (has_titles and _called(report, row, notes)) or "-"
        moment = milliseconds(fields["updated_at"])
        yield [
            fields["session_id"],
            local_time(fields["updated_at"]) if options.long or moment is None else told(moment),
            humanize.count(fields["messages_count"]),
            *wording.token_cells([fields[f"total_{kind}_tokens"] for kind in _KINDS], row.spending),
            cost,
            fields["status"],
            fields["model"] or "-",
            title if options.long else cut_end(safe.cell(title), _TITLE),
        ]


def _called(report: Report, row: SessionRow, notes: FolderNotes | None) -> str | None:
    """What a session is called: by its name, or what it began with, with what is noted of it."""
    own = None if notes is None else notes.sessions.get(row.fields["session_id"])
    if own is None:
        return report.title_of(row)
    from session_monitor.notes import wording as note_words  # noqa: PLC0415 -- of most sessions nothing is noted

    return note_words.heading(own, None if own.name else report.title_of(row))


_TITLE = 80
"""Columns that a title takes at most, however wide the terminal."""
