"""What is a database of many gateways' calls asked?

Which sessions it holds is told with a digest of each: how many rounds, and the sum of their versions, which grow with
whatever is sent again, corrected or deleted.  A session of another digest is read anew, whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Optional

from session_monitor.clickhouse import quoting
from session_monitor.clickhouse.client import DatabaseClient

OVERLAP = 120
"""Seconds by which a look goes back behind the one before: what was being put in then may have become visible since."""
_DIGITS = 1 << 64


class SessionDigest(NamedTuple):
    """A session as the database holds it: how many rounds, and what is another number when a row of it is another."""

    session_id: str
    rounds: int
    mark: int


class GatewayRound(NamedTuple):
    """A round as the database has it, without what was said; names are None where they are not told."""

    session_id: str
    gateway: str
    model: Optional[str]  # noqa: UP045 -- a NamedTuple's types are asked for at run time, in Python 3.9, too
    consumer: Optional[str]  # noqa: UP045
    way: Optional[str]  # noqa: UP045
    parts: Optional[str]  # noqa: UP045
    response_flags: Optional[str]  # noqa: UP045
    at: Optional[int]  # noqa: UP045
    code: Optional[int]  # noqa: UP045
    first_token_ms: Optional[int]  # noqa: UP045
    duration_ms: Optional[int]  # noqa: UP045
    gateway_ms: Optional[int]  # noqa: UP045
    number: int
    fresh: int
    cached: int
    cache_written: int
    visible: int
    reasoning: int
    flags: int
    version: int
    history: int
    sent: int
    thread: int
    base: int
    tools: tuple[tuple[str, int, int, int, Optional[int]], ...]  # noqa: UP045


_NAMES, _NUMBERS = 7, 12
"""So many columns from the first on are names; those from there on are numbers that may be unknown, and then such as are not."""
_TOOLS = ("tool_name", "tool_calls", "tool_results", "tool_failed", "tool_tokens")
_BEFORE_TOOLS = len(GatewayRound._fields) - 1
_IN_DATABASE = {
    "session_id": "session",
    "at": "at_ms",
    **{name: f"ifNull({name}, 0)" for name in ("history", "sent", "base")},
}
_IN_DATABASE["thread"] = "ifNull(thread, 1)"
_COLUMNS = (*(_IN_DATABASE.get(name, name) for name in GatewayRound._fields[:_BEFORE_TOOLS]), *_TOOLS)
_NO_TOOLS = b"[]"


class FleetQuestions:
    """What is asked of one database, of all its gateways or of some.  Methods raise ``EngineError``."""

    def __init__(self, client: DatabaseClient) -> None:
        """``client.address`` says which gateways are meant, and since when."""
        self._client = client
        gateways = client.address.gateways
        self._of_gateways = f" AND gateway IN {quoting.listed(gateways)}" if gateways else ""

    def server_time(self) -> int:
        """Seconds since 1970, by the clock that says when rows came in."""
        ((seconds,),) = self._client.rows("SELECT toUInt32(now())", 1)
        return int(seconds)

    def changed_since(self, seconds: int) -> list[str]:
        """The sessions of which rows came in since then, or shortly before."""
        since = f"inserted >= toDateTime({seconds - OVERLAP})"
        both = " UNION ALL ".join(
            f"SELECT session FROM {table} WHERE {since}{self._of_gateways}" for table in ("rounds", "texts")
        )
        sql = f"SELECT DISTINCT session FROM ({both})"
        return [quoting.text(session) for (session,) in self._client.rows(sql, 1)]

    def digests(self, session_ids: Iterable[str] | None, oldest: int | None) -> Iterator[SessionDigest]:
        """All sessions that there are, or those of these that are, in the order of their ids as bytes.

        ``oldest`` is the moment before which the last call of none of them was; None for no limit.
        """
        among = "" if session_ids is None else f" AND session IN {quoting.listed(session_ids)}"
        of_texts = {
            session: int(mark) for session, mark in self._client.rows(self._marks("texts", "sum(version)", among), 2)
        }
        having = "" if oldest is None else f" HAVING max(at_ms) >= {oldest}"
        sql = f"{self._marks('rounds', 'count(), sum(version)', among)}{having} ORDER BY session"
        for session, rounds, mark in self._client.rows(sql, 3):
            yield SessionDigest(quoting.text(session), int(rounds), marked(int(mark), of_texts.get(session, 0)))

    def _marks(self, table: str, sums: str, among: str) -> str:
        rows = f"{table} FINAL WHERE is_deleted = 0{self._of_gateways}{among}"
        return f"SELECT session, {sums} FROM {rows} GROUP BY session"

    def rounds(self, session_ids: Sequence[str], *, are_neighbours: bool) -> Iterator[GatewayRound]:
        """All rounds of these sessions, by session, gateway and number.

        ``are_neighbours`` says that the database holds no other session between the first and the last of them.
        """
        among = _among(session_ids, are_neighbours=are_neighbours)
        sql = (
            f"SELECT {', '.join(_COLUMNS)} FROM rounds FINAL "
            f"WHERE {among} AND is_deleted = 0{self._of_gateways} ORDER BY session, gateway, number"
        )
        names, null = _Names(), quoting.NULL
        for fields in self._client.rows(sql, len(_COLUMNS)):
            named = fields[_BEFORE_TOOLS]
            yield GatewayRound(
                *[names[field] for field in fields[:_NAMES]],
                *[None if field == null else int(field) for field in fields[_NAMES:_NUMBERS]],
                *map(int, fields[_NUMBERS:_BEFORE_TOOLS]),
                () if named == _NO_TOOLS else _tools(named, fields[_BEFORE_TOOLS + 1 :]),  # type: ignore[call-arg]  # as the columns are
            )

    def texts(self, session_ids: Sequence[str], *, are_neighbours: bool) -> dict[tuple[str, str, int], int]:
        """The versions of what was said in these sessions, by session, gateway and number; of rounds that were shipped with it."""
        among = _among(session_ids, are_neighbours=are_neighbours)
        sql = f"SELECT session, gateway, number, version FROM texts FINAL WHERE {among} AND is_deleted = 0{self._of_gateways}"
        return {
            (quoting.text(session), quoting.text(gateway), int(number)): int(version)
            for session, gateway, number, version in self._client.rows(sql, 4)
        }

    def stored(self, session_id: str, rounds: Sequence[tuple[str, int]]) -> dict[tuple[str, int], str]:
        """What was said in rounds of a session, by gateway and number, as their session files have it; of those that were shipped with it."""
        if not rounds:
            return {}
        keys = ", ".join(f"({quoting.literal(gateway)}, {number})" for gateway, number in rounds)
        sql = (
            f"SELECT gateway, number, stored FROM texts FINAL WHERE session = {quoting.literal(session_id)} "
            f"AND is_deleted = 0 AND (gateway, number) IN ({keys})"
        )
        return {
            (quoting.text(gateway), int(number)): quoting.text(stored)
            for gateway, number, stored in self._client.rows(sql, 3)
        }


class _Names(dict[bytes, Any]):
    """Names as they come, over and over again."""

    def __missing__(self, field: bytes) -> str | None:
        if len(self) > _MOST_NAMES:
            self.clear()
        self[field] = name = quoting.text_or_none(field)
        return name


_MOST_NAMES = 10_000


def _tools(names: bytes, counts: Sequence[bytes]) -> tuple[Any, ...]:
    return tuple(zip(quoting.texts(names), *map(quoting.numbers, counts)))


def _among(session_ids: Sequence[str], *, are_neighbours: bool) -> str:
    if not are_neighbours:
        return f"session IN {quoting.listed(session_ids)}"
    first, last = map(quoting.literal, (session_ids[0], session_ids[-1]))
    return f"session >= {first} AND session <= {last}"


def marked(versions: int, of_texts: int) -> int:
    """The mark of a session by the sums of the versions of its rounds and of its texts, as SQLite keeps a number."""
    return _signed(versions + _TEXTS_COUNT * of_texts)


_TEXTS_COUNT = 0x9E3779B97F4A7C15
"""An odd number without a pattern: no two sums are taken for one another by chance."""


def _signed(number: int) -> int:
    number %= _DIGITS
    return number - _DIGITS if number >= _DIGITS // 2 else number
