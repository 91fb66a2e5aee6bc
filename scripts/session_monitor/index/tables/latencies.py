"""How long did calls take, so that any of them can be taken together at once?

Sums say nothing of a median.  So calls are counted by how long they took, in buckets: each millisecond up to 128 has one
of its own, and each doubling from there on 64, which is why no value in a bucket is further than 0.8 % from the one that
stands for it (``value_of``).  Counts can be added, and taken off again: histograms of a span, of a model, of a consumer and
of how calls ended make up those of all that one asks for.  A span is four hours, 64 hours, or all there is; the last one
has the calls without a time as well.
"""

from __future__ import annotations

import array
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Optional

from . import schema
from .schema import LATENCY_SPANS, LONGEST, NO_SPEED, SLOT

if TYPE_CHECKING:
    from session_monitor.sessions.stored_round import RoundFacts

Histogram = dict[int, int]
"""How many calls by bucket."""
Timed = tuple[Histogram, Histogram, Histogram, dict[int, int]]
"""Of some calls: how long until the first token, how long until the end, and ``gateway_ms``, as far as each is told; and of those that
tell how quickly their model wrote, the tokens that were ``WRITTEN`` behind the first one, and the milliseconds of ``WRITING`` them."""
WRITTEN, WRITING = 0, 1
ByNames = dict[tuple[Optional[int], Optional[str], Optional[str], int], Timed]
"""By the shortest span (None without a time), model, consumer, and how calls ended (``schema.ENDED`` of their flags)."""
ByKey = dict[tuple[Optional[int], int, int, int], Timed]
"""The same with the numbers of models and consumers."""

ENDED = schema.FAILED | schema.LEFT
"""The flags that tell how a call ended; none of them where it is ok."""
ALL = len(LATENCY_SPANS)
"""The level of what has no span."""

_EXACT = 7
"""So many bits of a value are kept."""
_HALF = 1 << (_EXACT - 1)
_SHORTEST = LATENCY_SPANS[0] * SLOT

_READ = (
    "SELECT first_token, duration, gateway, written, writing FROM latency "
    "WHERE level = ? AND span = ? AND model = ? AND consumer = ? AND ended = ?"
)
_WRITE = "INSERT OR REPLACE INTO latency VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_DROP = "DELETE FROM latency WHERE level = ? AND span = ? AND model = ? AND consumer = ? AND ended = ?"
_COLUMNS = ("at", "model", "consumer", "flags", "visible", "reasoning", "first_token_ms", "duration_ms", "gateway_ms")
_ROUNDS = f"SELECT {', '.join(_COLUMNS)} FROM round"


# -- buckets -----------------------------------------------------------------------------------------------------------


def bucket_of(milliseconds: int) -> int:
    """The bucket of a value."""
    milliseconds = max(0, min(milliseconds, LONGEST))
    shift = max(0, milliseconds.bit_length() - _EXACT)
    return shift * _HALF + (milliseconds >> shift)


