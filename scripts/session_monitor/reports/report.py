"""What do people ask about their sessions?

Answers are plain values from the index; all faces print these and nothing else.  What was said in a session: see
``conversations``.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import tzinfo
from typing import Any, Callable, NamedTuple, TypeVar

from session_monitor.base import utf8
from session_monitor.index import schema
from session_monitor.index.access import Access
from session_monitor.index.database import Index, Progress
from session_monitor.prices import usage_totals
from session_monitor.prices.book import Book
from session_monitor.prices.spending import Spending
from session_monitor.prices.usage_totals import Sums

from . import breakdown
from .breakdown import Breakdown, ToolRow
from .filter_sql import Chosen
from .filters import ACTIVE, ACTIVE_FOR, ALL, ERROR, IDLE, Selection

_ORDERS = {
    "updated": ("updated", "id"),
    "created": ("rtrim(created_at, 'Z')", "id"),
    "cost": ("usd", "pico", "id"),
    "tokens": ("total_tokens", "id"),
    "rounds": ("calls", "id"),
}
SORT_KEYS = tuple(_ORDERS)
"""The orders of ``sessions``; the largest comes first."""

_COLUMNS = (
    *("id", "session_id", "file", "created_at", "updated_at", "updated", "total_tokens", "model", "models"),
    *("last_flags", *schema.ADDITIVE),
)
_SESSION = ", ".join(_COLUMNS)

Answer = TypeVar("Answer")


def moment(timestamp: str | None) -> str:
    """What sorts times in UTC: `15Z` comes before `15.5Z`, and None before all."""
    return (timestamp or "").rstrip("Z")


def silent(_done: int, _total: int) -> None:
    """Tell nobody how far it is."""


class NoSuchFolderError(Exception):
    """The data folder is not there."""


class SessionRow(NamedTuple):
    """One session without its rounds: ``fields`` (id, times, status, counts, tokens, models), and what it cost.

    ``file`` is the name of its session file.
    """

    fields: dict[str, Any]
    spending: Spending
    file: str

    def to_json(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return {**self.fields, **self.spending.to_json()}


class Sessions(NamedTuple):
    """Rows, of how many that are meant, of how many in all; ``damaged`` names files that are no session files any more."""

    rows: list[SessionRow]
    meant: int
    total: int
    damaged: list[str]


class Overview(NamedTuple):
    """Sessions that have calls that are meant, what these add up to, and the rows of the latest sessions.

    ``oldest`` and ``newest`` are the moments of the first and the last call of all, in milliseconds since 1970.
    """

    sessions: int
    sums: Sums
    latest: list[SessionRow]
    oldest: int | None
    newest: int | None


class RoundPlace(NamedTuple):
    """Where in its session file a round's line stands, and how many messages of it are those of the round before."""

    number: int
    start: int
    length: int
    history: int


