"""How quickly and how reliably were calls answered, by model, consumer, upstream or hour of the day?

A line of the log tells the last upstream of a call alone: that a gateway tried another one before is not told.  What is seen is
that a call failed and the session's next one went elsewhere.  Nor is it told how much of the time was the gateway's own: what a call
took besides the wait for its upstream to begin says how much that was at most.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any, NamedTuple, Optional

from session_monitor.calls import outcome
from session_monitor.index.database import Index
from session_monitor.index.tables import schema
from session_monitor.index.tables.schema import SLOT
from session_monitor.index.tables.ways import route_and_cluster
from session_monitor.prices import money
from session_monitor.reports.selected import latency
from session_monitor.reports.selected.filter_sql import SelectionSql
from session_monitor.reports.selected.filters import Selection
from session_monitor.reports.selected.latency import Latency

from . import breakdown

MODEL, UPSTREAM, HOUR, CONSUMER = GROUPS = ("model", "upstream", "hour", "consumer")
"""What calls are grouped by: an upstream is the gateway's cluster, an hour is one of the day in a time zone."""

_QUARTER = 900_000
"""Milliseconds in which no time zone of today changes its hour."""
_HOUR, _DAY = 3_600_000, 86_400_000
_VALUES = {MODEL: "model", UPSTREAM: "way", CONSUMER: "consumer"}
"""The columns by which rounds are told apart, from which their names follow."""


class Lost(NamedTuple):
    """Calls that were paid for though they failed or their client left, their tokens, and what they cost in pico-dollars.

    Of ``unpriced`` more that used tokens it is not known what they cost.
    """

    calls: int = 0
    tokens: int = 0
    pico: int = 0
    unpriced: int = 0

    def plus(self, other: Lost) -> Lost:
        """Both in one."""
        return Lost(*(one + more for one, more in zip(self, other)))


class ReliabilityRow(NamedTuple):
    """The calls of one name (None where the log tells none): how they ended, and how long they took.

    ``codes`` says how many failed with which response code, ``response_flags`` with which of the gateway's flags (empty: it set none); None: it is
    not told.  ``failed_over`` is how many of those were followed by one
    that sent as many messages in the same conversation, and that another upstream or model answered.
    """

    name: Optional[str]  # noqa: UP045 -- a NamedTuple's types are asked for at run time, in Python 3.9, too
    calls: int
    failed: int
    left: int
    codes: Mapping[Optional[int], int]  # noqa: UP045
    response_flags: Mapping[Optional[str], int]  # noqa: UP045
    failed_over: int
    lost: Lost
    latency: Latency

    def to_json(self) -> dict[str, Any]:
        """For JSON, without the name.  Times are in milliseconds, None where no call tells one."""
        times = self.latency
        longest = {"first_token_max_ms": times.first_token.longest, "duration_max_ms": times.duration.longest}
        gateway = {
            f"gateway_{what}": value for what, value in zip(("calls", "p50_ms", "p95_ms", "max_ms"), times.gateway)
        }
        return {
            "calls": self.calls,
            "failed": self.failed,
            "failed_share": breakdown.share(self.failed, self.calls),
            "left": self.left,
            "failed_codes": {"not_told" if code is None else str(code): number for code, number in self.codes.items()},
            "failed_flags": {
                "not_told" if flags is None else flags or "none": number
                for flags, number in self.response_flags.items()
            },
            "failed_over": self.failed_over,
            "lost_calls": self.lost.calls,
            "lost_tokens": self.lost.tokens,
            "lost_usd": money.plain(self.lost.pico),
            "lost_unpriced_calls": self.lost.unpriced,
            "latency": {**times.to_json(), **longest, **gateway},
        }


class Reliability(NamedTuple):
    """A row for each name, those with most calls first, hours in the order of the day; and all of them in one."""

    rows: list[ReliabilityRow]
    total: ReliabilityRow

    def to_json(self, by: str) -> dict[str, Any]:
        """For JSON."""
        rows = [{by: row.name, **row.to_json()} for row in self.rows]
        return {"rows": rows, "total": self.total.to_json(), "by": by}


