"""Which rows differ between the index and what was sent?"""

from __future__ import annotations

import hashlib
import itertools
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from session_monitor.index.database import Index

from . import ledger as ledgers
from . import round_rows, text_rows
from .ledger import HEAD as _HEAD
from .ledger import MONTH as _MONTH
from .ledger import NO_TEXT, SIZE, Ledger, RoundMark
from .round_rows import FoundRow, Names, RoundRow, TextPlace

MOST_ROWS = 10_000
MOST_BYTES = 16 << 20
"""Of one request, before it is compressed; a row that is larger goes alone."""
_LISTED = 50_000
"""Sessions that are noted at once as those to be compared."""
_CHANGED = "SELECT change, id FROM session WHERE change > ?1 OR (change = ?1 AND id > ?2) ORDER BY change, id LIMIT ?3"
_SESSION = "SELECT session_id, file FROM session WHERE id = ?"


class Gone(NamedTuple):
    """A round that is there no more, or no more in this month; and whether its text may be there."""

    session_id: str
    number: int
    month: int
    has_text: bool


class Batch(NamedTuple):
    """The next rows that differ, with their ``texts`` beside them, and the ``marks`` that say they are there.

    ``gone`` are to be deleted first; then sessions have so many rounds as ``lengths`` says.  ``erased`` are sessions that were
    deleted whole, with what was said in them.  ``progress`` is what holds of the state once all of it is over.
    """

    rows: list[RoundRow]
    texts: dict[tuple[str, int], bytes]
    gone: list[Gone]
    lengths: dict[str, int]
    erased: list[str]
    prices: str
    progress: dict[str, object]


class Differences:
    """One Differences goes through what has changed in an index since it was compared with a ledger last."""

    def __init__(self, ledger: Ledger, *, is_with_content: bool) -> None:
        self._ledger = ledger
        self._is_with_content = is_with_content
        self._listed: deque[tuple[int, int]] = deque()
        self._made: tuple[object, object] | None = None

    def forget(self) -> None:
        """Something may have come between: list anew what is to be compared."""
        self._listed.clear()

    def next(self, index: Index) -> Batch | None:
        """What is to be sent next, up to as much as fits into one request a month; None where nothing differs."""
        state = self._ledger.state
        made, prices, change = (str(index.meta(name)) for name in ("made", "prices", "change"))
        is_anew = (state.made, state.prices) != (made, prices) or state.change > int(change)
        is_anew |= self._is_with_content and not state.is_with_content
        if self._made != (made, prices) or is_anew:
            self.forget()
            self._made = made, prices
        after = (-1, 0) if is_anew else (state.change, state.session)
        progress = {"made": made, "prices": prices, "is_with_content": self._is_with_content}
        batch = _Filling(
            hashlib.sha256(prices.encode()).hexdigest()[:16],
            {**progress, **({"change": -1, "session": 0} if is_anew else {})},
        )
        names = Names(index)
        while not batch.is_full:
            if not self._listed:
                self._listed.extend(index.db.execute(_CHANGED, (*after, _LISTED)))
                if not self._listed:
                    break
            after = self._listed[0]
            if not self._compare(index, names, after[1], batch):
                self._listed.clear()  # the rest of this session comes with the next batch
                break
            self._listed.popleft()
            batch.progress.update(change=after[0], session=after[1])
        else:
            return batch.made()
        if not self._listed and not batch.rows:
            self._add_gone(index, batch)
        return batch.made()

    def _compare(self, index: Index, names: Names, session: int, batch: _Filling) -> bool:
        """Put in what differs of a session; False where there is more than fits."""
        found = index.db.execute(_SESSION, (session,)).fetchone()
        if found is None:  # it was deleted since it was listed
            return True
        session_id, file = found
        marks = self._ledger.marks(session_id)
        changed: list[tuple[RoundRow, TextPlace]] = []
        number = 0
        is_cut_off = False
        for found_row in round_rows.of_session(index, names, session, session_id):
            number = found_row[0]
            known = marks[(number - 1) * SIZE : number * SIZE]
            if self._is_there(known, found_row):
                continue
            if batch.count + len(changed) >= MOST_ROWS:
                is_cut_off = True
                break
            changed.append(_changed(session_id, known, found_row, batch))
        if self._is_with_content:
            changed = list(self._with_marks_of_texts(index.folder, file, changed, batch))
        for row, _ in changed:
            if not batch.add(row):
                return False
        if is_cut_off:
            return False
        known_length = len(marks) // SIZE
        if known_length > number:
            batch.cut(session_id, number, ledgers.unpacked(marks))
        return True

    def _is_there(self, known: bytes, found: FoundRow) -> bool:
        _, _, _, head, place = found
        return known[:_HEAD] == head and (not self._is_with_content or known[_HEAD:] == round_rows.text_mark(place))

    def _with_marks_of_texts(
        self, folder: str, file: str, changed: list[tuple[RoundRow, TextPlace]], batch: _Filling
    ) -> Iterator[tuple[RoundRow, TextPlace]]:
        """Rows as they are once their texts, which are put into the batch, are taken, too."""
        lacking = [(row, place) for row, place in changed if row.mark[_HEAD:] != round_rows.text_mark(place)]
        if not lacking:
            yield from changed
            return
        session_id = lacking[0][0].session_id
        texts = dict(text_rows.of_rounds(folder, session_id, file, (place for _, place in lacking)))
        for row, place in changed:
            text = texts.get(row.number)
            if text is not None:
                batch.texts[session_id, row.number] = text
                yield row._replace(mark=row.mark[:_HEAD] + round_rows.text_mark(place)), place
            else:
                yield row, place

    def _add_gone(self, index: Index, batch: _Filling) -> None:
        """Sessions that are there no more.  All others are in the ledger, so that the number tells whether there are any."""
        (count,) = index.db.execute("SELECT count(*) FROM session WHERE calls > 0").fetchone()
        if self._ledger.count() <= count:
            return
        there = {session_id for (session_id,) in index.db.execute("SELECT session_id FROM session")}
        for session_id, marks in self._ledger.sessions():
            if session_id not in there:
                batch.cut(session_id, 0, ledgers.unpacked(marks))
                if batch.is_full:
                    return


