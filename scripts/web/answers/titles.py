"""What did each session begin with, without reading its file again?"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable

from session_monitor.reports.sessions import session_previews
from session_monitor.sessions.rounds import Place

MOST = 20_000
"""Titles that are remembered."""


class Titles:
    """The titles of sessions: a first round never changes.  Methods may be called by any thread."""

    def __init__(self) -> None:
        """Knows none."""
        self._known: OrderedDict[Hashable, str] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, folder: str, session: Hashable, place: Place | None) -> str | None:
        """The title of the session whose first round stands there; ``session`` never stands for another one."""
        if place is None:
            return None
        with self._lock:
            known = self._known.get(session)
        if known is not None:
            return known or None
        title = session_previews.title_at(folder, place)
        with self._lock:
            self._known[session] = title or ""
            while len(self._known) > MOST:
                self._known.popitem(last=False)
        return title
