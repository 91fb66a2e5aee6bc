"""Are calls sent as spans where they are to be, and if not, why?"""

from __future__ import annotations

from collections.abc import Iterator

from session_monitor.base import timestamps
from session_monitor.shipping import spool
from session_monitor.shipping.spool import ShippingProgress
from session_monitor.text import humanize, safe

from .checks import FAIL, OK, WARN, Case, Check

LONG = timestamps.HOUR
"""Milliseconds for which calls may wait without a word."""


def checks(case: Case) -> Iterator[Check]:
    """One about the last who was sent to; none where nobody was."""
    try:
        progress, waiting = spool.read(case.data_dir), spool.oldest(case.data_dir)
    except OSError as error:
        found = f"{error.filename}: {error.strerror or error}"
        yield Check(
            "otlp", WARN, found, "see that this user may read it, or take it away: what waits there is not sent then"
        )
        return
    if not progress.to and waiting is None:
        return
    lag = 0 if waiting is None else max(round(case.now * 1000) - waiting.at, 0)
    told = "; ".join(_told(progress, None if waiting is None else lag))
    if lag > LONG:
        yield Check(
            "otlp", FAIL, told, "see that a monitor runs with --otlp, and that the receiver takes what it is sent"
        )
    elif progress.tries:
        yield Check("otlp", WARN, told, "it is tried again; nothing is lost while it waits")
    elif progress.refused:
        yield Check("otlp", WARN, told, "see .otlp/refused.jsonl for which and why")
    else:
        yield Check("otlp", OK, told)


def _told(progress: ShippingProgress, lag: int | None) -> Iterator[str]:
    """How it went; ``lag`` are milliseconds for which the next call has waited, None where none waits."""
    last = f", the last at {timestamps.rfc3339(progress.at)}" if progress.at else ""
    yield f"{safe.cell(progress.to) or 'nobody yet'}: {humanize.counted(progress.sent, 'call')} sent{last}"
    if progress.gone:
        yield f"{humanize.count(progress.gone)} deleted before, or without a time"
    if lag is not None:
        yield f"the next has waited for {humanize.duration(lag / 1000)}"
    if progress.tries:
        yield f"{humanize.counted(progress.tries, 'request')} failed: {safe.cell(progress.reason)}"
    if progress.refused:
        yield f"{humanize.counted(progress.refused, 'call')} refused"
    if progress.metrics:
        yield f"metrics were not taken: {safe.cell(progress.metrics)}"
