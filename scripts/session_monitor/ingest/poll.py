"""What did one poll do?"""

from __future__ import annotations

from session_monitor.calls.coverage import Coverage
from session_monitor.log import tail
from session_monitor.log.look import Look
from session_monitor.totals import usage_totals
from session_monitor.totals.usage_totals import NOTHING

MOST_NOTICES = 20


class Poll:
    """What one poll did: what was new, what it read, and what a person should hear of.

    ``problems`` are what keeps the result from being complete: a log that may not be read, a session file that had
    to be set aside; ``lacks_logs`` says whether logs are among them.  ``notices`` are what it can do nothing about.
    ``at_least`` says that there may be more new sessions and calls than are told: of what was being written when that
    failed nobody knows.  ``behind`` are the bytes still to be read, of which one that ``is_stopped`` may leave many.
    ``recorded_found`` are those of the ``logs_found`` that no gateway wrote.
    """

    def __init__(self) -> None:
        """Nothing was done yet."""
        self.logs_found = self.recorded_found = self.new_sessions = 0
        self.sums = NOTHING
        self.at_least = self.is_stopped = False
        self.coverage = Coverage()
        self.problems: list[str] = []
        self.lacks_logs = False
        self.notices: list[str] = []
        self.bytes_to_read = self.bytes_read = 0

    def saw(self, look: Look, recorded: str | None = None) -> None:
        """Take in what a look found; ``recorded`` is the log that no gateway writes to, where it is read."""
        self.logs_found = len(look.files)
        self.recorded_found = sum(file.place.log == recorded for file in look.files) if recorded else 0
        self.bytes_to_read = self.bytes_read + sum(tail.unread(*pair) for pair in look.unread)

    def hear(self, look: Look) -> None:
        """Take in what a person should hear of a look."""
        self.coverage.lost_bytes += look.lost_bytes
        self.coverage.unknown_gaps += look.unknown_gaps
        self.notices += look.notices
        for text in look.problems:
            self.unread_log(text)

    def unread_log(self, text: str) -> None:
        """Note why a log could not be read, once."""
        self.problem(text)
        self.lacks_logs = True

    def problem(self, text: str) -> None:
        """Note a problem, once."""
        if text not in self.problems:
            self.problems.append(text)

    def add(self, other: Poll) -> None:
        """Count another poll in; problems are those of the last one."""
        self.logs_found, self.recorded_found = other.logs_found, other.recorded_found
        self.new_sessions += other.new_sessions
        self.sums = usage_totals.added([self.sums, other.sums])
        self.at_least |= other.at_least
        self.coverage.add(other.coverage)
        self.problems, self.lacks_logs = other.problems, other.lacks_logs
        self.notices = [*self.notices, *other.notices][-MOST_NOTICES:]

    @property
    def new_rounds(self) -> int:
        """How many rounds were new."""
        return self.sums.calls

    @property
    def behind(self) -> int:
        """Bytes that were there when the poll began and are still unread."""
        return max(0, self.bytes_to_read - self.bytes_read)
