"""How does one session stand: for how long has it run, what does it cost, what went wrong last?

Nothing here holds a word of what was said.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from session_monitor.base import timestamps
from session_monitor.index.database import Index
from session_monitor.index.tables import schema
from session_monitor.reports.selected import states
from session_monitor.reports.selected.filter_sql import SelectionSql
from session_monitor.reports.selected.filters import ACTIVE, Selection
from session_monitor.reports.sums import breakdown
from session_monitor.totals.usage_totals import Sums

from . import session_rows
from .session_rows import SessionRow

HOUR = 3_600_000
_LAST_FAILED = (
    f"SELECT number, at, code FROM round WHERE session = ? AND flags & {schema.FAILED} ORDER BY number DESC LIMIT 1"
)


class LastError(NamedTuple):
    """The last call that failed; ``at`` in milliseconds and ``code`` are None where the log does not tell them."""

    round: int
    at: int | None
    code: int | None


class SessionStatus(NamedTuple):
    """How a session stands at a moment.

    ``state`` is one of ``states.STATES_OF_LIFE``.  ``running`` are milliseconds from its first call to now where it is
    active, else to its last one; ``idle`` those since its last call; None where the log tells no times.  ``last_hour`` are its calls
    of the hour before its last one.
    """

    row: SessionRow
    state: str
    running: int | None
    idle: int | None
    last_hour: Sums | None
    last_error: LastError | None

    def to_json(self) -> dict[str, Any]:
        """For JSON, in brief; None for what is not known."""
        fields, spent = self.row.fields, self.row.spending.to_json()
        hour, error = self.last_hour, self.last_error
        return {
            "session_id": fields["session_id"],
            "state": self.state,
            "last_call_failed": fields["status"] == "error",
            "created_at": fields["created_at"],
            "updated_at": fields["updated_at"],
            "running_seconds": _seconds(self.running),
            "idle_seconds": _seconds(self.idle),
            "rounds": fields["messages_count"],
            "failed": fields["failed_count"],
            **{name: spent[name] for name in ("cost_usd", "at_least", "unpriced_rounds", "assumed_rounds")},
            "total_tokens": fields["total_tokens"],
            "last_hour": hour
            and {
                "calls": hour.calls,
                "cost_usd": hour.spending.to_json()["cost_usd"],
                "unpriced_rounds": hour.spending.unpriced_rounds,
            },
            "last_error": error
            and {
                "round": error.round,
                "code": error.code,
                "at": None if error.at is None else timestamps.rfc3339(error.at),
            },
        }


def _seconds(milliseconds: int | None) -> int | None:
    return None if milliseconds is None else milliseconds // 1000


def session_status(
    index: Index, session_id: str, now: int, *, is_archived: bool, stale_before: int
) -> SessionStatus | None:
    """How the session with this id stands; None where there is none."""
    number, row = index.session_number(session_id), session_rows.session(index, session_id, now)
    if number is None or row is None:
        return None
    first, last = (timestamps.milliseconds(row.fields[name]) for name in ("created_at", "updated_at"))
    state = states.state(last, is_archived=is_archived, now=now, stale=stale_before)
    end = now if state == ACTIVE else last
    failed = index.db.execute(_LAST_FAILED, (number,)).fetchone()
    return SessionStatus(
        row,
        state,
        None if first is None or end is None else max(0, end - first),
        None if last is None else max(0, now - last),
        None if last is None else _last_hour(index, number, last),
        failed and LastError(*failed),
    )


def _last_hour(index: Index, number: int, last: int) -> Sums:
    selected = SelectionSql(index, Selection(since=last - HOUR, until=last + 1))
    return breakdown.sums_of(selected, [selected.of_session(number)])


def silent_since(index: Index, moment: int, archived: list[str], after: int | None = None) -> int:
    """How many sessions that did not end had their last call before a moment, and from ``after`` on where that is given."""
    ended = {index.session_number(session_id) for session_id in archived}
    sql = "SELECT id FROM session WHERE updated < ? AND updated >= ?"
    lowest = -(2**62) if after is None else after
    return sum(number not in ended for (number,) in index.db.execute(sql, (moment, lowest)))
