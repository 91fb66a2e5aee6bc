"""Which data folder, prices and session are meant?"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from session_monitor.asked import one_session
from session_monitor.asked.one_session import NotOneSessionError
from session_monitor.base import data_folder, mounts, settings
from session_monitor.base.timestamps import now
from session_monitor.own_prices import own_lists
from session_monitor.prices.book import Book
from session_monitor.prices.price_list import BadPriceListError
from session_monitor.reports.report import Report
from session_monitor.text import humanize, safe

from .failures import NOT_FOUND, USAGE, Failure, bad_config, bad_prices, no_folder
from .output import Output

if TYPE_CHECKING:
    from session_monitor.calls.coverage import Coverage
    from session_monitor.notes.notes_file import FolderNotes


class Settings:
    """What the environment and config files say, which are read once, when it is first asked."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._found: dict[str, settings.Found] | None = None

    def __call__(self) -> dict[str, settings.Found]:
        """Each setting that there is, and where.  Raises ``Failure`` for a mistake in a config file."""
        if self._found is None:
            try:
                self._found = settings.found(self._environment)
            except settings.BadConfigError as mistake:
                raise bad_config(mistake) from None
        return self._found


class Data:
    """One Data is the folder that a command asks about: its sessions, their prices, and how much of the log it holds."""

    def __init__(self, folder: str, origins: Mapping[str, str] | None = None, known: Settings | None = None) -> None:
        """``origins`` tells of each option that was not given where its value is from, as ``settings.settle`` does."""
        self.folder = folder
        self.settings = known or Settings(os.environ)
        self.origins = origins or {}
        self.is_elsewhere = mounts.of(folder) is not None

    @property
    def state_file(self) -> str:
        """Where the monitor keeps its read positions, as its last run said."""
        from session_monitor.base import last_run  # noqa: PLC0415 -- most answers for people tell no coverage

        return last_run.state_file(self.folder)

    def book(self) -> Book:
        """The prices for this folder, as they are now.  Raises ``Failure``."""
        try:
            return own_lists.book(self.folder, os.environ)
        except BadPriceListError as error:
            raise bad_prices(error) from None

    def report(self, book: Book | None = None) -> Report:
        """The answers about this folder, with its own prices unless there are others.  Raises ``Failure``."""
        return Report(self.folder, book or self.book(), functools.partial(Output.progress, "making the index"), now())

    def coverage(self) -> Coverage | None:
        """How much of the log was read, where a monitor's state file tells."""
        from session_monitor.calls import coverage  # noqa: PLC0415 -- as above

        return coverage.of_state(self.state_file)

    def coverage_in_words(self) -> str:
        """The same for people."""
        covered = self.coverage()
        if covered is None:
            return "not known: there is no state file of the monitor beside the sessions"
        return f"{humanize.counted(covered.lines, 'line')} read; {'; '.join(covered.in_words())}"

    def notes(self) -> FolderNotes | None:
        """What is noted of its sessions; None where nothing is, or where the file has a mistake: that is told, and no answer waits for it."""
        if not os.path.lexists(
            os.path.join(self.folder, data_folder.NOTES)
        ):  # as in most: nothing more is loaded for it
            return None
        from session_monitor.notes import notes_file  # noqa: PLC0415 -- as above

        try:
            return notes_file.asked(self.folder)
        except notes_file.BadNotesError as mistake:
            Output.complain(f"nothing that is noted of sessions is told: {mistake}")
            return None

    def check_is_there(self) -> None:
        """Raises ``Failure`` where the folder is not there."""
        if not os.path.isdir(self.folder):
            raise no_folder(self.folder)


def meant(report: Report, text: str) -> str:
    """The id of the one session that somebody means, as ``one_session`` has it.  Raises ``Failure``."""
    try:
        return one_session.meant(report, text, os.environ)
    except NotOneSessionError as error:
        raise _not_one_session(report, error) from None


def _not_one_session(report: Report, error: NotOneSessionError) -> Failure:
    wanted = safe.clean(error.wanted)
    if error.why == one_session.UNKNOWN:
        return _unknown(report, error.wanted, error.ids)
    if error.why == one_session.NOT_YET:
        text = f"nothing is known of the current session {wanted} yet: it is there once the log was read"
        return Failure("session_not_found", text, NOT_FOUND)
    listed = "\n".join(f"  {safe.clean(each)}" for each in error.ids[:10])
    more = "" if len(error.ids) <= 10 else "\n  …"
    text = f"{wanted} is a part of several ids; name more of the one that is meant:\n{listed}{more}"
    return Failure("ambiguous_session", text, USAGE)


def unknown_session(report: Report, session_id: str) -> Failure:
    """There is no such session; some may have been meant."""
    return _unknown(report, session_id, report.near_misses(session_id))


def _unknown(report: Report, session_id: str, near: Sequence[str]) -> Failure:
    hint = _did_you_mean(map(safe.clean, near)) or "'list' shows those that there are"
    return Failure("session_not_found", f"no session {safe.clean(session_id)} in {report.folder}; {hint}", NOT_FOUND)


def unknown_model(book: Book, name: str) -> Failure:
    """There is no price for this model; some may have been meant."""
    from session_monitor.asked import model_prices  # noqa: PLC0415 -- only a mistake needs it

    hint = _did_you_mean(model_prices.nearest(book, name)) or "'pricing list' shows those known"
    return Failure("model_not_found", f"no price is known for {safe.clean(name)}; {hint}", NOT_FOUND)


def _did_you_mean(names: Iterable[str]) -> str:
    """A line for each of these; empty where there are none."""
    lines = [f"  {name}" for name in names]
    return "\n".join(["did you mean", *lines]) if lines else ""
