"""What do imported calls add up to?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from session_monitor.recording.recorded_call import RecordedCall

from .agents import found

PASSED_OVER = found.PASSED_OVER
"""What may be passed over, in words."""


class Tally:
    """The calls of one agent: how many there are, what they used, and which were passed over and why.

    ``repeated`` stand in the log from earlier imports, or are copies; ``logged`` a gateway or the proxy has logged; ``held_back`` may
    still grow, and come with the next import.
    """

    def __init__(self) -> None:
        self.files = 0
        self.calls = 0
        self.failed = 0
        self.untold = 0
        self.input_tokens = self.output_tokens = self.cached_tokens = 0
        self.cache_write_tokens = self.reasoning_tokens = 0
        self.repeated = self.logged = self.held_back = 0
        self.sessions: set[str] = set()
        self.passed_over: Counter[str] = Counter()

    def count(self, call: RecordedCall) -> None:
        """Count a call in."""
        self.calls += 1
        if call.session_id is not None:
            self.sessions.add(call.session_id)
        self.failed += call.error is not None
        if call.usage is None:
            self.untold += 1
            return
        self.input_tokens += call.usage.input_tokens
        self.output_tokens += call.usage.output_tokens
        self.cached_tokens += call.usage.cache_read
        self.cache_write_tokens += call.usage.cache_write
        self.reasoning_tokens += call.usage.reasoning

    def to_json(self) -> dict[str, Any]:
        """All of it, for JSON; of which nothing names a person's files."""
        told = {**vars(self), "sessions": len(self.sessions), "passed_over": dict(sorted(self.passed_over.items()))}
        told["without_tokens"] = told.pop("untold")
        return {**told, "total_tokens": self.input_tokens + self.output_tokens}


def added(tallies: Iterable[Tally]) -> Tally:
    """Several in one."""
    total = Tally()
    for tally in tallies:
        for name, value in vars(tally).items():
            if isinstance(value, int):
                setattr(total, name, getattr(total, name) + value)
        total.sessions |= tally.sessions
        total.passed_over.update(tally.passed_over)
    return total
