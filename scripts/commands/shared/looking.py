"""How does a command look again and again, until it is ended?"""

from __future__ import annotations

import argparse
import contextlib
import os
import select
import signal
import sys
from collections.abc import Iterator
from typing import Callable

from session_monitor.base import data_folder, timestamps
from session_monitor.base.signals import end_at_once, waking
from session_monitor.conversations.follow import Pause
from session_monitor.own_prices.current_book import CurrentBook
from session_monitor.reports.report import Report

from .data import Data
from .failures import Failure, bad_prices

NOT_AT_WORK = "no monitor is at work here"
LEAST_INTERVAL, LARGEST_INTERVAL = 0.2, 86_400
"""Seconds between two looks."""


def add_interval(command: argparse.ArgumentParser) -> None:
    """Add the option that says how often to look."""
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

    def __init__(self, data: Data, now: Callable[[], int] = timestamps.now) -> None:
        """``now`` gives milliseconds since 1970."""
        self.now = now
        self.problem = ""
        self.data = data
        self._prices = CurrentBook(data.folder, os.environ)
        self._check_prices()
        data.report(self._prices.book).overview()  # says how far it is where there is no index yet

    def __call__(self) -> Report:
        """The answers of now."""
        if self._prices.look():
            try:
                self._check_prices()
                self.problem = ""
            except Failure as mistake:
                self.problem = str(mistake)
        return Report(self.data.folder, self._prices.book, now=self.now())

    def _check_prices(self) -> None:
        """Raises ``Failure`` for a mistake in a list, and ``OSError`` where one cannot be read."""
        mistake = self._prices.mistake
        if isinstance(mistake, OSError):
            raise mistake
        if mistake:
            raise bad_prices(mistake)

    def is_at_work(self) -> bool:
        """Whether a monitor is at work on the folder."""
        return data_folder.is_monitor_at_work(self.data.folder)


@contextlib.contextmanager
def pausing(interval: float, *, once: bool) -> Iterator[Pause]:
    """Waits so many seconds, shorter where the window changes its size; where ``once``, there is no second look.

    SIGTERM and SIGHUP end the command as Ctrl-C does, so that the terminal is given back.
    """
    if once:
        yield lambda: False
        return
    ends = [number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) != signal.SIG_IGN]  # nohup
    with waking(dict.fromkeys(ends, end_at_once)) as signals:
        yield _pause(signals, interval)


def _pause(signals: int, interval: float) -> Pause:
    """Waits for that time, or until a signal comes through the pipe; its reader's end raises ``BrokenPipeError``."""
    waiting = select.poll()
    waiting.register(signals, select.POLLIN)
    if not sys.stdout.isatty():
        waiting.register(sys.stdout.fileno(), 0)

    def pause() -> bool:
        for descriptor, _ in waiting.poll(interval * 1000):
            if descriptor != signals:  # nobody reads what comes any more
                raise BrokenPipeError
            os.read(signals, 1024)
        return True

    return pause
