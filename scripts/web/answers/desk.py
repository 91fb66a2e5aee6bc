"""Who works out an answer, and when is it worked out anew?

A few threads do, since an index is bound to the thread that opened it; whoever asks waits, but not for long: what takes
longer goes on without them, and is there when they ask again.  What several ask at a time is worked out once.  An answer
holds until the data changes; one of all sessions a little longer, so that a monitor at work on large data does not keep
the machine busy.
"""

from __future__ import annotations

import contextlib
import functools
import threading
import time
from collections.abc import Hashable, Iterator
from typing import Callable, NamedTuple

from session_monitor.base import files, mounts
from session_monitor.index import writable
from session_monitor.index.database import Index
from session_monitor.metrics.scrape import Scrapes
from session_monitor.prices.book import Book
from session_monitor.reports.report import NoSuchFolderError, Report
from session_monitor.reports.sessions.kept_orders import KeptOrders
from web.server import shares
from web.server.exchange import AnswerBody, Refusal
from web.server.shares import OWN, Share

from .cache import Cache, Kept
from .folder import Folder, State
from .workers import Job, Jobs, Value, Workers

WORKERS = 3
PATIENCE = 8.0
"""Seconds that somebody waits for an answer."""
HOLDS, LONGEST = 10, 3.0
"""An answer of all sessions holds for so many times as long as it took, but for no more than so many seconds."""
_HELD = 30.0
"""Seconds for which an index in memory holds, where none can be kept; longer where it took long to make."""
_TRIES = 3
"""So often an index is brought up to date before it is taken for one that cannot be kept: a file may just have come."""

Work = Callable[[Report], bytes]
"""What works out an answer.  May raise ``Refusal``."""


class Unfinished(bytes):
    """An answer that is not remembered: who asks again gets one that is further."""


class _HeldReport(Report):
    """Answers from an index in memory, which is bound to the thread that made it, where none can be kept in the folder.

    It holds ``until`` so many seconds on the clock; ``number`` tells it from others.
    """

    def __init__(self, folder: str, book: Book, index: Index, until: float, number: int) -> None:
        super().__init__(folder, book)
        self._index = index
        self.until = until
        self.number = number

    def ask(self, question: Callable[[Index], Value]) -> Value:
        return question(self._index)

    def close(self) -> None:
        self._index.db.close()


class _Current(NamedTuple):
    """The folder as it stands, with the report that is held in memory where it has no index of its own."""

    state: State
    held: _HeldReport | None = None

    @property
    def mark(self) -> Hashable:
        """Changes with anything that answers follow from."""
        return ("in memory", self.held.number) if self.held else self.state.mark


