"""How does text stand in Markdown as itself?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from . import safe

_TICKS = re.compile("`+")


_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~]")


def fence(text: str) -> str:
    """The clean text as a block of code, which no line of it can end."""
    ticks = _longer(text, 3)
    return f"{ticks}text\n{text}\n{ticks}\n"


def code(text: str) -> str:
    """The text on one line, as code."""
    text = safe.cell(text) or "-"
    ticks = _longer(text, 1)
    # A space at both ends is taken off again.
    space = " " if text.strip("` ") != text else ""
    return f"{ticks}{space}{text}{space}{ticks}"


def cell(text: str) -> str:
    """The same for a table, where a bar ends the cell, even in code and with a backslash before its backslash."""
    if "|" not in text:
        return code(text)
    escaped = _PUNCTUATION.sub(lambda match: f"&#{ord(match[0])};", safe.cell(text))
    return f"<code>{escaped}</code>"


def _longer(text: str, least: int) -> str:
    """More backticks than stand in a row in the text."""
    return "`" * max([least, *(len(run) + 1 for run in _TICKS.findall(text))])


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], numbers: Iterable[int] = ()) -> Iterator[str]:
    """A table, a line a piece; its cells are Markdown already.  The columns of ``numbers`` stand at the right."""
    at_right = set(numbers)
    yield _line(headings)
    yield _line("---:" if index in at_right else "---" for index in range(len(headings)))
    yield from map(_line, rows)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |\n"
