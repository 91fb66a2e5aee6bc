"""What is the whole of a session at a glance: what each round cost and added, where questions began, what was big?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from session_monitor.index.database import Index
from session_monitor.index.tables.schema import FAILED, LEFT, NO_CONTENT, NO_TOKENS, TOOL_CALLS
from session_monitor.prices import money
from session_monitor.sessions.rounds import Place

from .session_profile import COMPACTION, ContextPoint, all_points

MOST_QUESTIONS = 500
"""Rounds that are read for what was asked there: the first ones."""
MOST_RESULTS = MOST_DEAREST = 5
_MICRO = 10**6


class LargeResult(NamedTuple):
    """What a tool said that took many tokens: the round that called it, the one that brought it, how often it was sent again."""

    round: int
    brought_by: int
    tool: str
    tokens: int
    resent: int


class Thread(NamedTuple):
    """A conversation of a session: its number there, its rounds, and what those cost whose cost is known, in pico-dollars."""

    number: int
    rounds: list[int]
    pico: int | None

    @property
    def first(self) -> int:
        """The number of its first round."""
        return self.rounds[0]


class SessionOutline(NamedTuple):
    """All rounds of a session, in order: costs in pico-dollars and tokens that came with the next round, None where not known.

    ``asks`` is where those rounds stand that may begin a question, ``answers`` says which ones answered and called no tool,
    as far as the log tells it, ``compacted`` which ones went on with less.
    """

    costs: list[int | None]
    added: list[int | None]
    failed: list[int]
    left: list[int]
    answers: list[int]
    compacted: list[int]
    results: list[LargeResult]
    asks: list[Place]
    threads: list[Thread]

    @property
    def dearest(self) -> list[int]:
        """The numbers of the rounds that cost most, the dearest first; those that cost nothing are none of them."""
        known = [(-pico, number) for number, pico in enumerate(self.costs, 1) if pico]
        return [number for _, number in sorted(known)[:MOST_DEAREST]]

    def to_json(self) -> dict[str, Any]:
        """For JSON, without the questions."""
        document = self._asdict()
        del document["asks"], document["threads"], document["costs"], document["added"], document["results"]
        return {
            **document,
            "costs_usd": [None if pico is None else money.plain(pico) for pico in self.costs],
            "added_tokens": self.added,
            "largest_results": [result._asdict() for result in self.results],
        }


_ROUNDS = "SELECT number, flags, usd, pico, history, sent, start, length, visible FROM round WHERE session = ? ORDER BY number"
_CAME = "SELECT number, sum(results) FROM tool WHERE session = ? AND results > 0 GROUP BY number"
_LARGEST = (
    "SELECT tool.number, tool_name.name, tokens, round.base, round.thread FROM tool "
    "JOIN tool_name ON tool_name.id = tool.tool "
    "JOIN round ON round.session = tool.session AND round.number = tool.number "
    "WHERE tool.session = ? AND tokens > 0 ORDER BY tokens DESC, tool.number LIMIT ?"
)


def outline(index: Index, session_id: str) -> SessionOutline | None:
    """The whole of a session; None where there is none with this id."""
    session = index.session_number(session_id)
    if session is None:
        return None
    (file,) = index.db.execute("SELECT file FROM session WHERE id = ?", (session,)).fetchone()
    rounds = index.db.execute(_ROUNDS, (session,)).fetchall()
    points = all_points(index, session)
    came = dict(index.db.execute(_CAME, (session,)))
    compacted = [point.round for point in points if COMPACTION in point.marks]
    asks = [
        Place(file, number, start, length)
        for number, flags, _, _, history, sent, start, length, _ in rounds
        if _may_ask(sent - (history or 0), came.get(number, 0)) and not flags & NO_CONTENT
    ]
    costs = [None if usd is None else usd * _MICRO + pico for _, _, usd, pico, *_ in rounds]
    return SessionOutline(
        costs=costs,
        added=list(_added(points)),
        failed=[number for number, flags, *_ in rounds if flags & FAILED],
        left=[number for number, flags, *_ in rounds if flags & LEFT],
        answers=[number for number, flags, *_, visible in rounds if _answers(flags, visible)],
        compacted=compacted,
        results=list(_largest(index, session, points, compacted)),
        asks=asks[:MOST_QUESTIONS],
        threads=list(_threads(points, costs)),
    )


def _answers(flags: int, visible: int) -> bool:
    """Whether a round says something to who asked, and calls no tool."""
    return not flags & (FAILED | TOOL_CALLS) and (visible > 0 or flags & NO_TOKENS != 0)


def _may_ask(fresh: int, results: int) -> bool:
    """Whether there is more in so many new messages than what tools said, and the answer that asked for it."""
    return fresh > results + 1 if results else fresh > 0


def _added(points: Sequence[ContextPoint]) -> Iterator[int | None]:
    """How many tokens more the next round of a conversation sent than each; None where that is not known, or it sent fewer."""
    following: dict[int, int | None] = {}
    found: list[int | None] = []
    for point in reversed(points):
        size, behind = point.input_tokens or None, following.get(point.thread)
        added = behind - size if behind and size else -1
        found.append(added if added >= 0 else None)
        following[point.thread] = size
    return reversed(found)


def _threads(points: Iterable[ContextPoint], costs: Sequence[int | None]) -> Iterator[Thread]:
    """The conversations, in the order in which they begin; of one alone it is the session."""
    numbers: dict[int, list[int]] = {}
    for point in points:
        numbers.setdefault(point.thread, []).append(point.round)
    for thread, rounds in numbers.items():
        known = [cost for number in rounds if (cost := costs[number - 1]) is not None]
        yield Thread(thread, rounds, sum(known) if known else None)


def _largest(
    index: Index, session: int, points: Sequence[ContextPoint], compacted: Sequence[int]
) -> Iterator[LargeResult]:
    """Each stays in the prompts of its conversation until that ends, or its history is cut.

    As in insights a call sends it again that tells its tokens: of one that failed nothing was paid.
    """
    threads = {point.round: point.thread for point in points}
    for number, tool, tokens, base, thread in index.db.execute(_LARGEST, (session, MOST_RESULTS)):
        end = next((each for each in compacted if each > number and threads[each] == thread), len(points) + 1)
        resent = sum(
            number < point.round < end and point.thread == thread and bool(point.input_tokens) for point in points
        )
        yield LargeResult(base or number, number, tool, tokens, resent)
