"""How does text written by strangers look safely in a terminal?"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import NamedTuple, TextIO, final

from session_monitor.base import lazy_regex

_UNSAFE_RANGES = r"\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
_UNSAFE = lazy_regex.lazy(rf"[\x00-\x0a{_UNSAFE_RANGES}]")
_UNSAFE_BUT_NEWLINE = lazy_regex.lazy(rf"[\x00-\x09{_UNSAFE_RANGES}]")
_UNSAFE_IN_JSON = lazy_regex.lazy(rf"[{_UNSAFE_RANGES}]")
_SHORT_ESCAPES = {"\t": "    ", "\n": r"\n", "\r": r"\r"}
_NEWLINE = lazy_regex.lazy(r"\r\n?|\n")

# Format characters, variation selectors and skin tones: some terminals join their neighbours into one glyph,
# others count each of them, so a column only lines up everywhere without them.
_JOINING = lazy_regex.lazy(
    "[\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U0001f3fb-\U0001f3ff\U000e0000-\U000e0fff]"
)


def clean(text: str, *, newlines: bool = False) -> str:
    r"""The text without anything that steers a terminal: control and bidi characters become `\x1b`, `\u202e`.

    A tab becomes four spaces. With `newlines`, line ends of every kind stay, as `\n`.
    """
    if not newlines:
        return _UNSAFE.sub(_escape, text)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNSAFE_BUT_NEWLINE.sub(_escape, text)


def escape_json(text: str) -> str:
    """JSON text without anything that steers a terminal; JSON reads the escapes as what they stand for."""
    return _UNSAFE_IN_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    code = ord(char)
    return _SHORT_ESCAPES.get(char) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def cell(text: str) -> str:
    """The text clean and on one line, a line end as a space, its width the sum of its characters' everywhere."""
    return _JOINING.sub("", clean(_NEWLINE.sub(" ", text)))


def width(text: str) -> int:
    """How many columns the clean text takes."""
    return len(text) if text.isascii() else sum(map(_columns, text))


@functools.lru_cache(maxsize=8192)
def _columns(char: str) -> int:
    category = unicodedata.category(char)
    if category in {"Mn", "Me", "Cf"} or _follows_in_syllable(char):
        return 0
    # An emoji newer than this Python's Unicode tables is unassigned to it, yet wide on the screen.
    newer_emoji = category == "Cn" and "\U0001f300" <= char <= "\U0001faff"
    return 2 if newer_emoji or unicodedata.east_asian_width(char) in {"W", "F"} else 1


def _follows_in_syllable(char: str) -> bool:
    """Whether the char is a Hangul vowel or final consonant that is drawn into the syllable before it."""
    return "\u1160" <= char <= "\u11ff" or "\ud7b0" <= char <= "\ud7ff"


def cut_end(text: str, columns: int) -> str:
    """The text in at most that many columns; what is left out at its end shows as `…`."""
    if width(text) <= columns:
        return text
    return _beginning(text, columns - 1) + "…" if columns > 0 else ""


def cut_middle(text: str, columns: int) -> str:
    """The text in at most that many columns; what is left out of its middle shows as `…`."""
    if width(text) <= columns:
        return text
    head = max(columns - 1, 0) // 2
    return _beginning(text, head) + "…" + _ending(text, columns - 1 - head) if columns > 0 else ""


def _beginning(text: str, columns: int) -> str:
    for index, char in enumerate(text):
        columns -= _columns(char)
        if columns < 0:
            return text[:index]
    return text


def _ending(text: str, columns: int) -> str:
    ending = _beginning(text[::-1], columns)[::-1]
    # A mark whose letter was cut off would settle on the ellipsis.
    marks = next((index for index, char in enumerate(ending) if _columns(char)), len(ending))
    return ending[marks:]


def wrap(text: str, columns: int, indent: str = "") -> Iterator[str]:
    """The clean text in lines of at most that many columns, broken at spaces where there are some.

    Lines after the first begin with the indent.
    """
    lead = ""
    while text:
        room = max(columns - width(lead), 2)
        line = _beginning(text, room)
        if line != text:  # at a space, unless that would leave most of the line empty
            space = line.rfind(" ") + 1
            line = line[:space] if 2 * space > len(line) else line
        yield lead + line.rstrip(" ")
        text, lead = text[len(line) :], indent


def pad(text: str, columns: int, align: str = "<") -> str:
    """The text filled up with spaces to that many columns, at its end or, with `>`, at its start; never cut."""
    fill = " " * (columns - width(text))
    return fill + text if align == ">" else text + fill


BOLD, RED = "1", "31"
"""Styles, as SGR codes (ECMA-48)."""


class Paint:
    """Colours text, or leaves it as it is."""

    def __init__(self, wanted: bool) -> None:  # noqa: FBT001 -- Paint(True) paints
        self._wanted = wanted

    def __call__(self, style: str, text: str) -> str:
        """The text in this style; text that is painted is not measured or cut afterwards."""
        return f"\x1b[{style}m{text}\x1b[0m" if self._wanted and text else text


NO_PAINT = Paint(False)  # noqa: FBT003


class Column(NamedTuple):
    """One column of a table, and how it gives way when the terminal is narrow.

    A column with a `rank` is dropped, the lowest rank first; 0 stays. Those with a `least` width are cut
    in their middle down to that before anything is dropped, and further when nothing else is left to give.
    """

    heading: str
    align: str = "<"
    rank: int = 0
    least: int = 0


class Edges(NamedTuple):
    """What stands left of, between and right of the cells of one line."""

    left: str
    between: str
    right: str


