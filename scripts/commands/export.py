"""export: what do sums, sessions or calls look like in a file for other programs, or sent to one?"""

from __future__ import annotations

import argparse
import functools
import itertools
import os
import sys
from collections.abc import Iterable, Iterator
from typing import Any, Callable

from session_monitor.base import timestamps
from session_monitor.exports import formats
from session_monitor.exports import tables as export_tables
from session_monitor.exports.formats import Document
from session_monitor.exports.tables import ExportRow, ExportTable
from session_monitor.text import humanize, safe

from .shared import currencies, failures, filters, noted, output_files, parsers, working
from .shared.data import Data
from .shared.failures import Failure
from .shared.output import Output, holds_unicode
from .shared.output_files import STDOUT

_BETWEEN = 10_000
"""Rows between two words about how far it is."""

_ABOUT_WHAT = """\
what is written:
  report    sums of all calls, of each model, and of each day of --timezone (the default)
  sessions  a row a session, as 'list --json' has it
  rounds    a row a call: when, which model and consumer, tokens, how it ended, times, cost

What was said is in none of them: 'show ID --format md', html or json has that.

--to otlp sends a span for each call to an OpenTelemetry receiver (OTLP over HTTP) at URL, or where
$OTEL_EXPORTER_OTLP_ENDPOINT says; docs/OPENTELEMETRY.md has all variables and names. A call that is sent again is
the same span.
"""


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command."""
    command = parsers.command(
        commands,
        (shared, filters.parser(), currencies.parser()),
        "export",
        "write sums, sessions or calls to a file for other programs, or send calls to one",
        "export finops-report.json",
        "export january.csv --what rounds --since 2026-01-01 --until 2026-01-31",
        "export - --what sessions --format jsonl --min-cost 1",
        "export report.md --since 7d --timezone Asia/Shanghai",
        "export --to otlp http://localhost:4318 --since 7d",
    )
    command.epilog = f"{_ABOUT_WHAT}\n{command.epilog}"
    command.add_argument(
        "file",
        metavar="FILE|URL",
        nargs="?",
        help=f"where to; a file that is there is replaced; {STDOUT} is stdout; of --to otlp the address",
    )
    command.add_argument(
        "--to", choices=("file", "otlp"), default="file", help="write a file, or send spans (default: file)"
    )
    command.add_argument(
        "--format",
        choices=formats.FORMATS,
        help="how (default: as the file's name ends, else json; --json is json in the envelope of all answers)",
    )
    command.add_argument(
        "--what", choices=export_tables.WHAT, help="see below (default: report; --to otlp sends rounds)"
    )
    command.add_argument(
        "--otlp-encoding",
        choices=("protobuf", "json"),
        help="of --to otlp (default: as $OTEL_EXPORTER_OTLP_PROTOCOL says, else protobuf)",
    )
    command.add_argument("--with-content", action="store_true", help="of --to otlp: send what was said as well")
    command.set_defaults(run=_export)


def _export(options: argparse.Namespace, output: Output, data: Data) -> None:
    if options.to == "otlp":
        if options.format or options.what not in (None, export_tables.ROUNDS):
            text = "--to otlp sends calls: --format and --what are of files"
            raise Failure("bad_arguments", text, failures.USAGE)
        from . import otlp  # noqa: PLC0415 -- a file needs none of it

        otlp.send(options, output, data)
        return
    if options.file is None or options.otlp_encoding or options.with_content:
        text = (
            "name a FILE to write to" if options.file is None else "--otlp-encoding and --with-content are of --to otlp"
        )
        raise Failure("bad_arguments", text, failures.USAGE)
    options.what = options.what or export_tables.REPORT
    _to_a_file(options, output, data)


def _to_a_file(options: argparse.Namespace, output: Output, data: Data) -> None:
    form = _format(options, output)
    put = _writer(options.file, form, data.folder)
    where, selection = filters.zone(options.timezone), filters.selection(options)
    report = data.report()
    # On stdout a word about how far it is would stand in the middle of the data.
    counter = _Counter(None if options.file == STDOUT else functools.partial(output.progress, "exporting"))
    is_readable = options.file != STDOUT or holds_unicode()

    def write(total: int, *tables: ExportTable, summary: ExportRow | None = None) -> None:
        counter.number = 0
        counted = tuple(table._replace(rows=counter.passing(table.rows, total)) for table in tables)
        counted = tuple(export_tables.in_currency(table, output.currency) for table in counted)
        known = output.currency.beside(summary), output.currency
        document = Document(timestamps.rfc3339(timestamps.now()), counted, data.coverage(), *known)
        put(formats.pieces(document, form, is_readable=is_readable, is_enveloped=output.is_json))

    try:
        if options.what == export_tables.ROUNDS:
            # While the index is open: there may be more calls than fit into memory.
            report.ask(lambda index: write(*export_tables.rounds(index, selection)))
        elif options.what == export_tables.SESSIONS:
            notes = data.notes()
            found = [noted.beside(row, notes) for row in report.sessions(selection).rows]
            rows = working.beside_each(found, data.folder)
            write(len(rows), export_tables.sessions(rows))
        else:
            summary, tables = report.ask(lambda index: export_tables.report(index, selection, where))
            write(0, *tables, summary=summary)
    except _ReaderGoneError:
        raise BrokenPipeError from None
    for name in report.sessions(limit=0).damaged:
        output.complain(f"{safe.cell(name)} cannot be read as a session; it is left out ('verify' tells more)")
    if options.file != STDOUT:
        noun = "row" if options.what == export_tables.REPORT else options.what[:-1]
        output.complain(f"wrote {humanize.counted(counter.number, noun)} to {options.file} ({form})")


def _format(options: argparse.Namespace, output: Output) -> str:
    if output.is_json and options.format not in (None, formats.JSON):
        raise failures.formats_exclude_each_other(options.format)
    if output.is_json or options.format:
        return options.format or formats.JSON
    ending = os.path.splitext(options.file)[1].lower()
    if ending and ending not in formats.ENDINGS:
        known = ", ".join(formats.ENDINGS)
        raise Failure("bad_format", f"{ending} is no format: end the name in {known}, or add --format", failures.USAGE)
    return formats.ENDINGS.get(ending, formats.JSON)


class _Counter:
    """Counts the rows that pass."""

    def __init__(self, tell: Callable[[int, int], None] | None) -> None:
        """``tell`` hears now and then how many of how many have passed."""
        self.number = 0
        self._tell = tell

    def passing(self, rows: Iterable[ExportRow], total: int) -> Iterator[ExportRow]:
        for row in rows:
            yield row
            self.number += 1
            if self._tell and (self.number % _BETWEEN == 0 or self.number == total > _BETWEEN):
                self._tell(self.number, total)


# -- where to ----------------------------------------------------------------------------------------------------------

# Whoever asks the index takes an OSError, or a ValueError, for the index's own and asks it again: what goes wrong with
# the output is told by other exceptions.


class _ReaderGoneError(Exception):
    """Nobody reads any more."""


def _writer(file: str, form: str, data_dir: str) -> Callable[[Iterable[str]], None]:
    """What writes pieces of text to where they are meant to go.  Raises ``Failure``."""
    if file == STDOUT:
        return _Stdout()
    path = output_files.place(file, data_dir)
    # A spreadsheet takes CSV without this mark for text of its country's old encoding.  On stdout there are programs
    # behind, which would take it for a part of the first heading.
    mark = "\ufeff" if form == formats.CSV else ""
    return lambda pieces: output_files.write(path, itertools.chain([mark], pieces))


class _Stdout:
    """Prints pieces of text, once."""

    def __init__(self) -> None:
        self._has_begun = False

    def __call__(self, pieces: Iterable[str]) -> None:
        """Print them.  Raises ``Failure`` and ``_ReaderGoneError``."""
        if self._has_begun:  # an index that fell apart is made anew and asked again
            raise Failure(
                "not_written", "the index failed while it was read; what stands on stdout is a part: ask again"
            )
        for piece in pieces:
            self._has_begun = True
            try:
                sys.stdout.write(piece)
            except BrokenPipeError:
                raise _ReaderGoneError from None
            except OSError as error:
                raise Failure("not_written", f"stdout: {error.strerror or error}") from None
