"""How a way says that something is not as it should be."""

from __future__ import annotations

from .driver import BrokenError


def hold(is_so: object, found: object) -> None:
    """Ends the way where it is not so, with what was found instead."""
    if not is_so:
        raise BrokenError(f"found {found!r}")
