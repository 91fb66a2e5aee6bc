"""How is text made harmless for a chat, and cut to what a receiver takes?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable

from session_monitor.base import lazy_regex
from session_monitor.text import safe

BYTES, UTF16 = "bytes", "utf16"
"""In which a receiver counts: bytes of UTF-8, or UTF-16 units, of which an emoji has two."""
_APART = "\u200b"
"""Takes no room, and keeps apart what would mean something together."""
_MEANING = lazy_regex.lazy(r"(?<!\w)@(?=\w)|<(?=\S)|\](?=\()")
"""What calls people (``@everyone``, ``<!channel>``, ``<at …>``), and Markdown's links."""
_ADDRESS = lazy_regex.lazy(r"https?://[!#-;=?-\[\]_a-z~]+")
Written = Callable[[str], str]


def harmless(text: str) -> str:
    """The text with nothing that steers, reads backwards, calls people, or hides where a link leads."""
    return _MEANING.sub(lambda match: match[0] + _APART, clean(text))


def clean(text: str) -> str:
    """The text without control and bidi characters, its lines kept."""
    return safe.clean(text, newlines=True)


def one_line(text: str) -> str:
    """The same on one line."""
    return " ".join(clean(text).split())


def address(text: str | None) -> str | None:
    """An address that can stand in a link of any receiver's as it is; None for all others."""
    return text if text and len(text) <= 2000 and _ADDRESS.fullmatch(text) else None


def size(text: str, unit: str) -> int:
    """How much that is for a receiver."""
    return len(text.encode()) if unit == BYTES else len(text.encode("utf-16-le")) // 2


def cut(text: str, most: int, unit: str, written: Written = str) -> str:
    """As much of the beginning as is not more than that once it is ``written``, with ``…`` where something is left out."""

    def fits(length: int) -> bool:
        return size(written(text[:length].rstrip() + "…"), unit) <= most

    if size(written(text), unit) <= most:
        return text
    least, limit = 0, len(text) - 1
    while least < limit:
        middle = (least + limit + 1) // 2
        least, limit = (middle, limit) if fits(middle) else (least, middle - 1)
    return text[:least].rstrip() + "…" if fits(least) else ""


def cut_lines(lines: Sequence[str], most: int, unit: str, written: Written = str) -> str:
    """As many whole lines as fit, and how many more there are; where not one does, their beginning."""
    if size(written("\n".join(lines)), unit) <= most:
        return "\n".join(lines)
    for kept in range(len(lines) - 1, 0, -1):
        text = "\n".join([*lines[:kept], f"… and {len(lines) - kept} more"])
        if size(written(text), unit) <= most:
            return text
    return cut(" ".join(lines), most, unit, written)
