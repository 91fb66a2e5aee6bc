"""search: in which rounds was something said?"""

from __future__ import annotations

import argparse
import functools
import os
import re
import sqlite3
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from session_monitor.base.data_folder import NOTES as NOTES_FILE
from session_monitor.base.timestamps import local_time
from session_monitor.reports.report import Report
from session_monitor.search import query, words
from session_monitor.search.query import Hit, Query, SearchResults
from session_monitor.search.texts import COLUMNS
from session_monitor.search.word_index import NoFullTextError
from session_monitor.text import humanize, safe, table, width

from .shared import filters, parsers
from .shared.data import Data
from .shared.failures import USAGE, Failure
from .shared.output import Output, to_json

if TYPE_CHECKING:
    from session_monitor.search.in_notes import NoteHit

_EVERYWHERE, _NOTES = "all", "notes"
PATIENCE = 10.0
"""Seconds for which rounds are looked through, the latest first, before what is there so far is told."""


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command."""
    command = parsers.command(
        commands,
        (shared, filters.parser()),
        "search",
        "find the rounds in which something was said, the latest first",
        "search 北京天气",
        "search timeout deploy --in tools --since 7d",
        "search '\"connection refused\"' --model 'gpt-*' --json",
        "search 'weath*' --limit 100",
    )
    command.add_argument(
        "text",
        nargs="+",
        metavar="TEXT",
        help='words, all of which are in the round, at most 32; "words in this order"; the beginning of a word with * behind it',
    )
    command.add_argument(
        "--in",
        dest="column",
        choices=(*COLUMNS, _NOTES, _EVERYWHERE),
        default=_EVERYWHERE,
        help="where: what was asked, answered or thought, tools' arguments and results, or what is noted (default: all)",
    )
    command.add_argument(
        "--limit",
        type=parsers.positive,
        default=query.LIMIT,
        metavar="N",
        help=f"show N rounds at most (default: {query.LIMIT})",
    )
    command.set_defaults(run=_search)


def _search(options: argparse.Namespace, output: Output, data: Data) -> None:
    looked_for = _words(" ".join(options.text))
    is_of_notes = options.column == _NOTES
    wanted = Query(looked_for, None if options.column in (_EVERYWHERE, _NOTES) else options.column)
    report = data.report()
    noted, has_more_noted = _noted(report, wanted, options)
    results = _NO_ROUNDS if is_of_notes else _results(report, wanted, options, output)
    if not results.is_kept:
        reason = f"no search index can be kept in {data.folder}"
        output.complain(f"{reason}, so each search reads the conversations themselves, which takes longer")
    if output.is_json:
        hits, notes = [hit._asdict() for hit in results.hits], [hit._asdict() for hit in noted]
        told = {"hits": hits, "more": results.has_more, "notes": notes, "more_notes": has_more_noted}
        told.update(complete=results.is_complete, looked_through=results.looked_through)
        output.print_json(to_json(told))
        return
    _print_notes(output, noted, has_more=has_more_noted)
    _print_rounds(output, results)
    if not noted and is_of_notes:
        output.tell(f"No note, name or tag of a session that is meant has {safe.cell(' '.join(options.text))}.")
    elif not noted and not results.hits:
        output.tell(_why_empty(report, wanted, results, options))


_NO_ROUNDS = SearchResults([], has_more=False, is_kept=True)


def _words(text: str) -> tuple[words.Word, ...]:
    """What is looked for.  Raises ``Failure``."""
    looked_for = words.words(text)
    if not looked_for:
        what = safe.cell(text.strip()) or "a blank"
        raise Failure("no_words", f"{what} holds no letter or digit to look for", USAGE)
    if words.are_too_many(looked_for):
        raise Failure("too_many_words", f"these are more than {words.MOST} words: leave some out", USAGE)
    return looked_for


def _print_notes(output: Output, noted: Sequence[NoteHit], *, has_more: bool) -> None:
    for hit in noted:
        print("\n".join(_note_lines(hit, output.columns(), output.paint())))
    if has_more:
        output.tell(f"(the latest {humanize.counted(len(noted), 'note')}; --limit shows more)")


def _print_rounds(output: Output, results: SearchResults) -> None:
    for hit in results.hits:
        print("\n".join(_lines(hit, output.columns(), output.paint())))
    if results.has_more:
        output.tell(f"(the latest {humanize.counted(len(results.hits), 'round')}; --limit shows more)")
    elif not results.is_complete:
        share = int(100 * results.looked_through)
        output.tell(f"(looked through {share}% of all rounds, the latest; the same search goes on with older ones)")


def _noted(report: Report, wanted: Query, options: argparse.Namespace) -> tuple[Sequence[NoteHit], bool]:
    """What is noted of sessions that are meant, with these words; nothing where it is asked what was said."""
    if options.column not in (_NOTES, _EVERYWHERE) or not os.path.lexists(os.path.join(report.folder, NOTES_FILE)):
        return [], False
    from session_monitor.search import in_notes  # noqa: PLC0415 -- in few folders is anything noted

    return in_notes.find(report, wanted.words, filters.selection(options), options.limit)


def _results(report: Report, wanted: Query, options: argparse.Namespace, output: Output) -> SearchResults:
    progress = functools.partial(output.progress, "making the search index")
    try:
        meant, is_enough = filters.selection(options), query.within(PATIENCE)
        return query.search(report, wanted, meant, limit=options.limit, progress=progress, is_enough=is_enough)
    except NoFullTextError:
        text = f"SQLite {sqlite3.sqlite_version} of this Python has no full-text search (FTS5): run cli.py with another one"
        raise Failure("no_full_text", text) from None


# -- for people --------------------------------------------------------------------------------------------------------

_INDENT = "    "
# Characters without width that no cell has: they find their place while lines are measured and broken.
_BEGIN, _END = "\u2062", "\u2063"
_MATCH = re.compile(f"{_BEGIN}(.*?){_END}", re.DOTALL)


def _lines(hit: Hit, columns: int | None, paint: table.Paint) -> Iterator[str]:
    """The round, and below it what it says, the matches in bold."""
    place = f"round {hit.round} @ {local_time(hit.timestamp)}"
    head = " · ".join([safe.cell(hit.session_id), place, safe.cell(hit.model or "-"), hit.where])
    yield from [head] if columns is None else width.wrap(head, columns, _INDENT)
    yield _excerpt(hit.excerpt, hit.matches, columns, paint)


def _note_lines(hit: NoteHit, columns: int | None, paint: table.Paint) -> Iterator[str]:
    """What is noted, and of which session; that it is a note, and nothing that was said in it."""
    what = f"its {hit.kind}" if hit.note is None else f"note {hit.note} @ {local_time(hit.at)}"
    head = f"{safe.cell(hit.session_id)} · {what}"
    yield from [head] if columns is None else width.wrap(head, columns, _INDENT)
    yield _excerpt(hit.excerpt, hit.matches, columns, paint)


def _excerpt(excerpt: str, matches: Sequence[tuple[int, int]], columns: int | None, paint: table.Paint) -> str:
    text, at = "", 0
    for start, end in matches:
        text += f"{safe.cell(excerpt[at:start])}{_BEGIN}{safe.cell(excerpt[start:end])}{_END}"
        at = end
    text = _INDENT + text + safe.cell(excerpt[at:])
    if columns is not None:
        text = "\n".join(width.wrap(text, columns, _INDENT))
    return _MATCH.sub(lambda match: "\n".join(paint(table.BOLD, line) for line in match[1].split("\n")), text)


def _why_empty(report: Report, wanted: Query, results: SearchResults, options: argparse.Namespace) -> str:
    """Why nothing is found, and what would help."""
    text = safe.cell(" ".join(options.text))
    if not results.rounds:
        return filters.why_empty(report, options, "rounds")
    if results.unlogged == results.rounds:
        return "The log holds no content of any call: the gateway has to log question, answer and messages ('doctor')."
    where = f"in {wanted.column} " if wanted.column else ""
    none = f"No round {'' if results.is_complete else 'so far '}has {text} {where}".rstrip()
    silent = f"; of {humanize.counted(results.unlogged, 'round')} the log holds no content" if results.unlogged else ""
    hints = "; ".join(_hints(wanted, filters.in_words(options)))
    return f"{none}{silent}{': ' if hints else ''}{hints}."


def _hints(wanted: Query, filters_in_words: Sequence[str]) -> Iterator[str]:
    """What could be asked instead."""
    if wanted.column:
        yield "without --in it is looked for everywhere"
    if filters_in_words:
        yield f"without {safe.cell(' '.join(filters_in_words))} in all rounds"
    if len(wanted.words) > 1:
        yield "a round has to have all of the words"
    beginnings = [f"'{safe.cell(word.text)}*'" for word in wanted.words if word.may_go_on]
    if beginnings:
        yield f"words are found whole, or by their beginning: {beginnings[-1]}"
