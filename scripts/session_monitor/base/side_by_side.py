"""How do several processes share work, with what comes of it in the order in which it was given?"""

from __future__ import annotations

import collections
import contextlib
import gc
import itertools
import os
import signal
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Callable, Generic, TypeVar

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

MOST = 4
"""More processes than this do more than one can take from them."""

Work = TypeVar("Work")
Done = TypeVar("Done")


def can_fork() -> bool:
    """Whether work may be shared: a fork is quick and safe on Linux in a process of one thread, which a server is not."""
    return sys.platform.startswith("linux") and threading.active_count() == 1


def workers() -> int:
    """How many processes may share the work; elsewhere than where one can fork, one does it alone."""
    return min(os.cpu_count() or 1, MOST) if can_fork() else 1


def done(works: Iterable[Work], do: Callable[[Work], Done], number: int) -> Iterator[Done]:
    """What ``do`` makes of each, in their order, by so many other processes; by this one alone where that is 1.

    What they are given and give back are plain values; ``do`` they have from the beginning, with all that it knows then.
    """
    if number == 1:
        yield from map(do, works)
        return
    helpers: list[Helper[Work, Done]] = []
    try:
        for _ in range(number):
            helpers.append(Helper(do, helpers))
        turns = itertools.cycle(helpers)
        waiting: collections.deque[tuple[Helper[Work, Done], Work]] = collections.deque()
        for work in works:
            if len(waiting) == number:
                helper, given = waiting.popleft()
                result = _result_of(helper, given, do)
                waiting.append((helper, work))
                helper.give(work)
                yield result
            else:
                waiting.append((next(turns), work))
                waiting[-1][0].give(work)
        for helper, given in waiting:
            yield _result_of(helper, given, do)
    finally:
        for helper in helpers:
            helper.end()


def _result_of(helper: Helper[Work, Done], given: Work, do: Callable[[Work], Done]) -> Done:
    """What came of work; where the process died that had it, as for lack of memory, this one does it."""
    try:
        return helper.result()
    except HelperDiedError:
        return do(given)


class HelperDiedError(Exception):
    """A process died before it had done its work: it was killed, or lacked memory."""


class Helper(Generic[Work, Done]):
    """Another process, which does one thing after the other.

    (``multiprocessing.Pool`` waits for ever for what a process had that died, and can hang when it is ended early.)
    """

    def __init__(self, do: Callable[[Work], Done], others: Sequence[Helper[Work, Done]]) -> None:
        """Start it; the ``others`` were started before.  An exception in ``do`` ends it, unheard.  Raises ``OSError``."""
        import multiprocessing  # noqa: PLC0415 -- it takes a while, and few questions find so much to do

        fork = multiprocessing.get_context("fork")
        self.ours, theirs = fork.Pipe()
        # It has copies of our ends, and would never hear that this process has ended if it kept them.
        inherited = [self.ours, *(other.ours for other in others)]
        self._process = fork.Process(target=_help, args=(theirs, inherited, do), daemon=True)
        self._process.start()
        theirs.close()

    def give(self, work: Work) -> None:
        """Give it something to do."""
        with contextlib.suppress(OSError):
            self.ours.send(work)

    def result(self) -> Done:
        """What came of what it was given longest ago.  Raises ``HelperDiedError``."""
        try:
            result: Done = self.ours.recv()
        except (EOFError, OSError) as error:
            raise HelperDiedError from error
        return result

    def kill(self) -> None:
        """Let it do nothing more; who waits for it hears that it died."""
        self._process.kill()

    def end(self) -> None:
        """End it, whatever it is at."""
        self.ours.close()
        self._process.kill()
        self._process.join()


def _help(work: Connection, inherited: Sequence[Connection], do: Callable[[Work], Done]) -> None:
    # Who started it ends it, and closes its end where it is killed: what a terminal or systemd tells the whole group to do is
    # that one's to hear.
    signal.set_wakeup_fd(-1)
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    # It makes plain values and ends soon: there is nothing to collect, and looking for that takes its time.
    gc.disable()
    for connection in inherited:
        connection.close()
    # Whatever ends it, who started it does the same work alone, and meets and tells what is wrong with that.
    with contextlib.suppress(Exception):
        while True:
            work.send(do(work.recv()))
