r"""How does any text become a literal of SQL, and how are values read out of an answer?

Names and ids come from strangers.  Each byte of one that is not a plain letter, digit or mark is written as ``\xHH``, so
that the SQL is ASCII and nothing in a name can end the literal it stands in.  All versions of ClickHouse read that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from session_monitor.base import lazy_regex

from . import row_text

_ODD = lazy_regex.lazy(rb"[^ !#-&(-\[\]-~]")
_ESCAPED = lazy_regex.lazy(rb"\\(.)", re.DOTALL)
_QUOTED = lazy_regex.lazy(rb"'((?:[^'\\]|\\.)*)'", re.DOTALL)
_MEANT = {b"b": b"\b", b"f": b"\f", b"r": b"\r", b"n": b"\n", b"t": b"\t", b"0": b"\0"}
NULL = b"\\N"
"""What stands for no value in ``TabSeparated``."""


def literal(text: str) -> str:
    """A text as a literal of SQL, as rows have it."""
    escaped = _ODD.sub(lambda match: b"\\x%02X" % match[0][0], row_text.written(text).encode())
    return f"'{escaped.decode('ascii')}'"


def listed(texts: Iterable[str]) -> str:
    """Texts as what stands behind ``IN``."""
    return f"({', '.join(map(literal, texts))})"


def _raw(field: bytes) -> bytes:
    """A field of ``TabSeparated``, as it was."""
    return _ESCAPED.sub(lambda match: _MEANT.get(match[1], match[1]), field) if b"\\" in field else field


def text(field: bytes) -> str:
    """A field of ``TabSeparated`` as the text that it was written for."""
    return row_text.read(_raw(field).decode("utf-8", "replace"))  # it may be another program's than ours


def text_or_none(field: bytes) -> str | None:
    """The same; None for no value."""
    return None if field == NULL else text(field)


def number(field: bytes) -> int | None:
    """A whole number; None for no value."""
    return None if field == NULL else int(field)


def texts(field: bytes) -> list[str]:
    """An array of texts."""
    return list(map(text, _QUOTED.findall(field)))


def numbers(field: bytes) -> list[int | None]:
    """An array of whole numbers, None where there is no value."""
    inside = field.strip(b"[]")
    return [None if each == b"NULL" else int(each) for each in inside.split(b",")] if inside else []
