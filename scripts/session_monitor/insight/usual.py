"""What is usual for the sessions of each consumer, and how long have caches been seen to be kept?

It is looked at again only once there are clearly more sessions: what is found does not change with every call.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from session_monitor.index.database import Index
from session_monitor.prices.money import MICRO
from session_monitor.reports.sums.dashboard import percentile

from .caching import lifetimes
from .caching.cache import Lifetimes, OfCache
from .caching.lifetimes import Lifetime, Samples
from .judging.judgement import Usual
from .kept import kept_sessions

FEWEST = 20
"""Sessions of a consumer below which nobody knows what is usual."""
_GROWN = 1.25


class Seen(NamedTuple):
    """What sessions have shown: what is usual, by consumer (None for calls without one), and for how long caches are kept.

    Those of whom too little is known are left out.
    """

    consumers: Mapping[str | None, Usual]
    lifetimes: Lifetimes

    def packed(self) -> str:
        """As text."""
        consumers = [(name, *each) for name, each in self.consumers.items()]
        return json.dumps((consumers, [(*key, *each) for key, each in self.lifetimes.items()]))


def unpacked(text: str) -> Seen:
    """What ``Seen.packed`` gave."""
    consumers, lives = json.loads(text)
    return Seen(
        {name: Usual(*each) for name, *each in consumers},
        {(model, way, seconds): Lifetime(*each) for model, way, seconds, *each in lives},
    )


def seen(db: sqlite3.Connection, index: Index) -> Seen:
    """What is usual now, or was when there were hardly fewer sessions."""
    (count,) = index.db.execute("SELECT count(*) FROM session").fetchone()
    then, text = kept_sessions.usual(db)
    if text and then <= count <= then * _GROWN:
        return unpacked(text)
    found = Seen(of_consumers(index), of_caches(kept_sessions.pauses(db)))
    kept_sessions.put_usual(db, count, found.packed())
    return found


_SESSIONS = (
    "SELECT DISTINCT consumer.name, session.id, calls, usd, pico FROM part JOIN session ON session.id = part.session "
    "LEFT JOIN consumer ON consumer.id = part.consumer"
)


def of_consumers(index: Index) -> dict[str | None, Usual]:
    """What is usual for consumers' sessions, as the index says."""
    by_consumer: dict[str | None, list[tuple[int, int]]] = {}
    for consumer, _, calls, usd, pico in index.db.execute(_SESSIONS):
        by_consumer.setdefault(consumer, []).append((calls, usd * MICRO + pico))
    return {
        consumer: Usual(percentile([calls for calls, _ in each], 95), percentile([pico for _, pico in each], 50))
        for consumer, each in by_consumer.items()
        if len(each) >= FEWEST
    }


def of_caches(sessions: Iterable[Mapping[OfCache, Samples]]) -> dict[OfCache, Lifetime]:
    """What the samples of sessions show."""
    parts: dict[OfCache, list[Samples]] = {}
    for pauses in sessions:
        for key, samples in pauses.items():
            parts.setdefault(key, []).append(samples)
    shown = {key: lifetimes.shown_by(lifetimes.together(each)) for key, each in parts.items()}
    return {key: each for key, each in shown.items() if each is not None}
