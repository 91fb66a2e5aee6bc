"""How does a command fail, in words and in its exit code?"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from session_monitor.asked import problems
from session_monitor.base import files
from session_monitor.base.settings import BadConfigError
from session_monitor.prices.price_list import BadPriceListError
from session_monitor.text import safe

OK, FAILED, USAGE, NOT_FOUND, BREACHED, INTERRUPTED = 0, 1, 2, 3, 4, 130
"""The exit codes."""


class Failure(Exception):  # noqa: N818 -- ends a command, which is no error in itself
    """What ends a command: a code for scripts, a message for people, and the exit code."""

    def __init__(self, code: str, message: str, status: int = FAILED) -> None:
        """``code`` is a word that stays the same from version to version."""
        super().__init__(message)
        self.code = code
        self.status = status


def bad_prices(error: BadPriceListError) -> Failure:
    """A price list that cannot be used."""
    return Failure(*problems.bad_prices(error))


def bad_config(mistake: BadConfigError) -> Failure:
    """A config file that cannot be used."""
    return Failure(*problems.bad_config(mistake), USAGE)


def no_folder(folder: str) -> Failure:
    """There is no data folder."""
    return Failure(*problems.no_folder(folder))


def unreadable(path: str, error: OSError) -> Failure:
    """What is asked about cannot be read, or what an answer needs cannot be written."""
    return Failure(*problems.unreadable(path, error))


def of_files() -> Failure:
    """A command that is of session files was asked about a database."""
    text = "this is done on the machine of each gateway, where its session files are: name their folder with --data-dir"
    return Failure("needs_folder", text, USAGE)


def gone(session_id: str) -> Failure:
    """The session is there no more."""
    message = f"the session {safe.cell(session_id)} is there no more; 'list' shows those that are"
    return Failure("session_not_found", message, NOT_FOUND)


def formats_exclude_each_other(form: str) -> Failure:
    """--json was given with another format."""
    return Failure("bad_format", f"--json and --format {form} exclude each other", USAGE)


@contextmanager
def of_changing(folder: str) -> Iterator[None]:
    """Say what can be done where session files of this folder cannot be changed.  Raises ``Failure``."""
    from session_monitor.sessions import deleted, write_lock  # noqa: PLC0415 -- who only asks need not wait for them

    try:
        yield
    except write_lock.BusyError as busy:
        text = f"{busy.strerror}, and nothing was done. Try again; {busy.filename} is what they hold meanwhile"
        raise Failure("busy", text) from None
    except deleted.DeletedListDamagedError as damaged:
        text = f"{damaged}, and nothing was deleted. Put it back from a backup, or take it away"
        raise Failure("bad_list", f"{text}: then what {folder} had deleted comes back if logs are read again") from None
    except files.OddFileError as odd:
        raise Failure("unwritable", str(odd)) from None
    except OSError as error:
        text = f"{error.filename or folder}: {error.strerror or error}. {problems.to_write(error)}"
        raise Failure("unwritable", text) from None


@contextmanager
def of_noting(folder: str) -> Iterator[None]:
    """Say what can be done where what is noted in this folder cannot be changed.  Raises ``Failure``."""
    try:
        yield
    except OSError as error:
        raise Failure(*problems.unnoted(folder, error)) from None


def mistake_in_file(error: files.MistakeInFileError) -> Failure:
    """A file that people write cannot be used."""
    return Failure(error.code, str(error))
