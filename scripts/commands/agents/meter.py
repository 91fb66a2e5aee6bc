"""What have the calls of a run cost by now, and is that more than they may?

By the prices of their own moments, as the session tells it afterwards.
"""

from __future__ import annotations

import threading
from typing import Callable

from session_monitor.calls import ai_log
from session_monitor.calls.outcome import FAILED
from session_monitor.calls.round import Round
from session_monitor.own_prices.current_book import CurrentBook
from session_monitor.prices import cost
from session_monitor.sessions import record
from session_monitor.totals.spending import Spending


class RunMeter:
    """Counts the calls of a run as they end; its methods may be called from several threads."""

    def __init__(self, prices: CurrentBook, limit: int | None, on_breach: Callable[[RunMeter], None]) -> None:
        """``limit`` is in pico-dollars; ``on_breach`` hears of it once when that is spent."""
        self.limit = limit
        self.spending = Spending()
        self.tokens = self.failed = 0
        self.by_model: dict[str, Spending] = {}
        self._prices = prices
        self._on_breach = on_breach
        self._lock = threading.Lock()
        self._is_told = False

    @property
    def is_spent(self) -> bool:
        """Whether the calls cost as much as they may, as far as their costs are known."""
        return self.limit is not None and self.spending.pico >= self.limit

    @property
    def dearest(self) -> tuple[str, Spending] | None:
        """The model whose calls cost most; None where no cost is known."""
        known = [(spent.pico, model) for model, spent in self.by_model.items() if spent.pico]
        return (max(known)[1], self.by_model[max(known)[1]]) if known else None

    def count(self, line: bytes) -> None:
        """Count the call of a line of the log."""
        found = ai_log.parse(line.rstrip(b"\n"))
        if not isinstance(found, Round):
            return
        facts, rest = record.entry_of(found, 1, ("", 0, 0), 0)
        call = cost.call_of({**facts, **rest})
        with self._lock:
            self._prices.look()
            outcome = self._prices.book.price(call)
            self.tokens += call.usage.total_tokens
            self.failed += found.outcome == FAILED
            for spent in (self.spending, self.by_model.setdefault(found.model or "", Spending())):
                spent.count(call, outcome)
            is_news = self.is_spent and not self._is_told
            self._is_told = self._is_told or is_news
        if is_news:
            self._on_breach(self)
