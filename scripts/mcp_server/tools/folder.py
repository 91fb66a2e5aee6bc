"""How does the data folder stand when a tool is called: its sessions, their prices, what is noted of them?"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Callable

from mcp_server.protocol.lanes import CancelledCallError
from session_monitor.base import timestamps

if TYPE_CHECKING:
    from session_monitor.index.database import Progress
    from session_monitor.notes.notes_file import FolderNotes
    from session_monitor.own_prices.current_book import CurrentBook
    from session_monitor.prices.book import Book
    from session_monitor.reports.report import Report


class DataFolder:
    """The data folder that a server tells of.  Nothing of it is read before a tool is called."""

    def __init__(
        self,
        path: str,
        environment: Mapping[str, str],
        timezone: str,
        *,
        now: Callable[[], int] = timestamps.now,
    ) -> None:
        """``timezone`` is whose days are meant; ``now`` gives milliseconds since 1970."""
        self.path = path
        self.environment = environment
        self.timezone = timezone
        self.now = now
        self._prices: CurrentBook | None = None
        self._lock = threading.Lock()
        self._making = threading.Lock()

    def book(self) -> Book:
        """The prices of now.  Raises ``BadPriceListError`` and ``OSError``."""
        with self._lock:
            if self._prices is None:
                from session_monitor.own_prices.current_book import CurrentBook

                self._prices = CurrentBook(self.path, self.environment)
            else:
                self._prices.look()
            if self._prices.mistake:
                raise self._prices.mistake
            return self._prices.book

    def settle(self, report: Report) -> None:
        """Bring the index up to date, which only one thread does: others would do the same once more."""
        with self._making:
            report.ask(lambda _index: None)


class FolderDesk:
    """The answers that one thread asks for, one after the other.

    Its report lives on: where no index can be kept beside the sessions, that holds one in memory for a while.
    """

    def __init__(self, folder: DataFolder) -> None:
        """Nothing is read yet."""
        self.folder = folder
        self.hear: Progress = _silent
        """Is told how far something is that takes long."""
        self._report: Report | None = None

    def report(self) -> Report:
        """The answers as of now.  Raises ``BadPriceListError``, ``NoSuchFolderError`` and ``OSError``."""
        from session_monitor.reports.report import Report

        book = self.folder.book()
        if self._report is None or self._report.book is not book:
            self._report = Report(self.folder.path, book, self._heard)
        self._report.now = self.folder.now()
        self.folder.settle(self._report)
        return self._report

    def _heard(self, done: int, total: int) -> None:
        # An index is made to its end, also where nobody waits for it any more: half of one helps nobody who asks again.
        with contextlib.suppress(CancelledCallError):
            self.hear(done, total)

    def notes(self) -> FolderNotes | None:
        """What is noted of its sessions; None where nothing is.  Raises ``BadNotesError``."""
        from session_monitor.base import data_folder

        if not os.path.lexists(os.path.join(self.folder.path, data_folder.NOTES)):
            return None
        from session_monitor.notes import notes_file

        return notes_file.asked(self.folder.path)

    def coverage(self) -> dict[str, int] | None:
        """How much of the log was read, in brief; None where no state file of a monitor tells."""
        from session_monitor.base import last_run
        from session_monitor.calls import coverage

        covered = coverage.of_state(last_run.state_file(self.folder.path))
        return None if covered is None else covered.gist()


def _silent(_done: int, _total: int) -> None:
    """Tell nobody how far it is."""
