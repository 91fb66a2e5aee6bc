"""How do sums, sessions and calls read in a file for other programs?

Rows are found, then written: as one JSON document, a line of JSON a row, CSV or Markdown.  What was said in a session is
in none of them.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import tzinfo
from typing import Any, NamedTuple

from session_monitor.base import periods, timestamps
from session_monitor.conversations import markdown_page
from session_monitor.index import database
from session_monitor.index import rows as index_rows
from session_monitor.index.database import Index
from session_monitor.log.coverage import Coverage
from session_monitor.prices import money
from session_monitor.prices.book import Book, Unpriced
from session_monitor.prices.usage_totals import Sums
from session_monitor.reports import breakdown
from session_monitor.reports.filter_sql import Chosen
from session_monitor.reports.filters import Selection
from session_monitor.reports.report import SessionRow
from session_monitor.text import humanize, safe

SCHEMA_VERSION = 1
JSON, JSON_LINES, CSV, MARKDOWN = "json", "jsonl", "csv", "md"
FORMATS = (JSON, CSV, JSON_LINES, MARKDOWN)
ENDINGS = {
    ".json": JSON,
    ".csv": CSV,
    ".jsonl": JSON_LINES,
    ".ndjson": JSON_LINES,
    ".md": MARKDOWN,
    ".markdown": MARKDOWN,
}
"""The format that a file's ending asks for."""
REPORT, SESSIONS, ROUNDS = "report", "sessions", "rounds"
WHAT = (REPORT, SESSIONS, ROUNDS)

Row = Mapping[str, Any]


class Table(NamedTuple):
    """Rows under a name, which is their key in JSON; ``read`` are the columns that a person reads."""

    name: str
    columns: tuple[str, ...]
    read: tuple[str, ...]
    rows: Iterable[Row]


class Document(NamedTuple):
    """What is written: one table, or a report of several with their ``summary``; and how much of the log that covers."""

    generated_at: str
    tables: tuple[Table, ...]
    coverage: Coverage | None
    summary: Row | None = None


# -- which rows --------------------------------------------------------------------------------------------------------


_COUNTS = ("input_tokens", "output_tokens", "cached_tokens", "cache_write_tokens", "reasoning_tokens", "total_tokens")
_UNPRICED = ("unpriced_rounds", "unpriced_tokens", "unpriced_models", "cache_savings_usd")
_SUMS = ("sessions", "calls", "failed", *_COUNTS, "cost_usd", *_UNPRICED)
_READ_SUMS = ("sessions", "calls", "failed", *_COUNTS[:3], "cost_usd", "unpriced_rounds")


def report(found: Index, meant: Selection, where: tzinfo | None) -> tuple[Row, tuple[Table, ...]]:
    """What the calls that are meant add up to, and the same by model and by day of a time zone."""
    chosen = Chosen(found, meant)
    sessions, summed = breakdown.everything(chosen)
    models = [{"model": row.name, **_summed(row.sessions, row.sums)} for row in breakdown.by(chosen, "model").rows]
    dates = [
        {
            "date": row.span.name,
            "start": timestamps.rfc3339(row.span.start),
            **_summed(row.sessions, row.sums),
            "models": row.models,
        }
        for row in breakdown.by_time(chosen, periods.DAY, where).rows
    ]
    by_model = Table("by_model", ("model", *_SUMS), ("model", *_READ_SUMS), models)
    by_date = Table("by_date", ("date", "start", *_SUMS, "models"), ("date", *_READ_SUMS), dates)
    return _summed(sessions, summed), (by_model, by_date)


def _summed(sessions: int, summed: Sums) -> dict[str, Any]:
    return {"sessions": sessions, **summed.to_json()}


def sessions(rows: Iterable[SessionRow]) -> Table:
    """A row a session."""
    return Table("sessions", _OF_SESSION, _READ_OF_SESSION, (row.to_json() for row in rows))


