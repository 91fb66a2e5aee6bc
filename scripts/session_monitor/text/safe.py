"""How does text written by strangers look safely in a terminal?"""

from __future__ import annotations

import re

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
    if text.isprintable():  # which no text is that has such a character: most need no look at each pattern
        return text
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
    if text.isascii() and text.isprintable():
        return text
    return _JOINING.sub("", text if text.isprintable() else clean(_NEWLINE.sub(" ", text)))
