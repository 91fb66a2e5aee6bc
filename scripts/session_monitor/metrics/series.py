"""Which models and consumers have series of their own, so that there are few of them, and each stays what it is?

There is room for so many models, consumers, and pairs of both; all others are ``other``.  Room goes to those with the most
calls of the last 30 days, then of all.  Who has it keeps it for as long as calls come: a series that went to and fro
between a name and ``other`` would make rates of both wrong.  Who has had no call for 30 days gives it up where another one
is waiting.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from . import of_calls
from .of_calls import Pair, Rows

OTHER = "other"
"""The label of all that have no series of their own; a name that is spelled so is among them."""
IDLE = 30 * 86_400_000
"""Milliseconds without a call after which room is given up to another one."""
MODEL, CONSUMER, PAIR = KINDS = ("model", "consumer", "pair")
MOST: Mapping[str, int] = {MODEL: 50, CONSUMER: 50, PAIR: 200}
Name = Any
"""A label of a model or a consumer, or a pair of both."""


class SeriesNames:
    """Who has series of their own, each with the moment (milliseconds) when calls of theirs last came."""

    def __init__(self, seen: Mapping[str, Mapping[Name, int]] | None = None, most: Mapping[str, int] = MOST) -> None:
        """Nobody yet, unless some are given."""
        self.seen: dict[str, dict[Name, int]] = {kind: dict((seen or {}).get(kind, {})) for kind in KINDS}
        self.most = most

    def of(self, pair: Pair) -> Pair:
        """The labels under which a pair's calls count."""
        model, consumer = pair
        model = model if model in self.seen[MODEL] else OTHER
        consumer = consumer if consumer in self.seen[CONSUMER] else OTHER
        if OTHER not in (model, consumer) and pair not in self.seen[PAIR]:
            return model, OTHER
        return model, consumer

    def folded(self, rows: Rows) -> Rows:
        """What counts under each pair of labels."""
        found: Rows = {}
        for pair, row in rows.items():
            of_calls.add(found, self.of(pair), row)
        return found

    def without_series(self, rows: Rows) -> dict[str, int]:
        """How many of each kind have none of their own."""
        found = {
            kind: sum(name not in self.seen[kind] and name != OTHER for name in _names(kind, rows))
            for kind in (MODEL, CONSUMER)
        }
        return {**found, PAIR: sum(self.of(pair) != pair for pair in rows)}

    def saw(self, pair: Pair, now: int) -> None:
        """Calls of these labels came."""
        for kind, name in zip(KINDS, (*pair, pair)):
            if name in self.seen[kind]:
                self.seen[kind][name] = now

    def forget(self, rows: Rows) -> None:
        """Nobody has room of whom there are no calls any more."""
        for kind in KINDS:
            there = _names(kind, rows)
            self.seen[kind] = {name: at for name, at in self.seen[kind].items() if name in there}

    def has_to_choose(self, rows: Rows, now: int) -> bool:
        """Whether there is room for some of those who have none, and not for all: then it counts who has calls of late."""
        free = {kind: self.most[kind] - len(self.seen[kind]) for kind in KINDS}
        is_open = {kind: free[kind] > 0 or any(at <= now - IDLE for at in self.seen[kind].values()) for kind in KINDS}
        for kind in KINDS:
            if is_open[kind]:
                without = (name for name in _names(kind, rows) if name not in self.seen[kind] and name != OTHER)
                if kind == PAIR:
                    without = (pair for pair in without if self._might(pair, is_open))
                if sum(1 for _ in without) > free[kind]:
                    return True
        return False

    def _might(self, pair: Pair, is_open: Mapping[str, bool]) -> bool:
        return all(name in self.seen[kind] or is_open[kind] for kind, name in zip((MODEL, CONSUMER), pair))

    def waiting(self, kind: str, rows: Rows) -> list[Name]:
        """Those who might have series of their own, and have none."""
        return [name for name in _names(kind, rows) if name not in self.seen[kind] and self._may(kind, name)]

    def take(self, rows: Rows, now: int, late: Mapping[Pair, int], kinds: Collection[str] = KINDS) -> bool:
        """Give the room that is free, or given up, to who of these kinds waits for it; whether anybody got some.

        ``late`` says how many calls each pair has of late, where there is a choice (``has_to_choose``).
        """
        is_changed = False
        for kind in kinds:
            own = self.seen[kind] = {name: at for name, at in self.seen[kind].items() if self._may(kind, name)}
            waiting = self.waiting(kind, rows)
            if not waiting:
                continue
            room = self.most[kind] - len(own)
            if room < len(waiting):
                idle = sorted((at, name) for name, at in own.items() if at <= now - IDLE)
                for _, name in idle[: len(waiting) - room]:
                    del own[name]
                    room += 1
                waiting = _foremost(kind, waiting, rows, late) if room > 0 else []
            own.update(dict.fromkeys(waiting[: max(0, room)], now))
            is_changed = is_changed or room > 0
        return is_changed

    def _may(self, kind: str, name: Name) -> bool:
        if kind == PAIR:
            return name[0] in self.seen[MODEL] and name[1] in self.seen[CONSUMER]
        return bool(name != OTHER)

    # -- on disk -------------------------------------------------------------------------------------------------------

    def to_json(self) -> dict[str, Any]:
        """As it is kept."""
        return {kind: [[name, at] for name, at in self.seen[kind].items()] for kind in KINDS}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> SeriesNames:
        """From ``to_json``; raises ``KeyError``, ``TypeError`` or ``ValueError`` where it is something else."""
        return cls({kind: {_name(kind, name): int(at) for name, at in stored[kind]} for kind in KINDS})


def _name(kind: str, stored: Any) -> Name:
    if kind != PAIR:
        return str(stored)
    model, consumer = stored
    return str(model), str(consumer)


def _names(kind: str, rows: Iterable[Pair]) -> dict[Name, None]:
    """The names of a kind in some pairs, each once."""
    at = KINDS.index(kind)
    return dict.fromkeys(pair if kind == PAIR else pair[at] for pair in rows)


def _foremost(kind: str, waiting: list[Name], rows: Rows, late: Mapping[Pair, int]) -> list[Name]:
    """Those who wait, with the most calls of late first, then of all."""
    recent = _by_name(kind, late.items())
    ever = _by_name(kind, ((pair, of_calls.calls_of(row)) for pair, row in rows.items()))
    return sorted(waiting, key=lambda name: (-recent.get(name, 0), -ever.get(name, 0), name))


def _by_name(kind: str, calls: Iterable[tuple[Pair, int]]) -> dict[Name, int]:
    at = KINDS.index(kind)
    found: dict[Name, int] = {}
    for pair, number in calls:
        name: Name = pair if kind == PAIR else pair[at]
        found[name] = found.get(name, 0) + number
    return found
