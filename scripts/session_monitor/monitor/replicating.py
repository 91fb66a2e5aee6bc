"""What does a run do so that a store elsewhere stays equal to its folder?

Who sends goes by itself, and is never in the way of the next poll.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Callable

from session_monitor.base import timestamps
from session_monitor.ingest.poll import Poll
from session_monitor.prices.book import Book
from session_monitor.shipping.clickhouse import stores
from session_monitor.shipping.replication.replicator import Replicator

PATIENCE = 10.0
"""Seconds for which a single pass goes on sending what waits; the rest waits for the next pass."""
_ENDING = 5.0
"""Seconds for which a run that ends waits until what is being sent is sent."""


class Replicating:
    """One Replicating keeps a store equal to one folder for one run."""

    def __init__(
        self, folder: str, address: str, gateway: str, environment: Mapping[str, str], book: Callable[[], Book]
    ) -> None:
        """Where to is as ``stores.of`` takes it, which has been tried.  ``book`` has the prices of now."""
        from session_monitor.reports.report import Report  # noqa: PLC0415 -- most runs send nothing

        store = stores.of(address, environment)
        self._replicator = Replicator(
            folder,
            store,
            stores.gateway_named(gateway),
            lambda question: Report(folder, book(), now=timestamps.now()).ask(question),
        )
        self._is_running = False
        self._seen: object = None
        self._said: set[str] = set()

    def after(self, poll: Poll, change: object, *, is_following: bool) -> None:
        """Go on sending after a poll that left the index at this ``change``, where a run goes on; what keeps it from that is among the poll's notices, once."""
        if is_following and not self._is_running:
            self._is_running = True
            self._replicator.start()
        if is_following and (change is None or change != self._seen):
            self._seen = change
            self._replicator.wake()
        self._say(poll)

    def close(self, poll: Poll, *, is_told_to_end: bool = False) -> None:
        """Send what can be sent within a while, where nobody waits for the end; what is not waits for the next run."""
        if not self._is_running or (self._replicator.stop(_ENDING) and not is_told_to_end):
            self._replicator.drain(PATIENCE)
            self._say(poll)
        if not self._is_running or self._replicator.stop(0):
            self._replicator.close()

    def _say(self, poll: Poll) -> None:
        trouble = self._replicator.trouble
        if trouble and trouble not in self._said:
            self._said.add(trouble)
            poll.notices.append(f"ship: {trouble}")
