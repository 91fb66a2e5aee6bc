"""How does the monitor say what a person should hear?"""

from __future__ import annotations

import sys

from session_monitor.ingest.poll import Poll
from session_monitor.text import own_names, safe

_ADVICE_ON_LOGS = (
    "for what was not read: let this user read the logs and their folders, allow them with --allow-dir, or name others "
    "with --log-path"
)


class Voice:
    """Says things to people: on stderr, each only once while it stays true."""

    def __init__(self, *, quiet: bool) -> None:
        """With ``quiet`` only what went wrong is said."""
        self.quiet = quiet
        self._said: set[str] = set()

    def aloud(self, text: str) -> None:
        """Say it."""
        print(own_names.as_typed(f"main.py: {safe.clean(text)}"), file=sys.stderr, flush=True)

    def troubles(self, poll: Poll) -> None:
        """Say what a person should hear of a poll, unless it was true the last time as well."""
        texts = [*poll.problems, *([_ADVICE_ON_LOGS] if poll.lacks_logs else []), *poll.notices]
        for text in texts:
            if text not in self._said:
                self.aloud(text)
        self._said = set(texts)
