"""What waits to be told?  A file for each event and target, in .alerts/outbox of the data folder.

An event is put here before anybody remembers that it was told, and leaves when it was taken, or given up: whatever ends a
program, it is told, and told again only where nobody knows whether it was.  Putting the same again changes nothing.

Nothing is sent before ``release``, which follows when who raised it has that on disk.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
import urllib.parse
from collections.abc import Iterable, Sequence
from typing import Any, Callable, NamedTuple, Optional

from session_monitor.base import data_folder, files, timestamps

from . import delivery_log, event
from .delivery_log import Entry
from .event import Event

MOST = 1000
"""Files; of more, the least grave are dropped, the oldest first."""
_LONGEST_NAME = 200
_NEW = ".json"
WAITING = "waits"
"""What became of it so far, where others were delivered, failed or dropped."""
UNREADABLE = ".unusable"
"""Behind the name of a file that is none of an event."""


class Waiting(NamedTuple):
    """One event that waits for one target: when it came (``queued``), how often it was tried, and when it may be again.

    ``unanswered`` are the tries after which nobody knows whether it was taken; ``reason`` says why the last one failed.
    Times are milliseconds since 1970.
    """

    target: str
    event: Event
    queued: int
    tries: int = 0
    unanswered: int = 0
    next_try: int = 0
    reason: Optional[str] = None  # noqa: UP045 -- as in event

    @property
    def name(self) -> str:
        """Its file's."""
        return _file_name(self.event, self.target)

    @property
    def delivery_id(self) -> str:
        """The same for each try, and another for each telling: by it a receiver can drop what it has already."""
        told = f"{self.event.id}\n{self.event.state}\n{self.event.at}"
        return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def entry(self, kind: str, outcome: str, now: int, reason: str | None = None, together: int = 1) -> Entry:
        """What became of it, for the log."""
        told = self.event
        about = (told.id, told.rule, told.severity, told.state, told.title)
        at = timestamps.rfc3339(now)
        return Entry(at, self.target, kind, *about, outcome, self.tries, self.queued, together, reason)

    def to_json(self) -> dict[str, Any]:
        """As a program is answered, like what is in the log; ``next_try`` is null where it was not tried yet."""
        next_try = timestamps.rfc3339(self.next_try) if self.next_try else None
        return {**self.entry("", WAITING, self.queued, self.reason).to_json(), "next_try": next_try}


def _order(item: Waiting) -> tuple[str, str, int]:
    return item.event.at, item.event.id, item.queued


def _file_name(told: Event, target: str) -> str:
    name = urllib.parse.quote(told.id.encode("utf-8", "surrogatepass"), safe="")
    if len(name) > _LONGEST_NAME - len(target):
        digest = hashlib.sha256(name.encode()).hexdigest()[:32]
        name = name[: _LONGEST_NAME - len(target) - len(digest) - 1] + "~" + digest
    resolved = ".resolved" if told.is_resolved else ""
    return f"{name}{resolved}.{target}{_NEW}"


