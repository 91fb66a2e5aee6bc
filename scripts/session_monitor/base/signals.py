"""How does a program wait, and end, by signals?"""

from __future__ import annotations

import contextlib
import os
import select
import signal
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Callable, Optional

if TYPE_CHECKING:
    from types import FrameType

Handler = Callable[[int, Optional["FrameType"]], None]


@contextlib.contextmanager
def waking(handlers: Mapping[int, Handler]) -> Iterator[int]:
    """While the block runs these handle their signals, in the main thread.

    Each of these, and a changed window size, lets a byte with its number come to the descriptor that is given, so that
    nobody who waits for these misses a signal that came just before, or that the system gave to another thread: it wakes
    nobody who waits in the main thread for anything else.
    """
    read, write = os.pipe()
    os.set_blocking(write, False)
    wakeup = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    before[signal.SIGWINCH] = signal.signal(signal.SIGWINCH, only_wake)
    try:
        yield read
    finally:
        for number, former in before.items():
            signal.signal(number, former)
        signal.set_wakeup_fd(wakeup)
        os.close(read)
        os.close(write)


def wait(wake: int, seconds: float | None = None) -> None:
    """Wait for a signal, at the descriptor that ``waking`` gives, and no longer than so many seconds."""
    if wake in _ready([wake], seconds):
        os.read(wake, 1024)


def _ready(descriptors: Iterable[int], seconds: float | None) -> set[int]:
    """Those that have something to read, or have ended, once one has, or after so many seconds; of any number."""
    waiting = select.poll()
    for each in descriptors:
        waiting.register(each, select.POLLIN)
    return {each for each, _ in waiting.poll(None if seconds is None else max(0.0, seconds) * 1000)}


@contextlib.contextmanager
def stopping(leave: Callable[[], None], come_back: Callable[[], None]) -> Iterator[None]:
    """While the block runs, a stop by Ctrl-Z (SIGTSTP) comes after ``leave``, and ``come_back`` follows on its end."""

    def stop(number: int, _frame: FrameType | None) -> None:
        leave()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)  # here it stands still until somebody lets it go on
        signal.signal(number, stop)
        come_back()

    before = signal.getsignal(signal.SIGTSTP)
    if before == signal.SIG_IGN:  # by a shell without job control
        yield
        return
    signal.signal(signal.SIGTSTP, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTSTP, before)


_LOOKS = (signal.SIGUSR1, signal.SIGUSR2)
"""What rotation tells programs that write a log: open it anew."""


@contextlib.contextmanager
def unharmed() -> Iterator[None]:
    """While the block runs, what rotation tells programs does not end this one, whether it waits already or only begins."""
    before = {number: signal.signal(number, only_wake) for number in _LOOKS}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)


def only_wake(_number: int, _frame: FrameType | None) -> None:
    """Handle a signal by nothing else than that it wakes who waits for it."""


def end_at_once(number: int, _frame: FrameType | None) -> None:
    """End the program by this signal where it stands, with the exit status that a shell gives: 128 and its number."""
    if number == signal.SIGINT:
        raise KeyboardInterrupt  # as Python itself has it; the faces give its status
    raise SystemExit(128 + number)


PATIENCE = 5.0
"""Seconds from when an end is asked for until those are given up that are waited for; service managers wait for ten at least."""


class Signals:
    """SIGINT, SIGTERM and SIGHUP ask for an end, the second one at once; SIGUSR1, SIGUSR2, SIGCONT and a changed window size wake the sleeper.

    SIGUSR1 and SIGUSR2 are what rotation tells programs that write a log: look now.
    """

    def __init__(self) -> None:
        """Nothing is caught before ``catch``."""
        self.received = 0
        self._wake = -1
        self._give_up: Callable[[], None] | None = None

    def stop(self) -> bool:
        """Whether an end was asked for."""
        return self.received != 0

    @contextlib.contextmanager
    def catch(self) -> Iterator[None]:
        """Catch them while the block runs."""
        ends: dict[int, Handler] = dict.fromkeys((signal.SIGINT, signal.SIGTERM, signal.SIGHUP), self._end)
        wakes: dict[int, Handler] = dict.fromkeys((*_LOOKS, signal.SIGCONT), only_wake)
        with waking({**ends, **wakes, signal.SIGALRM: self._is_over}) as self._wake:
            yield

    @contextlib.contextmanager
    def ending(self, give_up: Callable[[], None]) -> Iterator[None]:
        """Where the block still runs some seconds after an end was asked for, ``give_up`` is called: as it waits for others.

        For one block at a time, while they are caught.
        """
        self._give_up = give_up
        try:
            if self.received:
                self._be_patient()
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            self._give_up = None

    @staticmethod
    def _be_patient() -> None:
        signal.setitimer(signal.ITIMER_REAL, PATIENCE)

    def _is_over(self, _number: int, _frame: FrameType | None) -> None:
        if self._give_up and self.received:  # else somebody else's alarm
            self._give_up()

    def _end(self, number: int, frame: FrameType | None) -> None:
        if self.received:  # somebody insists
            end_at_once(number, frame)
        self.received = number
        if self._give_up:
            self._be_patient()

    def sleep(self, seconds: float, descriptor: int | None = None) -> bool:
        """Wait, or until a signal comes, while they are caught; or until this descriptor has something to read.

        Returns whether it has.
        """
        ready = _ready([self._wake, *([] if descriptor is None else [descriptor])], seconds)
        if self._wake in ready:
            os.read(self._wake, 1024)
        return descriptor in ready
