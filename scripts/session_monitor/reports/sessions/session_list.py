"""Which sessions have calls that are meant, in which order, and what do these calls add up to in each?

Rows are of the calls that are meant alone, so that they add up to what the same selection does as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from session_monitor.base import timestamps
from session_monitor.index.database import Index
from session_monitor.index.tables import schema
from session_monitor.reports.selected.filter_sql import SelectionSql
from session_monitor.reports.selected.filters import Selection

from . import session_order, session_rows
from .session_order import ListPage
from .session_rows import SessionRow

if TYPE_CHECKING:
    from .kept_orders import KeptOrders


class SessionList(NamedTuple):
    """Rows, of how many that are meant, of how many in all; ``damaged`` names files that are no session files any more."""

    rows: list[SessionRow]
    meant: int
    total: int
    damaged: list[str]


def session_list(
    index: Index, selection: Selection, page: ListPage, now: int, orders: KeptOrders | None = None
) -> SessionList:
    """The sessions that have a call that is meant, each with what such calls of it add up to.

    ``orders`` are those that were asked for before, where somebody keeps them.
    """
    (total,) = index.db.execute("SELECT count(*) FROM session").fetchone()
    damaged = [file for (file,) in index.db.execute("SELECT file FROM damaged ORDER BY file")]
    order = None if orders is None else orders.of(index, selection, page.sort_by)
    numbers: Sequence[int] = []
    if order is None:
        selected = SelectionSql(index, selection)
        meant = total if selected.is_everything() else session_order.meant(selected)
        if page.limit != 0:
            numbers = session_order.numbers(selected, page, meant, total)
    else:
        # All that stand in the order are meant, so that they need not be looked for once more.
        selected = SelectionSql(index, selection.of_calls_alone())
        meant, numbers = len(order), page.of(order)
    rows = zip(numbers, session_rows.numbered(index, numbers, now))
    return SessionList([_row(selected, number, whole) for number, whole in rows], meant, total, damaged)


def _row(selected: SelectionSql, number: int, whole: SessionRow) -> SessionRow:
    """The row of a session's calls that are meant, from that of all its calls."""
    row = whole._replace(whole=whole)
    if selected.selection.is_of_calls:
        source = selected.of_session(number)
        calls, last = selected.index.db.execute(f"SELECT count(*), max(at) FROM {source.rows}").fetchone()
        if calls != whole.fields["messages_count"]:
            from session_monitor.reports.sums import breakdown  # noqa: PLC0415 -- as above

            sums = breakdown.sums_of(selected, [source])
            row = whole.of_calls(sums, _time(last, whole.fields["updated_at"]))
    first = None
    if row.fields["failed_count"]:
        sql = f"SELECT min(number) FROM {selected.of_session(number).rows} AND flags & {schema.FAILED}"
        (first,) = selected.index.db.execute(sql).fetchone()
    return row._replace(fields={**row.fields, "first_failed": first})


def _time(moment: int | None, of_session: str | None) -> str | None:
    """The moment as text, which is the session's own where that is the same one."""
    if moment is None or moment == timestamps.milliseconds(of_session):
        return None if moment is None else of_session
    try:
        return timestamps.rfc3339(moment)
    except OverflowError:
        return None
