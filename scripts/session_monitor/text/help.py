"""How is a command's help laid out?"""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from .own_names import as_typed

_NARROW = 80
"""Columns where nobody tells how many there are."""


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """As its base, but it asks for the terminal's width itself.

    The base loads ``shutil`` for that, and with it four compressors, at every start and whether or not somebody asks
    for help; that is a twentieth of a pass that finds nothing new.
    """

    def __init__(self, prog: str, **options: Any) -> None:
        """As its base, with a width for the terminal."""
        super().__init__(prog, **{"width": _columns() - 2, **options})

    def _format_text(self, text: str) -> str:
        return super()._format_text(as_typed(text))

    def _expand_help(self, action: argparse.Action) -> str:
        return as_typed(super()._expand_help(action))


def _columns() -> int:
    """As ``shutil.get_terminal_size``."""
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given):
        return int(given)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or _NARROW  # type: ignore[union-attr]  # None raises
    except (OSError, ValueError, AttributeError):
        return _NARROW
