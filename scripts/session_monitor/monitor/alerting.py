"""What does a run do about alerts after each poll?

What is to be told waits in the outbox once a poll is over; who sends it goes by itself, and is never in the way of the next.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from typing import TYPE_CHECKING, Callable

from session_monitor.alerts import gate
from session_monitor.alerts.gate import Done
from session_monitor.alerts.watch import AlertWatch
from session_monitor.base import timestamps
from session_monitor.delivery.outbox import Outbox
from session_monitor.ingest.poll import Poll
from session_monitor.reports.report import Report

if TYPE_CHECKING:
    from session_monitor.delivery.sender import Sender

PATIENCE = 20.0
"""Seconds for which a single pass goes on sending what waits; the rest waits for the next pass."""
_ENDING = 5.0
"""Seconds for which a run that ends waits until what is being sent is sent."""


class Alerting:
    """One Alerting looks and tells for one run on one data folder."""

    def __init__(
        self,
        folder: str,
        ask: Callable[[], Report],
        environment: Mapping[str, str] = os.environ,
        *,
        is_following: bool,
    ) -> None:
        """``ask`` gives the answers of the moment; ``environment`` may hold the secrets of who is told.

        Of one who goes on (``is_following``) a thread sends, of a single pass ``close`` does.
        """
        self._folder = folder
        self._ask = ask
        self._environment = environment
        self._is_following = is_following
        self._outbox = Outbox(folder)
        self._watch = AlertWatch(folder, self._outbox, socket.gethostname())
        self._sender: Sender | None = None
        self._said: set[str] = set()

    def after(self, poll: Poll, done: Done | None, prices: object) -> None:
        """Look what is to be told after a poll, if anything may be (``done``), and go on sending what waits.

        What keeps it from being told is among the poll's notices, once.
        """
        try:
            if done is not None:
                reading = {"lost_bytes": done.lost_bytes, "is_stuck": done.is_stuck}
                set_, now = gate.settings(self._folder), timestamps.now()
                room = self._watch.look(self._ask(), reading, now)
                gate.close(self._folder, room, done, prices, set_, now)
                self._say(poll, self._watch.problem)
            else:
                self._outbox.release()
        except OSError as error:
            self._say(poll, f"{error.filename or 'the outbox'}: {error.strerror or error}")
        if self._is_following and self._outbox.waiting():
            self._send(poll)

    def _send(self, poll: Poll) -> None:
        sender = self._sender or self._made()
        if self._sender is None:
            self._sender = sender
            sender.start()
        sender.wake()
        self._say(poll, sender.trouble)

    def _made(self) -> Sender:
        from session_monitor.delivery.sender import Sender  # noqa: PLC0415 -- a pass that tells nothing needs none

        return Sender(self._outbox, self._environment)

    def _say(self, poll: Poll, problem: str | None) -> None:
        if problem and problem not in self._said:
            self._said.add(problem)
            poll.notices.append(f"alerts: {problem}")

    def close(self, poll: Poll) -> None:
        """Send what can be sent within a while; what is not waits for the next run."""
        if self._sender is not None:
            self._sender.stop(_ENDING)
        elif self._outbox.waiting():
            sender = self._made()
            sender.drain(PATIENCE)
            self._say(poll, sender.trouble)
