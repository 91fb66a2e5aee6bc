"""What do all commands share: how they fail, how they print, where they look?"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import shutil
import sys
from typing import Any

from session_monitor import own_prices, terminal
from session_monitor.price_list import BadPriceList
from session_monitor.prices import Book
from session_monitor.report import Report

SCHEMA_VERSION = 1
OK, FAILED, USAGE, NOT_FOUND, INTERRUPTED = 0, 1, 2, 3, 130


class Failure(Exception):  # noqa: N818 -- ends a command, which is no error in itself
    """What ends a command: a code for scripts, a message for people, and the exit code."""

    def __init__(self, code: str, message: str, status: int = FAILED) -> None:
        """``code`` is a word that stays the same from version to version."""
        super().__init__(message)
        self.code = code
        self.status = status


def command(commands: Any, shared: argparse.ArgumentParser, name: str, about: str, *examples: str) -> Any:
    """A parser for one command, with its help."""
    return commands.add_parser(
        name,
        parents=[shared],
        help=about,
        description=about[0].upper() + about[1:] + ".",
        epilog="examples:\n" + "".join(f"  python3 scripts/cli.py {example}\n" for example in examples),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def positive(text: str) -> int:
    """A whole number above 0, for argparse."""
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return number


def complain(text: str) -> None:
    """Say something beside the data."""
    print(f"cli.py: {terminal.clean(text, newlines=True)}", file=sys.stderr)


def print_json(*pieces: str) -> None:
    """Print data, which is JSON already, in the envelope."""
    out = sys.stdout
    out.write(f'{{"schema_version": {SCHEMA_VERSION}, "data": ')
    for piece in pieces:
        out.write(piece)
    out.write("}\n")


def to_json(value: object) -> str:
    """JSON fit for any output: what steers a terminal, or is not in its encoding, is written as JSON's own escape."""
    readable = sys.stdout.encoding.lower().startswith("utf")
    return terminal.escape_json(json.dumps(value, ensure_ascii=not readable))


def columns() -> int | None:
    """The terminal's width; None where the output goes elsewhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def print_table(table: terminal.Table) -> None:
    """Print a table, and say which of its columns found no room."""
    print("\n".join(table.lines))
    if table.dropped:
        complain(f"no room for {', '.join(table.dropped)}: widen the terminal, or use --json")


def book(folder: str) -> Book:
    """The prices for this data folder."""
    try:
        return own_prices.book(folder, os.environ)
    except BadPriceList as error:
        raise bad_prices(error) from None


def sessions_of(folder: str, priced_by: Book | None = None) -> Report:
    """The answers about this data folder, with its own prices unless there are others."""
    return Report(folder, priced_by or book(folder), progress)


def progress(done: int, total: int) -> None:
    """Say on a terminal how far the index is, which has to be made first."""
    if sys.stderr.isatty() and total:
        print(f"\rmaking the index: {100 * done // total} %\x1b[K", end="", file=sys.stderr, flush=True)
        if done >= total:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def bad_prices(error: BadPriceList) -> Failure:
    """A price list that cannot be used."""
    return Failure("bad_prices", f"{error}. Correct it there, or take the file away")


def no_folder(folder: str) -> Failure:
    """There is no data folder."""
    return Failure("no_data", f"there is no folder {folder}: name the one that main.py writes to with --data-dir")


def unknown_session(found: Report, folder: str, session_id: str) -> Failure:
    """There is no such session; some may have been meant."""
    near = found.near_misses(session_id)
    hint = (
        "\n".join(["did you mean", *(f"  {terminal.clean(each)}" for each in near)])
        if near
        else "'list' shows those that there are"
    )
    return Failure("session_not_found", f"no session {terminal.clean(session_id)} in {folder}; {hint}", NOT_FOUND)


def unknown_model(book: Book, name: str) -> Failure:
    """There is no price for this model; some may have been meant."""
    near = difflib.get_close_matches(name.lower(), [found.key for found in book.models()], 5)
    hint = "\n".join(["did you mean", *(f"  {each}" for each in near)]) if near else "'pricing list' shows those known"
    return Failure("model_not_found", f"no price is known for {terminal.clean(name)}; {hint}", NOT_FOUND)
