"""How did a session go: what did its tokens cost by kind, how did its prompts grow, what was odd in which round?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from session_monitor.base import timestamps, utf8
from session_monitor.index import rows as index_rows
from session_monitor.index import schema
from session_monitor.index.database import Index
from session_monitor.index.schema import CUT, FAILED, NO_CONTENT, NO_TOKENS
from session_monitor.prices import money, usage_totals
from session_monitor.prices.cost import Cost, CostParts
from session_monitor.prices.usage_totals import Sums

from . import breakdown
from .breakdown import ToolRow
from .dashboard import percentile

ERROR, MODEL, COMPACTION = "error", "model", "compaction"
"""Marks of a round: it failed, is of another model than the one before, or its prompt is much shorter than that one's."""
MOST_POINTS = 400
MOST_MARKED = 400
"""Rounds with marks that are told beside those."""
_SHRUNK = 0.6
_SMALL = 1000
"""Prompts below so many tokens shrink for no reason."""


class ContextPoint(NamedTuple):
    """One round: its prompt, of which cached, its answer, in tokens, and what is odd in it."""

    round: int
    at: int | None
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    marks: tuple[str, ...]


class Part(NamedTuple):
    """The tokens of one kind, and what those cost that have a price, in pico-dollars; None where none has one."""

    kind: str
    tokens: int
    pico: int | None


class ModelRow(NamedTuple):
    """The calls of one model (None where the log names none)."""

    model: str | None
    sums: Sums


class Growth(NamedTuple):
    """All of it; percentiles are in milliseconds, ``lacking`` says in how many rounds the log lacks what."""

    rounds: int
    parts: list[Part]
    models: list[ModelRow]
    tools: list[ToolRow]
    points: list[ContextPoint]
    first_token: tuple[int | None, int | None]
    duration: tuple[int | None, int | None]
    lacking: dict[str, int]


class _Round(NamedTuple):
    number: int
    at: int | None
    model: str | None
    fresh: int
    read: int
    written: int
    visible: int
    reasoning: int
    flags: int
    history: int
    sent: int
    first_token: float | None
    duration: float | None

    @property
    def tokens(self) -> tuple[int, int, int, int, int]:
        return self.fresh, self.read, self.written, self.visible, self.reasoning

    @property
    def prompt(self) -> int:
        return self.fresh + self.read + self.written


_ROUNDS = (
    "SELECT number, at, model.name, fresh, read, written, visible, reasoning, flags, history, sent, first_token_ms, "
    "duration_ms FROM round LEFT JOIN model ON model.id = round.model WHERE session = ? ORDER BY number"
)
_TOOLS = (
    "SELECT name, sum(calls), sum(results), sum(failed), coalesce(sum(tokens), 0), sum(tokens IS NOT NULL) "
    "FROM tool JOIN tool_name ON tool_name.id = tool.tool WHERE session = ? GROUP BY tool.tool"
)


def growth(found: Index, session_id: str) -> Growth | None:
    """How a session went; None where there is none with this id."""
    key = utf8.raw(session_id)
    row = found.db.execute("SELECT id FROM session WHERE session_id = CAST(? AS TEXT)", (key,)).fetchone()
    if row is None:
        return None
    rounds = list(map(_Round._make, found.db.execute(_ROUNDS, row)))
    tools = [ToolRow(name, 1, *more) for name, *more in found.db.execute(_TOOLS, row)]
    tools.sort(key=lambda each: (-each.calls, -each.results, each.tool))
    flagged = {"no_content": NO_CONTENT, "cut": CUT, "no_tokens": NO_TOKENS}
    lacking = {name: sum(each.flags & flag != 0 for each in rounds) for name, flag in flagged.items()}
    firsts = [each.first_token for each in rounds if each.first_token is not None]
    durations = [each.duration for each in rounds if each.duration is not None]
    return Growth(
        len(rounds),
        _parts(found, rounds),
        _models(found, row[0]),
        tools,
        _thinned(list(_points(rounds))),
        (percentile(firsts, 50), percentile(firsts, 95)),
        (percentile(durations, 50), percentile(durations, 95)),
        lacking,
    )


def _parts(found: Index, rounds: Iterable[_Round]) -> list[Part]:
    tokens, pico, is_priced = [0] * len(CostParts._fields), [0] * len(CostParts._fields), False
    for each in rounds:
        tokens = [one + other for one, other in zip(tokens, each.tokens)]
        outcome = found.book.price(index_rows.call_of(each.model, each.at, each.tokens, each.flags))
        if isinstance(outcome, Cost):
            is_priced = True
            pico = [one + other for one, other in zip(pico, outcome.parts)]
    return [Part(*each) if is_priced else Part(*each[:2], None) for each in zip(CostParts._fields, tokens, pico)]


def _models(found: Index, session: int) -> list[ModelRow]:
    """The dearest first."""
    sql = (
        f"SELECT model.name, {schema.OF_ROUNDS} FROM round LEFT JOIN model ON model.id = round.model "
        "WHERE session = ? GROUP BY round.model"
    )
    unpriced = breakdown.unpriced(found, session)
    rows = [
        ModelRow(name, usage_totals.of_columns(columns, {name: unpriced.get(name, 0)}))
        for name, *columns in found.db.execute(sql, (session,))
    ]
    return sorted(rows, key=lambda each: (-each.sums.spending.pico, -each.sums.total_tokens, each.model or ""))


def _points(rounds: Sequence[_Round]) -> Iterable[ContextPoint]:
    before: _Round | None = None
    model: str | None = None
    for each in rounds:
        marks = [ERROR] if each.flags & FAILED else []
        if each.model and model and each.model != model:
            marks.append(MODEL)
        if before and _is_compacted(before, each):
            marks.append(COMPACTION)
        yield ContextPoint(each.number, each.at, each.prompt, each.read, each.visible + each.reasoning, tuple(marks))
        model = each.model or model
        if not each.flags & (FAILED | NO_TOKENS):
            before = each


def _is_compacted(before: _Round, now: _Round) -> bool:
    """Whether the history was cut short: a much smaller prompt, of fewer messages where these are known."""
    if now.flags & (FAILED | NO_TOKENS) or before.prompt < _SMALL or now.prompt >= _SHRUNK * before.prompt:
        return False
    return now.sent < before.sent if now.sent and before.sent else True


def _thinned(points: list[ContextPoint]) -> list[ContextPoint]:
    """Some of the points, evenly, the first and the last among them; and those with marks, of very many some."""
    if len(points) <= MOST_POINTS:
        return points
    chosen = {at * (len(points) - 1) // (MOST_POINTS - 1) for at in range(MOST_POINTS)}
    marked = [at for at, point in enumerate(points) if point.marks and at not in chosen]
    step = max(1, -(-len(marked) // MOST_MARKED))
    return [points[at] for at in sorted(chosen.union(marked[::step]))]


def points_json(points: Iterable[ContextPoint]) -> list[dict[str, Any]]:
    """For JSON."""
    return [
        {
            **point._asdict(),
            "at": None if point.at is None else timestamps.rfc3339(point.at),
            "marks": list(point.marks),
        }
        for point in points
    ]


def parts_json(parts: Iterable[Part]) -> list[dict[str, Any]]:
    """For JSON."""
    return [
        {"kind": kind, "tokens": tokens, "cost_usd": None if pico is None else money.plain(pico)}
        for kind, tokens, pico in parts
    ]
