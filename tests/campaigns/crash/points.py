"""What if a look ends at its k-th operation?"""

from __future__ import annotations

import json
import time

from session_monitor.base import data_folder
from session_monitor.index import access
from session_monitor.prices.book import Book
from session_monitor.upkeep import verification
from tests.campaigns.crash.child import in_child, quick
from tests.campaigns.crash.tally import Tally
from tests.campaigns.crash.ways_to_end import FAULTS, KILLS, ON_WRITES, Shim, is_gone, killed_alone
from tests.campaigns.crash.world import Course, restore, saved

RESTING = 0.2
"""Seconds after which the log's files have rested, so that all ways to end a look meet the same operations."""


def points(folder, seed, *, stride=1, faults=(*KILLS, *FAULTS), jobs=1):
    """Let every ``stride``-th operation of the course be the last one, or go wrong, in all these ways.

    Where several processes take in what is new, it is an operation of any of them.
    """
    course, tally = Course(folder, seed, jobs), Tally()
    faults = (killed_alone, *faults) if jobs > 1 else faults
    passed = seed % stride
    for number, kind in enumerate(course.looks_with_damage(), 1):
        time.sleep(RESTING)
        before = saved(course.out)
        expected, names = course.expected(kind, before)
        for at, name in enumerate(names, 1):
            tally.count("operations")
            if (passed + at) % stride:
                continue
            for fault in faults:
                if (fault in ON_WRITES and name != "pwrite") or (fault in FAULTS and name == "open log"):
                    continue
                for continues in (False, True)[: 2 if kind == "follow" and fault in FAULTS else 1]:
                    wrong = _point(course, kind, Shim(at, fault), continues, expected)
                    tally.count("faults" if fault in FAULTS else "kills")
                    restore(course.out, before)
                    more = " in the same process" if continues else ""
                    if not tally.check(wrong, f"look {number} ({kind}), {fault.__name__} at {at} ({name}){more}"):
                        return tally
        passed += len(names)
        with quick():
            course.look(kind)
    return tally


def _point(course, kind, shim, continues, expected):
    """What is wrong after this look, on this disk."""

    def look():
        with shim:
            code = course.look(kind)
        if continues:
            broken = _not_json(course, shim)
            with quick():
                return course.monitor.poll().problems + broken
        return code

    try:
        ended = in_child(look)
    except AssertionError as error:
        return [str(error)]
    wrong = []
    if shim.fault in KILLS:
        wrong += [] if ended.killed or course.jobs > 1 else ["was not killed"]  # several may need fewer operations
    elif ended.killed:
        wrong += [] if shim.fault is killed_alone else ["was killed"]
    elif continues:
        wrong += ended.result
    else:
        wrong += _not_json(course, shim)
        if kind != "follow" and ended.result:
            wrong += [] if ended.result == 1 and "main.py: " in ended.said else [f"said {ended.said!r}"]
    wrong += course.wrong(course.out, kind, expected)
    return wrong or _wrong_answers(course)


def _wrong_answers(course):
    """What is wrong with what a reader hears, whatever has become of the index; it may be behind, and is made anew."""
    out, ledger = str(course.out), {name: len(rounds) for name, rounds in course.gateway.ledger.items()}
    said = access.ask(
        out, Book([]), lambda index: dict(index.db.execute("SELECT session_id, calls FROM session")), _silent
    )
    verified = verification.verify(out, data_folder.state_file(out), Book([]), _silent)
    wrong = [f"verify: {each.file} {each.what}" for each in verified.faults]
    return wrong if said == ledger else [*wrong, f"a reader hears {said} of {ledger}"]


def _silent(_done, _total):
    """Say nothing."""


def _not_json(course, shim):
    """Session files that are broken at rest, which only a damaged file may be, or one on a disk that is gone."""
    wrong = []
    for path in course.out.iterdir():
        if path.suffix == ".json" and shim.fault is not is_gone and not course.is_damaged:
            try:
                json.loads(path.read_bytes())
            except ValueError:
                wrong.append(f"{path.name} is not valid JSON at rest")
    return wrong
