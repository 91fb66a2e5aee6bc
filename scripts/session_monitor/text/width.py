"""How many columns does text take on a terminal?"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterator


def width(text: str) -> int:
    """How many columns the clean text takes."""
    return len(text) if text.isascii() else _width(text)


@functools.lru_cache(maxsize=1024)
def _width(text: str) -> int:
    # A cell of a table is measured, cut and filled up.
    return sum(map(_columns, text))


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
    # Of a long text that does not fit, the rest need not be measured.
    if len(_beginning(text, columns)) == len(text):
        return text
    return _beginning(text, columns - 1) + "…" if columns > 0 else ""


def cut_middle(text: str, columns: int) -> str:
    """The text in at most that many columns; what is left out of its middle shows as `…`."""
    if width(text) <= columns:
        return text
    head = max(columns - 1, 0) // 2
    return _beginning(text, head) + "…" + _ending(text, columns - 1 - head) if columns > 0 else ""


def cut_list(text: str, columns: int) -> str:
    """Names with commas between them in at most that many columns: whole ones, and how many more there are, ` +3`.

    Where not one has room, the first is cut at its end.
    """
    if width(text) <= columns:
        return text
    names = text.split(", ")
    for kept in range(len(names) - 1, 0, -1):
        shown = f"{', '.join(names[:kept])} +{len(names) - kept}"
        if width(shown) <= columns:
            return shown
    more = f" +{len(names) - 1}" if len(names) > 1 else ""
    return cut_end(names[0], columns - len(more)) + more if columns > len(more) else cut_end(text, columns)


def _beginning(text: str, columns: int) -> str:
    if text.isascii():
        return text[: max(columns, 0)]
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
