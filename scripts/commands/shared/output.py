"""How does a command print: data to stdout, all else to stderr?"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Callable

from session_monitor.text import own_names, safe, table, width
from session_monitor.text.table import Column, Paint
from session_monitor.totals.currency import DOLLARS

if TYPE_CHECKING:
    from session_monitor.calls.coverage import Coverage

SCHEMA_VERSION = 1
"""Of the envelope that JSON stands in, and of what is in it."""
SCHEMA_OF_ROUNDS = 2
"""Of answers that hold rounds: these have the new messages alone unless all are asked for, and names in place of lists."""


def to_json(value: object, *, brief: bool = False) -> str:
    """JSON fit for any output: what steers a terminal, or is not in its encoding, is written as JSON's own escape.

    ``brief`` is without spaces, for those who count what they read.
    """
    separators = (",", ":") if brief else None
    return safe.escape_json(json.dumps(value, ensure_ascii=not holds_unicode(), separators=separators))


def holds_unicode() -> bool:
    """Whether stdout holds every character."""
    return (sys.stdout.encoding or "ascii").lower().startswith("utf")


class Output:
    """One Output is where a command's answer goes: as JSON or for people, how wide, in colour or not."""

    def __init__(
        self,
        *,
        is_json: bool = False,
        is_wide: bool = False,
        color: str = "auto",
        schema_version: int = SCHEMA_VERSION,
    ) -> None:
        """``color`` is auto, always or never."""
        self.is_json = is_json
        self.currency = DOLLARS
        """In which costs are shown."""
        self.fields: dict[str, Any] | None = None
        """Which are wanted of an answer in JSON, as ``fields.fields`` has them; None for all."""
        self.coverage: Callable[[], Coverage | None] = lambda: None
        """Tells how much of the log the data speaks for."""
        self._schema_version = schema_version
        self._is_wide = is_wide
        self._color = color

    # -- to stdout, for scripts ----------------------------------------------------------------------------------------

    def to_json(self, value: object, *, brief: bool = False) -> str:
        """JSON of an answer, with what stands beside its dollars where another currency was asked for."""
        return to_json(self.currency.beside(value), brief=brief)

    def line(self, value: dict[str, object]) -> str:
        """One of many answers, a line each, in the envelope, with the rate."""
        rate = {} if self.currency.is_dollars else {"currency": self.currency.to_json()}
        return to_json({"schema_version": self._schema_version, "data": self.currency.beside(value), **rate})

    def print_json(self, *pieces: str, brief: bool = False) -> None:
        """Print data, which is JSON already, in the envelope, with how much of the log it speaks for.

        Of that ``brief`` is the gist, which is enough for who wants some fields alone.
        """
        covered, brief = self.coverage(), brief or self.fields is not None
        told = None if covered is None else covered.gist() if brief else covered.to_json()
        sys.stdout.write(f'{{"schema_version": {self._schema_version}, "data": ')
        for piece in pieces:
            sys.stdout.write(piece)
        if not self.currency.is_dollars:
            sys.stdout.write(f', "currency": {to_json(self.currency.to_json())}')
        sys.stdout.write(f', "coverage": {to_json(told, brief=brief)}}}\n')

    def print_error(self, code: str, message: str) -> None:
        """Print a failure as JSON."""
        error = to_json({"code": code, "message": own_names.as_typed(message)})
        print(f'{{"schema_version": {self._schema_version}, "error": {error}}}')

    # -- to stdout, for people -----------------------------------------------------------------------------------------

    def columns(self) -> int | None:
        """The terminal's width; None where the output goes elsewhere, or nothing is to be cut."""
        return None if self._is_wide or not sys.stdout.isatty() else _columns()

    def widen(self) -> None:
        """From now on cut and drop nothing."""
        self._is_wide = True

    def paint(self) -> Paint:
        """How text is coloured, if at all (https://no-color.org)."""
        wanted = self._color == "always" or (
            self._color == "auto"
            and sys.stdout.isatty()
            and not os.environ.get("NO_COLOR")
            and os.environ.get("TERM") != "dumb"
        )
        return Paint(wanted)

    def tell(self, text: str, indent: str | None = None) -> None:
        """Print clean text for people, in lines that fit the terminal; those after the first begin with the indent.

        Unless there is one, what goes on stands further in than a line that is itself indented.
        """
        columns = self.columns()
        for line in text.split("\n"):
            own = line[: len(line) - len(line.lstrip(" "))]
            behind = (f"{own}  " if own else "") if indent is None else indent
            print("\n".join([line] if columns is None else width.wrap(line, columns, behind)))

    def tell_rate(self) -> None:
        """Say at which rate costs were converted, where they were."""
        if not self.currency.is_dollars:
            self.tell(f"(Costs are {self.currency.rate}.)")

    def print_table(
        self, headings: Sequence[Column], rows: Iterable[Sequence[str]], total: Sequence[str] | None = None
    ) -> None:
        """Print a table, and say which of its columns found no room."""
        fitted = table.table(headings, rows, self.columns(), total=total, paint=self.paint())
        print("\n".join(fitted.lines))
        dropped = list(filter(None, fitted.dropped))
        if dropped:
            self.complain(f"no room for {', '.join(dropped)}: widen the terminal, or use --wide or --json")

    # -- to stderr -----------------------------------------------------------------------------------------------------

    @staticmethod
    def complain(text: str) -> None:
        """Say something beside the data, in lines that fit the terminal."""
        lines = own_names.as_typed(f"cli.py: {safe.clean(text, newlines=True)}").split("\n")
        if sys.stderr.isatty():
            columns = _columns()
            lines = [part for line in lines for part in width.wrap(line, columns, "  ")]
        print("\n".join(lines), file=sys.stderr)

    @staticmethod
    def progress(what: str, done: int, total: int) -> None:
        """Say on a terminal how far something is that takes long."""
        if sys.stderr.isatty() and total:
            print(f"\r{what}: {100 * done // total} %\x1b[K", end="", file=sys.stderr, flush=True)
            if done >= total:
                print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _columns() -> int:
    from session_monitor.text.screen import terminal_size  # noqa: PLC0415 -- a pipe need not wait for it

    return terminal_size()[0]
