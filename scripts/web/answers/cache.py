"""Which answers are remembered?"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import NamedTuple

from web.server.exchange import AnswerBody

MOST_BYTES = 64_000_000


class Kept(NamedTuple):
    """An answer, of which state of the data it is, when it was made (seconds), and how long that took."""

    content: AnswerBody
    state: Hashable
    at: float
    took: float


class Cache:
    """Answers by what was asked, in so many bytes of memory; those that were asked for longest ago go first.

    Methods may be called by any thread.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        """Begins empty."""
        self._most = most_bytes
        self._size = 0
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Kept | None:
        """What is remembered of a question."""
        with self._lock:
            answer = self._kept.get(key)
            if answer:
                self._kept.move_to_end(key)
            return answer

    def put(self, key: Hashable, answer: Kept) -> None:
        """Remember an answer, unless it is larger than a quarter of the room."""
        size = len(answer.content)
        with self._lock:
            before = self._kept.pop(key, None)
            self._size -= len(before.content) if before else 0
            if size > self._most // 4:
                return
            self._kept[key] = answer
            self._size += size
            while self._size > self._most:
                _, gone = self._kept.popitem(last=False)
                self._size -= len(gone.content)
