"""Are the rounds in stores elsewhere, where they are to be, and if not, why?"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from session_monitor.base import data_folder, timestamps
from session_monitor.index import opening
from session_monitor.index.database import Index
from session_monitor.prices.book import Book
from session_monitor.shipping.replication import lag, ledger
from session_monitor.shipping.replication.lag import Lag
from session_monitor.shipping.replication.ledger import Ledger, LedgerError
from session_monitor.text import humanize, safe

from .checks import FAIL, OK, WARN, Case, Check

LONG = timestamps.HOUR
"""Milliseconds for which a store may stay behind without a word."""


def checks(case: Case) -> Iterator[Check]:
    """One a store; none where nothing was ever shipped."""
    try:
        paths = ledger.all_places(case.data_dir)
    except OSError as error:
        found = f"{error.filename}: {error.strerror or error}"
        yield Check("ship", WARN, found, "see that this user may read it, or whether anything is shipped is not known")
        return
    for path in paths:
        with ledger.reading(path) as book:
            if book is None:
                yield Check(
                    "ship",
                    WARN,
                    f"{path} cannot be read",
                    "see that this user may read it; 'ship' sets aside what is damaged",
                )
            else:
                yield _check(case, book)


def _check(case: Case, book: Ledger) -> Check:
    state = book.state
    behind = _lag(case.data_dir, book)
    told = "; ".join(_told(book, behind))
    quiet = round(case.now * 1000) - state.at
    if (behind is None or behind.rounds) and quiet > LONG:
        return Check(
            "ship",
            FAIL,
            told,
            "see that 'ship' or a monitor with --ship runs, and that the store takes what it is sent",
        )
    if state.tries:
        return Check("ship", WARN, told, "it is tried again; nothing is lost while it waits")
    if book.refused(0)[0]:
        return Check("ship", WARN, told, "'ship status' tells which and why")
    return Check("ship", OK, told)


def _lag(folder: str, book: Ledger) -> Lag | None:
    """How far behind it is, as far as the index that is there knows."""
    try:
        with contextlib.closing(opening.read_only(os.path.join(folder, data_folder.INDEX))) as db:
            index = Index(db, folder, Book([]))
            return lag.of(index, book) if index.is_known() else None
    except (*opening.DAMAGE, OSError, LedgerError):
        return None


def _told(book: Ledger, behind: Lag | None) -> Iterator[str]:
    state = book.state
    there = book.rounds() - (behind.uncertain if behind is not None else 0)
    last = f", the last at {timestamps.rfc3339(state.at)}" if state.at else ""
    yield f"{safe.cell(state.to)} as {safe.cell(state.gateway)}: {humanize.counted(there, 'round')} there{last}"
    if behind is not None and behind.rounds:
        oldest = f", the oldest of {timestamps.rfc3339(behind.oldest)}" if behind.oldest else ""
        yield f"{humanize.counted(behind.rounds, 'round')} waiting{oldest}"
    if state.tries:
        yield f"{humanize.counted(state.tries, 'request')} failed: {safe.cell(state.reason)}"
    refused, _ = book.refused(0)
    if refused:
        yield f"{humanize.counted(refused, 'round')} refused"