class Outbox:
    """One Outbox is what waits in one data folder; one process at a time changes it, with several threads perhaps."""

    def __init__(self, folder: str, now: Callable[[], int] = timestamps.now, most: int = MOST) -> None:
        self.folder = folder
        self.dropped = 0
        """How many there was no room for."""
        self.unreadable = 0
        """How many files are none of an event; ``tidy_up`` sets them aside."""
        self._now = now
        self._most = most
        self._path = data_folder.outbox(folder)
        self._lock = threading.RLock()
        self._items: dict[str, Waiting] | None = None
        self._released: set[str] = set()
        self._taken: set[str] = set()

    # -- for who raises something --------------------------------------------------------------------------------------

    def put(self, told: Event, targets: Iterable[str]) -> None:
        """Let an event wait for each of these targets, on disk when this comes back.  Raises ``OSError``."""
        with self._lock:
            items = self._all()
            for target in targets:
                item = Waiting(target, told, self._now())
                known = items.get(item.name)
                if known is not None:
                    item = item._replace(queued=max(item.queued, known.queued + 1))
                if (known is None or self._is_over(known)) and self._has_room(item):
                    self._write(item)

    def release(self) -> None:
        """All that waits may be sent from now on."""
        with self._lock:
            self._released.update(self._all())

    def _is_over(self, known: Waiting) -> bool:
        """Whether the opposite of what waits was told after it: then it is told anew, after that."""
        opposite = event.FIRING if known.event.is_resolved else event.RESOLVED
        other = self._all().get(_file_name(known.event._replace(state=opposite), known.target))
        return other is not None and _order(other) > _order(known)

    def _has_room(self, item: Waiting) -> bool:
        """Whether it may wait: what is less grave than all others makes room, or else finds none."""
        items = self._all()
        if len(items) < self._most or item.name in items:
            return True
        free = [each for each in items.values() if each.name not in self._taken]
        least = min([*free, item], key=lambda each: (event.SEVERITIES.index(each.event.severity), _order(each)))
        self.dropped += 1
        why = f"more than {self._most} wait"
        delivery_log.append(self.folder, [least.entry("", delivery_log.DROPPED, self._now(), why)])
        if least is not item:
            self._remove(least)
        return least is not item

    # -- for who sends it ----------------------------------------------------------------------------------------------

    def waiting(self) -> list[Waiting]:
        """All that wait, in their order."""
        with self._lock:
            return sorted(self._all().values(), key=_order)

    def to_send(self) -> dict[str, list[Waiting]]:
        """Those that may be sent, by target, each's in their order."""
        found: dict[str, list[Waiting]] = {}
        with self._lock:
            for item in sorted((each for name, each in self._all().items() if name in self._released), key=_order):
                found.setdefault(item.target, []).append(item)
        return found

    def take(self, items: Sequence[Waiting]) -> None:
        """These are being sent: they are not dropped meanwhile."""
        with self._lock:
            self._taken = {item.name for item in items}

    def put_off(self, items: Sequence[Waiting]) -> None:
        """Keep what is known after a try that failed; while this program lives also where the disk does not take it.

        Raises ``OSError`` there.
        """
        with self._lock:
            still = [item for item in items if self._is_still(item)]
            self._all().update((item.name, item) for item in still)
            for item in still:
                self._write(item)

    def done(self, items: Sequence[Waiting]) -> None:
        """These are told, or given up, and the log says so.  Raises ``OSError``."""
        with self._lock:
            for item in items:
                if self._is_still(item):
                    self._remove(item)

    def tidy_up(self) -> None:
        """Take away what the log knows the end of, and files that were not ended: whoever wrote these did not live to do it.

        What is no file of an event is set aside.  Raises ``OSError``.
        """
        with self._lock:
            if not self._all() and not self.unreadable:
                return
            for name in os.listdir(self._path):
                path = os.path.join(self._path, name)
                if name.endswith(files.TEMPORARY):
                    files.remove(path)
                elif name.endswith(_NEW) and name not in self._all():
                    os.replace(path, path + UNREADABLE)
            ended = {entry.key() for entry in delivery_log.entries(self.folder)}
            self.done([each for each in self.waiting() if _key(each) in ended])

    def _is_still(self, item: Waiting) -> bool:
        known = self._all().get(item.name)
        return known is not None and known.queued == item.queued

    # -- on disk -------------------------------------------------------------------------------------------------------

    def _all(self) -> dict[str, Waiting]:
        if self._items is None:
            self._items = self._read()
        return self._items

    def _read(self) -> dict[str, Waiting]:
        try:
            names = os.listdir(self._path)
        except FileNotFoundError:
            return {}
        found = {}
        for name in names:
            if name.endswith(_NEW):
                item = self._of_file(os.path.join(self._path, name))
                if item is not None and item.name == name:
                    found[name] = item
        return found

    def _of_file(self, path: str) -> Waiting | None:
        with contextlib.suppress(FileNotFoundError):  # it was told meanwhile
            try:
                with files.reading(path) as file:
                    return _of_json(json.loads(file.read()))
            except (ValueError, KeyError, TypeError, RecursionError, files.OddFileError):
                self.unreadable += 1
        return None

    def _write(self, item: Waiting) -> None:
        files.make_folder_within(os.path.dirname(self._path))
        files.make_folder_within(self._path)
        files.replace(os.path.join(self._path, item.name), _to_json(item))
        self._all()[item.name] = item

    def _remove(self, item: Waiting) -> None:
        files.remove(os.path.join(self._path, item.name))
        files.sync_folder(self._path)
        self._all().pop(item.name, None)
        self._released.discard(item.name)


def waiting_in(folder: str) -> list[Waiting]:
    """All that wait in a data folder, in their order, for who only looks: a file that is none of an event stays as it is.

    Raises ``OSError`` where the folder is there and cannot be read.
    """
    path = data_folder.outbox(folder)
    try:
        names = os.listdir(path)
    except FileNotFoundError:
        return []
    found = []
    for name in names:
        with contextlib.suppress(
            ValueError, KeyError, TypeError, RecursionError, FileNotFoundError, files.OddFileError
        ):
            if name.endswith(_NEW):
                with files.reading(os.path.join(path, name)) as file:
                    found.append(_of_json(json.loads(file.read())))
    return sorted(found, key=_order)


def _key(item: Waiting) -> tuple[str, str, str, int]:
    return item.event.id, item.event.state, item.target, item.queued


def _to_json(item: Waiting) -> bytes:
    row = {"schema_version": 1, **item._asdict(), "event": item.event.to_json()}
    return json.dumps(row, indent=1).encode() + b"\n"


def _of_json(row: Any) -> Waiting:
    numbers = [row[name] for name in ("queued", "tries", "unanswered", "next_try")]
    reason = row.get("reason")
    texts = [row["target"], *([] if reason is None else [reason])]
    if not all(isinstance(each, int) for each in numbers) or not all(isinstance(each, str) for each in texts):
        raise TypeError("no file of the outbox")
    queued, tries, unanswered, next_try = numbers
    return Waiting(row["target"], event.from_json(row["event"]), queued, tries, unanswered, next_try, reason)
