"""Which orders of sessions were asked for, and how do they follow what comes?

Who looks at a list asks for one page after another.  The first question with a filter goes through all that is meant;
the sessions' numbers are kept, so that any other page of it is a part of these.  Where rounds came meanwhile, only the
sessions that have them are looked at once more, and take their new places.
"""

from __future__ import annotations

import functools
import itertools
import threading
from array import array
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any, Callable, NamedTuple

from session_monitor.index.database import Index
from session_monitor.notes import notes_file
from session_monitor.reports.selected.filters import Selection

from . import session_order
from .session_order import SortKey

MOST_NUMBERS = 4_000_000
"""Numbers of sessions that are kept in all, eight bytes each; what was asked for longest ago goes first."""
MOST_ORDERS = 1000
"""Orders that are kept in all: "the last hours" are another question each minute, and an order may have no numbers."""
MOST_CHANGED = 500
"""Sessions that take new places; where more have changed, the order is made anew."""


class _State(NamedTuple):
    """What an order follows from: the index as it was made and priced, what people note, and how far rounds have come."""

    fixed: tuple[Any, ...]
    change: int
    sessions: int
    latest: int


class _Kept(NamedTuple):
    """The numbers of the sessions, the largest first, as of a state."""

    numbers: array[int]
    state: _State


class KeptOrders:
    """The orders of one folder's sessions.  Methods may be called by any thread."""

    def __init__(self, most: int = MOST_NUMBERS) -> None:
        """Begins empty."""
        self._most = most
        self._size = 0
        self._kept: OrderedDict[tuple[Selection, str], _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, index: Index, selection: Selection, sort_by: str) -> Sequence[int] | None:
        """The numbers of all sessions that are meant, the largest first; None where the index has them in this order."""
        if session_order.is_at_hand(selection, sort_by):
            return None
        key, state = (selection, sort_by), _state(index, selection)
        with self._lock:
            kept = self._kept.get(key)
            if kept:
                self._kept.move_to_end(key)
        if kept and kept.state == state:
            return kept.numbers
        numbers = _followed(index, selection, sort_by, kept, state) if kept else None
        if numbers is None:
            numbers = array("q", session_order.all_numbers(index, selection, sort_by))
        self._put(key, _Kept(numbers, state))
        return numbers

    def _put(self, key: tuple[Selection, str], kept: _Kept) -> None:
        with self._lock:
            before = self._kept.pop(key, None)
            self._size -= len(before.numbers) if before else 0
            self._kept[key] = kept
            self._size += len(kept.numbers)
            while self._size > self._most or len(self._kept) > MOST_ORDERS:
                _, gone = self._kept.popitem(last=False)
                self._size -= len(gone.numbers)


def _state(index: Index, selection: Selection) -> _State:
    noted = notes_file.state(index.folder) if selection.is_of_notes else None
    sessions, latest = index.db.execute(
        "SELECT (SELECT count(*) FROM session), (SELECT coalesce(max(id), 0) FROM session)"
    ).fetchone()
    fixed = index.meta("made"), index.meta("prices"), noted
    return _State(fixed, int(index.meta("change")), sessions, latest)


def _followed(index: Index, selection: Selection, sort_by: str, kept: _Kept, state: _State) -> array[int] | None:
    """The order as it is now; None where too much has changed, or where it is further than this index."""
    before = kept.state
    if before.fixed != state.fixed or before.change > state.change:
        return None
    rows = index.db.execute("SELECT id FROM session WHERE change > ? LIMIT ?", (before.change, MOST_CHANGED + 1))
    changed = {number for (number,) in rows}
    if len(changed) > MOST_CHANGED:
        return None
    stay: Iterable[int] = itertools.filterfalse(changed.__contains__, kept.numbers)
    if before.sessions + sum(number > before.latest for number in changed) != state.sessions:
        there = {number for (number,) in index.db.execute("SELECT id FROM session")}
        stay = filter(there.__contains__, stay)
    numbers = array("q", stay)
    key_of = functools.lru_cache(maxsize=None)(session_order.key_of(index, selection, sort_by))
    for *key, number in session_order.keys(index, selection, sort_by, changed):
        numbers.insert(_place(numbers, (*key, number), key_of), number)
    return numbers


def _place(numbers: Sequence[int], key: SortKey, key_of: Callable[[int], SortKey]) -> int:
    """Where a session with this key stands among others, of which the largest comes first."""
    low, high = 0, len(numbers)
    while low < high:
        middle = (low + high) // 2
        if key_of(numbers[middle]) > key:
            low = middle + 1
        else:
            high = middle
    return low
