"""What if the power fails at the k-th operation?"""

from __future__ import annotations

import collections
import contextlib
import random
import traceback
from unittest import mock

from session_monitor.base.side_by_side import HelperDiedError
from session_monitor.ingest import together
from tests.campaigns.crash.disk import Disk, Killed, gone, gone_half_way
from tests.campaigns.crash.tally import Tally
from tests.campaigns.crash.world import PATTERN, Course, restore, saved, subfolder


def power(folder, seed, number, jobs=1):
    """Let the power fail so many times, over the looks of a course; a part of them after kills and other failures.

    Where several processes take in what is new, each in its turn does what it has to do at once.
    """
    with mock.patch.object(together, "Helper", _InTurn):
        return _power_failures(Course(folder, seed, jobs), seed, number)


class _InTurn:
    """What another process would do, by this one, so that the order of all that is done to a disk is known."""

    def __init__(self, do, _others):
        self._do, self._results = do, collections.deque()

    def give(self, work):
        try:
            self._results.append((self._do(work),))
        except Exception:  # noqa: BLE001 -- as in another process, which ends of it
            self._results.append(())

    def result(self):
        for result in self._results.popleft():
            return result
        raise HelperDiedError

    def end(self):
        pass


def _power_failures(course, seed, number):
    folder, tally, rng = course.folder, Tally(), random.Random(seed)
    looks = sum(1 for _ in Course(subfolder(folder, "counted"), seed).looks())
    disk, last = Disk({}), {}
    for index, kind in enumerate(course.looks(), 1):
        before = saved(course.out)
        disk.changed_by_others(last, before)
        events = list(disk.events)
        expected, _ = course.expected(kind, before)
        with disk.recorded(course.out):
            _poll(course, course.out, kind, course.monitor)
        if kind != "follow":
            course.monitor = course.fresh(course.out)
        simple = Disk({}, disk.events), len(events)
        for trial in range(number * index // looks - number * (index - 1) // looks):
            rng.seed(f"{seed} {index} {trial}")
            if trial % 6 == 0:
                killed_before = _killed_run(course, kind, before, events, rng)
            tried, start = simple if trial % 2 else killed_before
            where = f"look {index} ({kind}), power failure {trial}"
            tally.count("power failures" if trial % 2 else "power failures after kills")
            if not tally.check(_power(course, kind, tried, start, expected, rng), where):
                return tally
        last = saved(course.out)
    return tally


def _poll(course, out, kind, monitor=None):
    if kind != "follow" or monitor is None:
        monitor = course.fresh(out, PATTERN if kind == "filtered" else None)
    monitor.poll()


def _killed_run(course, kind, before, events, rng):
    """The disk when a run was killed, or several, and another one ran, as if the power had not failed yet."""
    out, disk = course.folder / "killed", Disk({}, events)
    restore(out, before)
    for _ in range(rng.choice([1, 1, 2, 3])):
        shim = disk.recorded(out, rng.randint(1, rng.choice([20, 80])), rng.choice([gone, gone_half_way]))
        with contextlib.suppress(Killed), shim:
            _poll(course, out, kind)
    start = len(disk.events)
    with disk.recorded(out):
        _poll(course, out, rng.choice([kind, "once"]))
    return disk, start


def _power(course, kind, disk, start, expected, rng):
    """What is wrong when the power failed while this disk was written, and perhaps again in the next run."""
    out = course.folder / "after"
    for _ in range(3):
        contents = disk.after_power_loss(rng.randint(start, len(disk.events)), rng)
        restore(out, contents)
        if rng.random() < 0.7:
            break
        disk, start = Disk(contents), 0
        try:
            with disk.recorded(out):
                _poll(course, out, "once")
        except Exception:  # noqa: BLE001 -- whatever it is, it is a finding
            return [traceback.format_exc()]
    return course.wrong(out, kind, expected)
