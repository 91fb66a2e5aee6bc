"""Why is there no answer, as a code for scripts and in words for people?"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, NamedTuple

from session_monitor.base import files
from session_monitor.base.settings import BadConfigError
from session_monitor.prices.price_list import BadPriceListError

if TYPE_CHECKING:
    from session_monitor.base.periods import UnknownZoneError
    from session_monitor.budgets.budget_file import BadBudgetsError


class Problem(NamedTuple):
    """What is wrong: ``code`` is a word that stays the same from version to version, ``text`` says what to do."""

    code: str
    text: str


def bad_prices(error: BadPriceListError) -> Problem:
    """A price list that cannot be used."""
    return Problem("bad_prices", f"{error}. Correct it there, or take the file away")


def bad_config(mistake: BadConfigError) -> Problem:
    """A config file that cannot be used."""
    return Problem("bad_config", f"{mistake}. Correct it there, or take the file away")


def bad_budgets(error: BadBudgetsError) -> Problem:
    """The file of budgets cannot be used."""
    return Problem("bad_budgets", f"{error}. Correct it there, or take the file away")


def zone_of_budget(error: UnknownZoneError) -> Problem:
    """A budget is of a time zone that this machine does not know."""
    return Problem("bad_timezone", f"a budget's time zone is not known here: {error}")


def no_folder(folder: str) -> Problem:
    """There is no data folder."""
    return Problem("no_data", f"there is no folder {folder}: name the one that main.py writes to with --data-dir")


_NOWHERE = "the current folder is there no more: change to one that is"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_NO_WRITING = (errno.EROFS, *_NO_ROOM)


def to_write(error: OSError) -> str:
    """What to do where something could not be written."""
    return "Make room there" if error.errno in _NO_ROOM else "See that this user may write there"


def _is_nowhere(error: OSError) -> bool:
    """Whether it is the current folder that there is no more: only the question for it names none."""
    return isinstance(error, FileNotFoundError) and error.filename is None


def unreadable(path: str, error: OSError) -> Problem:
    """What is asked about cannot be read, or what an answer needs cannot be written."""
    if isinstance(error, files.OddFileError):
        return Problem("unreadable", str(error))
    if error.errno in _NO_WRITING or os.fsdecode(path).endswith(files.TEMPORARY):
        return Problem("unwritable", f"{path}: {error.strerror or error}. {to_write(error)}")
    if _is_nowhere(error):
        return Problem("unreadable", _NOWHERE)
    if isinstance(error, PermissionError):
        text = f"{path}: this user may not read it, so there is no answer: ask as the monitor's user"
        return Problem("not_readable", text)
    return Problem("unreadable", f"{path}: {error.strerror or error}. See that this user may read it")


def unnoted(folder: str, error: OSError) -> Problem:
    """What is noted in this folder cannot be changed."""
    if isinstance(error, files.OddFileError):
        return Problem("unwritable", str(error))
    if _is_nowhere(error):
        return Problem("unreadable", _NOWHERE)
    if error.errno == errno.EAGAIN:
        text = f"{error.strerror}, and nothing was noted. Try again; {error.filename} is what they hold meanwhile"
        return Problem("busy", text)
    text = f"{error.filename or folder}: {error.strerror or error}. {to_write(error)}"
    return Problem("unwritable", text)
