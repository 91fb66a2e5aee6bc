"""How do rows become a table that fits?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Callable, NamedTuple

from .safe import cell
from .width import cut_end, cut_middle, pad, width

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
    down to that before anything is dropped, and further when nothing else is left to give: in their middle, or as ``cut``
    has it.  The last one that ``fills`` takes what room is left.
    """

    heading: str
    align: str = "<"
    rank: int = 0
    least: int = 0
    cut: Callable[[str, int], str] = cut_middle
    fills: bool = False


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
        for filling in [i for i in kept if columns[i].fills][-1:]:
            widths[filling] += max(0, available - _line_width(widths, kept, style))
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
        _line(style.row, [pad(c.cut(text, n), n, c.align) for text, n, c in zip(row, widths, columns)]).rstrip()
        for row in body
    ]
    top, rule, bottom = ([_line(edges, ["─" * n for n in widths])] if edges else [] for edges in style[1:])
    if has_total:
        rows[-1:] = [*rule, rows[-1]]
    return [*top, heading, *rule, *rows, *bottom]


def _line(edges: Edges, cells: Iterable[str]) -> str:
    return edges.left + edges.between.join(cells) + edges.right
