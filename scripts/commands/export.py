"""export: what do sums, sessions or calls look like in a file for other programs?"""

from __future__ import annotations

import argparse
import contextlib
import functools
import os
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator
from typing import Any, Callable

from session_monitor.base import timestamps
from session_monitor.exports import formats
from session_monitor.exports import tables as export_tables
from session_monitor.exports.formats import Document
from session_monitor.exports.tables import ExportRow, ExportTable
from session_monitor.text import humanize, safe

from .shared import currencies, failures, filters, parsers
from .shared.data import Data
from .shared.failures import Failure
from .shared.output import Output, holds_unicode

STDOUT = "-"
_BETWEEN = 10_000
"""Rows between two words about how far it is."""

_ABOUT_WHAT = """\
what is written:
  report    sums of all calls, of each model, and of each day of --timezone (the default)
  sessions  a row a session, as 'list --json' has it
  rounds    a row a call: when, which model and consumer, tokens, how it ended, times, cost

What was said is in none of them: 'show ID --format md', html or json has that.
"""


def add(commands: Any, shared: argparse.ArgumentParser) -> None:
    """Add the command."""
    command = parsers.command(
        commands,
        (shared, filters.parser(), currencies.parser()),
        "export",
        "write sums, sessions or calls to a file for other programs",
        "export finops-report.json",
        "export january.csv --what rounds --since 2026-01-01 --until 2026-01-31",
        "export - --what sessions --format jsonl --min-cost 1",
        "export report.md --since 7d --timezone Asia/Shanghai",
    )
    command.epilog = f"{_ABOUT_WHAT}\n{command.epilog}"
    command.add_argument("file", metavar="FILE", help=f"where to; a file that is there is replaced; {STDOUT} is stdout")
    command.add_argument(
        "--format",
        choices=formats.FORMATS,
        help="how (default: as the file's name ends, else json; --json is json in the envelope of all answers)",
    )
    command.add_argument(
        "--what", choices=export_tables.WHAT, default=export_tables.REPORT, help="see below (default: report)"
    )
    command.set_defaults(run=_export)


def _export(options: argparse.Namespace, output: Output, data: Data) -> None:
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
            rows = report.sessions(selection).rows
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


_STICKY = stat.S_ISVTX | stat.S_IWOTH
_LONGEST_WAY = 4096
"""Names, after which a path that goes round in circles is left alone."""


def _writer(file: str, form: str, data_dir: str) -> Callable[[Iterable[str]], None]:
    """What writes pieces of text to where they are meant to go.  Raises ``Failure``."""
    if file == STDOUT:
        return _Stdout()
    link = _anothers_link(file)
    if link:
        text = f"{link} is another user's link in a folder where everybody may make one: write {file} to another folder"
        raise Failure("not_written", text)
    path = os.path.realpath(file)
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        raise Failure("not_written", f"there is no folder {folder} for {file}")
    if os.path.exists(path) and not os.path.isfile(path):
        raise Failure("not_written", f"{file} is no file; {STDOUT} stands for stdout")
    if os.path.isdir(data_dir) and os.path.samefile(folder, data_dir):
        raise Failure("not_written", f"{folder} is for the monitor's own files: write {file} to another folder")
    # A spreadsheet takes CSV without this mark for text of its country's old encoding.  On stdout there are programs
    # behind, which would take it for a part of the first heading.
    mark = "\ufeff" if form == formats.CSV else ""
    return functools.partial(_to_file, path, mark)


def _anothers_link(file: str) -> str | None:
    """The link on the way to a file that Linux would not follow either (``fs.protected_symlinks``), if there is one."""
    done, left = "/", os.path.abspath(file).split("/")[::-1]
    for _ in range(_LONGEST_WAY):
        if not left:
            return None
        place = os.path.join(done, left.pop())
        if not os.path.islink(place):
            done = os.path.normpath(place)
            continue
        folder, owner = os.stat(done), os.lstat(place).st_uid
        if folder.st_mode & _STICKY == _STICKY and owner not in (os.geteuid(), folder.st_uid):
            return place
        target = os.readlink(place)
        done = "/" if target.startswith("/") else done
        left += target.split("/")[::-1]
    return None  # a loop, of which whoever opens it will hear


def _to_file(path: str, mark: str, pieces: Iterable[str]) -> None:
    """Write a file for this user alone, wholly or not at all."""
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=".export-", suffix=".tmp", dir=os.path.dirname(path))
        try:
            with open(descriptor, "w", encoding="utf-8", errors="backslashreplace", newline="") as file:
                file.write(mark)
                file.writelines(pieces)
                file.flush()
                os.fsync(descriptor)
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
    except OSError as error:
        raise Failure("not_written", f"{path}: {error.strerror or error}; nothing was written there") from None


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
