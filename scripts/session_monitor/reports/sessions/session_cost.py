"""What did a session cost: in all, by kind of token and by model?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from session_monitor.index.database import Index
from session_monitor.index.tables import schema
from session_monitor.index.tables.round_costs import call_of
from session_monitor.prices import money
from session_monitor.prices.book import Book
from session_monitor.prices.cost import Call, Cost, CostParts
from session_monitor.reports.sums import breakdown
from session_monitor.reports.sums.breakdown import BreakdownRow
from session_monitor.totals import usage_totals

from . import session_rows
from .session_rows import SessionRow

FRESH_INPUT, CACHE_READ, CACHE_WRITE, VISIBLE_OUTPUT, REASONING = CostParts._fields


class TokenKind(NamedTuple):
    """The tokens of one kind, and what those cost that have a price, in pico-dollars; None where none has one."""

    kind: str
    tokens: int
    pico: int | None

    def to_json(self) -> dict[str, Any]:
        """For JSON."""
        cost = None if self.pico is None else money.plain(self.pico)
        return {"kind": self.kind, "tokens": self.tokens, "cost_usd": cost}


class SessionCost(NamedTuple):
    """A session's row, where its tokens and dollars went by kind, and by model, the dearest first."""

    row: SessionRow
    kinds: list[TokenKind]
    models: list[BreakdownRow]

    @property
    def is_told(self) -> bool:
        """Whether any call told its tokens."""
        spent = self.row.spending
        return not spent.rounds or spent.without_tokens < spent.rounds

    def to_json(self) -> dict[str, Any]:
        """All of it, for JSON, brief: tokens are None where no call told any."""
        fields, spent = self.row.fields, self.row.spending.to_json()
        tokens = {name: fields[f"total_{name}"] for name in ("input_tokens", "output_tokens")}
        tokens["total_tokens"] = fields["total_tokens"]
        counts = {"rounds": "messages_count", "failed": "failed_count", "left": "left_count"}
        return {
            "session_id": fields["session_id"],
            "updated_at": fields["updated_at"],
            **{name: fields[known] for name, known in counts.items()},
            **{name: number if self.is_told else None for name, number in tokens.items()},
            **{name: spent[name] for name in _OF_SPENDING},
            "kinds": {kind: self._of_kind(kind, tokens, pico) for kind, tokens, pico in self.kinds},
            "models": [_of_model(model) for model in self.models],
        }

    def of_kind(self, kind: str, tokens: int, pico: int | None) -> tuple[int | None, int | None]:
        """The tokens and pico-dollars of a kind, as far as the log tells them."""
        if kind == "cache_read" and self.row.fields["total_cached_tokens"] is None:
            return None, None
        return tokens if self.is_told else None, pico

    def _of_kind(self, kind: str, tokens: int, pico: int | None) -> dict[str, Any]:
        told, known = self.of_kind(kind, tokens, pico)
        return {"tokens": told, "cost_usd": None if known is None else money.plain(known)}


_OF_SPENDING = (
    *("cost_usd", "cache_savings_usd", "at_least", "unpriced_rounds", "without_tokens", "unpriced_models"),
    *("assumed_rounds", "assumed_usd", "cost_notes"),
)


def _of_model(row: BreakdownRow) -> dict[str, Any]:
    sums = row.sums.to_json()
    return {"model": row.name, "rounds": row.sums.calls, "cost_usd": sums["cost_usd"]}


def session_cost(index: Index, session_id: str, now: int) -> SessionCost | None:
    """What a session cost; None where there is none with this id."""
    number = index.session_number(session_id)
    row = None if number is None else session_rows.session(index, session_id, now)
    if number is None or row is None:
        return None
    return SessionCost(row, kinds(index.book, _calls(index, number)), models(index, number))


_CALLS = (
    "SELECT model.name, way.name, at, fresh, read, written, visible, reasoning, parts, flags, consumer.name FROM round "
    "LEFT JOIN model ON model.id = round.model LEFT JOIN way ON way.id = round.way "
    "LEFT JOIN consumer ON consumer.id = round.consumer WHERE session = ? ORDER BY number"
)


def _calls(index: Index, session: int) -> Iterator[Call]:
    for model, way, at, fresh, read, written, visible, reasoning, *rest in index.db.execute(_CALLS, (session,)):
        yield call_of(model, way, at, (fresh, read, written, visible, reasoning), *rest)


def kinds(book: Book, calls: Iterable[Call]) -> list[TokenKind]:
    """What calls used of each kind of token, and what that cost."""
    tokens, pico, is_priced = [0] * len(CostParts._fields), [0] * len(CostParts._fields), False
    for call in calls:
        used = call.usage
        of_kinds = used.fresh_input, used.cache_read, used.cache_write, used.visible_output, used.reasoning
        tokens = breakdown.added_columns(tokens, of_kinds)
        outcome = book.price(call)
        if isinstance(outcome, Cost):
            is_priced = True
            pico = breakdown.added_columns(pico, outcome.parts)
    return [
        TokenKind(kind, count, cost if is_priced else None)
        for kind, count, cost in zip(CostParts._fields, tokens, pico)
    ]


def models(index: Index, session: int) -> list[BreakdownRow]:
    """A session's models, by its number in the index, the dearest first."""
    sql = (
        f"SELECT model.name, notes, {schema.OF_ROUNDS} FROM round LEFT JOIN model ON model.id = round.model "
        "WHERE session = ? GROUP BY round.model, notes"
    )
    by_model: dict[str | None, dict[int, list[int]]] = {}
    for name, notes, *columns in index.db.execute(sql, (session,)):
        by_model.setdefault(name, {})[notes] = columns
    unpriced = breakdown.unpriced(index, session)
    rows = [
        BreakdownRow(name, 1, usage_totals.of_noted(by_notes, {name: unpriced.get(name, 0)}))
        for name, by_notes in by_model.items()
    ]
    return sorted(rows, key=lambda row: (-row.sums.spending.pico, -row.sums.total_tokens, row.name or ""))
