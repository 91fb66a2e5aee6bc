"""A data folder in which alerts are raised and sent."""

from __future__ import annotations

from session_monitor.delivery import delivery_log, transport
from session_monitor.delivery.outbox import Outbox
from session_monitor.delivery.sender import Sender
from tests.support.alerting import Clock


class World:
    """A data folder with an outbox, a sender and a clock; sleeping takes no time."""

    def __init__(self, folder, **environment):
        self.folder, self.environment, self.clock = folder, environment, Clock()
        self.begin()

    def begin(self, send=transport.send):
        """A program starts."""
        self.outbox = Outbox(str(self.folder), self.clock)
        self.sender = Sender(self.outbox, self.environment, send=send, now=self.clock, chance=lambda: 0.5)
        return self

    def put(self, *events, to=("one",)):
        """These are told, and the state of who raised them is on disk."""
        for each in events:
            self.outbox.put(each, to)
        self.outbox.release()

    def drain(self, seconds=3600):
        """A pass that may take so long."""
        self.sender.drain(seconds, self.clock.sleep)

    def log(self):
        """What became of each: its number, the outcome and how often it was tried."""
        return [(each.event_id[-1], each.outcome, each.tries) for each in delivery_log.entries(str(self.folder))]

    def reasons(self):
        """Why."""
        return [each.reason for each in delivery_log.entries(str(self.folder))]
