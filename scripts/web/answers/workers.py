"""Who works out an answer, once for all who ask while it is?"""

from __future__ import annotations

import queue
import threading
from typing import Any, Callable, Generic, TypeVar

Value = TypeVar("Value")


class Flight(Generic[Value]):
    """A value on its way."""

    def __init__(self, work: Callable[[], Value]) -> None:
        """``work`` gives the value."""
        self._work = work
        self._landed = threading.Event()
        self._value: list[Value] = []
        self._error: BaseException | None = None

    def fly(self) -> None:
        """Work it out, whatever comes of it."""
        try:
            self._value.append(self._work())
        except BaseException as error:  # noqa: BLE001 -- whoever waits for it gets it
            self._error = error
        self._landed.set()

    def has_landed(self, patience: float) -> bool:
        """Whether it is there, at the latest after so many seconds."""
        return self._landed.wait(patience)

    def value(self) -> Value:
        """What came of it, once it is there.  Raises what the work raised."""
        if self._error:
            raise self._error
        return self._value[0]


class Lane:
    """Some threads, which end with the process at the latest."""

    def __init__(self, threads: int) -> None:
        """They begin at once."""
        self._waiting: queue.SimpleQueue[Flight[Any] | None] = queue.SimpleQueue()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(threads)]
        for each in self._threads:
            each.start()

    def put(self, flight: Flight[Any]) -> None:
        """Let one of them work it out."""
        self._waiting.put(flight)

    def end(self, patience: float) -> None:
        """Let them work out what is waiting, and end; what takes longer than so many seconds is left to itself."""
        for _ in self._threads:
            self._waiting.put(None)
        for each in self._threads:
            each.join(patience)

    def _work(self) -> None:
        while True:
            flight = self._waiting.get()
            if flight is None:
                return
            flight.fly()