class _Filling:
    """A batch that is being filled."""

    def __init__(self, prices: str, progress: dict[str, object]) -> None:
        self.rows: list[RoundRow] = []
        self.gone: list[Gone] = []
        self.progress = progress
        self._prices = prices
        self.texts: dict[tuple[str, int], bytes] = {}
        self._lengths: dict[str, int] = {}
        self._erased: list[str] = []
        self._size = 0

    @property
    def count(self) -> int:
        return len(self.rows) + len(self.gone)

    @property
    def is_full(self) -> bool:
        return self.count >= MOST_ROWS or self._size >= MOST_BYTES

    def add(self, row: RoundRow) -> bool:
        """Put in a row, whose text is in already; False where there is no room for it."""
        size = len(row.body) + len(self.texts.get((row.session_id, row.number), b""))
        if self.rows and self._size + size > MOST_BYTES:
            self.texts.pop((row.session_id, row.number), None)
            return False
        self.rows.append(row)
        self._size += size
        return True

    def cut(self, session_id: str, length: int, marks: list[RoundMark]) -> None:
        """A session has so many rounds alone."""
        numbered = itertools.islice(enumerate(marks, 1), length, None)
        self.gone += [Gone(session_id, number, mark.month, mark.text != NO_TEXT) for number, mark in numbered]
        self._lengths[session_id] = length
        if any(mark.text != NO_TEXT for mark in marks[length:]):
            self._erased.append(session_id)

    def made(self) -> Batch | None:
        """The batch; None where there is nothing to be done, not even to be noted."""
        if not self.rows and not self.gone and not self._lengths and "change" not in self.progress:
            return None
        return Batch(self.rows, self.texts, self.gone, self._lengths, self._erased, self._prices, self.progress)


def _changed(session_id: str, known: bytes, found: FoundRow, batch: _Filling) -> tuple[RoundRow, TextPlace]:
    """A row that differs from what is ``known`` of it; the one in another month, where there was one, is gone."""
    number, month, body, head, place = found
    text = known[_HEAD:] or NO_TEXT
    if known and known[:_MONTH] != head[:_MONTH]:
        gone = ledgers.unpacked(known)[0]
        batch.gone.append(Gone(session_id, number, gone.month, gone.text != NO_TEXT))
        text = NO_TEXT
    return RoundRow(session_id, number, month, body, head + text), place


def months(rows: list[RoundRow]) -> Iterator[list[RoundRow]]:
    """Rows month by month, in their order."""
    by_month: dict[int, list[RoundRow]] = {}
    for row in rows:
        by_month.setdefault(row.month, []).append(row)
    yield from by_month.values()
