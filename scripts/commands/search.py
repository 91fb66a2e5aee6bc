"""search: in which rounds was something said?"""

from __future__ import annotations

import argparse
import functools
import re
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

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

_EVERYWHERE = "all"


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
        choices=(*COLUMNS, _EVERYWHERE),
        default=_EVERYWHERE,
        help="where: what was asked, answered or thought, or tools' arguments and results (default: all)",
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
    looked_for = words.words(" ".join(options.text))
    if not looked_for:
        what = safe.cell(" ".join(options.text).strip()) or "a blank"
        raise Failure("no_words", f"{what} holds no letter or digit to look for", USAGE)
    if words.are_too_many(looked_for):
        raise Failure("too_many_words", f"these are more than {words.MOST} words: leave some out", USAGE)
    wanted = Query(looked_for, None if options.column == _EVERYWHERE else options.column)
    report = data.report()
    results = _results(report, wanted, options, output)
    if not results.is_kept:
        reason = f"no search index can be kept in {data.folder}"
        output.complain(f"{reason}, so each search reads the conversations themselves, which takes longer")
    if output.is_json:
        hits = [hit._asdict() for hit in results.hits]
        output.print_json(to_json({"hits": hits, "more": results.has_more}))
        return
    if not results.hits:
        output.tell(_why_empty(report, wanted, results, options))
        return
    for hit in results.hits:
        print("\n".join(_lines(hit, output.columns(), output.paint())))
    if results.has_more:
        output.tell(f"(the latest {humanize.counted(len(results.hits), 'round')}; --limit shows more)")


def _results(report: Report, wanted: Query, options: argparse.Namespace, output: Output) -> SearchResults:
    progress = functools.partial(output.progress, "making the search index")
    try:
        return query.search(report, wanted, filters.selection(options), limit=options.limit, progress=progress)
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
    text, at = "", 0
    for start, end in hit.matches:
        text += f"{safe.cell(hit.excerpt[at:start])}{_BEGIN}{safe.cell(hit.excerpt[start:end])}{_END}"
        at = end
    text = _INDENT + text + safe.cell(hit.excerpt[at:])
    if columns is not None:
        text = "\n".join(width.wrap(text, columns, _INDENT))
    yield _MATCH.sub(lambda match: "\n".join(paint(table.BOLD, line) for line in match[1].split("\n")), text)


def _why_empty(report: Report, wanted: Query, results: SearchResults, options: argparse.Namespace) -> str:
    """Why nothing is found, and what would help."""
    text = safe.cell(" ".join(options.text))
    if not results.rounds:
        return filters.why_empty(report, options, "rounds")
    if results.unlogged == results.rounds:
        return "The log holds no content of any call: the gateway has to log question, answer and messages ('doctor')."
    where = f"in {wanted.column} " if wanted.column else ""
    none = f"No round has {text} {where}".rstrip()
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
