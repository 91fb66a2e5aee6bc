"""Who sends what is in the spool?  One thread, never in the way of the monitor; or a pass of cron, before it ends."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterator, Sequence
from typing import Any, Callable, NamedTuple, Optional

from session_monitor.base import timestamps
from session_monitor.outgoing import retrying
from session_monitor.prices.book import Book

from . import selected, sending, spool
from .otlp.telemetry import Metric, Span
from .replies import STUCK, TAKEN, Reply
from .sending import SpanSender
from .spool import Mark, ShippingProgress
from .worker import LONGEST_WAIT, STUCK_FOR, Worker

METRICS_EVERY = 60_000
"""Milliseconds between two requests with metrics of one who goes on."""
_ANEW: dict[str, Any] = {"tries": 0, "next_try": 0, "reason": "", "refused_in_row": 0}
"""What holds for another receiver than the one of before."""


class _Due(NamedTuple):
    """A round that is to be sent: its session, number and span, which is None where there is none; and the mark behind it."""

    session_id: str
    number: int
    span: Optional[Span]  # noqa: UP045 -- as in destination
    behind: Mark


class Shipper(Worker):
    """One Shipper sends what is in one folder's spool, in a thread of its own (``start``) or before ``drain`` comes back."""

    def __init__(
        self,
        folder: str,
        sender: SpanSender,
        book: Callable[[], Book],
        ready: Callable[[], Optional[tuple[int, int]]],  # noqa: UP045 -- as above
        measure: Callable[[int, int], tuple[int, Sequence[Metric]]] | None = None,
        *,
        now: Callable[[], int] = timestamps.now,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """``book`` has the prices of now: while it raises that there is a mistake in them, nothing is sent.  ``ready`` says up to where the part that is being written may be read.

        ``measure`` is told from when on metrics count, if that is known, and the moment: it gives the former, and the metrics.
        """
        super().__init__("otlp", spool.folder_of(folder), now)
        self._folder = folder
        self._sender = sender
        self._book = book
        self._ready = ready
        self._measure = measure if sender.destination.metrics else None
        self._measured = 0
        self._chance = chance
        before = spool.read(folder)
        is_elsewhere = before.to not in ("", sender.destination.shown)
        self._progress = before._replace(to=sender.destination.shown, **(_ANEW if is_elsewhere else {}))
        sender.refused_in_row = self._progress.refused_in_row
        self._batches: Iterator[list[tuple[_Due, bytes | None]]] | None = None

    def _forget(self) -> None:
        self._batches = None

    def _rest(self) -> None:
        if not 0 <= self._now() - self._measured < METRICS_EVERY:
            self._careful_metrics()

    def drain(self, seconds: float, sleep: Callable[[float], None] = time.sleep) -> bool:
        """As any worker; then the metrics, where there is time for them."""
        end = self._now() + round(seconds * 1000)
        is_done = super().drain(seconds, sleep)
        if is_done and self._now() < end:
            self._careful_metrics()
        return is_done

    def _careful_metrics(self) -> None:
        """Send what calls add up to now; what is not taken is in what the next request says."""
        if self._measure is None:
            return
        self._measured = self._now()
        try:
            since, metrics = self._measure(self._progress.since, self._measured)
            reply = self._sender.send_metrics(metrics)
            progress = self._progress._replace(since=since, metrics="" if reply.what == TAKEN else reply.reason)
            if progress != self._progress:
                self._write(progress)
        except Exception as mistake:  # noqa: BLE001 -- as above
            self._progress = self._progress._replace(metrics=f"they could not be told: {type(mistake).__name__}")

    # -- one step ------------------------------------------------------------------------------------------------------

    def step(self) -> int | None:
        """One request; milliseconds until there may be another, None where nothing waits.  Raises ``OSError``."""
        wait = self._progress.next_try - self._now()
        if 0 < wait <= LONGEST_WAIT and self._progress.tries:
            return wait
        if self._batches is None:
            self._batches = sending.batches(self._encoded())
        batch = next(self._batches, None)
        if batch is None:
            self._batches = None
            return None
        there = [(due.span, written) for due, written in batch if due.span is not None and written is not None]
        delivered = self._sender.send(there)
        if delivered.reply.what != TAKEN:
            self._batches = None  # from the mark on, once it is time
        dues = _over([due for due, _ in batch], delivered.done)
        refused = {span.span_id: why for span, why in delivered.refused}
        self._tell_refused(
            [(due, refused[due.span.span_id]) for due in dues if due.span and due.span.span_id in refused]
        )
        return self._keep(dues, len(refused) + delivered.rejected, delivered.reply)

    def _encoded(self) -> Iterator[tuple[_Due, bytes | None]]:
        """All that waits, with the spans as they are sent."""
        book = self._book()
        for entry in spool.entries(self._folder, self._progress.mark, self._ready()):
            for number, span in selected.that_came(self._folder, entry.coming, entry.here.rounds, book):
                due = _Due(entry.coming.session_id, number, span, entry.behind_round(number))
                yield due, span and self._sender.encoded(span)

    def _tell_refused(self, refused: list[tuple[_Due, str]]) -> None:
        if refused:
            spool.set_aside(self._folder, [(due.session_id, due.number, why) for due, why in refused], self._now())

    def _keep(self, dues: list[_Due], refused: int, reply: Reply) -> int | None:
        """Keep how far it is; milliseconds until the next request."""
        before, now = self._progress, self._now()
        there = sum(due.span is not None for due in dues)
        progress = before._replace(
            mark=dues[-1].behind if dues else before.mark,
            sent=before.sent + there - refused,
            refused=before.refused + refused,
            gone=before.gone + len(dues) - there,
            at=now if there > refused else before.at,
            refused_in_row=self._sender.refused_in_row,
        )
        if reply.what == TAKEN:
            self.trouble = reply.reason
            progress = progress._replace(tries=0, next_try=0, reason=reply.reason)
        else:
            tries = 1 if there else before.tries + 1
            seconds = retrying.back_off(tries, self._chance()) if reply.wait is None else max(reply.wait, 1)
            seconds = STUCK_FOR if reply.what == STUCK else seconds
            self.trouble = reply.reason if reply.what == STUCK else ""
            progress = progress._replace(tries=tries, next_try=now + round(seconds * 1000), reason=reply.reason)
        self._write(progress)
        return 0 if reply.what == TAKEN else progress.next_try - now

    def _write(self, progress: ShippingProgress) -> None:
        before, self._progress = self._progress.mark, progress
        spool.write(self._folder, progress)
        if progress.mark.part != before.part:
            spool.remove_before(self._folder, progress.mark)


def _over(dues: list[_Due], done: int) -> list[_Due]:
    """The first of some rounds, so that among them are so many with a span, and those without behind these."""
    spans = itertools.accumulate(due.span is not None for due in dues)
    return [due for due, number in zip(dues, spans) if number <= done]
