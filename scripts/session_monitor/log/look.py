"""What did one look find, and does the next one find the same?

Most looks come when nothing was written.  To ask for the state of each folder and file tells that, where the last look
left nothing to do, and where the system's clock for files would show whatever came since.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from .generation import Generation
from .log_file import LogFile, has_rested, state_of
from .rotation import LogPlace

Folders = Sequence[tuple[str, os.stat_result]]
"""The logs that are named, each with what the system says of its folder."""


class Look:
    """What is there: each generation with its open file, the oldest first; and what a person should hear of."""

    def __init__(self) -> None:
        """Nothing was found yet."""
        self.began = 0  # nanoseconds since 1970
        self.folders: Folders = ()  # as they were when it began; none where it takes a search to know them
        self.places: list[LogPlace] = []
        self.states: dict[str, tuple[int, ...]] = {}  # of the files that could be opened, by their names
        self.known: tuple[int, ...] = ()  # how much was known of generations when it was over
        self.found: list[tuple[Generation, LogFile]] = []
        self.unread: list[tuple[Generation, LogFile]] = []  # those of them with bytes behind the offset
        self.files: list[LogFile] = []
        self.is_as_before = False  # whether nothing at all has changed since the last look
        self.problems: list[str] = []
        self.notices: list[str] = []
        self.lost_bytes = self.unknown_gaps = 0
        self.complete = True  # whether every file that is there could be opened
        self.is_measured = True  # whether the size of every compressed file is known
        self.unfinished: list[LogFile] = []  # compressed files of which more may come

    def still_holds(self, folders: Folders) -> bool:
        """Whether nothing has changed since; ``folders`` are those of now."""
        if not self._has_settled() or _states(folders) != _states(self.folders):
            return False
        try:
            return all(state_of(os.stat(place.path)) == self.states[place.path] for place in self.places)
        except OSError:
            return False

    def _has_settled(self) -> bool:
        """Whether it left nothing to do or to tell, and whatever changed since must show in a time."""
        if not self.complete or self.problems or self.unread or self.unfinished:
            return False
        if not self.folders or not all(has_rested(folder, self.began) for _, folder in self.folders):
            return False
        if any(place.is_former or place.path not in self.states for place in self.places):
            return False
        return all(file.rested or file.place.compressed for file in self.files)

    def close(self) -> None:
        """Close the files."""
        for file in self.files:
            file.close()


def _states(folders: Folders) -> list[tuple[str, tuple[int, ...]]]:
    return [(log, state_of(folder)) for log, folder in folders]