def value_of(bucket: int) -> float:
    """The middle of the values that are in a bucket."""
    shift = max(0, bucket // _HALF - 1)
    return ((bucket - shift * _HALF) << shift) + ((1 << shift) - 1) / 2


def encoded(histogram: Histogram) -> bytes | None:
    """A histogram as it is kept: how wide counts are, then buckets, then counts; None for an empty one."""
    there = {bucket: number for bucket, number in sorted(histogram.items()) if number > 0}
    if not there:
        return None
    most = max(there.values())
    kind = next(code for code, limit in _WIDTHS if most < limit)
    return kind.encode() + _bytes("H", there) + _bytes(kind, there.values())


def entries(kept: bytes | None) -> Iterator[tuple[int, int]]:
    """The buckets of a histogram that is kept, and their counts."""
    if kept:
        kind = chr(kept[0])
        number = (len(kept) - 1) // (2 + array.array(kind).itemsize)
        split = 1 + 2 * number
        yield from zip(_numbers("H", kept[1:split]), _numbers(kind, kept[split:]))


_WIDTHS = (("B", 1 << 8), ("H", 1 << 16), ("I", 1 << 32), ("Q", 1 << 64))


def _bytes(kind: str, numbers: Iterable[int]) -> bytes:
    found = array.array(kind, numbers)
    if sys.byteorder == "big":
        found.byteswap()
    return found.tobytes()


def _numbers(kind: str, kept: bytes) -> array.array[Any]:
    found = array.array(kind, kept)
    if sys.byteorder == "big":
        found.byteswap()
    return found


# -- the gateway's own part --------------------------------------------------------------------------------------------


def gateway_ms(facts: RoundFacts) -> int | None:
    """What a call took besides the wait for its upstream to begin the answer, in milliseconds; None where the log does not tell.

    Of a stream until its first token, of another answer until its end.  The gateway cannot have taken more, from the plugin on that keeps its
    statistics; what ran before that, such as authentication, is not in it.  These are: the transfer of the
    request and of the answer, the plugins behind, and what the upstream took from the head of its answer to what is waited for.

    Source: lines of a real Envoy with the gateway's plugin, whose upstream took each of these times on purpose.
    """
    upstream, response_type, took = facts.get("upstream_ms"), facts["response_type"], None
    if response_type == "stream":
        took = facts.get("first_token_ms")
    elif response_type == "normal":
        took = facts.get("duration_ms")
    return None if took is None or upstream is None else max(0, took - upstream)


# -- of rounds ---------------------------------------------------------------------------------------------------------


def add_rounds(into: ByNames, column: Mapping[str, list[Any]]) -> None:
    """Count rounds in by how long they took, which are given by the names of their columns."""
    _count_rounds(into, zip(*(column[name] for name in _COLUMNS)))


def _counted(rows: Iterable[Sequence[Any]]) -> ByKey:
    found: ByKey = {}
    _count_rounds(found, rows)
    return found


def _count_rounds(found: dict[Any, Timed], rows: Iterable[Sequence[Any]]) -> None:
    for at, model, consumer, flags, visible, reasoning, first_token, duration, gateway in rows:
        if first_token is None and duration is None:
            continue
        key = None if at is None else at // _SHORTEST, model, consumer, flags & ENDED
        timed = found.get(key)
        if timed is None:
            timed = found[key] = ({}, {}, {}, {WRITTEN: 0, WRITING: 0})
        for histogram, milliseconds in zip(timed, (first_token, duration, gateway)):
            if milliseconds is not None:
                bucket = bucket_of(milliseconds)
                histogram[bucket] = histogram.get(bucket, 0) + 1
        if first_token is None or duration is None or flags & NO_SPEED:
            continue
        if 0 <= first_token < duration <= LONGEST and visible + reasoning > 0:  # as ``schema.HAS_SPEED``
            speed = timed[3]
            speed[WRITTEN] += visible + reasoning
            speed[WRITING] += duration - first_token


def merge(into: dict[Any, Timed], key: Any, more: Timed, sign: int = 1) -> None:
    """Count some calls in among those of a key."""
    timed = into.get(key)
    if timed is None:
        timed = into[key] = ({}, {}, {}, {})
    for histogram, other in zip(timed, more):
        for bucket, number in other.items():
            histogram[bucket] = histogram.get(bucket, 0) + sign * number


# -- in the index ------------------------------------------------------------------------------------------------------


def count(db: sqlite3.Connection, timed: ByKey, sign: int = 1) -> None:
    """Add to what is kept of calls, or take it off."""
    by_span: dict[tuple[int, ...], Timed] = {}
    for (span, *of_calls), more in timed.items():
        for level in range(ALL if span is None else 0, ALL + 1):
            merge(by_span, (level, _span_of(span, level), *of_calls), more, sign)
    for key, more in by_span.items():
        row = db.execute(_READ, key).fetchone()
        kept: dict[Any, Timed] = {}
        if row:
            first_token, duration, gateway = (dict(entries(each)) for each in row[:3])
            kept[key] = first_token, duration, gateway, dict(enumerate(row[3:]))
        merge(kept, key, more)
        values = _kept(kept[key])
        if any(values):
            db.execute(_WRITE, (*key, *values))
        else:
            db.execute(_DROP, key)


def _kept(timed: Timed) -> tuple[bytes | None, bytes | None, bytes | None, int, int]:
    """The columns that hold it."""
    *histograms, speed = timed
    first_token, duration, gateway = map(encoded, histograms)
    return first_token, duration, gateway, speed.get(WRITTEN, 0), speed.get(WRITING, 0)


def _span_of(shortest: int | None, level: int) -> int:
    """Which span of a level a shortest one lies in."""
    return 0 if level == ALL or shortest is None else shortest * LATENCY_SPANS[0] // LATENCY_SPANS[level]


def take_out(db: sqlite3.Connection, session: int) -> None:
    """Take a session's calls off."""
    count(db, _counted(db.execute(f"{_ROUNDS} WHERE session = ?", (session,))), -1)


def count_again(db: sqlite3.Connection) -> None:
    """Count all calls anew from the rounds."""
    db.execute("DELETE FROM latency")
    count(db, _counted(db.execute(_ROUNDS)))


def differing(db: sqlite3.Connection) -> int:
    """How many rows are not what the rounds give."""
    expected: dict[tuple[int, ...], Timed] = {}
    for (span, *of_calls), more in _counted(db.execute(_ROUNDS)).items():
        for level in range(ALL if span is None else 0, ALL + 1):
            merge(expected, (level, _span_of(span, level), *of_calls), more)
    follows = {(*key, *_kept(timed)) for key, timed in expected.items()}
    return len(follows.symmetric_difference(db.execute("SELECT * FROM latency")))
