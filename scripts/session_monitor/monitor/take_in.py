"""What does somebody do who recorded calls and wants them to be sessions now?

One pass over the data folder's own log, as a monitor makes it, and over no gateway's: those may be another user's to read.
Where a monitor is at work, it reads that log itself.
"""

from __future__ import annotations

import contextlib
import os
import time

from session_monitor.base import data_folder, files, last_run
from session_monitor.index import keeper
from session_monitor.ingest.ingest import Ingest
from session_monitor.ingest.poll import Poll
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.own_prices.current_book import CurrentBook
from session_monitor.prices import price_list
from session_monitor.prices.book import Book
from session_monitor.sessions import write_lock
from session_monitor.sessions.store import Store


def take_in(folder: str) -> Poll | None:
    """Read what was recorded into the sessions of this data folder; None where a monitor is at work, which does that.

    What is wrong is in ``Poll.problems``.  Raises ``OSError``.
    """
    data_folder.make(folder)
    data_folder.check_whose(folder)
    end, seen = time.monotonic() + _PATIENCE, None
    while True:
        try:
            with files.lock(os.path.join(folder, data_folder.LOCK), f"pid {os.getpid()}, {_READING}"):
                return _pass(folder)
        except files.LockHeldError as held:
            # One who does the same as this may have looked before the last calls were recorded, and looks no more.  Who holds
            # the lock says so just behind taking it: until then it is what the one before said.
            before, seen = seen, str(held)
            if (before == seen and not seen.endswith(_READING)) or time.monotonic() >= end:
                return None


_READING = "reading recorded calls"
_PATIENCE = 10.0


def _pass(folder: str) -> Poll:
    prices = CurrentBook(folder, os.environ)
    book = None if prices.mistake else prices.book
    checkpoint = Checkpoint(last_run.state_file(folder), folder)
    kept = keeper.Keeper(folder, book or Book([price_list.shipped()]), lambda _done, _total: None)
    with contextlib.closing(kept):
        ingest = Ingest(
            [],
            Store(folder, lock=write_lock.MonitorsLock(folder).held),
            checkpoint,
            book=book,
            index=kept,
        )
        ingest.read_recorded(data_folder.recorded_log(folder))
        poll = ingest.poll()
    if checkpoint.problem:
        poll.notices.append(f"the state file {checkpoint.path} {checkpoint.problem}; it was set aside")
    return poll
