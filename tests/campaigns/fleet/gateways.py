"""Gateways that write logs which the machine's logrotate rotates, and what each of their calls is.

The calls are those of the campaign ``costs``, with its calculator as the truth.  Each has a duration of its own, by which its
row is known in a store; sessions have the same names at all gateways.
"""

from __future__ import annotations

import os
import random
import re
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from typing import NamedTuple

from tests.campaigns.costs import compared, lines
from tests.campaigns.logrotate_lab import Logrotate

RENAME, COPY = "rename", "copytruncate"
_WAYS = {
    RENAME: "rotate 100\nmissingok\ncreate 600",
    COPY: "rotate 100\nmissingok\ncopytruncate",
    "compressed": "rotate 100\nmissingok\ncreate 600\ncompress\ndelaycompress",
}
WAYS = tuple(_WAYS)
"""How a log is rotated."""
_DURATION = re.compile(r'(llm_service_duration\\":)\d+')
_START = re.compile(r'"start_time":"[^"-][^"]*"')
_FIRST = datetime(2026, 1, 31, 20, tzinfo=timezone.utc)
"""Some hours before a month ends, so that a store has rows in two partitions, and a third one for calls without a time."""
_SPAN = timedelta(hours=8)
_INPUT, _OUTPUT = ("fresh_input", "audio_input", "image_input"), ("visible_output", "audio_output", "image_output")


class Call(NamedTuple):
    """What is known of a call, by the names of a store's columns; ``cost`` in dollars, None where it has none."""

    model: str
    fresh: int
    cached: int
    cache_written: int
    visible: int
    reasoning: int
    cost: Fraction | None


def made(known, number, seed):
    """So many lines of a log with what each call is, by its duration; calls of which no count is certain are left out."""
    chance = random.Random(seed)
    found, truth = [], {}
    for each in lines.calls(chance, known, 2 * number):
        at = len(found) + 1
        when = (_FIRST + _SPAN * at / number).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = _DURATION.sub(rf"\g<1>{at}", _START.sub(f'"start_time":"{when}"', each.line))
        judged = compared.judge(each._replace(line=line), known)
        if judged.model is None or not judged.is_meant or "partly_told" in judged.kinds:
            continue
        found.append(line.encode() + b"\n")
        truth[at] = _call(judged)
        if at == number:
            return found, truth
    raise AssertionError("too few of the calls are certain")


def _call(judged):
    kinds = judged.kinds
    written = sum(count for kind, count in kinds.items() if kind.startswith("cache_write"))
    fresh, visible = (sum(kinds[kind] for kind in each) for each in (_INPUT, _OUTPUT))
    return Call(judged.model, fresh, kinds["cache_read"], written, visible, kinds["reasoning"], judged.cost)


class RotatedGateway:
    """A gateway by the name ``name``, with a log and a data folder in a folder of its own.

    ``truth`` is what its calls are, of those that are written and those to come.
    """

    def __init__(self, folder, name, program, known, calls, seed, way):
        self.name = name
        self.folder = folder
        self.sessions = folder / "sessions"
        self.log = folder / "logs" / "access.log"
        self.log.parent.mkdir(parents=True, mode=0o700)
        self.lines, self.truth = made(known, calls, seed)
        self.way = way
        self._rotate = Logrotate(program, folder, [self.log], _WAYS[way])
        self._chance = random.Random(seed)
        self._written = 0
        self._file = self._opened()

    def _opened(self):
        return os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def write(self, count):
        """Write so many lines, in two pieces that end anywhere; fewer where there are no more."""
        data = b"".join(self.lines[self._written : self._written + count])
        self._written += count
        middle = self._chance.randrange(len(data) + 1)
        for piece in (data[:middle], data[middle:]):
            os.write(self._file, piece)

    def rotate(self):
        """Rotate as logrotate does; a log that was renamed is written to for some time yet."""
        self._rotate()
        if self.way != COPY:
            self.write(3)
            os.close(self._file)
            self._file = self._opened()

    def close(self):
        """Write what is left, and let go of the log."""
        self.write(len(self.lines))
        os.close(self._file)
