"""How long did calls take: the median, and what 95 of a hundred do not exceed?

Of very many calls that is told by the index's histograms, less than 1 % off; the calls about the edges of a time are
looked at one by one, and so are those of chosen sessions, exactly.  Calls that failed are told apart: one that is
refused at once would make a model look quick, and one that runs into a time-out slow.  Those that the client left are in
neither, since nobody knows how long they would have taken.
"""

from __future__ import annotations

import collections
import operator
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Callable, NamedTuple, Optional, TypeVar

from session_monitor.index.tables import latencies, schema
from session_monitor.index.tables.schema import LATENCY_SPANS, SLOT

from .filter_sql import SelectionSql

_EDGE = LATENCY_SPANS[0] * SLOT
Key = tuple[int, ...]
"""The numbers in some columns."""
Name = TypeVar("Name")


class Percentiles(NamedTuple):
    """Of so many calls, in milliseconds: what half and what 95 % of them do not exceed, and the longest; None of none."""

    calls: int
    p50: int | None
    p95: int | None
    longest: Optional[int] = None  # noqa: UP045 -- a NamedTuple's types are asked for at run time, in Python 3.9, too


class Speed(NamedTuple):
    """How many tokens models wrote behind the first one, and in how many milliseconds, in the calls that tell both."""

    tokens: int = 0
    milliseconds: int = 0

    @property
    def per_second(self) -> float | None:
        """Tokens a second; None where no call tells it."""
        return round(1000 * self.tokens / self.milliseconds, 2) if self.milliseconds else None


class Latency(NamedTuple):
    """Until the first token and until the end of the calls that ended well, until the end of those that failed; the speed between.

    ``gateway`` is what calls that ended well took besides the wait for their upstream (``latencies.gateway_ms``).
    """

    first_token: Percentiles
    duration: Percentiles
    failed: Percentiles
    speed: Speed = Speed()
    gateway: Percentiles = Percentiles(0, None, None)

    def to_json(self) -> dict[str, Any]:
        """For JSON."""
        names = {"first_token": self.first_token, "duration": self.duration, "failed_duration": self.failed}
        times = {
            f"{name}_{what}": value
            for name, each in names.items()
            for what, value in zip(("calls", "p50_ms", "p95_ms"), each)
        }
        return {**times, "output_tokens_per_second": self.speed.per_second}


class _Counted:
    """How many calls took how long, by value."""

    def __init__(self) -> None:
        """None yet."""
        self.first_token: dict[float, int] = {}
        self.duration: dict[float, int] = {}
        self.failed: dict[float, int] = {}
        self.gateway: dict[float, int] = {}
        self.speed = Speed()

    def count(self, ended: int, speed: Speed, *times: Iterable[tuple[float, int]]) -> None:
        """Count values of ``_TIMES`` with their numbers of calls, which ended in this way, and what they wrote in which time."""
        first_token, duration, gateway = times
        if ended == 0:
            _count(self.first_token, first_token)
            _count(self.duration, duration)
            _count(self.gateway, gateway)
            self.speed = Speed._make(map(operator.add, self.speed, speed))
        elif ended == schema.FAILED:
            _count(self.failed, duration)

    def add(self, other: _Counted) -> None:
        """Count in what another one has counted."""
        for times, more in zip(self._times(), other._times()):
            _count(times, more.items())
        self.speed = Speed._make(map(operator.add, self.speed, other.speed))

    def _times(self) -> tuple[dict[float, int], ...]:
        return self.first_token, self.duration, self.failed, self.gateway

    def told(self) -> Latency:
        """What they come to."""
        first_token, duration, failed, gateway = map(percentiles, self._times())
        return Latency(first_token, duration, failed, self.speed, gateway)


def _count(into: dict[float, int], values: Iterable[tuple[float, int]]) -> None:
    for value, number in values:
        into[value] = into.get(value, 0) + number