def reliability(index: Index, selection: Selection, by: str, zone: tzinfo | None) -> Reliability:
    """The calls that are meant, by one of ``GROUPS``; hours are those of the time zone.

    By hour times are exact, which takes as long as a look at each call; else they are less than 1 % off.
    """
    selected, names = SelectionSql(index, selection), _Names(index, by)
    told_by = _hour_of(index, zone) if by == HOUR else _VALUES[by]
    if by in (MODEL, CONSUMER):
        times = {names.of(number): each for (number,), each in latency.by(selected, (by,)).items()}
    elif by == UPSTREAM:
        times = latency.by_way(selected, names.of)
    else:
        times = latency.of_rounds(selected, told_by, names.of)
    rows: dict[str | None, _Counted] = {}
    for value, *numbers in _counts(selected, told_by):
        rows.setdefault(names.of(value), _Counted()).count(*numbers)
    for value, code, flags, number, *lost in _failed(index, selection, told_by):
        rows[names.of(value)].count_failed(code, flags, number, _lost(*lost))
    for value, *lost in _left(index, selection, told_by):
        rows[names.of(value)].count_lost(_lost(*lost))
    for value, number in _failed_over(index, selection, told_by):
        rows[names.of(value)].failed_over += number
    told = [each.told(name, times.get(name, latency.NONE)) for name, each in rows.items() if each.calls]
    told.sort(key=lambda row: (row.name is None, row.name or "") if by == HOUR else (-row.calls, row.name or ""))
    total = _Counted()
    for each in rows.values():
        total.add(each)
    return Reliability(told, total.told(None, latency.latency(selected)))


class _Names:
    """The names of what rounds are told apart by."""

    def __init__(self, index: Index, by: str) -> None:
        self._by = by
        table = {UPSTREAM: "way", HOUR: None}.get(by, by)
        self._texts = dict(index.db.execute(f"SELECT id, name FROM {table}").fetchall()) if table else {}

    def of(self, value: int | None) -> str | None:
        """A name; None where the log tells none."""
        if self._by == HOUR:
            return None if value is None else f"{value:02}:00"
        text = self._texts.get(value)
        return route_and_cluster(text)[1] if self._by == UPSTREAM else text


def _hour_of(index: Index, zone: tzinfo | None) -> str:
    """SQL for a round's hour of the day in a time zone, with what clocks there differ from UTC in each half hour with calls.

    Where that depended on each round, very many groups of rounds would take three times as long as those of 24 hours.
    """
    slots = index.db.execute("SELECT DISTINCT slot FROM slot WHERE slot IS NOT NULL ORDER BY slot")
    quarters = (slot * SLOT + more for (slot,) in slots for more in (0, _QUARTER))
    cases, last = "", 0
    for at, offset in ((each, _offset(each, zone)) for each in quarters):
        if not cases:
            cases = f"{offset}"
        elif offset != last:
            cases = f"CASE WHEN at >= {at} THEN {offset} ELSE {cases} END"
        last = offset
    return f"((at + {cases or 0}) % {_DAY} + {_DAY}) % {_DAY} / {_HOUR}"


def _offset(at: int, zone: tzinfo | None) -> int:
    """Milliseconds by which clocks of a zone are before UTC; 0 where no calendar holds the moment."""
    try:
        ahead = datetime.fromtimestamp(at / 1000, timezone.utc).astimezone(zone).utcoffset()
    except (OverflowError, ValueError, OSError):
        return 0
    return 0 if ahead is None else ahead // timedelta(milliseconds=1)


class _Counted:
    """How the calls of one name ended."""

    def __init__(self) -> None:
        self.calls = self.failed = self.left = self.failed_over = 0
        self.codes: dict[int | None, int] = {}
        self.response_flags: dict[str | None, int] = {}
        self.lost = Lost()

    def count(self, calls: int, failed: int, left: int) -> None:
        """So many calls, of which some failed or were left."""
        self.calls += calls
        self.failed += failed
        self.left += left

    def count_failed(self, code: int | None, flags: str | None, number: int, lost: Lost) -> None:
        """So many calls with this code and these flags, which ``count`` has counted."""
        self.codes[code] = self.codes.get(code, 0) + number
        self.response_flags[flags] = self.response_flags.get(flags, 0) + number
        self.count_lost(lost)

    def count_lost(self, lost: Lost) -> None:
        """What was paid for and lost."""
        self.lost = self.lost.plus(lost)

    def add(self, other: _Counted) -> None:
        """Others, too."""
        self.count(other.calls, other.failed, other.left)
        self.failed_over += other.failed_over
        for code, number in other.codes.items():
            self.codes[code] = self.codes.get(code, 0) + number
        for flags, number in other.response_flags.items():
            self.response_flags[flags] = self.response_flags.get(flags, 0) + number
        self.count_lost(other.lost)

    def told(self, name: str | None, times: Latency) -> ReliabilityRow:
        """A row of them, with the codes and flags of most failures first."""
        codes = dict(sorted(self.codes.items(), key=lambda each: (-each[1], each[0] or 0)))
        flags = dict(sorted(self.response_flags.items(), key=lambda each: (-each[1], each[0] or "")))
        return ReliabilityRow(
            name, self.calls, self.failed, self.left, codes, flags, self.failed_over, self.lost, times
        )


