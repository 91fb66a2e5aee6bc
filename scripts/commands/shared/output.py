"""How does a command print: data to stdout, all else to stderr?"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Sequence

from session_monitor.base import data_folder
from session_monitor.calls import coverage
from session_monitor.text import safe
from session_monitor.text import table as text_table
from session_monitor.text import width as text_width
from session_monitor.text.table import Column

SCHEMA_VERSION = 1


def complain(text: str) -> None:
    """Say something beside the data, in lines that fit the terminal."""
    said = f"cli.py: {safe.clean(text, newlines=True)}".split("\n")
    if sys.stderr.isatty():
        width = _width()
        said = [part for line in said for part in text_width.wrap(line, width, "  ")]
    print("\n".join(said), file=sys.stderr)


def print_json(options: argparse.Namespace, *pieces: str) -> None:
    """Print data, which is JSON already, in the envelope, with how much of the log it speaks for."""
    covered = coverage_of(options)
    out = sys.stdout
    out.write(f'{{"schema_version": {SCHEMA_VERSION}, "data": ')
    for piece in pieces:
        out.write(piece)
    out.write(f', "coverage": {to_json(covered.to_json() if covered else None)}}}\n')


def coverage_of(options: argparse.Namespace) -> coverage.Coverage | None:
    """How much of the log was read, where a monitor's state file tells."""
    return coverage.of_state(data_folder.state_file(options.data_dir))


def print_error(code: str, message: str) -> None:
    """Print a failure as JSON."""
    error = to_json({"code": code, "message": message})
    print(f'{{"schema_version": {SCHEMA_VERSION}, "error": {error}}}')


def to_json(value: object) -> str:
    """JSON fit for any output: what steers a terminal, or is not in its encoding, is written as JSON's own escape."""
    readable = (sys.stdout.encoding or "ascii").lower().startswith("utf")
    return safe.escape_json(json.dumps(value, ensure_ascii=not readable))


def columns(options: argparse.Namespace) -> int | None:
    """The terminal's width; None where the output goes elsewhere, or nothing is to be cut."""
    return None if options.wide or not sys.stdout.isatty() else _width()


def _width() -> int:
    import shutil  # noqa: PLC0415 -- a pipe need not wait for it

    return shutil.get_terminal_size().columns


def paint(options: argparse.Namespace) -> text_table.Paint:
    """How text is coloured, if at all (https://no-color.org)."""
    wanted = options.color == "always" or (
        options.color == "auto"
        and sys.stdout.isatty()
        and not os.environ.get("NO_COLOR")
        and os.environ.get("TERM") != "dumb"
    )
    return text_table.Paint(wanted)


def tell(options: argparse.Namespace, text: str, indent: str = "") -> None:
    """Print clean text for people, in lines that fit the terminal; those after the first begin with the indent."""
    width = columns(options)
    for line in text.split("\n"):
        print("\n".join([line] if width is None else text_width.wrap(line, width, indent)))


def print_table(
    options: argparse.Namespace,
    headings: Sequence[Column],
    rows: Iterable[Sequence[str]],
    total: Sequence[str] | None = None,
) -> None:
    """Print a table, and say which of its columns found no room."""
    table = text_table.table(headings, rows, columns(options), total=total, paint=paint(options))
    print("\n".join(table.lines))
    if table.dropped:
        complain(f"no room for {', '.join(table.dropped)}: widen the terminal, or use --wide or --json")


def progress(what: str, done: int, total: int) -> None:
    """Say on a terminal how far something is that takes long."""
    if sys.stderr.isatty() and total:
        print(f"\r{what}: {100 * done // total} %\x1b[K", end="", file=sys.stderr, flush=True)
        if done >= total:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
