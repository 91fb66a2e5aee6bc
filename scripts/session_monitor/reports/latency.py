"""How long did calls take: the median, and what 95 of a hundred do not exceed?

Of very many calls that is told by the index's histograms, less than 1 % off; the calls about the edges of a time are
looked at one by one, and so are those of chosen sessions, exactly.  Calls that failed are told apart: one that is
refused at once would make a model look quick, and one that runs into a time-out slow.  Those that the client left are in
neither, since nobody knows how long they would have taken.
"""

from __future__ import annotations

import collections
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from session_monitor.index import latencies, schema
from session_monitor.index.schema import LATENCY_SPANS, SLOT

from .filter_sql import SelectionSql

_EDGE = LATENCY_SPANS[0] * SLOT
Key = tuple[int, ...]
"""The numbers in some columns."""


class Percentiles(NamedTuple):
    """Of so many calls, in milliseconds: what half and what 95 % of them do not exceed; None of none."""

    calls: int
    p50: int | None
    p95: int | None


class Latency(NamedTuple):
    """Until the first token and until the end of the calls that ended well, and until the end of those that failed."""

    first_token: Percentiles
    duration: Percentiles
    failed: Percentiles

    def to_json(self) -> dict[str, Any]:
        """For JSON."""
        names = {"first_token": self.first_token, "duration": self.duration, "failed_duration": self.failed}
        return {
            f"{name}_{what}": value
            for name, each in names.items()
            for what, value in zip(("calls", "p50_ms", "p95_ms"), each)
        }


class _Counted:
    """How many calls took how long, by value."""

    def __init__(self) -> None:
        """None yet."""
        self.first_token: dict[float, int] = {}
        self.duration: dict[float, int] = {}
        self.failed: dict[float, int] = {}

    def count(
        self, ended: int, first_token: Iterable[tuple[float, int]], duration: Iterable[tuple[float, int]]
    ) -> None:
        """Count values with their numbers of calls, which ended in this way."""
        if ended == 0:
            _count(self.first_token, first_token)
            _count(self.duration, duration)
        elif ended == schema.FAILED:
            _count(self.failed, duration)

    def told(self) -> Latency:
        """What they come to."""
        return Latency(*map(percentiles, (self.first_token, self.duration, self.failed)))


def _count(into: dict[float, int], values: Iterable[tuple[float, int]]) -> None:
    for value, number in values:
        into[value] = into.get(value, 0) + number


def percentiles(counted: dict[float, int]) -> Percentiles:
    """Of calls counted by how long they took."""
    total = sum(counted.values())
    ordered = sorted(counted.items())
    return Percentiles(total, _at(ordered, -(-total // 2)), _at(ordered, -(-total * 95 // 100)))


def _at(ordered: Iterable[tuple[float, int]], rank: int) -> int | None:
    """The value with this rank, from 1, among all."""
    for value, number in ordered:
        rank -= number
        if rank <= 0:
            return round(value)
    return None


def latency(selected: SelectionSql) -> Latency:
    """Of all calls that are meant."""
    return by(selected, ()).get((), _Counted().told())


def by(selected: SelectionSql, columns: Sequence[str]) -> dict[Key, Latency]:
    """The same by the numbers in some of ``model`` and ``consumer``, of those that have calls."""
    counted: dict[Key, _Counted] = {}
    selection = selected.selection
    of_histograms = selected.histograms()
    if of_histograms is None:
        _count_rounds(counted, selected, columns, selected.rounds_of_talks(selection.since, selection.until))
    else:
        for part in _parts(selection.since, selection.until):
            if part.level is None:
                where = selected.rounds_of_talks(part.start, part.end)
                _count_rounds(counted, selected, columns, where)
            else:
                _count_histograms(counted, selected, columns, f"{part.where()} AND {of_histograms}")
    return {key: each.told() for key, each in counted.items()}


def of_session(selected: SelectionSql, number: int) -> Latency:
    """Of one session alone, by its number in the index."""
    counted: dict[Key, _Counted] = {}
    _count_rounds(counted, selected, (), f"session = {number}")
    return counted.get((), _Counted()).told()


def _count_histograms(counted: dict[Key, _Counted], selected: SelectionSql, columns: Sequence[str], where: str) -> None:
    sql = f"SELECT {', '.join([*columns, 'ended', 'first_token', 'duration'])} FROM latency WHERE {where}"
    histograms: dict[tuple[int, ...], tuple[dict[int, int], dict[int, int]]] = {}
    for *key, first_token, duration in selected.index.db.execute(sql):
        both = histograms.setdefault(tuple(key), ({}, {}))
        for into, kept in zip(both, (first_token, duration)):
            for bucket, number in latencies.entries(kept):
                into[bucket] = into.get(bucket, 0) + number
    for (*of_calls, ended), both in histograms.items():
        values = ([(latencies.value_of(bucket), number) for bucket, number in each.items()] for each in both)
        counted.setdefault(tuple(of_calls), _Counted()).count(ended, *values)


def _count_rounds(counted: dict[Key, _Counted], selected: SelectionSql, columns: Sequence[str], where: str) -> None:
    keys = [*columns, f"flags & {latencies.ENDED}"]
    # The values of a group come as one text: one by one, handing them over would take most of the time.
    lists = (f"group_concat({name}, ' ')" for name in ("first_token_ms", "duration_ms"))
    sql = f"SELECT {', '.join([*keys, *lists])} FROM round WHERE {where} GROUP BY {', '.join(keys)}"
    for *key, ended, first_token, duration in selected.index.db.execute(sql):
        values = (collections.Counter(map(int, (text or "").split())).items() for text in (first_token, duration))
        counted.setdefault(tuple(key), _Counted()).count(ended, *values)


# -- which histograms make up a time -------------------------------------------------------------------------------------


class _Part(NamedTuple):
    """Spans of a level from one to before another (None for no limit), or without one the rounds between two moments."""

    level: int | None
    start: int | None
    end: int | None

    def where(self) -> str:
        """SQL for these rows of ``latency``."""
        limits = [f"level = {self.level}"]
        limits += [f"span >= {self.start}"] if self.start is not None else []
        limits += [f"span < {self.end}"] if self.end is not None else []
        return " AND ".join(limits)


def _parts(since: int | None, until: int | None) -> Iterator[_Part]:
    """What makes up the time from a moment to before another, each call once."""
    if since is None and until is None:
        yield _Part(latencies.ALL, None, None)
        return
    start = None if since is None else -(-since // _EDGE)
    end = None if until is None else until // _EDGE
    if start is not None and end is not None and start >= end:
        yield _Part(None, since, until)
        return
    if start is not None and since != start * _EDGE:
        yield _Part(None, since, start * _EDGE)
    if end is not None and until != end * _EDGE:
        yield _Part(None, end * _EDGE, until)
    yield from _spans(start, end)


def _spans(start: int | None, end: int | None) -> Iterator[_Part]:
    """Of the shortest spans from one to before another: those that make up longer ones are taken by these."""
    factor = LATENCY_SPANS[1] // LATENCY_SPANS[0]
    first = None if start is None else -(-start // factor)
    last = None if end is None else end // factor
    if first is not None and last is not None and first >= last:
        yield _Part(0, start, end)
        return
    yield _Part(1, first, last)
    if start is not None and first is not None and start < first * factor:
        yield _Part(0, start, first * factor)
    if end is not None and last is not None and last * factor < end:
        yield _Part(0, last * factor, end)
