"""Session files that commands change, for the tests of what is left."""

from __future__ import annotations

from session_monitor.sessions.store import Store
from tests.support.calls import in_log


def put(folder, calls):
    """Add these calls to a folder's sessions."""
    store = Store(str(folder))
    for each in in_log(calls):
        store.add(*each)
    store.flush()


def left(folder):
    """The numbers of the sessions that are left."""
    return "".join(sorted(path.stem[-1] for path in folder.glob("agent:*.json")))
