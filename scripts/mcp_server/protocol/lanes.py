"""How is work done that takes longer, while requests are read on, and how is it given up?

A lane is a thread that does one piece of work after the other.  Searching has its own: what is asked of the index need not
wait for it.
"""

from __future__ import annotations

import queue
import threading
import time
from typing import Any, Callable

from .messages import Id


class CancelledCallError(Exception):
    """Nobody waits for the answer any more."""


class PendingCall:
    """A request that is being answered: it may be cancelled, and tells how far it is where somebody wants to hear that."""

    def __init__(self, request: Id, tell: Callable[[int, int], None] | None, clock: Callable[[], float]) -> None:
        """``tell`` takes how much of how much is done; ``clock`` gives seconds."""
        self.request = request
        self._tell = tell
        self._clock = clock
        self._cancelled = threading.Event()
        self._before = self._done = self._told = 0
        self._next = 0.0

    def cancel(self) -> None:
        """Give it up."""
        self._cancelled.set()

    @property
    def is_cancelled(self) -> bool:
        """Whether nobody waits for it any more."""
        return self._cancelled.is_set()

    def hear(self, done: int, total: int) -> None:
        """Tell how far it is, now and then, growing over all that is done.  Raises ``CancelledCallError``."""
        if self.is_cancelled:
            raise CancelledCallError
        if done < self._done:  # something else has begun
            self._before += self._done
        self._done = done
        if self._tell is None or self._clock() < self._next or self._before + done <= self._told:
            return
        self._told = self._before + done
        self._next = self._clock() + EVERY
        self._tell(self._told, self._before + total)


EVERY = 0.25
"""Seconds between two words on how far it is."""


class Lane:
    """One thread, which begins with its first work and ends with the program."""

    def __init__(self, name: str) -> None:
        """Nothing runs yet."""
        self._name = name
        self._works: queue.SimpleQueue[Callable[[], Any]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def put(self, work: Callable[[], Any]) -> None:
        """Do this behind all that is to be done already; it raises nothing."""
        self._works.put(work)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            self._works.get()()


class PendingCalls:
    """The calls that are not answered yet, by the ids of their requests."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` gives seconds."""
        self.clock = clock
        self._calls: dict[tuple[type, Id], PendingCall] = {}
        self._changed = threading.Condition()

    def begin(self, request: Id, tell: Callable[[int, int], None] | None) -> PendingCall:
        """A call, until its ``end``."""
        call = PendingCall(request, tell, self.clock)
        with self._changed:
            self._calls[type(request), request] = call
        return call

    def end(self, call: PendingCall) -> None:
        """It is answered, or given up."""
        with self._changed:
            if self._calls.get((type(call.request), call.request)) is call:
                del self._calls[type(call.request), call.request]
            self._changed.notify_all()

    def cancel(self, request: object) -> None:
        """Give a call up; nothing where there is none."""
        with self._changed:
            call = self._calls.get((type(request), request)) if isinstance(request, (str, int)) else None
        if call is not None:
            call.cancel()

    def wait(self, seconds: float) -> bool:
        """Wait until all are answered, for so long at most; whether they are."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._calls, seconds)
