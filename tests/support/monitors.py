"""A monitor over one log, poll by poll."""

from __future__ import annotations

import json

from session_monitor.ingest.ingest import Ingest
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.sessions.store import Store

from . import calls


class Monitor:
    """A log and an output folder; ``poll`` as a process that goes on, ``fresh`` as one that is started anew."""

    def __init__(self, folder):
        self.log = folder / "access.log"
        self.out = folder / "out"
        self.out.mkdir()
        self.clock = 0.0
        self.fresh()

    def fresh(self, **options):
        state = Checkpoint(str(self.out / ".state.json"), str(self.out))
        self.ingest = Ingest([str(self.log)], Store(str(self.out)), state, clock=lambda: self.clock, **options)
        return self.ingest

    def poll(self):
        return self.ingest.poll()

    def write(self, *names, end=b"\n"):
        with self.log.open("ab") as file:
            for name in names:
                file.write(calls.line("s", [f"says {name}"], chat_id=name) + end)

    def ids(self, session="s"):
        """The calls of a session, in their order."""
        return [entry["chat_id"] for entry in json.loads((self.out / f"{session}.json").read_bytes())["rounds"]]
