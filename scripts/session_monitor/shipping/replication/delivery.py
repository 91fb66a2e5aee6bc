"""How do rows get into a store: together, and where it says that something is wrong with them, in ever smaller parts?"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from typing import Callable

from session_monitor.shipping.replies import AGAIN, REFUSED, STUCK, TAKEN, Reply

from . import differences, round_rows
from .differences import Batch, Gone
from .ledger import HEAD, MONTH, PERHAPS, PERHAPS_TEXT, Ledger
from .round_rows import RoundRow
from .store import ROUNDS, TEXTS, RowStore

MOST_REFUSED = 20
"""Rows that are refused one after the other, with none taken between: then it is not they that are wrong."""


class Delivery:
    """One Delivery brings batches into a store, and keeps in the ledger how far that is."""

    def __init__(self, store: RowStore, ledger: Ledger, gateway: str, now: Callable[[], int]) -> None:
        self._store = store
        self._ledger = ledger
        self._gateway = gateway
        self._now = now
        self._version = 0

    def deliver(self, batch: Batch) -> Reply:
        """Bring a batch there; what kept the rest of it from that, if anything did.  Raises ``LedgerError``."""
        # A row that moves to another month is deleted in its old one by a lower version than it has in the new one.
        self._version = max(self._ledger.state.version, self._now()) + 2
        self._ledger.keep(version=self._version)
        steps = (self._gone(batch.gone), self._erased(batch.erased), self._rows(batch))
        for reply in (reply for step in steps for reply in step):
            if reply.what != TAKEN:
                return reply
        if batch.lengths:
            self._ledger.cut(batch.lengths, **batch.progress)
        else:
            self._ledger.keep(**batch.progress)
        return Reply(TAKEN)

    def _gone(self, gone: Sequence[Gone]) -> Iterator[Reply]:
        by_month: dict[int, list[Gone]] = {}
        for each in gone:
            by_month.setdefault(each.month, []).append(each)
        for of_month in by_month.values():
            for first in range(0, len(of_month), differences.MOST_ROWS):
                some = of_month[first : first + differences.MOST_ROWS]
                for table, those in ((TEXTS, [each for each in some if each.has_text]), (ROUNDS, some)):
                    if those:
                        reply = self._store.put(table, [self._tombstone(each) for each in those])
                        yield reply._replace(what=STUCK) if reply.what == REFUSED else reply
                self._confirmed(self._version - 1, deleted=len(some))

    def _tombstone(self, gone: Gone) -> bytes:
        return round_rows.tombstone(self._gateway, self._version - 1, gone.session_id, gone.number, gone.month)

    def _erased(self, sessions: list[str]) -> Iterator[Reply]:
        if sessions:
            yield self._store.erase(self._gateway, sessions)

    def _rows(self, batch: Batch) -> Iterator[Reply]:
        for rows in differences.months(batch.rows):
            self._ledger.put(_perhaps(rows, batch.texts))
            with_text = [row for row in rows if _key(row) in batch.texts] if batch.texts else []
            if with_text:
                yield from self._put(TEXTS, batch.prices, with_text, [batch.texts[_key(row)] for row in with_text])
            yield from self._put(ROUNDS, batch.prices, rows, [row.body for row in rows])

    def _put(self, table: str, prices: str, rows: list[RoundRow], bodies: list[bytes]) -> Iterator[Reply]:
        """Put rows in; what is refused alone is set aside, as if it were there."""
        frame = round_rows.frame(self._gateway, self._version, prices if table == ROUNDS else None)
        lines = [b"%s%s}\n" % (frame, body) for body in bodies]
        parts = [(0, len(rows))]
        while parts:
            first, end = parts.pop()
            reply = self._store.put(table, lines[first:end])
            if reply.what == REFUSED and end - first > 1:
                middle = (first + end) // 2
                parts += [(middle, end), (first, middle)]
                continue
            if reply.what == REFUSED:
                reply = self._set_aside(table, rows[first], reply)
            elif reply.what == TAKEN and self._ledger.state.refused_in_row:
                self._ledger.keep(refused_in_row=0)
            if reply.what in (AGAIN, STUCK):
                yield reply
                return
            if table == ROUNDS:
                self._confirmed(self._version, rows[first:end], sent=end - first if reply.what == TAKEN else 0)
        yield Reply(TAKEN)

    def _set_aside(self, table: str, row: RoundRow, reply: Reply) -> Reply:
        """What the refusal of a single row means: after many it is not the rows."""
        in_row = self._ledger.state.refused_in_row + 1
        if in_row > MOST_REFUSED:
            return Reply(STUCK, f"{reply.reason} (so it says of every row)")
        self._ledger.keep(refused_in_row=in_row)
        self._ledger.set_aside(row.session_id, row.number, self._now(), f"{table}: {reply.reason}")
        return reply

    def _confirmed(self, version: int, rows: Sequence[RoundRow] = (), *, sent: int = 0, deleted: int = 0) -> None:
        state = self._ledger.state
        counts = {"sent": state.sent + sent, "deleted": state.deleted + deleted}
        self._ledger.put(_sure(rows), confirmed=version, at=self._now(), **counts)


def _key(row: RoundRow) -> tuple[str, int]:
    return row.session_id, row.number


def _sure(rows: Sequence[RoundRow]) -> dict[str, list[tuple[int, bytes]]]:
    found: dict[str, list[tuple[int, bytes]]] = {}
    for session_id, number, _, _, mark in rows:
        found.setdefault(session_id, []).append((number, mark))
    return found


def _perhaps(rows: Sequence[RoundRow], texts: Container[tuple[str, int]]) -> dict[str, list[tuple[int, bytes]]]:
    """The same before they are sent, and those of these ``texts``."""
    return {
        session_id: [
            (number, mark[:MONTH] + PERHAPS + (PERHAPS_TEXT if (session_id, number) in texts else mark[HEAD:]))
            for number, mark in marks
        ]
        for session_id, marks in _sure(rows).items()
    }
