"""Who works out an answer, and when is it worked out anew?

A few threads do, since an index is bound to the thread that opened it; whoever asks waits, but not for long: what takes
longer goes on without them, and is there when they ask again.  What several ask at a time is worked out once.  An answer
holds until the data changes; one of all sessions a little longer, so that a monitor at work on large data does not keep
the machine busy.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Hashable
from typing import Any, Callable, NamedTuple

from session_monitor.index import writable
from session_monitor.index.database import Index
from session_monitor.prices.book import Book
from session_monitor.reports.report import Answer, NoSuchFolderError, Report
from web.server.exchange import Content, Refusal

from .cache import Cache, Kept
from .folder import Folder, State
from .workers import Flight, Lane, Value

WORKERS = 3
PATIENCE = 8.0
"""Seconds that somebody waits for an answer."""
HOLDS, LONGEST = 10, 3.0
"""An answer of all sessions holds for so many times as long as it took, but for no more than so many seconds."""
_HELD = 30.0
"""Seconds for which an index in memory holds, where none can be kept; longer where it took long to make."""
_TRIES = 3
"""So often an index is brought up to date before it is taken for one that cannot be kept: a file may just have come."""

Question = Callable[[Report], bytes]


class _Held(Report):
    """Answers from an index in memory, which is bound to the thread that made it."""

    def __init__(self, folder: str, book: Book, found: Index) -> None:
        super().__init__(folder, book)
        self._found = found

    def ask(self, question: Callable[[Index], Answer]) -> Answer:
        return question(self._found)

    def close(self) -> None:
        self._found.db.close()


class _InMemory(NamedTuple):
    """An index where none can be kept in the folder: until when it holds, and which one it is."""

    report: _Held
    until: float
    number: int

    @property
    def mark(self) -> Hashable:
        return "in memory", self.number


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
        self.now = now
        self._patience = patience
        self._clock = clock
        self._cache = Cache()
        self._lock = threading.Lock()
        self._flights: dict[Hashable, Flight[Any]] = {}
        self._progress: dict[str, float] = {}
        # Only one thread makes an index, or searches: others would do the same once more.
        self._keeping, self._searching, self._asking = Lane(1), Lane(1), Lane(WORKERS)
        self._in_memory: _InMemory | None = None
        self._replaced: _InMemory | None = None

    def answer(self, key: Hashable, question: Question, *, is_of_all: bool = False, is_search: bool = False) -> Content:
        """The answer to a question, which ``key`` tells from others.  Raises ``Refusal``, and what the question raises."""
        state, in_memory = self._ready()
        mark = in_memory.mark if in_memory else state.mark
        kept = self._cache.get(key)
        holds = min(HOLDS * kept.took, LONGEST) if kept and is_of_all else 0.0
        if kept and (kept.state == mark or self._clock() - kept.at < holds):
            return kept.content
        what = _SEARCH if is_search else _ANSWER

        def work() -> Content:
            hears = functools.partial(self._hear, what)
            report = in_memory.report if in_memory else Report(state.path, state.book, hears)
            report.now = self.now()
            started = self._clock()
            content = Content(question(report))
            ended = self._clock()
            self._cache.put(key, Kept(content, mark, ended, ended - started))
            return content

        lane = self._keeping if in_memory else self._searching if is_search else self._asking
        return self._once((key, mark), work, lane, what)

    def report(self, question: Callable[[Report], Value]) -> Value:
        """The answer to a short question, which is not remembered.  Raises ``Refusal``."""
        state, in_memory = self._ready()
        if in_memory is None:
            return question(Report(state.path, state.book, now=self.now()))
        report = in_memory.report
        return self._once(object(), lambda: question(report), self._keeping, _ANSWER)

    def ask(self, question: Callable[[Index], Answer]) -> Answer:
        """What the index says to a short question.  Raises ``Refusal``."""
        return self.report(lambda report: report.ask(question))

    def change(self) -> int:
        """A number that is another one when the data changed."""
        state, in_memory = self._ready()
        return in_memory.number if in_memory else state.change

    def close(self, patience: float = 1.0) -> None:
        """Answer no more; what is just being worked out has so many seconds."""
        for held in (self._replaced, self._in_memory):
            self._keeping.put(Flight(functools.partial(self._close_in_memory, held)))
        for lane in (self._keeping, self._searching, self._asking):
            lane.end(patience)

    @staticmethod
    def _close_in_memory(held: _InMemory | None) -> None:
        if held:
            held.report.close()

    def _ready(self) -> tuple[State, _InMemory | None]:
        """The folder with an index that is current; one in memory where none can be kept."""
        state = self.folder.state()
        if state.mark is not None:
            return state, None
        held = self._in_memory
        if held and self._clock() < held.until and held.report.book is state.book:
            return state, held
        self._once(_INDEX, lambda: self._bring_up_to_date(state), self._keeping, _INDEX)
        state = self.folder.state()
        return state, None if state.mark is not None else self._in_memory

    def _bring_up_to_date(self, state: State) -> None:
        hears = functools.partial(self._hear, _INDEX)
        report = Report(state.path, state.book, hears)
        for _ in range(_TRIES):
            report.ask(lambda _found: None)
            if self.folder.state(fresh=True).mark is not None:
                return
        started = self._clock()
        made = writable.in_memory(state.path, state.book, hears)
        ended = self._clock()
        holds = max(_HELD, 2 * HOLDS * (ended - started))
        number = self._in_memory.number + 1 if self._in_memory else 1
        # One that was replaced may still be asked by who waits behind this.
        self._close_in_memory(self._replaced)
        self._replaced = self._in_memory
        self._in_memory = _InMemory(_Held(state.path, state.book, made), ended + holds, number)

    def _hear(self, what: str, done: int, total: int) -> None:
        self._progress[what] = done / total if total else 1.0

    def _once(self, key: Hashable, work: Callable[[], Value], lane: Lane, what: str) -> Value:
        """What comes of the work, which is done once for all who ask while it is."""
        with self._lock:
            flight = self._flights.get(key)
            if flight is None:
                flight = self._flights[key] = Flight(lambda: self._landing(key, work))
                lane.put(flight)
        if not flight.has_landed(self._patience):
            code, text = _NOT_YET[what]
            raise Refusal(503, code, text, (("Retry-After", "2"),), self._progress.get(what))
        try:
            return flight.value()  # type: ignore[no-any-return]
        except NoSuchFolderError:
            raise Refusal(503, "no_data", "the data folder is gone", (("Retry-After", "1"),)) from None

    def _landing(self, key: Hashable, work: Callable[[], Value]) -> Value:
        try:
            return work()
        finally:
            with self._lock:
                del self._flights[key]


_INDEX, _SEARCH, _ANSWER = "index", "search", "answer"
_NOT_YET = {
    _INDEX: ("making_index", "the index is being made; this is answered when that is done"),
    _SEARCH: ("making_search_index", "what was said is being looked through; ask again"),
    _ANSWER: ("not_yet", "this takes longer; ask again"),
}
