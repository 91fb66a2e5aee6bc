"""Who works something out, once for all who ask for it while it is, and for whom first?"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Hashable
from typing import Any, Callable, Generic, TypeVar

from web.server.shares import OWN, Share

MOST_WAITING = 32
"""So much may wait for one key; what nobody waits for any more is in it."""

Value = TypeVar("Value")


class Job(Generic[Value]):
    """A value that is being worked out."""

    def __init__(self, work: Callable[[], Value]) -> None:
        """``work`` gives the value."""
        self._work = work
        self._done = threading.Event()
        self._value: list[Value] = []
        self._error: BaseException | None = None

    def run(self) -> None:
        """Work it out, whatever comes of it."""
        try:
            self._value.append(self._work())
        except BaseException as error:  # noqa: BLE001 -- whoever waits for it gets it
            self._error = error
        self._done.set()

    def is_done(self, patience: float) -> bool:
        """Whether it is there, at the latest after so many seconds."""
        return self._done.wait(patience)

    def value(self) -> Value:
        """What came of it, once it is there.  Raises what the work raised."""
        if self._error:
            raise self._error
        return self._value[0]


class Workers:
    """Some threads, which end with the process at the latest.

    They work for this machine's own user first, then for whoever has the main key, then for those with the keys of
    sessions, by turns; where there are several, one is kept for the own user.
    """

    def __init__(self, threads: int) -> None:
        """They begin at once."""
        self._waiting: dict[Share, deque[Job[Any]]] = {}
        self._begun: Counter[bool] = Counter()
        """For the own user, and for all others: what is being worked on."""
        self._most_of_others = max(threads - 1, 1)
        self._is_ending = False
        self._changed = threading.Condition()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def put(self, job: Job[Any], share: Share = OWN) -> bool:
        """Let one of them do it; False where too much waits for the share."""
        with self._changed:
            waiting = self._waiting.setdefault(share, deque())
            if share != OWN and len(waiting) >= MOST_WAITING:
                return False
            waiting.append(job)
            self._changed.notify()
            return True

    def end(self, patience: float) -> None:
        """Let them do what is waiting, and end; what takes longer than so many seconds is left to itself."""
        with self._changed:
            self._is_ending = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(patience)

    def _work(self) -> None:
        while True:
            with self._changed:
                while (share := self._next()) is None:
                    if self._is_ending:
                        return
                    self._changed.wait()
                job = self._taken(share)
                self._begun[share == OWN] += 1
            job.run()
            with self._changed:
                self._begun[share == OWN] -= 1
                self._changed.notify()

    def _next(self) -> Share | None:
        """Whose turn it is; None where nothing waits that may begin."""
        is_full = self._begun[False] >= self._most_of_others
        return min((each for each in self._waiting if each == OWN or not is_full), key=_rank, default=None)

    def _taken(self, share: Share) -> Job[Any]:
        """What they waited for longest; they are the last of their rank then."""
        waiting = self._waiting.pop(share)
        job = waiting.popleft()
        if waiting:
            self._waiting[share] = waiting
        return job


def _rank(share: Share) -> int:
    return share.rank


class Jobs:
    """What is being worked out just now, by its key.  Methods may be called by any thread."""

    def __init__(self) -> None:
        """Nothing is."""
        self._lock = threading.Lock()
        self._running: dict[Hashable, Job[Any]] = {}

    def join(self, key: Hashable, work: Callable[[], Value], workers: Workers, share: Share = OWN) -> Job[Value] | None:
        """The job with this key: the one that others wait for already, or a new one of these workers.

        None where too much waits for the share.
        """
        with self._lock:
            job = self._running.get(key)
            if job is None:
                job = Job(lambda: self._last(key, work))
                if not workers.put(job, share):
                    return None
                self._running[key] = job
            return job

    def _last(self, key: Hashable, work: Callable[[], Value]) -> Value:
        """What comes of the work; who asks from then on asks anew."""
        try:
            return work()
        finally:
            with self._lock:
                del self._running[key]
