"""Logs that are read by a monitor, to be judged."""

from __future__ import annotations

from session_monitor.index.keeper import Keeper
from session_monitor.ingest.ingest import Ingest
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.sessions.store import Store
from tests.support.calls import BOOK


def ingested(home, lines):
    """The data folder of a monitor that read these lines of a log."""
    folder, log = home / "sessions", home / "access.log"
    folder.mkdir(exist_ok=True)
    with open(log, "ab") as file:
        file.writelines(line + b"\n" for line in lines)
    kept = Keeper(str(folder), BOOK, lambda _done, _total: None)
    Ingest([str(log)], Store(str(folder)), Checkpoint(str(folder / ".state.json"), str(folder)), index=kept).poll()
    kept.close()
    return folder
