"""A data folder in which agents go on talking, for the tests of what is shown of it meanwhile."""

from __future__ import annotations

from session_monitor.conversations import follow
from session_monitor.index.keeper import Keeper
from session_monitor.ingest.ingest import Ingest
from session_monitor.log.checkpoint import Checkpoint
from session_monitor.reports.report import Report
from session_monitor.sessions.store import Store
from tests.support import calls
from tests.support.calls import BOOK

LONG_ID = "agent:main:会话-🙂:" + "很长的名字" * 30


NOW = 1_769_938_215_000
"""2026-02-01T09:30:15Z."""


class Folder:
    """One Folder is a data folder with a log, and a monitor that reads what is added to it."""

    def __init__(self, home):
        self.path = home / "sessions"
        self.path.mkdir()
        self._log = home / "access.log"
        self._seconds = 0

    def talk(self, *session_ids, **attributes):
        """A call in each of these sessions, a second apart."""
        with open(self._log, "ab") as log:
            for session_id in session_ids:
                time = f"2026-02-01T09:{self._seconds // 60:02}:{self._seconds % 60:02}Z"
                texts = {"question": f"question {self._seconds}", "answer": f"answer {self._seconds}", **attributes}
                log.write(calls.line(session_id, ["Hi"], start_time=time, **texts) + b"\n")
                self._seconds += 1
        kept = Keeper(str(self.path), BOOK, lambda _done, _total: None)
        state = Checkpoint(str(self.path / ".state.json"), str(self.path))
        Ingest([str(self._log)], Store(str(self.path)), state, index=kept).poll()
        kept.close()

    def forget_index(self):
        """Take the index away, which the next look makes anew."""
        for each in self.path.glob(".index*"):
            each.unlink()

    def reports(self):
        """The answers of this moment."""
        return Report(str(self.path), BOOK, now=NOW)

    def rounds(self, session_id, wanted, *steps):
        """The numbers of the rounds that are seen while these things happen, each between two looks."""
        seen = follow.rounds(self.reports, session_id, wanted, between(*steps))
        return [entry["round"] for entry, _ in seen]


def between(*steps):
    """A pause in which something happens instead of time going by; after the last one there is no other look."""
    left = list(steps)

    def pause():
        if not left:
            return False
        left.pop(0)()
        return True

    return pause