_OF_SESSION = (
    *("session_id", "created_at", "updated_at", "status", "messages_count", "failed_count"),
    *(f"total_{name}" for name in _COUNTS[:-1]),
    *("total_tokens", "model", "models", "cost_usd", *_UNPRICED),
)
_READ_OF_SESSION = (
    *("session_id", "updated_at", "messages_count", "failed_count", "total_input_tokens", "total_output_tokens"),
    *("cost_usd", "unpriced_rounds", "models"),
)


def rounds(found: Index, meant: Selection) -> tuple[int, Table]:
    """How many calls are meant, and a row for each, session by session; rows are read from the index as they are taken."""
    where = Chosen(found, meant).rounds(meant.since, meant.until)
    (number,) = found.db.execute(f"SELECT count(*) FROM round WHERE {where}").fetchone()  # noqa: S608 -- see _rounds
    return number, Table("rounds", _OF_ROUND, _READ_OF_ROUND, _rounds(found, where))


_OF_ROUND = (
    *("session_id", "round", "timestamp", "model", "consumer", *_COUNTS),
    *("response_code", "failed", "first_token_ms", "duration_ms", "cost_usd", "unpriced"),
)
_READ_OF_ROUND = (
    *("session_id", "round", "timestamp", "model", *_COUNTS[:3], "response_code", "duration_ms", "cost_usd"),
)


def _rounds(found: Index, where: str) -> Iterator[Row]:
    meant = f"(SELECT * FROM round WHERE {where}) AS meant"  # noqa: S608 -- made by Chosen; its values are numbers
    for session_id, number, at, model, consumer, *rest in found.db.execute(_EACH_ROUND.format(meant)):
        *tokens, flags, code, first, duration, usd, pico = rest
        fresh, read, written, visible, reasoning = tokens
        yield {
            "session_id": session_id,
            "round": number,
            "timestamp": None if at is None else timestamps.rfc3339(at),
            "model": model,
            "consumer": consumer,
            "input_tokens": fresh + read + written,
            "output_tokens": visible + reasoning,
            "cached_tokens": read,
            "cache_write_tokens": written,
            "reasoning_tokens": reasoning,
            "total_tokens": sum(tokens),
            "response_code": code,
            "failed": bool(flags & database.FAILED),
            "first_token_ms": first,
            "duration_ms": duration,
            "cost_usd": None if usd is None else money.plain(usd * money.MICRO + pico),
            "unpriced": _why(found.book, model, at, (fresh, read, written, visible, reasoning), flags, usd),
        }


# The same rows make the same file; no more than the rounds of one session are sorted at a time.
_EACH_ROUND = (
    "SELECT session.session_id, number, at, model.name, consumer.name, meant.fresh, meant.read, meant.written, "
    "meant.visible, meant.reasoning, flags, code, first_token_ms, duration_ms, meant.usd, meant.pico "
    "FROM session CROSS JOIN {} ON meant.session = session.id "
    "LEFT JOIN model ON model.id = meant.model LEFT JOIN consumer ON consumer.id = meant.consumer "
    "ORDER BY session.session_id, number"
)


def _why(
    book: Book, model: str | None, at: int | None, tokens: tuple[int, int, int, int, int], flags: int, usd: int | None
) -> str | None:
    """Why a call has no price, where it has none."""
    found = book.price(index_rows.call_of(model, at, tokens, flags)) if usd is None else None
    return found.reason if isinstance(found, Unpriced) else None


# -- how they are written ----------------------------------------------------------------------------------------------


def pieces(document: Document, form: str, *, is_readable: bool = True) -> Iterator[str]:
    """The whole file, a row a piece.  JSON that is not ``is_readable`` is ASCII, for an output that holds no more."""
    if form == CSV:
        return _csv(document)
    if form == MARKDOWN:
        return _markdown(document)
    return (_json_lines if form == JSON_LINES else _json)(document, is_readable=is_readable)


def _json(document: Document, *, is_readable: bool) -> Iterator[str]:
    def text(value: object) -> str:
        return to_json(value, is_readable=is_readable)

    yield f'{{"schema_version": {SCHEMA_VERSION}, "generated_at": {text(document.generated_at)}'
    if document.summary is not None:
        yield f',\n"summary": {text(document.summary)}'
    for table in document.tables:
        yield f',\n"{table.name}": ['
        separator = "\n"
        for row in table.rows:
            yield separator + text(row)
            separator = ",\n"
        yield "\n]"
    yield f',\n"coverage": {text(document.coverage and document.coverage.to_json())}}}\n'