class Style(NamedTuple):
    """How a table is drawn; an edge that is None is a line left out."""

    row: Edges
    top: Edges | None = None
    rule: Edges | None = None
    bottom: Edges | None = None


class Table(NamedTuple):
    """A table as lines to print, and the headings of the columns for which there was no room."""

    lines: list[str]
    dropped: list[str]


PLAIN = Style(Edges("", "  ", ""))
RULED = Style(Edges("", "  ", ""), rule=Edges("", "──", ""))
BOXED = Style(
    row=Edges("│ ", " │ ", " │"),
    top=Edges("┌─", "─┬─", "─┐"),
    rule=Edges("├─", "─┼─", "─┤"),
    bottom=Edges("└─", "─┴─", "─┘"),
)


def table(
    columns: Sequence[Column],
    rows: Iterable[Sequence[str]],
    available: int | None = None,
    *,
    style: Style = RULED,
    total: Sequence[str] | None = None,
    paint: Paint = NO_PAINT,
) -> Table:
    """The rows under their headings, and `total` under the rows, no line wider than `available`.

    Cells are made safe here. With `available` None nothing is cut and nothing dropped.
    """
    body = [[cell(text) for text in row] for row in [[column.heading for column in columns], *rows, *_some(total)]]
    widths = [max(map(width, texts)) for texts in zip(*body)]
    kept = list(range(len(columns)))
    if available is not None:
        kept = _kept(columns, widths, available, style)
        widths = _shrunk(columns, widths, kept, available, style)
    lines = _drawn(
        [columns[i] for i in kept], [widths[i] for i in kept], _only(kept, body), style, has_total=total is not None
    )
    if available is not None:
        lines = [cut_end(line, available) for line in lines]
    heading = 1 if style.top else 0
    lines[heading] = paint(BOLD, lines[heading])
    if total is not None:
        lines[-1] = paint(BOLD, lines[-1])
    return Table(lines, [column.heading for i, column in enumerate(columns) if i not in kept])


def _some(row: Sequence[str] | None) -> list[Sequence[str]]:
    return [] if row is None else [row]


def _only(kept: Sequence[int], rows: Iterable[Sequence[str]]) -> list[list[str]]:
    return [[row[i] for i in kept] for row in rows]


def _kept(columns: Sequence[Column], widths: Sequence[int], available: int, style: Style) -> list[int]:
    """The places of the columns for which there is room once each is cut to its least width."""
    least = [min(column.least or natural, natural) for column, natural in zip(columns, widths)]
    kept = list(range(len(columns)))
    for index in sorted((i for i in kept if columns[i].rank), key=lambda i: columns[i].rank):
        if _line_width(least, kept, style) <= available:
            break
        kept.remove(index)
    return kept


def _shrunk(
    columns: Sequence[Column], widths: Sequence[int], kept: Sequence[int], available: int, style: Style
) -> list[int]:
    """The widths with what is too much taken from the columns that shrink, column by column where most is to spare."""
    fitting = [min(natural, available) for natural in widths]
    shrinking = [i for i in kept if columns[i].least]
    while shrinking and _line_width(fitting, kept, style) > available:
        widest = max(shrinking, key=lambda i: fitting[i] - columns[i].least)
        fitting[widest] -= 1
        shrinking = [i for i in shrinking if fitting[i] > 1]
    return fitting


def _line_width(widths: Sequence[int], kept: Sequence[int], style: Style) -> int:
    left, between, right = map(len, style.row)
    return left + sum(widths[i] for i in kept) + between * (len(kept) - 1) + right


def _drawn(
    columns: Sequence[Column], widths: Sequence[int], body: Sequence[Sequence[str]], style: Style, *, has_total: bool
) -> list[str]:
    heading, *rows = [
        _line(style.row, [pad(cut_middle(text, n), n, c.align) for text, n, c in zip(row, widths, columns)]).rstrip()
        for row in body
    ]
    top, rule, bottom = ([_line(edges, ["─" * n for n in widths])] if edges else [] for edges in style[1:])
    if has_total:
        rows[-1:] = [*rule, rows[-1]]
    return [*top, heading, *rule, *rows, *bottom]


def _line(edges: Edges, cells: Iterable[str]) -> str:
    return edges.left + edges.between.join(cells) + edges.right


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
            self._write(self._TAKE)
        except BaseException:
            self._give_back()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._give_back()

    def size(self) -> tuple[int, int]:
        """The columns and rows of the terminal as it is now."""
        import shutil  # noqa: PLC0415 -- only a live view needs it

        fallback = shutil.get_terminal_size()
        try:
            now = os.get_terminal_size(self._stream.fileno())
        except (OSError, ValueError):
            return fallback.columns, fallback.lines
        return now.columns or fallback.columns, now.lines or fallback.lines

    def draw(self, lines: Iterable[str]) -> None:
        """Show these lines and nothing else, in one write; what does not fit is cut, what is unsafe is escaped."""
        columns, rows = self.size()
        shown = [cut_end(clean(line), columns) for line in lines][:rows]
        body = "".join(_place(row, line, columns) for row, line in enumerate(shown, 1))
        below = f"\x1b[{len(shown) + 1};1H\x1b[J" if len(shown) < rows else ""
        self._write(f"\x1b[?2026h{body}{below}\x1b[?2026l")

    def _give_back(self) -> None:
        # A terminal that is gone has nothing to be given back, and the error that matters is the first one.
        with contextlib.suppress(OSError):
            self._write(self._GIVE_BACK)

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def _place(row: int, line: str, columns: int) -> str:
    # On a full line the cursor rests on the last character, and erasing from there would take it away.
    return f"\x1b[{row};1H{line}" + ("\x1b[K" if width(line) < columns else "")
