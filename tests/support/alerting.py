"""Events and targets for the tests of what is told."""

from __future__ import annotations

import json

from session_monitor.delivery.event import Event
from session_monitor.delivery.targets import Target

AT = "2026-11-28T20:02:25.000Z"
NOW = 1_795_896_145_000
"""The same moment."""


def told(number=1, **changes):
    """One event; events of several numbers are several."""
    first = Event(
        id=f"budget/team-a/{number}",
        rule="team-a-daily",
        kind="budget",
        severity="warning",
        state="firing",
        title=f"Budget {number} is at 83 %",
        text="Spent $4.15 of $5 today; at this rate it is gone by 19:00.",
        at=AT,
        host="gateway-1",
        value="4.15",
        limit="5",
        unit="USD",
        period="2026-11-28",
        consumer="team-a",
    )
    return first._replace(**changes)


def write_targets(folder, *rows, **parts):
    """An .alerts.json of these rows in a folder."""
    (folder / ".alerts.json").write_text(json.dumps({"schema_version": 1, "targets": rows, **parts}), encoding="utf-8")


def target(kind, name="one", **options):
    """A target with its secrets."""
    return Target(name, kind, options)


class Clock:
    """A clock that goes on when somebody sleeps."""

    def __init__(self, now=NOW):
        self.now = now
        self.slept = []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += round(seconds * 1000)