def _json_lines(document: Document, *, is_readable: bool) -> Iterator[str]:
    """Where there are several tables each line says of which it is; a single one is nothing but its rows."""
    is_report = document.summary is not None
    lines: list[tuple[str, Iterable[Row]]] = [(table.name, table.rows) for table in document.tables]
    if document.summary is not None:
        covered = [document.coverage.to_json()] if document.coverage else []
        lines = [("summary", [document.summary]), *lines, ("coverage", covered)]
    for name, rows in lines:
        of_table = {"table": name} if is_report else {}
        for row in rows:
            yield to_json({**of_table, **row}, is_readable=is_readable) + "\n"


def to_json(value: object, *, is_readable: bool = True) -> str:
    """JSON in which nothing steers a terminal, nor lacks bytes in UTF-8."""
    return safe.escape_json((_READABLE if is_readable else _ASCII).encode(value))


# Made once: there may be a million rows.
_READABLE, _ASCII = json.JSONEncoder(ensure_ascii=False), json.JSONEncoder()


# -- CSV ---------------------------------------------------------------------------------------------------------------


class _Line:
    """A file for ``csv``, whose ``writerow`` then gives what was written."""

    def write(self, text: str) -> str:
        return text


def _csv(document: Document) -> Iterator[str]:
    """RFC 4180; where there are several tables, all of their columns, and one that says of which table a row is."""
    line = csv.writer(_Line()).writerow
    is_one = len(document.tables) == 1
    columns = tuple(dict.fromkeys(column for table in document.tables for column in table.columns))
    yield str(line(columns if is_one else ("table", *columns)))
    for table in document.tables:
        for row in table.rows:
            cells = [_csv_cell(column, row.get(column)) for column in columns]
            yield str(line(cells if is_one else [table.name, *cells]))


def _csv_cell(column: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        value = "; ".join(value)
    if isinstance(value, str) and not column.endswith("_usd"):
        return ("'" if _FORMULA.match(value) else "") + safe.clean(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


# What a spreadsheet takes for a formula; Japanese ones read the wide forms alike.
_FORMULA = re.compile(r"\s*[=+\-@\t\r＝＋－＠]")


# -- Markdown ----------------------------------------------------------------------------------------------------------


def _markdown(document: Document) -> Iterator[str]:
    """Tables with the columns that a person reads."""
    title = "Report" if document.summary is not None else document.tables[0].name.capitalize()
    yield f"# {title} of {document.generated_at}\n\n"
    if document.summary is not None:
        told = [(name, document.summary[name]) for name in _SUMS]
        yield from markdown_page.table(
            ["", ""], ([_heading(name), _markdown_cell(name, each)] for name, each in told), [1]
        )
    for table in document.tables:
        if len(document.tables) > 1:
            yield f"\n## {_heading(table.name)}\n\n"
        is_number = [index for index, name in enumerate(table.read) if name not in _TEXTS]
        rows = ([_markdown_cell(name, row[name]) for name in table.read] for row in table.rows)
        yield from markdown_page.table(list(map(_heading, table.read)), rows, is_number)
    if document.coverage:
        lines = humanize.counted(document.coverage.lines, "line")
        yield f"\nCoverage: {lines} read; {'; '.join(document.coverage.in_words())}\n"


_TEXTS = ("session_id", "timestamp", "updated_at", "model", "models", "date")


def _heading(name: str) -> str:
    return name.replace("_usd", " (USD)").replace("_ms", " (ms)").replace("_", " ").capitalize().replace("usd", "USD")


def _markdown_cell(column: str, value: Any) -> str:
    if column.endswith("_usd"):
        return "not known" if value is None else money.shown(int(money.fraction(value) * money.PICO))
    if value is None or value == []:
        return "-"
    if isinstance(value, (str, list)):
        return ", ".join(map(markdown_page.cell, [value] if isinstance(value, str) else value))
    return str(value) if column == "round" else humanize.count(value)
