"""Can a compressed file be read, and how much of it?

To know that takes a look at all of its text, which may be much: so it is done in shares, and what was found is kept
with the read positions for as long as the file is there and was not written to.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, Callable

from .compressed import BOMB, BROKEN, CUT, GARBAGE, MEMORY, MOST_MEMORY, TOO_LARGE, WHOLE, Measuring
from .generation import QUIET_POLLS, QUIET_SECONDS
from .log_file import LogFile

SHARE_BYTES = 1 << 30
SHARE_SECONDS = 1.0
"""How much text one look unpacks to judge it, and for how long: the log itself waits for no more than that."""
FIRST_SHARES = 10
"""So many shares where nothing is known yet: what is in these files comes before what is in the log."""
_SURE_SECONDS = 1.0
"""Half a file that stays as it is for so long is told of; until then somebody may be writing it."""

_WORDS = {
    CUT: "is cut off",
    BROKEN: "is damaged",
    GARBAGE: "has bytes behind its end that do not belong to it, which are passed over",
    BOMB: "says the same so often as no log does, and is not read: unpack it by hand if it is one",
    TOO_LARGE: "holds too much to be unpacked, and is not read: unpack it by hand",
    MEMORY: f"wants more than {MOST_MEMORY >> 20} MiB of memory to be unpacked, and is not read: unpack it by hand",
}
_TO_COME = "what can be read of it is read when it has been left alone for two minutes, the rest is lost"
_NOTHING = (
    "nothing of it can be trusted; what gzip -dc, bzip2recover or xz -dc still get out of it can be put beside the log"
)


class Verdicts:
    """What is known of compressed files; ``kept`` is that as JSON, by ``key_of``."""

    def __init__(self, kept: dict[str, dict[str, Any]], clock: Callable[[], float]) -> None:
        """``clock`` gives monotonic seconds."""
        self._kept = kept
        self._clock = clock
        self._measuring: dict[str, Measuring] = {}
        self._met: set[str] = set()
        self._left = 0
        self._is_begun = False
        self._until = 0.0

    def begin(self, *, is_first: bool) -> None:
        """A look begins; ``is_first`` where nothing is known of the log yet."""
        shares = FIRST_SHARES if is_first else 1
        self._is_begun = False
        self._left, self._until = shares * SHARE_BYTES, self._clock() + shares * SHARE_SECONDS
        self._met = set()

    def end(self) -> None:
        """All that is there was judged: others are gone."""
        for key in self._kept.keys() - self._met:
            del self._kept[key]
        for key in self._measuring.keys() - self._met:
            del self._measuring[key]

    def forget(self, file: LogFile) -> None:
        """What was known of this file has proved wrong."""
        self._kept.pop(key_of(file.stat), None)

    def has_no_line(self, file: LogFile) -> None:
        """There is nothing in this file, which was judged, that could be read; to find that out takes all of its text."""
        self._kept[key_of(file.stat)]["has_line"] = False

    def keep(self, files: Iterable[LogFile]) -> None:
        """These are there, and need no judgement."""
        self._met.update(key_of(file.stat) for file in files)

    def judge(self, file: LogFile) -> Judgement:
        """Whether the file can be read; if so its size is known afterwards."""
        key = key_of(file.stat)
        self._met.add(key)
        verdict = self._kept.get(key) or self._measured(key, file)
        if verdict is None:
            return Judgement(is_pending=True)
        if not verdict.get("has_line", True):
            return Judgement()
        file.has_text(verdict["size"], verdict["hashes"])
        flaw = verdict["flaw"]
        if flaw == WHOLE:
            return Judgement(is_readable=True)
        if flaw not in (CUT, BROKEN):
            return Judgement(is_readable=flaw == GARBAGE, notice=self._told(verdict, file))
        if file.place.beside_plain:  # it is on its way, and all of it is in the other
            return Judgement()
        now = self._clock()
        if now < verdict["since"]:
            verdict["since"], verdict["looks"] = now, 0
        waited = now - verdict["since"]
        verdict["looks"] = min(verdict["looks"] + 1, QUIET_POLLS)
        has_rested = waited >= QUIET_SECONDS and verdict["looks"] == QUIET_POLLS
        return Judgement(
            is_readable=has_rested and verdict["size"] > 0,
            may_grow=not has_rested,
            notice=self._told(verdict, file) if waited >= _SURE_SECONDS else "",
        )

    def _measured(self, key: str, file: LogFile) -> dict[str, Any] | None:
        measuring = self._measuring.pop(key, None) or file.measuring()
        measured = measuring.go_on(self._may_go_on)
        if measured is None:
            self._measuring[key] = measuring
            return None
        verdict = {**measured._asdict(), "told": False, "since": self._clock(), "looks": 0, "hashes": {}}
        self._kept[key] = verdict
        return verdict

    def _may_go_on(self, size: int) -> bool:
        is_first, self._is_begun = not self._is_begun, True
        self._left -= size
        # Each look gets on by a step at least, however long it was kept from that.
        return is_first or (self._left > 0 and self._clock() <= self._until)

    @staticmethod
    def _told(verdict: dict[str, Any], file: LogFile) -> str:
        if verdict["told"]:
            return ""
        verdict["told"] = True
        return in_words(file.place.path, verdict)


class Judgement:
    """What is to be done with a compressed file."""

    def __init__(
        self, *, is_readable: bool = False, is_pending: bool = False, may_grow: bool = False, notice: str = ""
    ) -> None:
        """Read it; go on measuring it; wait whether it grows; tell a person this."""
        self.is_readable = is_readable
        self.is_pending = is_pending
        self.may_grow = may_grow
        self.notice = notice


def key_of(found: os.stat_result) -> str:
    """Equal until the file is written to; rotation may rename it."""
    return f"{found.st_dev}-{found.st_ino}-{found.st_size}-{found.st_mtime_ns}"


def in_words(path: str, verdict: dict[str, Any]) -> str:
    """What is wrong with a file, and what comes of it; empty where nothing is."""
    flaw = verdict["flaw"]
    if flaw == WHOLE:
        return ""
    if flaw not in (CUT, BROKEN):
        return f"{path} {_WORDS[flaw]}"
    return f"{path} {_WORDS[flaw]}: {_TO_COME if verdict['size'] else _NOTHING}"
