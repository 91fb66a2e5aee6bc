"""Were calls lost, and does a log grow that nobody reads?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Optional

from session_monitor.base import timestamps
from session_monitor.delivery.event import CRITICAL
from session_monitor.text import humanize

from .condition import Condition
from .of_budgets import EVER
from .rules import LOST_CALLS, UNREAD_LOG, Rules

MINUTE = 60_000


class LogReading(NamedTuple):
    """How reading goes: bytes that are known to be lost in all, and since when a log could not be read to its end.

    ``unread_since`` is in milliseconds since 1970, None where all is read.
    """

    lost_bytes: int = 0
    unread_since: Optional[int] = None  # noqa: UP045 -- as in condition

    def after(self, *, lost_bytes: int, is_stuck: bool, now: int) -> LogReading:
        """How it goes after a poll that could not read a log, or nothing of what there is."""
        return LogReading(lost_bytes, (self.unread_since or now) if is_stuck else None)


def conditions(reading: LogReading, rules: Rules, now: int) -> Iterator[Condition]:
    """What is wrong with it by now."""
    lost = rules.get(LOST_CALLS)
    if lost is not None and reading.lost_bytes > 0:
        size = humanize.size(reading.lost_bytes)
        text = (
            f"{size} of the log were gone before they could be read, and the calls in them are in no sum. See 'doctor'."
        )
        yield Condition(
            *(LOST_CALLS, str(reading.lost_bytes), CRITICAL, "error", "Calls were lost", text),
            *(str(reading.lost_bytes), None, "bytes"),
            happened=True,
        )
    unread = rules.get(UNREAD_LOG)
    if unread is None or reading.unread_since is None or now - reading.unread_since < unread["minutes"] * MINUTE:
        return
    minutes = (now - reading.unread_since) // MINUTE
    text = (
        f"Nothing could be read since {timestamps.local_time(timestamps.rfc3339(reading.unread_since))}, though there is something "
        "to read. See 'doctor'."
    )
    yield Condition(
        *(
            UNREAD_LOG,
            EVER,
            CRITICAL,
            "error",
            "A log grows unread",
            text,
            str(minutes),
            str(unread["minutes"]),
            "minutes",
        )
    )
