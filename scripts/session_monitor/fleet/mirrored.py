"""How do sessions and rounds of a database read as rows of an index?

Costs are those of the reader's own prices, as in an index of session files.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Optional

from session_monitor.base import timestamps, utf8
from session_monitor.index.tables import schema
from session_monitor.index.tables.round_costs import costs, priced_as
from session_monitor.index.tables.rows import SESSIONS_AT_ONCE, Rows, added_up
from session_monitor.index.tables.tool_rows import ToolUseRow
from session_monitor.index.tables.ways import route_and_cluster, way_of
from session_monitor.prices.book import Book
from session_monitor.sessions import file_names

from . import merging
from .merging import OwnRound
from .questions import FleetQuestions, GatewayRound, marked

OWN_LENGTH = 1
"""A round stands at the place of its number, and is so long: what reads like a session file goes by that."""


class SessionRounds(NamedTuple):
    """A session as it was read: its rounds in order, and the versions of what was said in some of them, by gateway and number."""

    session_id: str
    rounds: list[OwnRound]
    texts: Mapping[tuple[str, int], int]

    @property
    def mark(self) -> int:
        """What its digest has for a mark."""
        return marked(sum(each.logged.version for each in self.rounds), sum(self.texts.values()))

    def flags(self, own: OwnRound) -> int:
        """A round's flags; what was said in one that was shipped without it is not there to be read."""
        logged = own.logged
        return logged.flags if (logged.gateway, logged.number) in self.texts else logged.flags | schema.NO_CONTENT


def read(database: FleetQuestions, session_ids: Sequence[str], *, are_neighbours: bool) -> list[SessionRounds]:
    """These sessions; ``are_neighbours`` as in ``FleetQuestions.rounds``.  Raises ``EngineError``."""
    texts: dict[str, dict[tuple[str, int], int]] = {}
    for (session_id, gateway, number), version in database.texts(session_ids, are_neighbours=are_neighbours).items():
        texts.setdefault(session_id, {})[gateway, number] = version
    rounds = database.rounds(session_ids, are_neighbours=are_neighbours)
    return [SessionRounds(session_id, own, texts.get(session_id, {})) for session_id, own in merging.sessions(rounds)]


def rows_of(sessions: Sequence[SessionRounds], book: Book) -> Rows:
    """The rows of sessions with their rounds, whose ways name their gateways."""
    starts = range(0, len(sessions), SESSIONS_AT_ONCE)
    spans = (range(start, min(start + SESSIONS_AT_ONCE, len(sessions))) for start in starts)
    pieces = (_rounds(sessions, positions, book) for positions in spans)
    return added_up(map(_session, sessions), pieces)


def tools_of(sessions: Iterable[SessionRounds]) -> Iterator[ToolUseRow]:
    """What the rounds had to do with tools."""
    for position, session in enumerate(sessions):
        for each in session.rounds:
            for tool in each.logged.tools:
                yield ToolUseRow(position, each.number, *tool)


_FIRST, _END = -62_135_596_800_000, 253_402_300_800_000
"""The years from 1 to 9999."""


def time_of(at: int | None) -> str | None:
    """A moment as a round tells it; None for none, and for what no calendar has."""
    moment = known(at)
    return None if moment is None else timestamps.rfc3339(moment)


def known(at: int | None) -> int | None:
    """A moment that a calendar has, else None: what another program put in may be any number."""
    return at if at is not None and _FIRST <= at < _END else None


def _session(session: SessionRounds) -> tuple[Any, ...]:
    session_id, rounds, _ = session
    logged = [each.logged for each in rounds]
    times = [at for each in logged if (at := known(each.at)) is not None]
    models = list(dict.fromkeys(each.model for each in logged if each.model))
    total = sum(each.fresh + each.cached + each.cache_written + each.visible + each.reasoning for each in logged)
    last_model = next((each.model for each in reversed(logged) if each.model), None)
    file = utf8.encoded(file_names.file_name(session_id))
    begun, ended = (min(times), max(times)) if times else (None, None)
    return (
        *(utf8.encoded(session_id), file, len(rounds), session.mark, 0, time_of(begun), time_of(ended), ended, total),
        *(utf8.encoded(last_model), json.dumps(models), session.flags(rounds[-1])),
    )


def _rounds(sessions: Sequence[SessionRounds], positions: Sequence[int], book: Book) -> tuple[list[Any], ...]:
    """Column by column, as ``index.tables.rows.ROUND``."""
    of_sessions = [position for position in positions for _ in sessions[position].rounds]
    logged, numbers, threads, bases = map(list, zip(*(each for at in positions for each in sessions[at].rounds)))
    column: dict[str, list[Any]] = dict(zip(GatewayRound._fields, map(list, zip(*logged))))
    moments = list(map(known, column["at"]))
    times = map(_Minutes().__getitem__, (None if at is None else at // timestamps.MINUTE for at in moments))
    ways = list(map(_Ways().__getitem__, zip(column["way"], column["gateway"])))
    tokens = tuple(column[kind] for kind in _KINDS)
    parts = column["parts"]
    flags = [sessions[at].flags(each) for at in positions for each in sessions[at].rounds]
    priced = priced_as(book, column["model"], ways, column["consumer"])
    *amounts, notes = costs(book, priced, times, tokens, parts, flags)
    return (
        *(of_sessions, numbers, moments, column["model"], column["consumer"], ways),
        *tokens,
        *(parts, flags, notes, column["code"], column["response_flags"]),
        *(column["first_token_ms"], column["duration_ms"], column["gateway_ms"]),
        *(numbers, [OWN_LENGTH] * len(numbers), column["history"], column["sent"], threads, bases),
        *amounts,
    )


class _Minutes(dict[Optional[int], Optional[str]]):
    """Times of minutes, on which alone prices depend."""

    def __missing__(self, minute: int | None) -> str | None:
        self[minute] = time = None if minute is None else timestamps.rfc3339(minute * timestamps.MINUTE)
        return time


class _Ways(dict[tuple[Optional[str], str], Optional[str]]):
    """Ways with the gateways that they begin at."""

    def __missing__(self, key: tuple[str | None, str]) -> str | None:
        way, gateway = key
        self[key] = whole = way_of(*route_and_cluster(way), gateway)
        return whole


_KINDS = ("fresh", "cached", "cache_written", "visible", "reasoning")
