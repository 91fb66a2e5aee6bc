"""How does a command look again and again, until it is ended?"""

from __future__ import annotations

import argparse
import contextlib
import os
import select
import signal
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Callable

from session_monitor.base import data_folder, timestamps
from session_monitor.conversations.follow import Pause
from session_monitor.prices import own_lists
from session_monitor.reports.report import Report

from . import data
from .failures import Failure

NOT_AT_WORK = "no monitor is at work here"
LEAST_INTERVAL, LARGEST_INTERVAL = 0.2, 86_400


def add_interval(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--interval",
        type=_interval,
        default=1.0,
        metavar="SECONDS",
        help=f"seconds between two looks, at least {LEAST_INTERVAL} (default: 1)",
    )


def _interval(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not LEAST_INTERVAL <= seconds <= LARGEST_INTERVAL:
        wrong = f"{text!r} is no number of seconds from {LEAST_INTERVAL} to {LARGEST_INTERVAL:,}"
        raise argparse.ArgumentTypeError(wrong)
    return seconds


class Reports:
    """The answers of each moment, by the prices of that moment.

    By older ones the index would be priced anew at each look, and by the monitor back again.  While a changed price
    list has a mistake, which ``problem`` tells, the prices stay as they were.
    """

    def __init__(self, folder: str, now: Callable[[], int] = timestamps.now) -> None:
        """``now`` gives milliseconds since 1970."""
        self.folder = folder
        self.now = now
        self.problem = ""
        self._state = own_lists.state(folder, os.environ)
        self._book = data.book(folder)
        data.sessions_of(folder, self._book).overview()  # says how far it is where there is no index yet

    def __call__(self) -> Report:
        """The answers of now."""
        state = own_lists.state(self.folder, os.environ)
        if state != self._state:
            self._state = state
            try:
                self._book = data.book(self.folder)
                self.problem = ""
            except Failure as mistake:
                self.problem = str(mistake)
        return Report(self.folder, self._book, now=self.now())

    def is_at_work(self) -> bool:
        """Whether a monitor is at work on the folder."""
        return data_folder.is_monitor_at_work(self.folder)


@contextlib.contextmanager
def pausing(options: argparse.Namespace) -> Iterator[Pause]:
    """Waits of ``--interval``, shorter where the window changes its size; no second look with ``--once``.

    SIGTERM and SIGHUP end the command as Ctrl-C does, so that the terminal is given back.
    """
    if options.once:
        yield lambda: False
        return
    read, write = os.pipe()
    os.set_blocking(write, False)
    wakeup = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    ends = [each for each in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(each) != signal.SIG_IGN]  # nohup
    before = {number: signal.signal(number, _end) for number in ends}
    before[signal.SIGWINCH] = signal.signal(signal.SIGWINCH, lambda _number, _frame: None)
    waiting = select.poll()
    waiting.register(read, select.POLLIN)
    if not sys.stdout.isatty():
        waiting.register(sys.stdout.fileno(), 0)

    def pause() -> bool:
        for descriptor, _ in waiting.poll(options.interval * 1000):
            if descriptor != read:  # nobody reads what comes any more
                raise BrokenPipeError
            os.read(read, 1024)
        return True

    try:
        yield pause
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(wakeup)
        os.close(read)
        os.close(write)


def _end(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