# -- in the index ------------------------------------------------------------------------------------------------------


def _counts(selected: SelectionSql, told_by: str) -> Iterator[tuple[int | None, int, int, int]]:
    """Calls, those that failed and those that were left, by value."""
    if told_by in _VALUES.values():
        for (value,), _, columns in breakdown.columns_by(selected, selected.sources(), (told_by,)):
            yield (value, *_ENDS(columns))
        return
    where = selected.rounds_of_talks(selected.selection.since, selected.selection.until)
    ended = (f"sum(flags & {flag} != 0)" for flag in (schema.FAILED, schema.LEFT))
    yield from selected.index.db.execute(
        f"SELECT {told_by} AS value, count(*), {', '.join(ended)} FROM round WHERE {where} GROUP BY value"
    )


_ENDS = operator.itemgetter(*map(schema.ADDITIVE.index, ("calls", "failed", "left_calls")))
_TOKENS = "(fresh + read + written + visible + reasoning)"
_PAID = f"NOT flags & {schema.FREE} AND {_TOKENS} > 0"
_LOST = ", ".join(
    (
        f"sum({_PAID})",
        f"sum(({_PAID}) * {_TOKENS})",
        f"sum(({_PAID}) * coalesce(usd, 0))",
        f"sum(({_PAID}) * coalesce(pico, 0))",
        f"sum({_PAID} AND usd IS NULL)",
    )
)
"""SQL for a ``Lost``: dollars in millionths and the rest, as the index has them."""


def _lost(calls: int, tokens: int, usd: int, pico: int, unpriced: int) -> Lost:
    return Lost(calls, tokens, usd * money.MICRO + pico, unpriced)


def _failed(index: Index, selection: Selection, told_by: str) -> Iterable[tuple[Any, ...]]:
    """Calls that failed, by value, code and the gateway's flags: how many, and what of them was paid for."""
    rounds = _failed_rounds(index, selection)
    if rounds is None:
        return ()
    told = f"{told_by} AS value, code, response_flags"
    sql = f"SELECT {told}, count(*), {_LOST} FROM {rounds} GROUP BY value, code, response_flags"
    return index.db.execute(sql).fetchall()


def _failed_rounds(index: Index, selection: Selection) -> str | None:
    """SQL for the rounds that failed; None where others are asked for."""
    if selection.outcome not in (None, outcome.FAILED):
        return None
    selected = SelectionSql(index, selection._replace(outcome=outcome.FAILED))
    return f"round INDEXED BY round_failed WHERE {selected.rounds(selection.since, selection.until)}"


def _left(index: Index, selection: Selection, told_by: str) -> Iterable[tuple[Any, ...]]:
    """What of the calls that were left was paid for, by value."""
    if selection.outcome not in (None, outcome.LEFT):
        return ()
    selected = SelectionSql(index, selection._replace(outcome=outcome.LEFT))
    some = (
        f"session IN (SELECT id FROM session WHERE left_calls) AND {selected.rounds(selection.since, selection.until)}"
    )
    return index.db.execute(f"SELECT {told_by} AS value, {_LOST} FROM round WHERE {some} GROUP BY value").fetchall()


def _failed_over(index: Index, selection: Selection, told_by: str) -> Iterator[tuple[int | None, int]]:
    """How many calls failed whose like, which the session sent next, was answered elsewhere, by value."""
    rounds = _failed_rounds(index, selection)
    if rounds is None:
        return
    models, ways = (dict(index.db.execute(f"SELECT id, name FROM {each}").fetchall()) for each in ("model", "way"))
    sql = (
        "SELECT value, failed.model, answered.model, failed.way, answered.way, count(*) FROM "
        f"(SELECT session, number, thread, sent, model, way, {told_by} AS value FROM {rounds}) AS failed JOIN round AS answered "
        "ON answered.session = failed.session AND answered.number = failed.number + 1 "
        "AND answered.thread = failed.thread AND answered.sent = failed.sent "
        f"WHERE NOT answered.flags & {schema.FAILED | schema.LEFT} GROUP BY 1, 2, 3, 4, 5"
    )
    for value, *models_and_ways, number in index.db.execute(sql):
        names = map(models.get, models_and_ways[:2])
        clusters = (route_and_cluster(ways.get(each))[1] for each in models_and_ways[2:])
        if _are_two(*names) or _are_two(*clusters):
            yield value, number


def _are_two(one: object, other: object) -> bool:
    """Whether both are known, and are not the same."""
    return one is not None and other is not None and one != other
