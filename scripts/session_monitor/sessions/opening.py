"""How does a session file end, and may that be trusted?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .summary import Summary

if TYPE_CHECKING:
    from session_monitor.calls.long_lines import Sent

    from .stored_round import RoundFacts


class SetAside(Exception):  # noqa: N818 -- the file is kept, under the name in the argument
    """A session file could not be read, or not to its end; what it held must come from the log again.

    Its copy was made first, and the file itself is only written over together with the first of those rounds: so
    nothing is lost where the process ends before the log is read again.
    """


class OpenSession:
    """One session's end as the next flush will write it."""

    def __init__(
        self, path: bytes, summary: Summary, *, next_byte: int = 0, footer: bytes = b"", torn: bool = False
    ) -> None:
        self.path = path
        self.summary = summary
        self.next_byte = next_byte  # where the next round goes; 0 for a file that is still to be made
        self.footer = footer  # as it stands on disk
        self.torn = torn
        self.deleted: Mapping[str, int] = {}  # up to where its calls were deleted
        self.pending: list[bytes] = []
        self.facts: list[RoundFacts] = []  # of the pending rounds
        self.sent: Sent | None = None  # what the last round sent, as its bytes in the log
