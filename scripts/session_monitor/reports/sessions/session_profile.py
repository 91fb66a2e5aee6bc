"""How did a session go: what did its tokens cost by kind, how did its prompts grow, what was odd in which round?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from session_monitor.base import timestamps
from session_monitor.index.database import Index
from session_monitor.index.tables.round_costs import call_of
from session_monitor.index.tables.schema import (
    CACHE_UNTOLD,
    CUT,
    FAILED,
    FREE,
    LEFT_OUT,
    NO_CONTENT,
    NO_SIZE,
    NO_TOKENS,
)
from session_monitor.prices.cost import Call
from session_monitor.reports.sums.breakdown import BreakdownRow, ToolRow
from session_monitor.reports.sums.dashboard import percentile

from . import session_cost
from .session_cost import TokenKind

ERROR, MODEL, COMPACTION = "error", "model", "compaction"
"""Marks of a round: it failed, is of another model than the one before in its conversation, or its prompt is much shorter.

The first one of a conversation is held against the round before where no other conversation goes on later: an agent that
shortens its history begins a new one, its helpers only stand beside it.
"""
MOST_POINTS = 240
MOST_MARKED = 400
"""Rounds with marks that are told beside those."""
_SHRUNK = 0.6
_SMALL = 1000
"""Prompts below so many tokens shrink for no reason."""


class ContextPoint(NamedTuple):
    """One round: its prompt, of which cached, its answer, in tokens, None where they are not told; what is odd in it.

    ``thread`` is the number of its conversation in the session.
    """

    round: int
    at: int | None
    input_tokens: int | None
    cached_tokens: int | None
    output_tokens: int | None
    marks: tuple[str, ...]
    thread: int = 1

    def to_json(self) -> dict[str, Any]:
        """For JSON."""
        at = None if self.at is None else timestamps.rfc3339(self.at)
        document = {**self._asdict(), "at": at, "marks": list(self.marks)}
        if self.thread == 1:  # as rounds have it
            del document["thread"]
        return document


class SessionProfile(NamedTuple):
    """All of it; percentiles are in milliseconds, ``lacking`` says in how many rounds the log lacks what."""

    rounds: int
    kinds: list[TokenKind]
    models: list[BreakdownRow]
    tools: list[ToolRow]
    points: list[ContextPoint]
    first_token: tuple[int | None, int | None]
    duration: tuple[int | None, int | None]
    lacking: dict[str, int]


class _Round(NamedTuple):
    number: int
    at: int | None
    model: str | None
    way: str | None
    consumer: str | None
    fresh: int
    read: int
    written: int
    visible: int
    reasoning: int
    parts: str | None
    flags: int
    history: int
    sent: int
    first_token: float | None
    duration: float | None
    thread: int

    @property
    def tokens(self) -> tuple[int, int, int, int, int]:
        return self.fresh, self.read, self.written, self.visible, self.reasoning

    @property
    def call(self) -> Call:
        return call_of(self.model, self.way, self.at, self.tokens, self.parts, self.flags, self.consumer)

    @property
    def prompt(self) -> int:
        return self.fresh + self.read + self.written

    @property
    def shown(self) -> tuple[int | None, int | None, int | None]:
        """Prompt, cached and answer, as far as they are told."""
        if self.flags & NO_TOKENS:
            return None, None, None
        return self.prompt, None if self.flags & CACHE_UNTOLD else self.read, self.visible + self.reasoning


_ROUNDS = (
    "SELECT number, at, model.name, way.name, consumer.name, fresh, read, written, visible, reasoning, parts, flags, history, sent, first_token_ms, "
    "duration_ms, thread FROM round LEFT JOIN model ON model.id = round.model LEFT JOIN way ON way.id = round.way "
    "LEFT JOIN consumer ON consumer.id = round.consumer WHERE session = ? ORDER BY number"
)
_TOOLS = (
    "SELECT name, sum(calls), sum(results), sum(failed), coalesce(sum(tokens), 0), sum(tokens IS NOT NULL) "
    "FROM tool JOIN tool_name ON tool_name.id = tool.tool WHERE session = ? GROUP BY tool.tool"
)


def profile(index: Index, session_id: str) -> SessionProfile | None:
    """How a session went; None where there is none with this id."""
    session = index.session_number(session_id)
    if session is None:
        return None
    rounds = list(map(_Round._make, index.db.execute(_ROUNDS, (session,))))
    return SessionProfile(
        rounds=len(rounds),
        kinds=session_cost.kinds(index.book, (each.call for each in rounds)),
        models=session_cost.models(index, session),
        tools=_tools(index, session),
        points=_thinned(list(_points(rounds))),
        first_token=_percentiles(each.first_token for each in rounds),
        duration=_percentiles(each.duration for each in rounds),
        lacking=_lacking([each.flags for each in rounds]),
    )


def all_points(index: Index, session: int) -> list[ContextPoint]:
    """All rounds of a session by its number in the index, in order."""
    return list(_points(list(map(_Round._make, index.db.execute(_ROUNDS, (session,))))))


def _lacking(flags: Iterable[int]) -> dict[str, int]:
    """In how many rounds the log lacks what; a refused call has no tokens to tell."""
    lacks = (
        ("no_content", NO_CONTENT, 0),
        ("cut", CUT, 0),
        ("left_out", LEFT_OUT, 0),
        ("no_tokens", NO_TOKENS, FREE),
    )
    found = list(flags)
    return {name: sum(each & lack != 0 and not each & but for each in found) for name, lack, but in lacks}


def _percentiles(values: Iterable[float | None]) -> tuple[int | None, int | None]:
    """What half of the values that are known do not exceed, and 95 of 100."""
    known = [value for value in values if value is not None]
    return percentile(known, 50), percentile(known, 95)


def _tools(index: Index, session: int) -> list[ToolRow]:
    """Those that were asked for most first."""
    tools = [ToolRow(name, 1, *numbers) for name, *numbers in index.db.execute(_TOOLS, (session,))]
    return sorted(tools, key=lambda row: (-row.calls, -row.results, row.tool))


class _Last(NamedTuple):
    """What went before in a conversation: the last round that tells its tokens, and the last model."""

    round: _Round | None = None
    model: str | None = None

    def followed_by(self, each: _Round) -> _Last:
        """The same, behind one more round."""
        is_told = not each.flags & _OF_NO_SIZE
        return _Last(each if is_told else self.round, each.model or self.model)


def _points(rounds: Sequence[_Round]) -> Iterator[ContextPoint]:
    ends = {each.thread: each.number for each in rounds}
    lasts: dict[int, _Last] = {}
    before, goes_on_until = _Last(), 0
    for each in rounds:
        last = lasts.get(each.thread, before if goes_on_until < each.number else _Last())
        prompt, cached, answer = each.shown
        yield ContextPoint(each.number, each.at, prompt, cached, answer, tuple(_marks(last, each)), each.thread)
        before = lasts[each.thread] = last.followed_by(each)
        goes_on_until = max(goes_on_until, ends[each.thread])


def _marks(last: _Last, each: _Round) -> Iterator[str]:
    if each.flags & FAILED:
        yield ERROR
    if each.model and last.model and each.model != last.model:
        yield MODEL
    if last.round and _is_compacted(last.round, each):
        yield COMPACTION


_OF_NO_SIZE = FAILED | NO_SIZE
"""Of rounds with one of these flags it is not known how large their prompts were."""


def _is_compacted(before: _Round, now: _Round) -> bool:
    """Whether the history was cut short: a much smaller prompt, of fewer messages where these are known."""
    if now.flags & _OF_NO_SIZE or before.prompt < _SMALL or now.prompt >= _SHRUNK * before.prompt:
        return False
    return now.sent < before.sent if now.sent and before.sent else True


def _thinned(points: list[ContextPoint]) -> list[ContextPoint]:
    """Some of the points, evenly, the first and the last among them; and those with marks, of very many some."""
    if len(points) <= MOST_POINTS:
        return points
    shown = {at * (len(points) - 1) // (MOST_POINTS - 1) for at in range(MOST_POINTS)}
    marked = [at for at, point in enumerate(points) if point.marks and at not in shown]
    step = max(1, -(-len(marked) // MOST_MARKED))
    return [points[at] for at in sorted(shown.union(marked[::step]))]
