"""How do sums, sessions and calls read in a file for other programs?

Rows are found, then written: as one JSON document, a line of JSON a row, CSV or Markdown.  What was said in a session is
in none of them.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from session_monitor.calls.coverage import Coverage
from session_monitor.prices import money
from session_monitor.prices.cost import STATED
from session_monitor.text import humanize, markdown, safe
from session_monitor.totals.currency import DOLLARS, DisplayCurrency

from .tables import SUMS, ExportRow, ExportTable

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


class Document(NamedTuple):
    """What is written: one table, or a report of several with their ``summary``; and how much of the log that covers.

    ``currency`` is what all of them were put in, beside dollars.
    """

    generated_at: str
    tables: tuple[ExportTable, ...]
    coverage: Coverage | None
    summary: ExportRow | None = None
    currency: DisplayCurrency = DOLLARS

    def is_amount(self, column: str) -> bool:
        """Whether in a column stands money."""
        return column.endswith(("_usd", f"_{self.currency.code.lower()}"))


# -- which rows --------------------------------------------------------------------------------------------------------


# -- how they are written ----------------------------------------------------------------------------------------------


def pieces(document: Document, form: str, *, is_readable: bool = True, is_enveloped: bool = False) -> Iterator[str]:
    """The whole file, a row a piece.  JSON that is not ``is_readable`` is ASCII, for an output that holds no more.

    ``is_enveloped`` JSON is an answer as those of all questions, with what was asked as its ``data``.
    """
    if form == CSV:
        return _csv(document)
    if form == MARKDOWN:
        return _markdown(document)
    if form == JSON_LINES:
        return _json_lines(document, is_readable=is_readable)
    return _json(document, is_readable=is_readable, is_enveloped=is_enveloped)


def _json(document: Document, *, is_readable: bool, is_enveloped: bool) -> Iterator[str]:
    def text(value: object) -> str:
        return to_json(value, is_readable=is_readable)

    opening, end = ('"data": {', "}") if is_enveloped else ("", "")
    yield f'{{"schema_version": {SCHEMA_VERSION}, {opening}"generated_at": {text(document.generated_at)}'
    if document.summary is not None:
        yield f',\n"summary": {text(document.summary)}'
    for table in document.tables:
        yield f',\n"{table.name}": ['
        separator = "\n"
        for row in table.rows:
            yield separator + text(row)
            separator = ",\n"
        yield "\n]"
    yield end
    if not document.currency.is_dollars:
        yield f',\n"currency": {text(document.currency.to_json())}'
    yield f',\n"coverage": {text(document.coverage and document.coverage.to_json())}}}\n'


def _json_lines(document: Document, *, is_readable: bool) -> Iterator[str]:
    """Where there are several tables each line says of which it is; a single one is nothing but its rows."""
    is_report = document.summary is not None
    lines: list[tuple[str, Iterable[ExportRow]]] = [(table.name, table.rows) for table in document.tables]
    if document.summary is not None:
        covered = [document.coverage.to_json()] if document.coverage else []
        rates = [] if document.currency.is_dollars else [document.currency.to_json()]
        lines = [("summary", [document.summary]), *lines, ("currency", rates), ("coverage", covered)]
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
            cells = [_csv_cell(column, row.get(column), document) for column in columns]
            yield str(line(cells if is_one else [table.name, *cells]))


def _csv_cell(column: str, value: object, document: Document) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        value = _noted(value, document.currency)
    if isinstance(value, list):
        value = "; ".join(value)
    if isinstance(value, str) and not document.is_amount(column):
        return ("'" if _FORMULA.match(value) else "") + safe.clean(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _noted(notes: Mapping[str, Mapping[str, Any]], currency: DisplayCurrency) -> list[str]:
    """The notes of a sum, a text each."""
    cost = currency.named("cost_usd")
    return [f"{note}: {each['rounds']} rounds, {each[cost]} {currency.code}" for note, each in notes.items()]


# What a spreadsheet takes for a formula; Japanese ones read the wide forms alike.
_FORMULA = re.compile(r"\s*[=+\-@\t\r＝＋－＠]")


# -- Markdown ----------------------------------------------------------------------------------------------------------


def _markdown(document: Document) -> Iterator[str]:
    """Tables with the columns that a person reads."""
    title = "Report" if document.summary is not None else document.tables[0].name.capitalize()
    yield f"# {title} of {document.generated_at}\n\n"
    if document.summary is not None:
        names = map(document.currency.named, SUMS)
        told = ([_heading(name, document), _markdown_cell(name, document.summary, document)] for name in names)
        yield from markdown.table(["", ""], told, [1])
    for table in document.tables:
        if len(document.tables) > 1:
            yield f"\n## {_heading(table.name, document)}\n\n"
        is_number = [index for index, name in enumerate(table.read) if name not in _TEXTS]
        rows = ([_markdown_cell(name, row, document) for name in table.read] for row in table.rows)
        yield from markdown.table([_heading(name, document) for name in table.read], rows, is_number)
    if not document.currency.is_dollars:
        yield f"\nCosts are {document.currency.rate}.\n"
    if document.coverage:
        lines = humanize.counted(document.coverage.lines, "line")
        yield f"\nCoverage: {lines} read; {'; '.join(document.coverage.in_words())}\n"


_TEXTS = ("session_id", "timestamp", "updated_at", "model", "models", "date", "outcome")


def _heading(name: str, document: Document) -> str:
    if name == "at_least":
        return "Lower bound"
    name, _, code = name.rpartition("_") if document.is_amount(name) else (name, "", "")
    heading = name.replace("_ms", " (ms)").replace("_", " ").capitalize()
    return f"{heading} ({code.upper()})" if code else heading


def _markdown_cell(column: str, row: ExportRow, document: Document) -> str:
    value = row[column]
    if document.is_amount(column):
        return "not known" if value is None else _markdown_money(column, row, document.currency)
    if value in (None, [], {}):
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        value = _noted(value, document.currency)
    if isinstance(value, (str, list)):
        return ", ".join(map(markdown.cell, [value] if isinstance(value, str) else value))
    return str(value) if column == "round" else humanize.count(value)


def _markdown_money(column: str, row: ExportRow, currency: DisplayCurrency) -> str:
    name = column.rpartition("_")[0]
    shown = currency.shown(money.of_plain(row[f"{name}_usd"]))
    if name != "cost":
        return shown
    is_assumed = row["assumed_rounds"] if "assumed_rounds" in row else not STATED.issuperset(row.get("cost_notes", ()))
    return f"{'≥' if row.get('at_least') else ''}{'~' if is_assumed else ''}{shown}{'+' if row.get('unpriced_rounds') else ''}"