class Report:
    """The answers about the sessions of one folder.  Methods raise ``NoSuchFolderError``."""

    def __init__(self, folder: str, book: Book, progress: Progress = silent, now: int = 0) -> None:
        """``progress`` hears of an index that has to be made first; ``now`` is in milliseconds since 1970."""
        self.now = now
        self.folder = folder
        self.book = book
        self._access = Access(folder, book, progress)

    # -- which sessions ------------------------------------------------------------------------------------------------

    def sessions(
        self,
        meant: Selection = ALL,
        *,
        sort_by: str = "updated",
        reverse: bool = False,
        limit: int | None = None,
        offset: int = 0,
    ) -> Sessions:
        """One row a session, the largest first, or last; the first ``offset`` are skipped."""
        direction = "" if reverse else " DESC"
        order = ", ".join(column + direction for column in _ORDERS[sort_by])

        def question(found: Index) -> Sessions:
            where = Chosen(found, meant).sessions()
            (total,) = found.db.execute("SELECT count(*) FROM session").fetchone()
            number = total
            if where != "true":
                (number,) = found.db.execute(f"SELECT count(*) FROM session WHERE {where}").fetchone()
            damaged = [file for (file,) in found.db.execute("SELECT file FROM damaged ORDER BY file")]
            page = (-1 if limit is None else limit, offset)
            rows = self._rows(found, f"WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?", *page)
            return Sessions(rows, number, total, damaged)

        return self.ask(question)

    def session(self, session_id: str) -> SessionRow | None:
        """The session with this id; None where there is none."""

        def question(found: Index) -> SessionRow | None:
            rows = self._rows(found, "WHERE session_id = CAST(? AS TEXT)", utf8.raw(session_id))
            if not rows:
                return None
            key = (utf8.raw(session_id),)
            rows[0].spending.assumed.update(schema.noted(found.db.execute(_NOTES_OF_SESSION, key)))
            return rows[0]

        return self.ask(question)

    def named(self, text: str, limit: int = 20) -> list[str]:
        """The ids of the sessions that somebody means by an id, by ``last``, or by a part of an id, the latest first.

        An id that is there as a whole is the only answer.
        """

        def question(found: Index) -> list[str]:
            ids = "SELECT session_id FROM session"
            for where in ("WHERE session_id = CAST(?1 AS TEXT)", _LAST, _PART):
                order = f"{ids} {where} ORDER BY updated DESC, id DESC LIMIT ?2"
                parts = [each for (each,) in found.db.execute(order, (utf8.raw(text), limit))]
                if parts:
                    return parts
            return []

        return self.ask(question)

    def near_misses(self, session_id: str, limit: int = 5) -> list[str]:
        """Ids that are spelled much alike."""
        import difflib  # noqa: PLC0415 -- only a mistake needs it

        ids = self.ask(lambda found: [each for (each,) in found.db.execute("SELECT session_id FROM session")])
        # Comparing spellings takes long; those of about the same length are the likely ones.
        alike = sorted(ids, key=lambda each: abs(len(each) - len(session_id)))[:2000]
        return difflib.get_close_matches(session_id, alike, limit)

    def places(self, session_id: str, first: int | None, last: int | None, newest: int | None) -> list[RoundPlace]:
        """Where rounds stand: from number ``first`` to ``last``, or the ``newest`` so many; None for no limit."""

        def question(found: Index) -> list[RoundPlace]:
            row = found.db.execute(
                "SELECT id, calls FROM session WHERE session_id = CAST(? AS TEXT)", (utf8.raw(session_id),)
            ).fetchone()
            if row is None:
                return []
            start = max(1, row[1] - newest + 1) if newest is not None else first or 1
            rounds = found.db.execute(
                "SELECT number, start, length, history FROM round WHERE session = ? AND number >= ? AND number <= ?",
                (row[0], start, row[1] if last is None else last),
            )
            return [RoundPlace(*each) for each in rounds]

        return self.ask(question)

    # -- sums ----------------------------------------------------------------------------------------------------------

    def overview(self, meant: Selection = ALL, *, latest: int = 0) -> Overview:
        """What the calls add up to, with the ``latest`` of the sessions."""

        def question(found: Index) -> Overview:
            chosen = Chosen(found, meant)
            number, added = breakdown.everything(chosen)
            order = f"WHERE {chosen.sessions()} ORDER BY updated DESC, id DESC LIMIT ?"
            rows = self._rows(found, order, latest) if latest else []
            return Overview(number, added, rows, *breakdown.ends(found))

        return self.ask(question)

    def by_model(self, meant: Selection = ALL) -> Breakdown:
        """What the calls of each model add up to, the dearest first."""
        return self.ask(lambda found: breakdown.by(Chosen(found, meant), "model"))

    def by_consumer(self, meant: Selection = ALL) -> Breakdown:
        """What the calls of each consumer add up to, the dearest first."""
        return self.ask(lambda found: breakdown.by(Chosen(found, meant), "consumer"))

    def by_tool(self, meant: Selection = ALL) -> list[ToolRow]:
        """What was asked of each tool, and what came back."""
        return self.ask(lambda found: breakdown.by_tool(Chosen(found, meant)))

    def by_time(self, unit: str, where: tzinfo | None, meant: Selection = ALL) -> Breakdown:
        """What the calls of each hour, day, week or month add up to, the newest last."""
        return self.ask(lambda found: breakdown.by_time(Chosen(found, meant), unit, where))

    def known(self, column: str, limit: int = 10) -> Sequence[str]:
        """Some of the models or consumers that there are."""
        return self.ask(lambda found: breakdown.known(found, column, limit))

    def ask(self, question: Callable[[Index], Answer]) -> Answer:
        """Any other question to the index."""
        try:
            return self._access.ask(question)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise NoSuchFolderError(self.folder) from error

    def _rows(self, found: Index, rest: str, *values: object) -> list[SessionRow]:
        rows = found.db.execute(f"SELECT {_SESSION} FROM session {rest}", values).fetchall()
        return [self._row(found, *row) for row in rows]

    def _row(self, found: Index, number: int, session_id: str, file: str, *rest: Any) -> SessionRow:
        created_at, updated_at, updated, total_tokens, model, models, last_flags, *columns = rest
        unpriced = breakdown.unpriced(found, number) if columns[-3] else {}
        total = usage_totals.of_columns(columns, unpriced)
        fields = {
            "session_id": session_id,
            "created_at": created_at,
            "updated_at": updated_at,
            "status": self._status(last_flags, updated),
            "messages_count": total.calls,
            "failed_count": total.failed,
            "total_input_tokens": total.input_tokens,
            "total_output_tokens": total.output_tokens,
            "total_reasoning_tokens": total.reasoning_tokens,
            "total_cached_tokens": total.cached_tokens,
            "total_cache_write_tokens": total.cache_write_tokens,
            "total_tokens": total_tokens,
            "model": model,
            "models": json.loads(models),
        }
        return SessionRow(fields, total.spending, file)

    def _status(self, last_flags: int, updated: int | None) -> str:
        """As ``filter_sql`` has it: the last call failed; it is not long ago; or else idle."""
        if last_flags & schema.FAILED:
            return ERROR
        return ACTIVE if (updated or 0) >= self.now - ACTIVE_FOR else IDLE


_LAST = "WHERE ?1 = CAST('last' AS BLOB)"
_PART = "WHERE instr(lower(session_id), lower(CAST(?1 AS TEXT)))"
_NOTES_OF_SESSION = (
    "SELECT notes, count(*) FROM round WHERE notes != 0 AND session = "
    "(SELECT id FROM session WHERE session_id = CAST(? AS TEXT)) GROUP BY notes"
)
