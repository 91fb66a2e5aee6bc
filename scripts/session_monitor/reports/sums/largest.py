"""Which rounds are the dearest, and which results of tools the largest, of all sessions or of some?

Neither goes through all rounds: the index says of each session's half hours what the dearest call cost, so the rounds of a
few sessions are looked at, until no other can have one that is dearer; and of tools it has rows of their own.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from session_monitor.base import timestamps
from session_monitor.calls import outcome
from session_monitor.index.database import Index
from session_monitor.index.tables import schema
from session_monitor.index.tables.round_flags import outcome_of
from session_monitor.index.tables.schema import AT_LEAST, CACHE_UNTOLD, MILLIONTHS, NO_TOKENS, SLOT, SLOT_OF
from session_monitor.prices import cost, money
from session_monitor.reports.selected.filter_sql import SelectionSql
from session_monitor.reports.selected.filters import Selection

_GROWS = 4
"""So many times more are looked at where those before were not enough."""


class DearRound(NamedTuple):
    """A round that cost something: in pico-dollars, by what notes; tokens are None where they are not told."""

    session_id: str
    round: int
    at: int | None
    model: str | None
    consumer: str | None
    outcome: str
    input_tokens: int | None
    cached_tokens: int | None
    output_tokens: int | None
    pico: int
    at_least: bool
    notes: list[str]

    def to_json(self) -> dict[str, Any]:
        """For JSON."""
        document = _with_time(self._asdict())
        del document["pico"], document["notes"]
        return {**document, "cost_usd": money.plain(self.pico), "cost_notes": self.notes}


class LargeToolResult(NamedTuple):
    """What a tool said that made a prompt longer by so many tokens: the round that asked for it, and the one that brought it."""

    session_id: str
    round: int
    brought_by: int
    at: int | None
    model: str | None
    tool: str
    results: int
    failed: int
    tokens: int

    def to_json(self) -> dict[str, Any]:
        """For JSON."""
        return _with_time(self._asdict())


def _with_time(document: dict[str, Any]) -> dict[str, Any]:
    """With its moment as a time, as rounds have it; None where that is not told."""
    at = document["at"]
    told = {"at": None if at is None else timestamps.rfc3339(at)}
    return {("timestamp" if name == "at" else name): told.get(name, value) for name, value in document.items()}


# -- rounds ------------------------------------------------------------------------------------------------------------


_Found = dict[tuple[int, int], tuple[int, int]]
"""Rounds, by the numbers of their sessions and their own: millionths of a dollar, rounded up, and when."""


def dearest(index: Index, selection: Selection, limit: int) -> list[DearRound]:
    """The rounds that cost most, the dearest first; of those that are equal to a millionth of a dollar the latest."""
    selected = SelectionSql(index, selection)
    if selection.outcome not in (
        None,
        outcome.OK,
    ):  # few calls fail, and what the dearest call cost says little of those
        rounds = selected.rounds_of_talks(selection.since, selection.until)
        return _told(index, _best(_rounds(selected, rounds, limit), limit))
    best: _Found = {}
    if selection.since is None and selection.until is None and selected.has_undated():
        best = _best(_rounds(selected, f"at IS NULL AND {selected.rounds(None, None)}", limit), limit)
    at, size = 0, limit
    while True:
        *rows, behind = [*_half_hours(selected, at, size + 1), None][: size + 1]
        for session, slots in _by_session(filter(None, rows)):
            of_session = f"session = {session} AND {SLOT_OF} IN ({', '.join(map(str, slots))})"
            meant = f"{of_session} AND {selected.rounds(selection.since, selection.until)}"
            best = _best(itertools.chain(best.items(), _rounds(selected, meant, limit)), limit)
        if behind is None or (len(best) == limit and _is_before(best, behind)):
            return _told(index, best)
        at, size = at + size, size * _GROWS


def _half_hours(selected: SelectionSql, at: int, size: int) -> list[tuple[int, int, int]]:
    """Sessions and the half hours in which they have such calls: those with the dearest first, and then the latest."""
    sql = (
        f"SELECT session, slot, dearest FROM active WHERE dearest > 0 AND {selected.active()} "
        f"ORDER BY dearest DESC, slot DESC LIMIT {size} OFFSET {at}"
    )
    return selected.index.db.execute(sql).fetchall()


def _by_session(rows: Iterable[tuple[int, int, int]]) -> Iterator[tuple[int, set[int]]]:
    by_session: dict[int, set[int]] = {}
    for session, slot, _ in rows:
        by_session.setdefault(session, set()).add(slot)
    yield from by_session.items()


def _rounds(selected: SelectionSql, where: str, limit: int) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    sql = (
        f"SELECT session, number, {MILLIONTHS} AS most, coalesce(at, {schema.NEVER}) AS then_ FROM round "
        f"WHERE {where} AND most > 0 ORDER BY most DESC, then_ DESC, session DESC, number DESC LIMIT {limit}"
    )
    for session, number, most, then in selected.index.db.execute(sql):
        yield (session, number), (most, then)


def _best(found: Iterable[tuple[tuple[int, int], tuple[int, int]]], limit: int) -> _Found:
    ordered = sorted(dict(found).items(), key=lambda each: (each[1], each[0]), reverse=True)
    return dict(ordered[:limit])


def _is_before(best: _Found, row: tuple[int, int, int]) -> bool:
    """Whether the last of the best comes before all that are in or behind this half hour of a session."""
    most, then = min(best.values())
    _, slot, dearest_ = row
    return (most, then // SLOT) > (dearest_, slot)


_TOLD = (
    "SELECT session_id, number, at, model.name, consumer.name, flags, fresh + read + written, read, visible + reasoning, "
    "usd, pico, notes FROM (SELECT * FROM round WHERE session = ? AND number = ?) AS round "
    "JOIN (SELECT id, session_id FROM session) AS session ON session.id = round.session "
    "LEFT JOIN model ON model.id = round.model LEFT JOIN consumer ON consumer.id = round.consumer"
)


def _told(index: Index, best: _Found) -> list[DearRound]:
    rounds = []
    for session, number in best:
        session_id, round_, at, model, consumer, flags, *tokens, usd, pico, notes = index.db.execute(
            _TOLD, (session, number)
        ).fetchone()
        prompt, cached, answer = (None, None, None) if flags & NO_TOKENS else tokens
        cached = None if flags & CACHE_UNTOLD else cached
        called = session_id, round_, at, model, consumer, outcome_of(flags)
        at_least, noted = bool(flags & AT_LEAST), cost.notes_of(notes or 0)
        rounds.append(DearRound(*called, prompt, cached, answer, usd * money.MICRO + pico, at_least, noted))
    return sorted(rounds, key=lambda each: -each.pico)


# -- results of tools --------------------------------------------------------------------------------------------------


def largest_results(index: Index, selection: Selection, limit: int) -> list[LargeToolResult]:
    """The results of tools that made prompts longest, the largest first; those of a tool in a round are one."""
    selected = SelectionSql(index, selection)
    found: list[LargeToolResult] = []
    at, size = 0, limit
    while True:
        (there,) = index.db.execute(f"SELECT count(*) FROM ({_some_results(selected, at, size)})").fetchone()
        rows = index.db.execute(_results(selected, _some_results(selected, at, size), limit - len(found)))
        found += itertools.starmap(LargeToolResult, rows)
        if there < size or len(found) == limit:
            return found
        at, size = at + size, size * _GROWS


def _some_results(selected: SelectionSql, at: int, size: int) -> str:
    """SQL for some rows of ``tool`` of sessions that may have such calls, the largest first."""
    return (
        f"SELECT * FROM tool WHERE tokens > 0 AND {selected.candidates()} "
        f"ORDER BY tokens DESC, session DESC, number DESC, tool LIMIT {size} OFFSET {at}"
    )


def _results(selected: SelectionSql, some: str, limit: int) -> str:
    """SQL for those of them whose rounds are meant."""
    meant = selected.rounds(selected.selection.since, selected.selection.until)
    return (
        "SELECT session_id, coalesce(nullif(base, 0), number), number, at, model.name, tool_name.name, results, failed, tokens "
        f"FROM (SELECT some.*, base, at, model FROM ({some}) AS some JOIN round USING (session, number) WHERE {meant}) "
        "AS brought JOIN (SELECT id, session_id FROM session) AS session ON session.id = brought.session "
        "JOIN tool_name ON tool_name.id = brought.tool LEFT JOIN model ON model.id = brought.model "
        f"ORDER BY tokens DESC, session DESC, number DESC, tool LIMIT {limit}"
    )
