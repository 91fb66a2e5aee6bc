"""With which codes did calls fail, of which models, how often, and when last?"""

from __future__ import annotations

from typing import Any, NamedTuple

from session_monitor.base import timestamps
from session_monitor.calls import outcome
from session_monitor.index.database import Index

from .filter_sql import SelectionSql
from .filters import Selection


class FailedCalls(NamedTuple):
    """The calls of one model that failed with one code (None where the log tells none), of how many calls of that model.

    ``last`` is the moment of the last one, None where none of them has a time; ``sessions`` are those that have any.
    """

    model: str | None
    code: int | None
    failed: int
    sessions: int
    calls: int
    last: int | None

    @property
    def share(self) -> float:
        """The part of the model's calls that failed so."""
        return round(self.failed / self.calls, 6)

    def to_json(self) -> dict[str, Any]:
        """For JSON."""
        told = self._asdict()
        last = told.pop("last")
        return {**told, "share": self.share, "last_seen": None if last is None else timestamps.rfc3339(last)}


class Errors(NamedTuple):
    """A row for each model and code, those with most failures first, of how many calls in all."""

    rows: list[FailedCalls]
    sessions: int
    calls: int

    @property
    def total(self) -> FailedCalls:
        """All of them in one, of no model and no code: a session in two rows counts once."""
        last = max((row.last for row in self.rows if row.last is not None), default=None)
        return FailedCalls(None, None, sum(row.failed for row in self.rows), self.sessions, self.calls, last)

    def total_to_json(self) -> dict[str, Any]:
        """For JSON, where the share of no calls is None."""
        if not self.calls:
            return {"failed": 0, "sessions": 0, "calls": 0, "share": None, "last_seen": None}
        told = self.total.to_json()
        return {name: value for name, value in told.items() if name not in ("model", "code")}


def errors(index: Index, selection: Selection) -> Errors:
    """The calls that failed, of those that are meant, which are held against all of these, however they ended."""
    calls: dict[int, int] = {}
    whole = SelectionSql(index, selection._replace(outcome=None))
    for source in whole.sources():
        for model, number, *_ in index.db.execute(f"SELECT model, {source.summed} FROM {source.rows} GROUP BY model"):
            calls[model] = calls.get(model, 0) + number
    selected = SelectionSql(index, selection._replace(outcome=outcome.FAILED))
    # An index has the rounds that failed alone; other ways to them lead through all rounds of their sessions.
    failed_rounds = f"round INDEXED BY round_failed WHERE {selected.rounds(selection.since, selection.until)}"
    names = dict(index.db.execute("SELECT id, name FROM model").fetchall())
    grouped = (
        f"SELECT model, code, count(*), count(DISTINCT session), max(at) FROM {failed_rounds} GROUP BY model, code"
    )
    rows = [
        FailedCalls(names.get(model), code, failed, sessions, calls[model], last)
        for model, code, failed, sessions, last in index.db.execute(grouped)
    ]
    rows.sort(key=lambda row: (-row.failed, row.model or "", row.code or 0))
    (sessions,) = index.db.execute(f"SELECT count(DISTINCT session) FROM {failed_rounds}").fetchone()
    return Errors(rows, sessions, sum(calls.values()))
