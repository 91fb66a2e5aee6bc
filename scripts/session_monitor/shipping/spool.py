"""What was written to session files and is still to be sent?

Which rounds come is put into the spool, and made to last, before they are written, so that none is forgotten whatever ends the
monitor; the rounds themselves stand in the session files alone.  A mark says up to where all is over; it moves once the receiver
has answered.  A monitor that is killed before that sends the same spans again.  Where the mark is lost, all that the spool still
holds is sent again.

The spool is in parts: each run of a monitor begins one, and another once it is large, so that what is over can be removed.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Optional

from session_monitor.base import data_folder, files, timestamps
from session_monitor.sessions.summary import Coming

LARGE = 1 << 20
"""Bytes of a part after which another is begun."""
_PART = re.compile(r"calls-(\d{1,12})\.jsonl")
_MARK = "mark.json"
_REFUSED = "refused.jsonl"


class Mark(NamedTuple):
    """A place in the spool: a part, a byte of it where a line begins, and how many rounds of that line are over."""

    part: int = 0
    byte: int = 0
    rounds: int = 0


class ShippingProgress(NamedTuple):
    """How far sending is, and how it went.

    ``tries`` failed one after the other, the last for that ``reason``; the next is at ``next_try``.  ``sent`` were taken, the
    last ``at``; of the others ``refused`` were set aside or not wanted, and ``gone`` were deleted before, or have no time.
    ``since`` is from when on metrics count, 0 where none were sent, and ``metrics`` says why they were not taken last.
    ``refused_in_row`` were refused one after the other until now, with none taken between.
    Times are milliseconds since 1970.
    """

    mark: Mark = Mark()
    to: str = ""
    sent: int = 0
    refused: int = 0
    gone: int = 0
    at: int = 0
    tries: int = 0
    next_try: int = 0
    reason: str = ""
    since: int = 0
    metrics: str = ""
    refused_in_row: int = 0


class SpoolEntry(NamedTuple):
    """Rounds that came together, and when; of them the first so many are over as ``here`` says, and ``behind`` is the next place."""

    at: int
    coming: Coming
    here: Mark
    behind: Mark

    def behind_round(self, number: int) -> Mark:
        """The mark behind one of these rounds."""
        over = number - self.coming.first + 1
        return self.behind if over >= self.coming.rounds else self.here._replace(rounds=over)


def folder_of(folder: str) -> str:
    """Where a data folder has its spool."""
    return os.path.join(folder, data_folder.OTLP_FOLDER)


def path_of(folder: str, part: int) -> str:
    """Where a part is."""
    return os.path.join(folder_of(folder), f"calls-{part:06}.jsonl")


def parts(folder: str) -> list[int]:
    """The parts that there are, in order."""
    try:
        names = os.listdir(folder_of(folder))
    except FileNotFoundError:
        return []
    return sorted(int(match[1]) for match in map(_PART.fullmatch, names) if match)


def is_waiting(folder: str) -> bool:
    """Whether anything may be waiting to be sent."""
    mark = read(folder).mark
    for part in parts(folder):
        if part > mark.part:
            return True
        if part == mark.part and os.path.getsize(path_of(folder, part)) > mark.byte:
            return True
    return False


# -- putting in --------------------------------------------------------------------------------------------------------


class SpoolWriter:
    """One SpoolWriter puts in what comes, for one run of a monitor."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._part = 0
        self._size = 0
        self.ready: Optional[tuple[int, int]] = None  # noqa: UP045 -- as in destination
        """The part that is being written, and up to which byte of it the rounds stand in their files; None where none is."""

    def announce(self, coming: Sequence[Coming], now: int) -> None:
        """These rounds are about to be written; that lasts when this comes back.  Raises ``OSError``."""
        if not coming:
            return
        if not self._part or self._size > LARGE:
            self._begin()
        data = b"".join(json.dumps([now, *each], separators=(",", ":")).encode() + b"\n" for each in coming)
        descriptor = files.opened(path_of(self._folder, self._part), os.O_WRONLY)
        try:
            files.write_all(descriptor, data, self._size)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self._size += len(data)

    def _begin(self) -> None:
        place = folder_of(self._folder)
        files.make_folder_within(place)
        part = max([*parts(self._folder), read(self._folder).mark.part]) + 1
        os.close(files.opened(path_of(self._folder, part), os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        files.sync_folder(place)
        self._part, self._size = part, 0
        self.ready = part, 0

    def settle(self) -> None:
        """What was announced is written."""
        if self._part:
            self.ready = self._part, self._size


# -- taking out --------------------------------------------------------------------------------------------------------


def entries(folder: str, mark: Mark, ready: tuple[int, int] | None) -> Iterator[SpoolEntry]:
    """What is behind a mark, up to what is ``ready`` of the part that is being written."""
    for part in parts(folder):
        if part < mark.part:
            continue
        start = mark if part == mark.part else Mark(part)
        end = ready[1] if ready and part == ready[0] else None
        if ready is None or part <= ready[0]:
            yield from _of_part(folder, start, end)


def _of_part(folder: str, start: Mark, end: int | None) -> Iterator[SpoolEntry]:
    try:
        file = files.reading(path_of(folder, start.part))
    except FileNotFoundError:
        return
    with file:
        file.seek(start.byte)
        place = start
        for line in file:
            behind = Mark(start.part, place.byte + len(line))
            if end is not None and behind.byte > end:
                return
            entry = _entry(line, place, behind)
            if entry:
                yield entry
            place = behind


def _entry(line: bytes, here: Mark, behind: Mark) -> SpoolEntry | None:
    """What stands in a line; None in one that was torn by what ended a monitor."""
    try:
        at, session_id, file, *numbers = json.loads(line)
        if isinstance(at, int) and isinstance(session_id, str) and all(isinstance(each, int) for each in numbers):
            return SpoolEntry(at, Coming(session_id, file, *numbers), here, behind)
    except (ValueError, TypeError, RecursionError):
        pass
    return None


def remove_before(folder: str, mark: Mark) -> None:
    """Take away the parts that are over.  Raises ``OSError``."""
    for part in parts(folder):
        if part < mark.part:
            files.remove(path_of(folder, part))


# -- how far -----------------------------------------------------------------------------------------------------------


def read(folder: str) -> ShippingProgress:
    """How far sending is; as if nothing had been sent where that is not known."""
    try:
        with files.reading(os.path.join(folder_of(folder), _MARK)) as file:
            known: dict[str, Any] = json.loads(file.read())
        progress = ShippingProgress(**{**known, "mark": Mark(*known["mark"])})
        is_sound = _types((*progress.mark, *progress[1:])) == _types((*Mark(), *ShippingProgress()[1:]))
        return progress if is_sound else ShippingProgress()
    except (FileNotFoundError, files.OddFileError, ValueError, KeyError, TypeError, RecursionError):
        return ShippingProgress()


def _types(values: Sequence[object]) -> list[type]:
    return [type(value) for value in values]


def is_lost(folder: str) -> bool:
    """Whether parts are there, and nothing usable says how far they were sent."""
    return bool(parts(folder)) and not read(folder).to


def write(folder: str, progress: ShippingProgress) -> None:
    """Keep how far it is.  Raises ``OSError``."""
    data = json.dumps({**progress._asdict(), "mark": list(progress.mark)}, separators=(",", ":")).encode()
    files.make_folder_within(folder_of(folder))
    files.replace(os.path.join(folder_of(folder), _MARK), data, is_lasting=False)


def set_aside(folder: str, refused: Sequence[tuple[str, int, str]], now: int) -> None:
    """Remember which rounds of which sessions were refused, and why; the first megabyte of them.  Raises ``OSError``."""
    path = os.path.join(folder_of(folder), _REFUSED)
    descriptor = files.kept(path)
    try:
        size = os.fstat(descriptor).st_size
        told = [json.dumps([timestamps.rfc3339(now), *each], separators=(",", ":")) for each in refused]
        if size < LARGE:
            files.write_all(descriptor, "".join(f"{each}\n" for each in told).encode(), size)
    finally:
        os.close(descriptor)


def oldest(folder: str) -> SpoolEntry | None:
    """What has waited for longest, if anything waits."""
    return next(entries(folder, read(folder).mark, None), None)
