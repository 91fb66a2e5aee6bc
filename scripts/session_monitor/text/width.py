"""How many columns does text take on a terminal?"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterator


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
