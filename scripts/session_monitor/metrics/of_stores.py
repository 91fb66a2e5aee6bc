"""How far behind are the stores elsewhere that rounds are shipped to?"""

from __future__ import annotations

from collections.abc import Iterator

from session_monitor.index.database import Index
from session_monitor.shipping.replication import lag, ledger
from session_monitor.shipping.replication.ledger import LedgerError
from session_monitor.text import safe

from .families import MetricSample


def samples(folder: str, index: Index, now: int) -> list[tuple[str, MetricSample]]:
    """What is told of each store; nothing where nothing was ever shipped, or its ledger cannot be read."""
    return [each for path in ledger.all_places(folder) for each in _of_store(path, index, now)]


def _of_store(path: str, index: Index, now: int) -> Iterator[tuple[str, MetricSample]]:
    with ledger.reading(path) as book:
        if book is None:
            return
        try:
            behind, (refused, _) = lag.of(index, book), book.refused(0)
        except LedgerError:
            return
        state = book.state
        labels = (("store", safe.cell(state.to)), ("gateway", safe.cell(state.gateway)))
        yield "asm_ship_waiting_rounds", MetricSample(labels, behind.rounds)
        waited = 0 if behind.oldest is None else max(now - behind.oldest, 0)
        yield "asm_ship_oldest_waiting_seconds", MetricSample(labels, waited / 1000)
        yield "asm_ship_sent_rows_total", MetricSample(labels, state.sent)
        yield "asm_ship_refused_rounds", MetricSample(labels, refused)
        yield "asm_ship_failed_tries", MetricSample(labels, state.tries)
        if state.at:
            yield "asm_ship_last_success_timestamp_seconds", MetricSample(labels, state.at / 1000)
