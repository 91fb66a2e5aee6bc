"""Why did a time cost more, or less, than another: more calls, other models, longer calls, less from caches, other prices?

The difference is split step by step, each from where the one before ended, so that the parts add up to it to the last pico-dollar:

1. ``calls``: as many calls as now, each at what a call cost before;
2. ``models``: the models of now, each call at what one of its model cost before (a new model's at what they cost now);
3. ``tokens_per_call``: as many tokens as now, each at what one of its model cost before;
4. ``cached``: the share from caches as now, a cached token sparing what it spared before (or now, where there was none before);
5. ``token_price``: what they really cost: prices, and how tokens lie between input, output and writing to caches.

A name that had no calls before is new: all of it is counted as ``calls``.  Calls without a price are in none of this.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Optional

from session_monitor.index.database import Index
from session_monitor.prices import money
from session_monitor.reports.selected import naming
from session_monitor.reports.selected.filter_sql import SelectionSql
from session_monitor.reports.selected.filters import Selection
from session_monitor.reports.selected.naming import Naming
from session_monitor.totals import usage_totals
from session_monitor.totals.usage_totals import Sums

from . import breakdown
from .breakdown import ToolRow
from .largest import DearRound, dearest

TOOL = "tool"
GROUPS = (naming.MODEL, naming.CONSUMER, naming.ROUTE, TOOL)
"""What the difference is told by."""


# -- how a difference is split -----------------------------------------------------------------------------------------


class ChangeParts(NamedTuple):
    """The parts of a difference, in pico-dollars; they add up to it."""

    calls: int = 0
    models: int = 0
    tokens_per_call: int = 0
    cached: int = 0
    token_price: int = 0

    def plus(self, other: ChangeParts) -> ChangeParts:
        """Both in one."""
        return ChangeParts(*(one + more for one, more in zip(self, other)))


class Priced(NamedTuple):
    """What some calls that have a price add up to; ``saved`` is what caches spared them; both in pico-dollars."""

    calls: int = 0
    tokens: int = 0
    cached: int = 0
    pico: int = 0
    saved: int = 0


def split(before: Mapping[Any, Priced], now: Mapping[Any, Priced]) -> ChangeParts:
    """Why the calls of now cost another amount than those before; both by model."""
    calls, _, _, pico, _ = map(sum, zip(Priced(), *before.values()))
    calls_now, _, _, pico_now, _ = map(sum, zip(Priced(), *now.values()))
    if not calls:
        return ChangeParts(calls=pico_now)
    models = [(before.get(each, Priced()), now.get(each, Priced())) for each in {**before, **now}]
    steps = [
        pico,
        _scaled(pico, calls_now, calls),
        sum(_at_calls(*both) for both in models),
        sum(_at_tokens(*both) for both in models),
        sum(_at_cached(*both) for both in models),
        pico_now,
    ]
    return ChangeParts(*(after - each for each, after in zip(steps, steps[1:])))


def _scaled(amount: int, by: int, of: int) -> int:
    return amount * by // of


def _at_calls(before: Priced, now: Priced) -> int:
    return _scaled(before.pico, now.calls, before.calls) if before.calls else now.pico


def _at_tokens(before: Priced, now: Priced) -> int:
    return _scaled(before.pico, now.tokens, before.tokens) if before.tokens else _at_calls(before, now)


def _at_cached(before: Priced, now: Priced) -> int:
    """The same with what is spared by the share of now in place of that before."""
    if not before.tokens:
        return _at_tokens(before, now)
    as_before = _scaled(before.saved, now.tokens, before.tokens)
    as_now = _scaled(before.saved, now.cached, before.cached) if before.cached else now.saved
    return _at_tokens(before, now) + as_before - as_now


# -- by name -----------------------------------------------------------------------------------------------------------


Cells = dict[tuple[int, int], list[int]]
"""By the number of a model and the notes of costs, what calls add up to, as ``schema.ADDITIVE``."""


class Driver(NamedTuple):
    """What the calls of one name (None where the log tells none) add up to in both times, and why they cost another amount."""

    name: Optional[str]  # noqa: UP045 -- a NamedTuple's types are asked for at run time, in Python 3.9, too
    now: Sums
    before: Sums
    parts: ChangeParts

    @property
    def change(self) -> int:
        """How much more they cost, in pico-dollars."""
        return self.now.spending.pico - self.before.spending.pico

    def to_json(self) -> dict[str, Any]:
        """For JSON, without the name."""
        told: dict[str, Any] = {"change_usd": money.plain(self.change)}
        told["parts_usd"] = {name: money.plain(part) for name, part in self.parts._asdict().items()}
        return {**told, "period": _brief(self.now), "against": _brief(self.before)}


def _brief(sums: Sums) -> dict[str, Any]:
    told = sums.to_json()
    return {name: told[name] for name in ("calls", "total_tokens", "cached_share", "cost_usd", "unpriced_rounds")}


class Drivers(NamedTuple):
    """The names that changed most, all ``others`` in one (None: there are none), the total, and the dearest rounds of now."""

    rows: list[Driver]
    others: Optional[Driver]  # noqa: UP045
    total: Driver
    rounds: list[DearRound]

    def to_json(self, by: str) -> dict[str, Any]:
        """For JSON."""
        return {
            "rows": [{by: row.name, **row.to_json()} for row in self.rows],
            "total": self.total.to_json(),
            "others": self.others and self.others.to_json(),
            "rounds": [each.to_json() for each in self.rounds],
            "by": by,
        }


def drivers(index: Index, by: str, now: Selection, before: Selection, limit: int) -> Drivers:
    """What changed from the calls of one time to those of another, by a column of ``naming``: so many of the largest changes."""
    named = Naming(index, by)
    return of_cells(
        index, _cells(SelectionSql(index, before), named), _cells(SelectionSql(index, now), named), now, limit
    )


def of_cells(
    index: Index,
    before: Mapping[str | None, Cells],
    now: Mapping[str | None, Cells],
    selection: Selection,
    limit: int,
) -> Drivers:
    """The same by names of any kind, of those that the calls of both times are added up by; ``selection`` is of those of now."""
    models = dict(index.db.execute("SELECT id, name FROM model").fetchall())
    rows = [_driver(name, before.get(name, {}), now.get(name, {}), models) for name in {**now, **before}]
    rows = [row for row in rows if row.now.calls or row.before.calls]
    rows.sort(key=lambda row: (-abs(row.change), -row.now.calls, row.name or ""))
    others = _added(rows[limit:]) if len(rows) > limit else None
    return Drivers(rows[:limit], others, _added(rows), dearest(index, selection, limit))


def _cells(selected: SelectionSql, named: Naming) -> dict[str | None, Cells]:
    by = tuple(dict.fromkeys((*named.by, naming.MODEL)))
    width, at = len(named.by), by.index(naming.MODEL)
    found: dict[str | None, Cells] = {}
    for key, notes, columns in breakdown.columns_by(selected, selected.sources(), by):
        add_to(found.setdefault(named.of(key[:width]), {}), key[at], notes, columns)
    return found


def add_to(cells: Cells, model: int, notes: int, columns: Sequence[int]) -> None:
    """Add what some calls add up to."""
    cells[model, notes] = breakdown.added_columns(cells.get((model, notes)), columns)


def _driver(name: str | None, before: Cells, now: Cells, models: Mapping[int, str]) -> Driver:
    priced = ({model: _priced(columns) for model, columns in _by(0, each).items()} for each in (before, now))
    return Driver(name, sums_of(now, models), sums_of(before, models), split(*priced))


def _by(part: int, cells: Cells) -> dict[int, list[int]]:
    """By one part of the keys."""
    found: dict[int, list[int]] = {}
    for key, columns in cells.items():
        found[key[part]] = breakdown.added_columns(found.get(key[part]), columns)
    return found


def _priced(columns: Sequence[int]) -> Priced:
    sums = usage_totals.of_columns(columns, {})
    spent = sums.spending
    tokens = sums.total_tokens - spent.unpriced_tokens
    return Priced(sums.calls - spent.unpriced_rounds, tokens, sums.cached_tokens, spent.pico, spent.saved_pico)


def sums_of(cells: Cells, models: Mapping[int, str]) -> Sums:
    """What calls add up to, with the names of those ``models`` that have no price."""
    unpriced = {model: breakdown.model_without_price(columns) for model, columns in _by(0, cells).items()}
    return usage_totals.of_noted(_by(1, cells), {models.get(model): number for model, number in unpriced.items()})


def _added(rows: Sequence[Driver]) -> Driver:
    parts = ChangeParts()
    for row in rows:
        parts = parts.plus(row.parts)
    now, before = (usage_totals.added(sums) for sums in ([row.now for row in rows], [row.before for row in rows]))
    return Driver(None, now, before, parts)


# -- by tool -----------------------------------------------------------------------------------------------------------


class ToolDriver(NamedTuple):
    """A tool in both times, and why its results added more tokens to the prompts: more ``results``, or longer ones.

    What they cost is not told: a round's cost is not that of one message.
    """

    tool: str
    now: ToolRow
    before: ToolRow

    @property
    def change(self) -> int:
        """How many more tokens."""
        return self.now.tokens - self.before.tokens

    @property
    def by_results(self) -> int:
        """How many of these by the number of results; all others are by their length."""
        before, now = self.before, self.now
        return _scaled(before.tokens, now.measured, before.measured) - before.tokens if before.measured else now.tokens

    def to_json(self) -> dict[str, Any]:
        """For JSON."""
        parts = {"results": self.by_results, "tokens_per_result": self.change - self.by_results}
        both = {"period": self.now.to_json(), "against": self.before.to_json()}
        for each in both.values():
            del each["tool"]
        return {"tool": self.tool, "change_tokens": self.change, "parts_tokens": parts, **both}


def tool_drivers(index: Index, now: Selection, before: Selection, limit: int) -> list[ToolDriver]:
    """The tools whose results came to add most tokens to the prompts, or most fewer."""
    rows = [{row.tool: row for row in breakdown.by_tool(SelectionSql(index, each))} for each in (now, before)]
    none = ToolRow("", 0, 0, 0, 0, 0, 0)
    found = [ToolDriver(tool, *(each.get(tool, none) for each in rows)) for tool in {**rows[0], **rows[1]}]
    return sorted(found, key=lambda each: (-abs(each.change), -each.now.calls, each.tool))[:limit]
