"""How far behind is a store, and why?"""

from __future__ import annotations

from typing import NamedTuple, Optional

from session_monitor.index.database import Index

from . import ledger as ledgers
from .ledger import PERHAPS, SIZE, Ledger

_CHANGED = "SELECT id, session_id, calls FROM session WHERE calls > 0 AND (change > ?1 OR (change = ?1 AND id > ?2))"
_WAITING = "SELECT number, at FROM round WHERE session = ? AND number >= ?"


class Lag(NamedTuple):
    """So many rounds are not there yet, of which the ``oldest`` that tells when it was is from then (milliseconds since 1970).

    Of these ``uncertain`` were on their way once, and may be there.
    """

    rounds: int
    oldest: Optional[int]  # noqa: UP045 -- a NamedTuple's types are asked for at run time, in Python 3.9, too
    uncertain: int


def of(index: Index, ledger: Ledger) -> Lag:
    """The lag of a store behind an index.  Raises ``LedgerError``."""
    state = ledger.state
    is_same = state.made == str(index.meta("made")) and state.change <= int(index.meta("change"))
    after = (state.change, state.session) if is_same else (-1, 0)
    rounds, oldest, uncertain = 0, None, 0
    for session, session_id, calls in index.db.execute(_CHANGED, after):
        marks = ledgers.unpacked(ledger.marks(session_id)[: calls * SIZE])
        perhaps = {number for number, mark in enumerate(marks, 1) if mark.row == PERHAPS}
        first = min(perhaps, default=len(marks) + 1)
        if first > calls:
            continue
        waiting = [
            at
            for number, at in index.db.execute(_WAITING, (session, first))
            if number > len(marks) or number in perhaps
        ]
        rounds += len(waiting)
        uncertain += len(perhaps)
        oldest = min((at for at in (oldest, *waiting) if at is not None), default=None)
    return Lag(rounds, oldest, uncertain)