class Desk:
    """Where questions about a folder are asked.  Methods may be called by any thread."""

    def __init__(
        self,
        folder: Folder,
        now: Callable[[], int],
        *,
        patience: float = PATIENCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``now`` gives milliseconds since 1970, ``clock`` seconds."""
        self.folder = folder
        self.scrapes = Scrapes(folder.path)
        self.now = now
        self._patience = patience
        self._clock = clock
        self._cache = Cache()
        self._orders = KeptOrders()
        self._jobs = Jobs()
        self._progress: dict[str, float] = {}
        self._turns = {rank: threading.Lock() for rank in range(OWN.rank + 1, shares.RANKS)}
        # Only one thread makes an index, or searches: others would do the same once more.
        self._keeper, self._searcher, self._answerers = Workers(1), Workers(1), Workers(WORKERS)
        self._held: _HeldReport | None = None
        self._replaced: _HeldReport | None = None

    def answer(
        self, key: Hashable, work: Work, share: Share = OWN, *, is_of_all: bool = False, is_search: bool = False
    ) -> AnswerBody:
        """The answer to a question, which ``key`` tells from others, for somebody.

        Raises ``Refusal``, and what the work raises.
        """
        current = self._current()
        kept = self._cache.get(key)
        holds = min(HOLDS * kept.took, LONGEST) if kept and is_of_all else 0.0
        if kept and (kept.state == current.mark or self._clock() - kept.at < holds):
            return kept.content
        what = _SEARCH if is_search else _ANSWER
        workers = self._keeper if current.held else self._searcher if is_search else self._answerers
        # Nobody waits for what is only worked out after something of theirs would be.
        mark = (key, current.mark, share.rank)
        return self._once(mark, lambda: self._worked_out(key, work, current, what), workers, what, share)

    def ask(self, question: Callable[[Report], Value]) -> Value:
        """The answer to a short question, which is not remembered.  Raises ``Refusal``."""
        state, held = self._current()
        if held is None:
            return question(Report(state.path, state.book, now=self.now()))
        return self._once(object(), lambda: question(held), self._keeper, _ANSWER)

    def by_turns(self, pieces: Iterator[bytes], share: Share) -> Iterator[bytes]:
        """The pieces of an answer, worked out as somebody takes them; for all but the own user one at a time."""
        turn = self._turns.get(share.rank)
        while True:
            with turn or contextlib.nullcontext():
                piece = next(pieces, None)
            if piece is None:
                return
            yield piece

    def change(self) -> int:
        """A number that is another one when the data changed."""
        state, held = self._current()
        return held.number if held else state.change

    def close(self, patience: float = 1.0) -> None:
        """Answer no more; what is just being worked out has so many seconds."""
        for held in (self._replaced, self._held):
            self._keeper.put(Job(functools.partial(_close, held)))
        for workers in (self._keeper, self._searcher, self._answerers):
            workers.end(patience)

    def _worked_out(self, key: Hashable, work: Work, current: _Current, what: str) -> AnswerBody:
        state = current.state
        hears = functools.partial(self._hear, what)
        report = current.held or Report(state.path, state.book, hears, orders=self._orders)
        report.now = self.now()
        started = self._clock()
        body = work(report)
        content = AnswerBody(body)
        ended = self._clock()
        if not isinstance(body, Unfinished):
            self._cache.put(key, Kept(content, current.mark, ended, ended - started))
        return content

    def _once(self, key: Hashable, work: Callable[[], Value], workers: Workers, what: str, share: Share = OWN) -> Value:
        """What comes of the work, which is done once for all who ask while it is."""
        job = self._jobs.join(key, work, workers, share)
        if job is None:
            raise Refusal(503, "busy", "too many questions with this key are not answered yet", (("Retry-After", "2"),))
        if not job.is_done(self._patience):
            code, text = _NOT_YET[what]
            raise Refusal(503, code, text, (("Retry-After", "2"),), self._progress.get(what))
        try:
            return job.value()
        except NoSuchFolderError:
            raise Refusal(503, "no_data", "the data folder is gone", (("Retry-After", "1"),)) from None
        except (
            files.MistakeInFileError
        ) as mistake:  # of whoever asks by what it says; where it is, the command line tells
            raise Refusal(
                503, mistake.code, "a file that people write has a mistake, which 'cli.py list' tells"
            ) from None
        except mounts.UnreachableDataError as why:
            raise Refusal(503, why.code, str(why), (("Retry-After", "2"),)) from None
        except PermissionError:
            text = "the user who runs the server may not read the data folder"
            raise Refusal(503, "not_readable", text, (("Retry-After", "1"),)) from None

    # -- the index -----------------------------------------------------------------------------------------------------

    def _current(self) -> _Current:
        """The folder with an index that is current; one in memory where none can be kept."""
        state = self.folder.state()
        if state.mark is not None:
            return _Current(state)
        held = self._held
        if held and self._clock() < held.until and held.book is state.book:
            return _Current(state, held)
        self._once(_INDEX, lambda: self._bring_up_to_date(state), self._keeper, _INDEX)
        state = self.folder.state()
        return _Current(state, None if state.mark is not None else self._held)

    def _bring_up_to_date(self, state: State) -> None:
        hears = functools.partial(self._hear, _INDEX)
        report = Report(state.path, state.book, hears)
        for _ in range(_TRIES):
            report.ask(lambda _index: None)
            if self.folder.state(fresh=True).mark is not None:
                return
        started = self._clock()
        index = writable.in_memory(state.path, state.book, hears)
        ended = self._clock()
        until = ended + max(_HELD, 2 * HOLDS * (ended - started))
        number = self._held.number + 1 if self._held else 1
        # One that was replaced may still be asked by who waits behind this.
        _close(self._replaced)
        self._replaced = self._held
        self._held = _HeldReport(state.path, state.book, index, until, number)

    def _hear(self, what: str, done: int, total: int) -> None:
        self._progress[what] = done / total if total else 1.0


def _close(held: _HeldReport | None) -> None:
    if held:
        held.close()


SEARCHING = "making_search_index"
"""The code of a refusal of a search that takes long."""
_INDEX, _SEARCH, _ANSWER = "index", "search", "answer"
_NOT_YET = {
    _INDEX: ("making_index", "the index is being made; this is answered when that is done"),
    _SEARCH: (SEARCHING, "what was said is being looked through; ask again"),
    _ANSWER: ("not_yet", "this takes longer; ask again"),
}
