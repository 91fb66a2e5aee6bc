"""How is text kept as bytes that strangers wrote?

JSON may hold half a surrogate pair, which UTF-8 has no bytes for; here it has, and comes back as it was.
"""

from __future__ import annotations

from typing import overload


@overload
def encoded(text: str) -> bytes: ...
@overload
def encoded(text: None) -> None: ...
def encoded(text: str | None) -> bytes | None:
    """Its bytes, and None for None; in SQL they become text again by ``CAST(? AS TEXT)``."""
    return None if text is None else text.encode("utf-8", "surrogatepass")


def decoded(raw: bytes) -> str:
    """What ``encoded`` made these bytes from."""
    return raw.decode("utf-8", "surrogatepass")
