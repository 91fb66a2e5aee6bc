"""Who does one step after the other: in a thread of its own that is never in anybody's way, or for so long as there is time?"""

from __future__ import annotations

import threading
import time
from typing import Callable

from session_monitor.outgoing import retrying
from session_monitor.prices.price_list import BadPriceListError

LOOK_AGAIN = 60_000
"""Milliseconds after which it is looked again where nobody says that there is something."""
STUCK_FOR = 300.0
"""Seconds until what a person has to mend is tried again."""
LONGEST_WAIT = round(1000 * max(STUCK_FOR, retrying.LONGEST_WAIT, retrying.LONGEST_BACK_OFF * (1 + retrying.JITTER)))
"""Milliseconds; nothing waits for longer, unless the clock was put back."""


class Worker:
    """One Worker does steps in a thread of its own (``start``), or before ``drain`` comes back; what a ``step`` is says who inherits."""

    def __init__(self, name: str, place: str, now: Callable[[], int]) -> None:
        """``name`` is the thread's; ``place`` is told where something on disk fails and nobody says what."""
        self.trouble = ""
        """Why nothing can be done before a person mends something."""
        self._name = name
        self._place = place
        self._now = now
        self._wake = threading.Event()
        self._is_ending = False
        self._thread: threading.Thread | None = None

    def step(self) -> int | None:
        """One step; milliseconds until there may be another, None where nothing is to be done."""
        raise NotImplementedError

    def _forget(self) -> None:
        """A step failed: what was prepared for the next ones may be wrong."""

    def _rest(self) -> None:
        """Nothing is to be done."""

    def drain(self, seconds: float, sleep: Callable[[float], None] = time.sleep) -> bool:
        """Do what may be done within so many seconds; whether nothing is left.  The rest stays for the next pass.  A step that is begun is ended."""
        end = self._now() + round(seconds * 1000)
        self._forget()  # a thread's, which has ended, may not know of what came last
        while True:
            wait = self._careful_step()
            if wait is None or self._now() + wait >= end:
                return wait is None
            if wait:
                sleep(wait / 1000)

    def start(self) -> None:
        """Go on from now on in a thread, until ``stop``."""
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """There may be something to do."""
        self._wake.set()

    def stop(self, patience: float) -> bool:
        """Do no more; whether the thread came to its end in so many seconds.  What waits stays on disk."""
        self._is_ending = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(patience)
            return not self._thread.is_alive()
        return True

    def _run(self) -> None:
        while not self._is_ending:
            self._wake.clear()
            wait = self._careful_step()
            if wait is None:
                self._rest()
                self._wake.wait(LOOK_AGAIN / 1000)
                continue
            # What came meanwhile does not go before what has to wait.
            until = self._now() + min(wait, LOOK_AGAIN)
            while not self._is_ending and 0 < until - self._now() <= LOOK_AGAIN:
                self._wake.wait((until - self._now()) / 1000)
                self._wake.clear()

    def _careful_step(self) -> int | None:
        try:
            return self.step()
        except OSError as error:
            self._forget()
            self.trouble = f"{error.filename or self._place}: {error.strerror or error}"
        except BadPriceListError as mistake:
            self._forget()
            self.trouble = f"{mistake}. What comes waits: what is sent without its costs would stay so"
        except Exception as mistake:  # noqa: BLE001 -- what cannot be sent must never end the monitor
            self._forget()
            self.trouble = f"it could not be sent: {type(mistake).__name__}"
        return LOOK_AGAIN
