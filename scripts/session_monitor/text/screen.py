"""How is the terminal lent to a live view, and given back as it was?"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from types import TracebackType
from typing import TextIO, final

from .safe import clean
from .width import cut_end, width


def terminal_size(columns: int = 80, rows: int = 24) -> tuple[int, int]:
    """The terminal's columns and rows; these where there is none, or one that tells 0, as a new pseudo-terminal does."""
    import shutil  # noqa: PLC0415 -- a pipe need not wait for it

    told = shutil.get_terminal_size((columns, rows))
    return told.columns or columns, told.lines or rows  # before Python 3.11 it gives such a 0 itself


@final
class Screen:
    """One Screen is the terminal lent to a live view: from `with` to the end of its block, however that ends."""

    # Without autowrap, a character the terminal draws wider than we think costs one column, not the whole layout.
    _TAKE = "\x1b[?1049h\x1b[?25l\x1b[?7l"
    _GIVE_BACK = "\x1b[?2026l\x1b[?7h\x1b[?25h\x1b[?1049l"

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __enter__(self) -> Screen:
        try:
            self.take()
        except BaseException:
            self.give_back()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.give_back()

    def take(self) -> None:
        """Take the terminal, also once more after it was given back."""
        self._write(self._TAKE)

    def give_back(self) -> None:
        """Leave the terminal as it was."""
        # A terminal that is gone has nothing to be given back, and the error that matters is the first one.
        with contextlib.suppress(OSError):
            self._write(self._GIVE_BACK)

    def size(self) -> tuple[int, int]:
        """The columns and rows of the terminal as it is now."""
        columns, rows = terminal_size()
        try:
            now = os.get_terminal_size(self._stream.fileno())
        except (OSError, ValueError):
            return columns, rows
        return now.columns or columns, now.lines or rows

    def draw(self, lines: Iterable[str]) -> None:
        """Show these lines and nothing else, in one write; what does not fit is cut, what is unsafe is escaped."""
        columns, rows = self.size()
        shown = [cut_end(clean(line), columns) for line in lines][:rows]
        body = "".join(_place(row, line, columns) for row, line in enumerate(shown, 1))
        below = f"\x1b[{len(shown) + 1};1H\x1b[J" if len(shown) < rows else ""
        self._write(f"\x1b[?2026h{body}{below}\x1b[?2026l")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def _place(row: int, line: str, columns: int) -> str:
    # On a full line the cursor rests on the last character, and erasing from there would take it away.
    return f"\x1b[{row};1H{line}" + ("\x1b[K" if width(line) < columns else "")
