"""Which are the two sides, and where do they differ?"""

from __future__ import annotations

import concurrent.futures
import os
import sys
from pathlib import Path
from typing import NamedTuple

from tests.campaigns.same_answers.asked import questions

SHOWN = 20
"""So many differences of a kind are told; all are counted."""


class Side(NamedTuple):
    """A checkout, and the folder in which it works."""

    name: str
    checkout: Path
    home: Path

    def neutral(self, text):
        """A text without the paths of Python, of the checkout and of the folder, which a few outputs name in full."""
        paths = {sys.executable: b"PYTHON", self.checkout: b"CHECKOUT", self.home: b"HOME"}
        for path, name in paths.items():  # in this order: Python may lie in a checkout, which is that of one side then
            text = text.replace(os.fsencode(path), name)
        return text


class Verdict:
    """Counts what was compared, and tells what differs."""

    def __init__(self):
        self.differing = 0
        self._kinds = {}

    def compare(self, kind, what, before, after):
        """Hold two byte strings (or None, where something is not there) against each other."""
        counts = self._kinds.setdefault(kind, [0, 0])
        counts[0] += 1
        if before != after:
            counts[1] += 1
            self.differing += 1
            if counts[1] <= SHOWN:
                print(f"DIFFERS {kind}: {what}: {_first_difference(before, after)}", flush=True)

    def tell(self, *kinds, note=""):
        """Print how many of each kind were compared, and how many of them differ."""
        for kind in kinds:
            compared, differing = self._kinds.pop(kind, (0, 0))
            print(f"{kind}: {compared:,} compared{note}, {differing:,} differ", flush=True)


def _first_difference(before, after):
    if before is None or after is None:
        return "only BEFORE has it" if after is None else "only AFTER has it"
    at = next((i for i, pair in enumerate(zip(before, after)) if pair[0] != pair[1]), min(len(before), len(after)))
    line = before.count(b"\n", 0, at) + 1
    one, other = (shortly(text[max(0, at - 30) : at + 50]) for text in (before, after))
    return f"line {line}, byte {at}\n  BEFORE …{one}…\n  AFTER  …{other}…"


def shortly(text):
    """Some bytes on one line."""
    return text.decode("utf-8", "backslashreplace").encode("unicode_escape").decode()


class Campaign(NamedTuple):
    """The two sides, the folder of the logs that both read, the verdict, and that every so many-th question is asked."""

    sides: tuple[Side, Side]
    logs: Path
    verdict: Verdict
    pool: concurrent.futures.Executor
    every: int = 1

    def both(self, work):
        """What a function gives for each of the sides, both at the same time."""
        return tuple(self.pool.map(work, self.sides))

    def some(self, items):
        """Those of the questions that are asked."""
        return list(items)[:: self.every]

    def questions(self, name):
        """Those of a list of questions that are asked."""
        return self.some(questions(name))
