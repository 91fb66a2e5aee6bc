"""Who works something out, once for all who ask for it while it is?"""

from __future__ import annotations

import queue
import threading
from collections.abc import Hashable
from typing import Any, Callable, Generic, TypeVar

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
    """Some threads, which end with the process at the latest."""

    def __init__(self, threads: int) -> None:
        """They begin at once."""
        self._waiting: queue.SimpleQueue[Job[Any] | None] = queue.SimpleQueue()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def put(self, job: Job[Any]) -> None:
        """Let one of them do it."""
        self._waiting.put(job)

    def end(self, patience: float) -> None:
        """Let them do what is waiting, and end; what takes longer than so many seconds is left to itself."""
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join(patience)

    def _work(self) -> None:
        while True:
            job = self._waiting.get()
            if job is None:
                return
            job.run()


class Jobs:
    """What is being worked out just now, by its key.  Methods may be called by any thread."""

    def __init__(self) -> None:
        """Nothing is."""
        self._lock = threading.Lock()
        self._running: dict[Hashable, Job[Any]] = {}

    def join(self, key: Hashable, work: Callable[[], Value], workers: Workers) -> Job[Value]:
        """The job with this key: the one that others wait for already, or a new one of these workers."""
        with self._lock:
            job = self._running.get(key)
            if job is None:
                job = self._running[key] = Job(lambda: self._last(key, work))
                workers.put(job)
            return job

    def _last(self, key: Hashable, work: Callable[[], Value]) -> Value:
        """What comes of the work; who asks from then on asks anew."""
        try:
            return work()
        finally:
            with self._lock:
                del self._running[key]
