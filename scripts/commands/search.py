"""search: in which rounds was something said?"""

from __future__ import annotations

import argparse
import functools
import re
import sqlite3
from collections.abc import Iterator
from typing import Any

from session_monitor.base.timestamps import local_time
from session_monitor.reports.report import Report
from session_monitor.search import query as search
from session_monitor.search import words
from session_monitor.search.query import Hit, Query, SearchResults
from session_monitor.search.texts import COLUMNS
from session_monitor.search.word_index import NoFullTextError
from session_monitor.text import humanize, safe, table, width

from .shared import data, output, parsers
from .shared import filters as shared_filters
from .shared.failures import Failure
from .shared.output import to_json

_EVERYWHERE = "all"


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command."""
    command = parsers.command(
        commands,
        (shared, shared_filters.filters()),
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
        help='words, all of which are in the round; "words in this order"; the beginning of a word with * behind it',
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
        default=search.LIMIT,
        metavar="N",
        help=f"show N rounds at most (default: {search.LIMIT})",
    )
    command.set_defaults(run=_search)


def _search(options: argparse.Namespace) -> None:
    query = Query(words.words(" ".join(options.text)), None if options.column == _EVERYWHERE else options.column)
    sessions = data.sessions_of(options.data_dir)
    found = _found(sessions, query, options)
    if not found.is_kept:
        reason = f"no search index can be kept in {options.data_dir}"
        output.complain(f"{reason}, so each search reads the conversations themselves, which takes longer")
    if options.json:
        hits = [hit._asdict() for hit in found.hits]
        output.print_json(options, to_json({"hits": hits, "more": found.has_more}))
        return
    if not found.hits:
        output.tell(options, _why_empty(sessions, query, found, options))
        return
    for hit in found.hits:
        print("\n".join(_lines(hit, output.columns(options), output.paint(options))))
    if found.has_more:
        output.tell(options, f"(the latest {humanize.counted(len(found.hits), 'round')}; --limit shows more)")


def _found(sessions: Report, query: Query, options: argparse.Namespace) -> SearchResults:
    progress = functools.partial(output.progress, "making the search index")
    try:
        return search.search(sessions, query, shared_filters.selected(options), limit=options.limit, progress=progress)
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


def _why_empty(sessions: Report, query: Query, found: SearchResults, options: argparse.Namespace) -> str:
    """Why nothing is found, and what would help."""
    wanted = safe.cell(" ".join(options.text))
    if not query.words:
        return f"{wanted} holds no letter or digit to look for."
    if not found.rounds:
        return shared_filters.why_empty(sessions, options, "rounds")
    if found.unlogged == found.rounds:
        return "The log holds no content of any call: the gateway has to log question, answer and messages ('doctor')."
    hints = []
    filters = shared_filters.filters_in_words(options)
    if query.column:
        hints.append("without --in it is looked for everywhere")
    if filters:
        hints.append(f"without {safe.cell(' '.join(filters))} in all rounds")
    if len(query.words) > 1:
        hints.append("a round has to have all of the words")
    beginnings = [f"'{safe.cell(word.text)}*'" for word in query.words if word.may_go_on]
    if beginnings:
        hints.append(f"words are found whole, or by their beginning: {beginnings[-1]}")
    where = f"in {options.column} " if query.column else ""
    none = f"No round has {wanted} {where}".rstrip()
    silent = f"; of {humanize.counted(found.unlogged, 'round')} the log holds no content" if found.unlogged else ""
    return f"{none}{silent}{': ' if hints else ''}{'; '.join(hints)}."
