"""What does a run do so that its calls become spans elsewhere?

What comes is put into the spool before it is written.  Who sends it goes by itself, and is never in the way of the next poll.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Callable

from session_monitor.base import timestamps
from session_monitor.ingest.poll import Poll
from session_monitor.prices.book import Book
from session_monitor.sessions.summary import Coming
from session_monitor.shipping import spool
from session_monitor.shipping.spool import SpoolWriter

if TYPE_CHECKING:
    from session_monitor.shipping.otlp.telemetry import Metric
    from session_monitor.shipping.shipper import Shipper

PATIENCE = 10.0
"""Seconds for which a single pass goes on sending what waits; the rest waits for the next pass."""
_ENDING = 5.0
"""Seconds for which a run that ends waits until what is being sent is sent."""


class Telemetry:
    """One Telemetry puts in and sends for one run on one data folder."""

    def __init__(self, folder: str, address: str, environment: Mapping[str, str], book: Callable[[], Book]) -> None:
        """Where spans go is as ``destination.of`` takes it, which has been tried.

        ``book`` has the prices of now, and raises ``BadPriceListError`` or ``OSError`` where nobody knows them.
        """
        self._folder = folder
        self._address = address
        self._environment = environment
        self._book = book
        self._writer = SpoolWriter(folder)
        self._shipper: Shipper | None = None
        self._has_new = True  # of the run before, perhaps
        self._said: set[str] = set()
        self._problem = ""
        with self._telling():
            self._problem = _LOST if spool.is_lost(folder) else ""

    def announce(self, coming: list[Coming]) -> None:
        """These rounds are about to be written; where that cannot be remembered, they are written all the same."""
        with self._telling():
            self._writer.announce(coming, timestamps.now())

    def settle(self) -> None:
        """They are written."""
        self._writer.settle()
        self._has_new = True

    def after(self, poll: Poll, *, is_following: bool) -> None:
        """Go on sending after a poll, where a run goes on; what keeps it from that is among the poll's notices, once."""
        if is_following and self._has_new:
            self._has_new = False
            shipper = self._shipper or self._made(poll)
            if shipper is not None and self._shipper is None:
                self._shipper = shipper
                shipper.start()
            if shipper is not None:
                shipper.wake()
        self._say(poll, self._problem)
        self._say(poll, self._shipper.trouble if self._shipper else "")

    def close(self, poll: Poll, *, is_told_to_end: bool = False) -> None:
        """Send what can be sent within a while, a shorter one where somebody waits for the end; what is not waits for the next run."""
        with self._telling():
            if self._shipper is None:
                if spool.is_waiting(self._folder):
                    self._drain(poll)
            elif self._shipper.stop(_ENDING) and not is_told_to_end:
                self._shipper.drain(PATIENCE)  # of a log that was piped, and has ended: there may be no next run
                self._say(poll, self._shipper.trouble)
        self._say(poll, self._problem)

    def _drain(self, poll: Poll) -> None:
        shipper = self._made(poll)
        if shipper is not None:
            shipper.drain(PATIENCE)
            self._say(poll, shipper.trouble)

    def _made(self, poll: Poll) -> Shipper | None:
        from session_monitor.shipping import destination, sending, shipper  # noqa: PLC0415 -- most passes send nothing

        try:
            where = destination.of(self._address, self._environment)
        except destination.BadDestinationError as mistake:  # a secret's file that is gone
            self._say(poll, str(mistake))
            return None
        sender = sending.SpanSender(where)
        return shipper.Shipper(self._folder, sender, self._book, lambda: self._writer.ready, self._measured())

    def _measured(self) -> Callable[[int, int], tuple[int, Sequence[Metric]]]:
        """What tells the metrics of a moment; in whichever thread it is asked."""
        from session_monitor.metrics import otlp_form, scrape  # noqa: PLC0415 -- as above
        from session_monitor.reports.report import Report  # noqa: PLC0415 -- as above

        scrapes = scrape.Scrapes(self._folder)

        def measured(since: int, now: int) -> tuple[int, Sequence[Metric]]:
            report = Report(self._folder, self._book(), now=now)
            since = since or report.overview().oldest or now
            return since, otlp_form.metrics(scrapes.families(report, now), since, now)

        return measured

    @contextlib.contextmanager
    def _telling(self) -> Iterator[None]:
        """What fails with the spool is told, and ends nothing."""
        try:
            yield
        except OSError as error:
            where = f"{error.filename or '.otlp'}: {error.strerror or error}"
            self._problem = f"{where}; what comes meanwhile is not sent ('export --to otlp' can)"

    def _say(self, poll: Poll, problem: str) -> None:
        if problem and problem not in self._said:
            self._said.add(problem)
            poll.notices.append(f"otlp: {problem}")


_LOST = "it is not known how far was sent: what is still in .otlp is sent again, and is the same there"
