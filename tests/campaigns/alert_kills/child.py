"""A program that raises events and sends them, and is killed at one of its lines.

Its words: the folder, what its clock says in milliseconds, and at which line of those it comes by; 0 for none of them, after
which it prints how many there were.  It raises as the monitor does: into the outbox, then into its own state, then released.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from session_monitor.base import files
from session_monitor.delivery.outbox import Outbox
from session_monitor.delivery.sender import Sender
from tests.support.alerting import Clock, told

WATCHED = (os.sep + os.path.join("session_monitor", "delivery", ""), os.path.join("base", "files.py"))
"""Where a line counts: in the sender and all that it uses, down to the files."""
FOR_PROGRAMS, FOR_PEOPLE = 3, 6
ENVIRONMENT = {}


def events():
    """What is raised: some for the webhook, and so many for the phone that they become one message."""
    later = "2026-11-28T21:00:00.000Z"
    first = [(told(number), "hook") for number in range(FOR_PROGRAMS)]
    over = [(told(0, state="resolved", at=later), "hook")]
    return [*first, *over, *((told(10 + number), "phone") for number in range(FOR_PEOPLE))]


def name(event, target):
    """By which the state knows one."""
    return f"{event.id} {event.state} {target}"


def main(folder, now, at):
    """Raise what is not raised yet, and send all that waits."""
    clock, seen = Clock(now), [0]

    def trace(frame, what, _argument):
        if what == "line":
            seen[0] += 1
            if seen[0] == at:
                os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(lambda frame, *_: trace if any(part in frame.f_code.co_filename for part in WATCHED) else None)
    outbox = Outbox(folder, clock)
    state = Path(folder) / "raised.json"
    known = json.loads(state.read_text()) if state.exists() else []
    new = [(event, target) for event, target in events() if name(event, target) not in known]
    for event, target in new:
        outbox.put(event, [target])
    if new:
        files.replace(str(state), json.dumps([*known, *(name(*each) for each in new)]).encode())
    outbox.release()
    Sender(outbox, ENVIRONMENT, now=clock, chance=lambda: 0.5).drain(7200, clock.sleep)
    sys.settrace(None)
    print(seen[0])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
