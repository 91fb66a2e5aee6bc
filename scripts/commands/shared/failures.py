"""How does a command fail, in words and in its exit code?"""

from __future__ import annotations

from session_monitor.prices.price_list import BadPriceListError
from session_monitor.text import safe

OK, FAILED, USAGE, NOT_FOUND, INTERRUPTED = 0, 1, 2, 3, 130


class Failure(Exception):  # noqa: N818 -- ends a command, which is no error in itself
    """What ends a command: a code for scripts, a message for people, and the exit code."""

    def __init__(self, code: str, message: str, status: int = FAILED) -> None:
        """``code`` is a word that stays the same from version to version."""
        super().__init__(message)
        self.code = code
        self.status = status


def bad_prices(error: BadPriceListError) -> Failure:
    """A price list that cannot be used."""
    return Failure("bad_prices", f"{error}. Correct it there, or take the file away")


def no_folder(folder: str) -> Failure:
    """There is no data folder."""
    return Failure("no_data", f"there is no folder {folder}: name the one that main.py writes to with --data-dir")


def gone(session_id: str) -> Failure:
    """The session is there no more."""
    message = f"the session {safe.cell(session_id)} is there no more; 'list' shows those that are"
    return Failure("session_not_found", message, NOT_FOUND)