def percentiles(counted: dict[float, int]) -> Percentiles:
    """Of calls counted by how long they took."""
    total = sum(counted.values())
    ordered = sorted(counted.items())
    longest = round(ordered[-1][0]) if ordered else None
    return Percentiles(total, _at(ordered, -(-total // 2)), _at(ordered, -(-total * 95 // 100)), longest)


def _at(ordered: Iterable[tuple[float, int]], rank: int) -> int | None:
    """The value with this rank, from 1, among all."""
    for value, number in ordered:
        rank -= number
        if rank <= 0:
            return round(value)
    return None


NONE = _Counted().told()
"""Of no calls."""


def latency(selected: SelectionSql) -> Latency:
    """Of all calls that are meant."""
    return by(selected, ()).get((), NONE)


def by(selected: SelectionSql, columns: Sequence[str]) -> dict[Key, Latency]:
    """The same by the numbers in some of ``model`` and ``consumer``, of those that have calls."""
    return {key: each.told() for key, each in _by(selected, columns).items()}


def _by(selected: SelectionSql, columns: Sequence[str]) -> dict[Key, _Counted]:
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
    return counted


def by_way(selected: SelectionSql, name_of: Callable[[int | None], Name]) -> dict[Name, Latency]:
    """The same by the names of the ways that calls went.

    Most models have one for all calls of a consumer, and then their histograms tell it; the calls of others are looked at one by one.
    """
    names: dict[Key, set[Name]] = {}
    for model, consumer, way in selected.index.db.execute("SELECT model, consumer, way FROM total WHERE calls"):
        names.setdefault((model, consumer), set()).add(name_of(way))
    several = [key for key, each in names.items() if len(each) > 1]
    if selected.histograms() is None or len(several) > _MANY:
        return of_rounds(selected, "way", name_of)
    counted: dict[Name, _Counted] = {}
    for key, each in _by(selected, ("model", "consumer")).items():
        for name in names[key] if len(names[key]) == 1 else ():
            counted.setdefault(name, _Counted()).add(each)
    if several:
        some = f"(model, consumer) IN (VALUES {', '.join(map(str, several))})"
        _count_values(counted, selected, "way", name_of, some)
    return {name: each.told() for name, each in counted.items()}


_MANY = 200


def of_rounds(selected: SelectionSql, column: str, name_of: Callable[[int | None], Name]) -> dict[Name, Latency]:
    """The same by the names of what a column of ``round`` has, or SQL that is made of it: each call is looked at, exactly."""
    counted: dict[Name, _Counted] = {}
    _count_values(counted, selected, column, name_of)
    return {name: each.told() for name, each in counted.items()}


def _count_values(
    counted: dict[Name, _Counted],
    selected: SelectionSql,
    column: str,
    name_of: Callable[[int | None], Name],
    some: str = "true",
) -> None:
    by_value: dict[Key, _Counted] = {}
    meant = selected.rounds_of_talks(selected.selection.since, selected.selection.until)
    _count_rounds(by_value, selected, (column,), f"{some} AND {meant}")
    for (value,), each in by_value.items():
        counted.setdefault(name_of(value), _Counted()).add(each)


def of_session(selected: SelectionSql, number: int) -> Latency:
    """Of one session alone, by its number in the index."""
    counted: dict[Key, _Counted] = {}
    _count_rounds(counted, selected, (), f"session = {number}")
    return counted.get((), _Counted()).told()


def _count_histograms(counted: dict[Key, _Counted], selected: SelectionSql, columns: Sequence[str], where: str) -> None:
    names = [*columns, "ended", "written", "writing", *_TIMES]
    sql = f"SELECT {', '.join(names)} FROM latency WHERE {where}"
    histograms: dict[tuple[int, ...], tuple[dict[int, int], ...]] = {}
    speeds: dict[tuple[int, ...], Speed] = {}
    for row in selected.index.db.execute(sql):
        (*key, written, writing), times = row[: -len(_TIMES)], row[-len(_TIMES) :]
        each_of = histograms.setdefault(tuple(key), ({}, {}, {}))
        for into, kept in zip(each_of, times):
            for bucket, number in latencies.entries(kept):
                into[bucket] = into.get(bucket, 0) + number
        speeds[tuple(key)] = Speed._make(map(operator.add, speeds.get(tuple(key), Speed()), (written, writing)))
    for (*of_calls, ended), each_of in histograms.items():
        values = ([(latencies.value_of(bucket), number) for bucket, number in each.items()] for each in each_of)
        counted.setdefault(tuple(of_calls), _Counted()).count(ended, speeds[(*of_calls, ended)], *values)


def _count_rounds(counted: dict[Key, _Counted], selected: SelectionSql, columns: Sequence[str], where: str) -> None:
    keys = [*columns, f"flags & {latencies.ENDED}"]
    # The values of a group come as one text: one by one, handing them over would take most of the time.
    lists = (f"group_concat({name}_ms, ' ')" for name in _TIMES)
    sql = f"SELECT {', '.join([*keys, *_SPEED, *lists])} FROM round WHERE {where} GROUP BY {', '.join(keys)}"
    for row in selected.index.db.execute(sql):
        *key, ended, written, writing = row[: -len(_TIMES)]
        values = map(_counter, row[-len(_TIMES) :])
        counted.setdefault(tuple(key), _Counted()).count(ended, Speed(written, writing), *values)


def _counter(text: str | None) -> list[tuple[float, int]]:
    """How often each of the numbers stands in a text: words are counted, which are made numbers once each."""
    return [(int(word), number) for word, number in collections.Counter((text or "").split()).items()]


_TIMES = ("first_token", "duration", "gateway")
"""The columns of histograms, and those of rounds with ``_ms`` behind."""
_SPEED = (
    f"coalesce(sum({schema.HAS_SPEED} * (visible + reasoning)), 0)",
    f"coalesce(sum({schema.HAS_SPEED} * (duration_ms - first_token_ms)), 0)",
)


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
