"""A data folder whose calls are sent, to a stand-in."""

from __future__ import annotations

import pytest

from session_monitor.ingest.ingest import Ingest
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.sessions.store import Store
from session_monitor.shipping import destination
from session_monitor.shipping.sending import SpanSender
from session_monitor.shipping.shipper import Shipper
from session_monitor.shipping.spool import SpoolWriter
from tests.support import calls
from tests.support.calls import BOOK
from tests.support.otlp_receiver import OtlpReceiver

NOW = 1_796_000_000_000


class ShippedFolder:
    """A log, its sessions, and the spool beside them; ``fresh`` as a process that is started anew."""

    def __init__(self, folder, receiver):
        self.log, self.out, self.receiver = folder / "access.log", folder / "out", receiver
        self.folder = str(self.out)
        self.out.mkdir()
        self.now = NOW
        self.measure = None
        self.fresh()

    def fresh(self):
        self.writer = SpoolWriter(self.folder)
        self.ingest = Ingest(
            [str(self.log)],
            Store(self.folder),
            Checkpoint(f"{self.folder}/.state.json", self.folder),
            on_writing=lambda coming: self.writer.announce(coming, self.now),
            on_commit=lambda *_: self.writer.settle(),
        )
        self.ship()

    def ship(self):
        sender = SpanSender(destination.of(self.receiver.url, {}), now=lambda: self.now)
        ready = lambda: self.writer.ready  # noqa: E731
        self.shipper = Shipper(
            self.folder, sender, lambda: BOOK, ready, self.measure, now=lambda: self.now, chance=lambda: 0.5
        )

    def write(self, *names, session="s"):
        with self.log.open("ab") as file:
            for name in names:
                file.write(calls.line(session, [f"says {name}"], chat_id=name, question="Hi?") + b"\n")

    def poll(self, *names, session="s"):
        self.write(*names, session=session)
        return self.ingest.poll()

    def drain(self, seconds=1000):
        def sleep(waited):
            self.now += round(waited * 1000)

        self.shipper.drain(seconds, sleep)

    def came(self):
        """The calls that the receiver has, each once, by their answers' ids."""
        return sorted(span.attributes["gen_ai.response.id"] for span in self.receiver.once().values())


@pytest.fixture
def receiver():
    """A program that collects spans."""
    with OtlpReceiver() as stand_in:
        yield stand_in


@pytest.fixture
def shipped(tmp_path, receiver):
    """A data folder whose calls are sent."""
    return ShippedFolder(tmp_path, receiver)
