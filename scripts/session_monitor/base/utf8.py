"""How is text kept that strangers wrote, half a surrogate pair and all?"""

from __future__ import annotations


def raw(text: str | None) -> bytes | None:
    """Text for ``CAST(? AS TEXT)``: JSON may hold half a surrogate pair, which UTF-8 has no bytes for."""
    return None if text is None else text.encode("utf-8", "surrogatepass")


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogatepass")
