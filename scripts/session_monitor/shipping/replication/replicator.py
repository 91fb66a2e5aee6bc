"""Who keeps a store elsewhere equal to a folder?  One worker, never in the way of a monitor; or one pass."""

from __future__ import annotations

import contextlib
import os
import random
import time
from typing import Callable, Optional, TypeVar

from session_monitor.base import timestamps
from session_monitor.index.database import Index
from session_monitor.outgoing import retrying
from session_monitor.shipping.replies import STUCK, TAKEN, Reply
from session_monitor.shipping.worker import LONGEST_WAIT, STUCK_FOR, Worker

from . import differences, ledger
from .delivery import Delivery
from .differences import Batch, Differences
from .ledger import Ledger, LedgerError
from .store import NotHeldError, RowStore

EVERY = 5_000
"""Milliseconds between two requests of one who goes on, unless there is as much as fits into one: many small ones burden a store."""

Answer = TypeVar("Answer")
Ask = Callable[[Callable[[Index], Optional[Batch]]], Optional[Batch]]  # what ``Report.ask`` is


class Replicator(Worker):
    """One Replicator keeps one store equal to one folder, as one gateway."""

    def __init__(
        self,
        folder: str,
        store: RowStore,
        gateway: str,
        ask: Ask,
        *,
        is_with_content: bool = False,
        takes_over: bool = False,
        retries_refused: bool = False,
        now: Callable[[], int] = timestamps.now,
    ) -> None:
        """``ask`` puts a question to the folder's index, in whichever thread.  ``takes_over`` makes rows of another folder that has the same gateway there this one's; ``retries_refused`` sends what was refused once more."""
        self._path = ledger.place(folder, store.shown, gateway)
        super().__init__("ship", self._path, now)
        self._store = store
        self._gateway = gateway
        self._ask = ask
        self._is_with_content = is_with_content
        self._takes_over = takes_over
        self._retries_refused = retries_refused
        self._every = 0
        self._stack = contextlib.ExitStack()
        self._ledger: Ledger | None = None
        self._differences: Differences | None = None
        self._is_ready = self._tries_at_once = False
        self._last_small = 0

    @property
    def ledger(self) -> Ledger | None:
        """What was sent, where this has looked already."""
        return self._ledger

    def close(self) -> None:
        """Let others send.  The thread must have ended."""
        self._stack.close()
        self._store.close()
        self._ledger = self._differences = None
        self._is_ready = False

    def try_at_once(self) -> None:
        """The next try does not wait because one before it failed: somebody asks, who may have mended why."""
        self._tries_at_once = True

    def start(self) -> None:
        """As any worker, with pauses between small requests."""
        self._every = EVERY
        super().start()

    def drain(self, seconds: float, sleep: Callable[[float], None] = time.sleep) -> bool:
        """As any worker, without pauses: what is left is not much."""
        self._every = 0
        return super().drain(seconds, sleep)

    def _forget(self) -> None:
        if self._differences is not None:
            self._differences.forget()

    def step(self) -> int | None:
        """One batch; milliseconds until there may be another, None where nothing differs.  Raises ``OSError``."""
        try:
            return self._step()
        except LedgerError as error:
            raise OSError(None, str(error), self._path) from None

    def _step(self) -> int | None:
        book, changes = self._opened()
        state, now = book.state, self._now()
        is_to_wait, self._tries_at_once = not self._tries_at_once, False
        if is_to_wait and state.tries and 0 < state.next_try - now <= LONGEST_WAIT:
            return state.next_try - now
        if self._every and 0 <= now - self._last_small < self._every:
            return self._every - (now - self._last_small)
        if not self._is_ready:
            reply = self._prepared(book)
            if reply.what != TAKEN:
                return self._failed(book, reply)
            self._is_ready = True
        batch = self._ask(_once_more(changes))
        if batch is None:
            self._went_well(book)
            return None
        reply = Delivery(self._store, book, self._gateway, self._now).deliver(batch)
        if reply.what != TAKEN:
            return self._failed(book, reply)
        self._went_well(book)
        if batch.rows and len(batch.rows) < differences.MOST_ROWS:
            self._last_small = self._now()
        return 0

    def _opened(self) -> tuple[Ledger, Differences]:
        if self._ledger is None or self._differences is None:
            self._ledger = self._stack.enter_context(ledger.held(self._path))
            self._ledger.keep(to=self._store.shown, gateway=self._gateway)
            if self._retries_refused:
                self._ledger.retry_refused()
                self._retries_refused = False
            self._differences = Differences(self._ledger, is_with_content=self._is_with_content)
        return self._ledger, self._differences

    def _prepared(self, book: Ledger) -> Reply:
        """See whose the rows there are, and whether they are those that the ledger knows of."""
        reply, claim = self._store.open(self._gateway)
        if reply.what != TAKEN:
            return reply
        source = book.state.source
        if claim.source and claim.source != source and not self._takes_over:
            return Reply(STUCK, _ANOTHERS.format(self._gateway))
        if not source:
            source = os.urandom(8).hex()
            book.keep(source=source)  # before anybody else knows it
        is_ours = claim.source == source
        version = claim.version or 0
        if claim.version is not None and not (is_ours and book.state.confirmed <= version <= book.state.version):
            try:
                held = self._store.held(self._gateway) if version else ()
                anew = {"confirmed": version, "change": -1, "session": 0, "made": ""}
                book.begin_anew(held, version=max(version, book.state.version), **anew)
            except NotHeldError as error:
                return error.reply
            self._forget()
        return Reply(TAKEN) if is_ours else self._store.claim(self._gateway, source, max(version, self._now()))

    def _went_well(self, book: Ledger) -> None:
        self.trouble = ""
        if book.state.tries or book.state.reason:
            book.keep(tries=0, next_try=0, reason="")

    def _failed(self, book: Ledger, reply: Reply) -> int:
        """Keep that it was not taken; milliseconds until it is tried again."""
        self._forget()
        self._is_ready = False  # the store may be another one then
        tries = book.state.tries + 1
        seconds = max(reply.wait, 1) if reply.wait is not None else retrying.back_off(tries, random.random())  # noqa: S311 -- no secret
        seconds = STUCK_FOR if reply.what == STUCK else seconds
        self.trouble = reply.reason if reply.what == STUCK else ""
        wait = round(seconds * 1000)
        book.keep(tries=tries, next_try=self._now() + wait, reason=reply.reason)
        return wait


def _once_more(changes: Differences) -> Callable[[Index], Batch | None]:
    """The question which rows differ.  Asked of another index again, it begins where the ledger is."""
    asked: list[bool] = []

    def question(index: Index) -> Batch | None:
        if asked:
            changes.forget()
        asked.append(True)
        return changes.next(index)

    return question


_ANOTHERS = (
    "the rows of the gateway {!r} there are another folder's: name this one otherwise (--gateway), or make them this one's, "
    "and delete what this folder does not have, with --take-over"
)
